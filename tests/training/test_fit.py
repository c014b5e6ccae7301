"""fit, evaluate and predict: what they compute, and that it does not depend on the clock."""

import os
import signal
import threading
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, GraphError, UnknownNameError
from cairnet.training.fitting import _order
from cairnet.training.pace import Pace

X = np.random.default_rng(0).normal(size=(47, 4)).astype(np.float32)
LABELS = X[:, :3].argmax(axis=1)
TARGETS = np.stack([X.sum(axis=1), X[:, 0]], axis=1)


def classifier(**arguments: Any) -> cn.Sequential:
    cn.seed(1)
    model = cn.Sequential(
        [cn.Input((4,)), cn.layers.Dense(8, "tanh"), cn.layers.Dense(3, "softmax")]
    )
    arguments = {"optimizer": cn.optimizers.Adam(0.05), "metrics": ["accuracy"], **arguments}
    model.compile(loss="sparse_categorical_crossentropy", **arguments)
    return model


def test_training_lowers_the_loss_and_reports_it() -> None:
    model = classifier()
    history = model.fit(X, LABELS, batch_size=10, epochs=30, verbose=0)
    assert history.epoch == list(range(30))
    assert list(history.history) == ["loss", "accuracy"]
    losses = history.history["loss"]
    assert len(losses) == 30
    assert losses[-1] < 0.5 * losses[0]
    assert model.history is history
    assert int(model.optimizer.iterations) == 30 * 5


@pytest.mark.parametrize("batch_size", [1, 10, 16, 47, 100])
def test_the_averages_are_over_samples_whatever_the_batches(batch_size: int) -> None:
    model = classifier(optimizer=cn.optimizers.SGD(0.0))
    history = model.fit(X, LABELS, batch_size=batch_size, verbose=0)
    probabilities = model.predict(X).astype(float)
    loss = -np.log(probabilities[np.arange(47), LABELS]).mean()
    accuracy = (probabilities.argmax(axis=1) == LABELS).mean()
    np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-6)
    np.testing.assert_allclose(history.history["accuracy"], [accuracy])
    np.testing.assert_allclose(
        model.evaluate(X, LABELS, batch_size=batch_size), [loss, accuracy], rtol=1e-6
    )


def step_of(model: cn.Sequential) -> cn.Function:
    assert model._engine._fitted is not None
    return model._engine._fitted[1]


def test_a_ragged_last_batch_compiles_two_programs_and_other_data_none() -> None:
    model = classifier()
    model.fit(X, LABELS, batch_size=10, epochs=2, verbose=0)
    step = step_of(model)
    assert step.compilations == 2
    for count in (len(X), 31, 10, 7):
        model.fit(X[:count][::-1], LABELS[:count], batch_size=10, epochs=2, verbose=0)
    assert step_of(model) is step
    assert step.compilations == 2


def test_rows_are_read_where_they_lie(tmp_path: Path) -> None:
    file = np.memmap(tmp_path / "x", X.dtype, "w+", shape=X.shape)
    file[:] = X
    apart = np.repeat(X, 2, axis=0)[::2]
    models = []
    for x in (X, file, apart):
        model = classifier()
        model.fit(x, LABELS, batch_size=10, epochs=2, verbose=0)
        models.append(model.get_weights())
    for weights in models[1:]:
        for mine, first in zip(weights, models[0], strict=True):
            np.testing.assert_array_equal(mine, first)


