"""The callbacks that come with Cairnet, in real trainings."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, UnknownNameError

X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
Y = X[:, :1] - X[:, 1:2]
callbacks = cn.callbacks


def model_of(rate: float = 0.1) -> cn.Sequential:
    cn.seed(0)
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(1)])
    model.compile(cn.optimizers.SGD(rate), "mean_squared_error")
    return model


class Script(callbacks.Callback):
    """Puts given numbers into the logs, so that what others do with them can be foreseen."""

    def __init__(self, values: list[float], name: str = "val_loss") -> None:
        self.values, self.name = values, name

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs[self.name] = self.values[epoch]


def fit(model: cn.Model, *several: callbacks.Callback, epochs: int = 10, **settings: Any) -> Any:
    settings = {"verbose": 0, "batch_size": 10, **settings}
    return model.fit(X, Y, epochs=epochs, callbacks=list(several), **settings)


@pytest.mark.parametrize(
    ("values", "settings", "last"),
    [
        ([5, 4, 3, 3, 3, 3, 3, 3, 3, 3], {"patience": 2}, 4),
        ([5, 4, 3, 3, 3, 3, 3, 3, 3, 3], {"patience": 0}, 3),
        ([5, 4, 3, 2, 1, 0, -1, -2, -3, -4], {"patience": 1}, 9),
        ([5, 4, 3, 2, 1, 0, -1, -2, -3, -4], {"patience": 1, "mode": "max"}, 1),
        ([5, 4.9, 4.8, 4.7, 3, 3, 3, 3, 3, 3], {"patience": 2, "min_delta": 0.5}, 2),
        ([5, 4, 3, 3, 3, 3, 3, 3, 3, 3], {"patience": 3, "baseline": 1}, 3),
        ([1, 4, 3, 3, 3, 3, 3, 3, 3, 3], {"patience": 2, "start_from_epoch": 2}, 4),
        ([np.nan] * 10, {"patience": 2}, 1),
    ],
)
def test_early_stopping(values: list[float], settings: dict[str, Any], last: int) -> None:
    stop = callbacks.EarlyStopping(**settings)
    assert fit(model_of(), Script(values), stop).epoch[-1] == last
    assert stop.stopped_epoch == (last if last < 9 else 0)


@pytest.mark.parity
@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("settings", [{}, {"min_delta": 0.3}, {"baseline": 2.5}])
def test_early_stopping_stops_when_that_of_keras_does(
    patience: int, settings: dict[str, Any]
) -> None:
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(3)
    for _ in range(20):
        values = list(3 - np.cumsum(random.normal(0.1, 0.5, size=12)))
        theirs = keras.callbacks.EarlyStopping(patience=patience, **settings)
        ours = callbacks.EarlyStopping(patience=patience, **settings)
        ends = []
        for stop in (theirs, ours):
            network = type("Network", (), {"stop_training": False})()
            stop.set_model(network)
            stop.on_train_begin()
            for epoch, value in enumerate(values):
                stop.on_epoch_end(epoch, {"val_loss": value})
                if network.stop_training:
                    break
            ends.append((epoch, network.stop_training))
        assert ends[0] == ends[1]


def test_the_best_weights_are_restored() -> None:
    seen = []

    class Keep(callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(self.model.get_weights())

    model = model_of()
    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    fit(model, Keep(), Script([3, 1, 2, 2, 2, 2, 2, 2, 2, 2]), stop)
    assert len(seen) == 4
    assert stop.best_epoch == 1
    np.testing.assert_array_equal(model.get_weights()[0], seen[1][0])
    assert not np.array_equal(seen[1][0], seen[3][0])


def test_training_ends_within_the_epoch_when_the_loss_is_not_finite(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = model_of(rate=1e30)
    history = fit(model, callbacks.TerminateOnNaN(), batch_size=1)
    assert history.epoch == [0]
    assert "the loss is" in capsys.readouterr().out
    assert int(model.optimizer.iterations) < 40


def test_checkpoints_are_whole_models(tmp_path: Path) -> None:
    model = model_of()
    path = str(tmp_path / "{epoch:02d}-{val_loss:.1f}.safetensors")
    fit(model, Script([3, 1, 2]), callbacks.ModelCheckpoint(path), epochs=3)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["01-3.0.safetensors", "02-1.0.safetensors", "03-2.0.safetensors"]
    last = cn.load_model(tmp_path / names[-1])
    np.testing.assert_array_equal(last.predict(X), model.predict(X))


def test_only_the_best_is_kept(tmp_path: Path) -> None:
    model, path = model_of(), tmp_path / "best.safetensors"
    save = callbacks.ModelCheckpoint(path, save_best_only=True)
    fit(model, Script([3, 1, 2]), save, epochs=3)
    assert save.best == 1
    assert int(cn.load_model(path).optimizer.iterations) == 8
    assert int(model.optimizer.iterations) == 12


def test_checkpoints_after_so_many_batches(tmp_path: Path) -> None:
    path = str(tmp_path / "{epoch}.safetensors")
    fit(model_of(), callbacks.ModelCheckpoint(path, save_freq=3), epochs=2)
    steps = [
        int(cn.load_model(tmp_path / f"{epoch}.safetensors").optimizer.iterations)
        for epoch in (1, 2)
    ]
    assert steps == [3, 6]


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    save = callbacks.ModelCheckpoint(folder / "a.safetensors")
    with pytest.raises(DataError, match=r"the folder .*gone' to write it to does not exist"):
        fit(model_of(), save)
    save = callbacks.ModelCheckpoint(tmp_path / "{val_los}.safetensors")
    with pytest.raises(UnknownNameError, match="unknown entry in filepath 'val_los'"):
        fit(model_of(), save)
    assert list(tmp_path.iterdir()) == []


def test_the_learning_rate_follows_a_function() -> None:
    model = model_of()
    by_epoch = callbacks.LearningRateScheduler(lambda epoch: 1.0 / (epoch + 1))
    assert fit(model, by_epoch, epochs=3).history["learning_rate"] == [1.0, 0.5, 1 / 3]
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    assert fit(model_of(), halve, epochs=3).history["learning_rate"] == [0.05, 0.025, 0.0125]


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
@pytest.mark.parametrize(("patience", "cooldown"), [(1, 0), (2, 0), (2, 2), (1, 3)])
def test_plateaus_reduce_the_rate_as_in_keras(patience: int, cooldown: int) -> None:
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(0)
    for _ in range(10):
        values = list(3 - np.cumsum(random.normal(0.0, 0.5, size=12)))
        settings = {"factor": 0.5, "patience": patience, "cooldown": cooldown, "min_lr": 0.01}
        theirs = keras.callbacks.ReduceLROnPlateau(**settings)
        network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        network.compile(keras.optimizers.SGD(0.1), "mse")
        theirs.set_model(network)
        theirs.on_train_begin()
        ours, model = callbacks.ReduceLROnPlateau(**settings), model_of(0.1)
        ours.set_model(model)
        ours.on_train_begin()
        for epoch, value in enumerate(values):
            theirs.on_epoch_end(epoch, {"val_loss": value})
            ours.on_epoch_end(epoch, {"val_loss": value})
            assert model.optimizer.learning_rate == pytest.approx(
                float(network.optimizer.learning_rate), rel=1e-5
            )


def test_the_log_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    model = model_of()
    history = fit(model, callbacks.CSVLogger(path), epochs=2, validation_split=0.2).history
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss"
    assert lines[2] == f"1,{history['loss'][1]!r},{history['val_loss'][1]!r}"
    more = callbacks.CSVLogger(path, append=True)
    fit(model, more, epochs=4, initial_epoch=2, validation_split=0.2)
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", *"0123"]
    with pytest.raises(DataError, match="cannot be written"):
        fit(model, callbacks.CSVLogger(tmp_path / "no" / "log.csv"))


def test_functions_as_hooks() -> None:
    heard: list[Any] = []
    say = callbacks.LambdaCallback(
        on_train_begin=lambda logs: heard.append("begin"),
        on_train_batch_end=lambda batch, logs: heard.append(batch),
        on_test_end=lambda logs: heard.append(list(logs)),
    )
    model = model_of()
    fit(model, say, epochs=1, validation_split=0.25)
    model.evaluate(X, Y, callbacks=[say])
    assert heard == ["begin", 0, 1, 2, ["loss"], ["loss"]]
    with pytest.raises(UnknownNameError, match="unknown hook 'on_epoch_ends'; did you mean 'on_ep"):
        callbacks.LambdaCallback(on_epoch_ends=print)


class Rows(callbacks.Callback):
    """Writes down the hooks of measuring and using."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if not name.startswith("on_"):
            return found

        def noted(*arguments: Any) -> None:
            number = arguments[0] if arguments and isinstance(arguments[0], int) else ""
            self.lines.append(f"{name} {number}".strip())

        return noted

    def wants_batches(self, phase: str) -> bool:
        return True


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.mark.parametrize("phase", ["test", "predict"])
def test_hooks_of_measuring_and_using(phase: str, rows: Rows) -> None:
    model = model_of()
    if phase == "test":
        model.evaluate(X, Y, batch_size=15, callbacks=[rows])
    else:
        model.predict(X, batch_size=15, callbacks=[rows])
    batches = [f"on_{phase}_batch_{end} {n}" for n in range(3) for end in ("begin", "end")]
    assert rows.lines == [f"on_{phase}_begin", *batches, f"on_{phase}_end"]