def test_data_are_neither_copied_nor_kept() -> None:
    model = cn.Sequential([cn.Input((500,)), cn.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    x = np.zeros((10_000, 500), np.float32)
    y = np.zeros((10_000, 1), np.float32)
    model.fit(x, y, batch_size=1_000, steps_per_epoch=1, verbose=0)
    tracemalloc.start()
    model.fit(x, y, batch_size=1_000, steps_per_epoch=1, verbose=0)
    # Less than one: whether all numbers are finite is looked at in one array of truth values.
    assert tracemalloc.get_traced_memory()[1] < 0.5 * x.nbytes
    tracemalloc.stop()
    gone = weakref.ref(x)
    del x
    assert gone() is None


def test_freezing_a_layer_between_two_fits_is_noticed() -> None:
    model = classifier()
    model.fit(X, LABELS, verbose=0)
    first, last = (layer.get_weights() for layer in model.layers)
    model.layers[0].trainable = False
    model.fit(X, LABELS, verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], first[0])
    assert not np.array_equal(model.layers[1].get_weights()[0], last[0])


def train(seconds: float, monkeypatch: pytest.MonkeyPatch) -> tuple[list[np.ndarray], Any]:
    monkeypatch.setattr(Pace.__init__, "__defaults__", (seconds, *Pace.__init__.__defaults__[1:]))
    model = classifier()
    history = model.fit(X, LABELS, batch_size=2, epochs=4, validation_split=0.2, verbose=0)
    return model.get_weights(), history.history


def test_the_same_seed_gives_the_same_bits_however_runs_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Runs of a single step, and one run for an epoch.
    weights, history = train(1e-9, monkeypatch)
    again, history_again = train(60.0, monkeypatch)
    for first, second in zip(weights, again, strict=True):
        np.testing.assert_array_equal(first, second)
    assert history == history_again


def test_another_seed_gives_another_network() -> None:
    model, other = classifier(), classifier()
    model.fit(X, LABELS, epochs=2, batch_size=8, verbose=0)
    cn.seed(2)
    other.fit(X, LABELS, epochs=2, batch_size=8, verbose=0)
    assert not np.array_equal(model.get_weights()[0], other.get_weights()[0])


def test_every_epoch_has_an_order_of_its_own() -> None:
    orders = [_order(20, True, key, epoch).tolist() for key in (1, 2) for epoch in (0, 1)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert _order(5, False, 1, 0).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parity
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_weights_are_those_that_torch_comes_to(optimizer: str) -> None:
    torch = pytest.importorskip("torch")
    model = cn.Sequential(
        [cn.Input((4,), dtype="float64"), cn.layers.Dense(5, "sigmoid"), cn.layers.Dense(2)]
    )
    ours, theirs = {
        "sgd": (cn.optimizers.SGD(0.3), lambda p: torch.optim.SGD(p, 0.3)),
        "momentum": (cn.optimizers.SGD(0.3, 0.5), lambda p: torch.optim.SGD(p, 0.3, 0.5)),
        "adam": (cn.optimizers.Adam(0.01), lambda p: torch.optim.Adam(p, 0.01, eps=1e-7)),
    }[optimizer]
    tensors = [torch.tensor(weight, requires_grad=True) for weight in model.get_weights()]
    x, y = torch.tensor(X, dtype=torch.float64), torch.tensor(TARGETS, dtype=torch.float64)
    their_optimizer = theirs(tensors)
    for _ in range(3):
        for start in range(0, 47, 10):
            rows = slice(start, start + 10)
            w1, b1, w2, b2 = tensors
            output = torch.sigmoid(x[rows] @ w1 + b1) @ w2 + b2
            cost = 0.5 * ((y[rows] - output) ** 2).sum(dim=1).mean()
            their_optimizer.zero_grad()
            cost.backward()
            their_optimizer.step()
    model.compile(ours, "quadratic_cost")
    model.fit(X, TARGETS, batch_size=10, epochs=3, shuffle=False, verbose=0)
    for mine, other in zip(model.get_weights(), tensors, strict=True):
        np.testing.assert_allclose(mine, other.detach().numpy(), rtol=1e-9)


def test_validation_data_is_measured_after_every_epoch() -> None:
    model = classifier()
    history = model.fit(
        X[:30], LABELS[:30], epochs=3, validation_data=(X[30:], LABELS[30:]), verbose=0
    ).history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    loss, accuracy = model.evaluate(X[30:], LABELS[30:])
    assert (history["val_loss"][-1], history["val_accuracy"][-1]) == (loss, accuracy)


@pytest.mark.parametrize("split", ["stratified", "tail"])
def test_validation_split_holds_rows_back(split: str) -> None:
    model = classifier(optimizer=cn.optimizers.SGD(0.0))
    history = model.fit(X, LABELS, validation_split=0.3, split=split, verbose=0).history
    if split == "tail":
        np.testing.assert_allclose(
            [history["val_loss"][0], history["loss"][0]],
            [model.evaluate(X[33:], LABELS[33:])[0], model.evaluate(X[:33], LABELS[:33])[0]],
            rtol=1e-6,
        )
    whole = 33 * history["loss"][0] + 14 * history["val_loss"][0]
    np.testing.assert_allclose(whole / 47, model.evaluate(X, LABELS)[0], rtol=1e-6)


def test_evaluate_returns_what_keras_returns() -> None:
    model = classifier()
    loss, accuracy = model.evaluate(X, LABELS)
    assert model.evaluate(X, LABELS, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.evaluate(X, LABELS) == loss


@pytest.mark.parametrize("rows", [1, 5, 32, 33, 47])
def test_predict_gives_a_row_for_each_row(rows: int) -> None:
    model = classifier()
    first, second = model.layers
    hidden = np.tanh(X[:rows] @ first.kernel.numpy() + first.bias.numpy())
    logits = hidden @ second.kernel.numpy() + second.bias.numpy()
    powers = np.exp(logits)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(X[:rows]), expected, rtol=1e-5)


class Diary(cn.callbacks.Callback):
    """Writes down every hook."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.lines.append("begin")

    def on_train_end(self, logs: Any = None) -> None:
        self.lines.append("end")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.lines.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.lines.append(f"epoch {epoch} over: {', '.join(logs)}")

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.lines.append(f"from batch {batch}")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.lines.append(f"to batch {batch}: {', '.join(logs)}")


def test_callbacks_are_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace.__init__, "__defaults__", (60.0, *Pace.__init__.__defaults__[1:]))
    diary = Diary()
    classifier().fit(
        X, LABELS, batch_size=5, epochs=4, initial_epoch=3, verbose=0, callbacks=[diary]
    )
    assert diary.lines == [
        "begin",
        "epoch 3",
        *(
            line
            for batch in range(10)
            for line in (f"from batch {batch}", f"to batch {batch}: loss, accuracy")
        ),
        "epoch 3 over: loss, accuracy",
        "end",
    ]
    assert diary.params == {
        "epochs": 4,
        "first_epoch": 3,
        "steps": 10,
        "samples": 47,
        "batch_size": 5,
    }


def test_a_callback_can_stop_the_training() -> None:
    class Enough(cn.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    history = classifier().fit(X, LABELS, epochs=9, verbose=0, callbacks=[Enough()])
    assert history.epoch == [0, 1]


class Interrupt(Diary):
    """Presses Ctrl-C in the second epoch, once or twice."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self.times = times

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_begin(batch)
        if self.lines[-2] == "epoch 1":
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_stops_between_runs_and_leaves_a_usable_model() -> None:
    model, diary = classifier(), Interrupt()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, LABELS, batch_size=5, epochs=9, verbose=0, callbacks=[diary])
    # The run that had begun was finished, and counted; no other was begun.
    assert diary.lines[-4] == "epoch 1"
    assert diary.lines[-3] == "from batch 0"
    assert diary.lines[-2].startswith("to batch")
    assert diary.lines[-1] == "end"
    assert model.history is not None
    assert model.history.epoch == [0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert np.isfinite(model.predict(X)).all()
    model.fit(X, LABELS, epochs=1, verbose=0)


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    diary = Interrupt(times=2)
    with pytest.raises(KeyboardInterrupt):
        classifier().fit(X, LABELS, batch_size=5, epochs=9, verbose=0, callbacks=[diary])
    assert diary.lines[-2:] == ["from batch 0", "end"]


def test_training_in_another_thread_leaves_signals_alone() -> None:
    histories = []
    thread = threading.Thread(
        target=lambda: histories.append(classifier().fit(X, LABELS, epochs=2, verbose=0))
    )
    thread.start()
    thread.join()
    assert histories[0].epoch == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"batch_size": 0}, ArgumentError, "batch_size: expected a whole number, 1 or more, got 0"),
        ({"batch_size": 2.5}, ArgumentError, "batch_size: .* got 2.5"),
        ({"epochs": 0}, ArgumentError, "epochs: expected a whole number, 1 or more, got 0"),
        ({"epochs": 2, "initial_epoch": 2}, ArgumentError, "initial_epoch: .* below epochs=2"),
        ({"validation_split": 1.5}, ArgumentError, "validation_split: .* above 0 and below 1"),
        ({"validation_split": 0.1, "split": "tial"}, UnknownNameError, "did you mean 'tail'"),
        ({"validation_data": X}, ArgumentError, r"validation_data: expected a pair \(x, y\)"),
        ({"verbose": 3}, ArgumentError, 'verbose: expected "auto", 0, 1 or 2, got 3'),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        classifier().fit(X, LABELS, **arguments)


def test_a_model_that_was_not_compiled_says_how_to() -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
    for method in (model.fit, model.evaluate):
        with pytest.raises(GraphError, match=r"call compile\(optimizer, loss\) first"):
            method(X, LABELS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "adan"}, "unknown optimizer 'adan'; did you mean 'adam'"),
        ({"loss": "crossentropy"}, "unknown loss 'crossentropy'"),
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy'; did you mean 'accuracy'"),
        ({"metrics": "accuracy"}, r"metrics: expected a list such as \['accuracy'\]"),
        ({"metrics": ["accuracy", "acc"]}, "metrics: expected different names, got 'accuracy'"),
    ],
)
def test_compile_refuses_what_it_does_not_know(arguments: dict[str, Any], words: str) -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
    with pytest.raises(ArgumentError, match=words):
        model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})


def test_a_model_without_variables_cannot_be_fitted() -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Activation("softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(GraphError, match="model 'sequential' has no trainable variables"):
        model.fit(X, LABELS)