def test_runs_are_cut_only_for_those_who_ask() -> None:
    runs: list[int] = []

    class Count(callbacks.Callback):
        def on_run_end(self, batch: int, logs: Any = None) -> None:
            runs.append(batch)

    model = model_of()
    fit(model, Count(), epochs=3, batch_size=1)
    assert len(runs) < 60
    runs.clear()
    fit(
        model,
        Count(),
        callbacks.LambdaCallback(on_train_batch_begin=lambda *_: None),
        epochs=1,
        batch_size=1,
    )
    assert runs == list(range(40))


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: callbacks.EarlyStopping(patience=-1), ArgumentError, "patience: expected a whole"),
        (lambda: callbacks.EarlyStopping(mode="mni"), UnknownNameError, "did you mean 'min'"),
        (
            lambda: callbacks.EarlyStopping("beauty"),
            ArgumentError,
            "'beauty' should grow or shrink",
        ),
        (
            lambda: callbacks.ModelCheckpoint("a.h5"),
            ArgumentError,
            "filepath: expected a name that",
        ),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.5), ArgumentError, "factor: expected a numb"),
        (
            lambda: callbacks.LearningRateScheduler(0.1),
            ArgumentError,
            "schedule: expected a functi",
        ),
        (
            lambda: callbacks.CSVLogger("a", separator=""),
            ArgumentError,
            "separator: expected one c",
        ),
        (
            lambda: fit(model_of(), callbacks.EarlyStopping("val_los", mode="min")),
            UnknownNameError,
            "unknown number to monitor 'val_los'",
        ),
        (
            lambda: fit(model_of(), callbacks.TerminateOnNaN),
            ArgumentError,
            r"callbacks: expected callbacks.*make one with TerminateOnNaN\(…\)",
        ),
        (
            lambda: fit(model_of(), callbacks.LearningRateScheduler(lambda epoch: -1.0)),
            ArgumentError,
            "learning_rate: expected a finite number",
        ),
    ],
)
def test_wrong_arguments(make: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make()
