"""What fit can be told beside data: weights, exact numbers, single batches."""

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, NonFiniteError, ShapeError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(47, 4)).astype(np.float32)
LABELS = X[:, :3].argmax(axis=1)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
WEIGHTS = RANDOM.uniform(0, 2, size=47)


def classifier(loss: str = "sparse_categorical_crossentropy", rate: float = 0.1) -> cn.Sequential:
    cn.seed(1)
    model = cn.Sequential(
        [cn.Input((4,)), cn.layers.Dense(8, "tanh"), cn.layers.Dense(3, "softmax")]
    )
    model.compile(cn.optimizers.SGD(rate), loss, metrics=["accuracy"])
    return model


def losses_of(model: cn.Model) -> np.ndarray:
    probabilities = model.predict(X).astype(float)
    return -np.log(probabilities[np.arange(47), LABELS])


def test_samples_weigh_in_the_loss_and_not_in_the_metrics() -> None:
    model = classifier(rate=0.0)
    expected = (losses_of(model) * WEIGHTS).mean()
    loss, accuracy = model.evaluate(X, LABELS, sample_weight=WEIGHTS, batch_size=10)
    assert loss == pytest.approx(expected, rel=1e-6)
    assert accuracy == pytest.approx(model.evaluate(X, LABELS)[1])
    history = model.fit(
        X,
        LABELS,
        sample_weight=WEIGHTS,
        validation_data=(X, LABELS, WEIGHTS),
        verbose=0,
    ).history
    assert history["loss"][0] == pytest.approx(expected, rel=1e-6)
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("targets", ["labels", "one-hot"])
def test_classes_weigh_as_their_samples_do(targets: str) -> None:
    loss = "categorical_crossentropy" if targets == "one-hot" else "sparse_categorical_crossentropy"
    y = ONE_HOT if targets == "one-hot" else LABELS
    by_class, by_sample = classifier(loss), classifier(loss)
    by_class.fit(X, y, class_weight={0: 3.0, 2: 0.5}, shuffle=False, verbose=0)
    by_sample.fit(X, y, sample_weight=np.array([3.0, 1.0, 0.5])[LABELS], shuffle=False, verbose=0)
    for one, other in zip(by_class.get_weights(), by_sample.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_sample_that_counts_twice_is_as_good_as_two() -> None:
    once, twice = classifier(), classifier()
    weights = np.ones(47)
    weights[5] = 2.0
    once.train_on_batch(X, LABELS, sample_weight=weights * 48 / 47)
    twice_x = np.concatenate([X, X[5:6]])
    # The mean is over the rows, 47 here and 48 there.
    twice.train_on_batch(twice_x, np.append(LABELS, LABELS[5]), sample_weight=np.full(48, 48 / 47))
    rescaled = classifier()
    rescaled.train_on_batch(X, LABELS, sample_weight=weights)
    for one, other in zip(rescaled.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert not np.array_equal(once.get_weights()[0], rescaled.get_weights()[0])


def test_exact_metrics_equal_what_evaluate_gives() -> None:
    model = classifier()
    history = model.fit(X, LABELS, epochs=3, exact_metrics=True, verbose=0).history
    assert [history["loss"][-1], history["accuracy"][-1]] == model.evaluate(X, LABELS)
    average = classifier().fit(X, LABELS, epochs=3, verbose=0).history
    assert average["loss"][-1] > history["loss"][-1]


def test_exact_metrics_leave_the_weights_alone() -> None:
    plain, exact = classifier(), classifier()
    plain.fit(X, LABELS, epochs=2, shuffle=False, verbose=0)
    exact.fit(X, LABELS, epochs=2, exact_metrics=True, shuffle=False, verbose=0)
    np.testing.assert_array_equal(plain.get_weights()[0], exact.get_weights()[0])


def test_single_steps_do_what_fit_does() -> None:
    fitted, stepped = classifier(), classifier()
    loss = fitted.fit(X, LABELS, batch_size=47, shuffle=False, verbose=0).history["loss"][0]
    assert stepped.train_on_batch(X, LABELS)[0] == pytest.approx(loss, rel=1e-6)
    for one, other in zip(fitted.get_weights(), stepped.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    assert stepped.test_on_batch(X, LABELS) == pytest.approx(stepped.evaluate(X, LABELS), rel=1e-6)
    assert stepped.test_on_batch(X, LABELS, return_dict=True).keys() == {"loss", "accuracy"}
    np.testing.assert_allclose(stepped.predict_on_batch(X), stepped.predict(X), rtol=1e-5)


def test_single_steps_compile_once_for_batches_of_any_size() -> None:
    model = classifier()
    for rows in (10, 20, 30, 7):
        model.train_on_batch(X[:rows], LABELS[:rows])
    functions = model._engine._functions
    assert [function.compilations for function in functions.values()] == [2]
    assert int(model.optimizer.iterations) == 4


def test_validation_now_and_then() -> None:
    history = classifier().fit(
        X, LABELS, epochs=5, validation_split=0.2, validation_freq=2, verbose=0
    )
    assert len(history.history["val_loss"]) == 2


def test_weights_of_layers_go_in_and_out() -> None:
    model, other = classifier(), classifier()
    model.fit(X, LABELS, verbose=0)
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    with pytest.raises(
        ShapeError, match="weights: expected 4 arrays for layer 'sequential', got 3"
    ):
        other.set_weights(model.get_weights()[:3])


def growth(calls: int) -> int:
    """How many bytes more are resident after so many predictions of one row."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("how much memory is resident is read as Linux says it")
    model = classifier()

    def resident() -> int:
        gc.collect()
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(2000):
        model.predict(X[:1])
    before = resident()
    for _ in range(calls):
        model.predict(X[:1])
    return resident() - before


def test_many_predictions_of_one_row_keep_no_memory() -> None:
    assert growth(10_000) < 250_000


@pytest.mark.slow
def test_a_hundred_thousand_predictions_keep_no_memory() -> None:
    assert growth(100_000) < 5_000_000


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        (
            {"sample_weight": WEIGHTS[:5]},
            ShapeError,
            r"sample_weight: expected one weight for each of 47 samples, .* got shape \(5,\)",
        ),
        (
            {"sample_weight": -WEIGHTS},
            ArgumentError,
            "sample_weight: expected weights of 0 or more",
        ),
        ({"sample_weight": WEIGHTS * np.nan}, NonFiniteError, r"sample_weight\[0\] is nan"),
        ({"class_weight": [1, 2]}, ArgumentError, "class_weight: expected a dict"),
        (
            {"class_weight": {"cat": 1}},
            ArgumentError,
            "class_weight: expected class numbers as keys",
        ),
        ({"class_weight": {7: 1}}, ArgumentError, "class_weight: expected classes from 0 to 2"),
        ({"class_weight": {0: -1}}, ArgumentError, "class_weight: .* for class 0, got -1"),
        ({"validation_freq": 0}, ArgumentError, "validation_freq: expected a whole number, 1 or"),
        ({"validation_data": (X,)}, ShapeError, r"validation_data: expected a pair \(x, y\), or"),
    ],
)
def test_wrong_options(settings: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        classifier().fit(X, LABELS, verbose=0, **settings)


def test_classes_of_numbers_that_are_none() -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="expected targets that are class numbers or one-hot"):
        model.fit(X, X[:, :1], class_weight={0: 2.0})


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_logits_are_no_probabilities(method: str) -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ArgumentError, match="expected probabilities, but the prediction is the we"):
        getattr(model, method)(X, LABELS)
    model.compile("sgd", cn.losses.SparseCategoricalCrossentropy(from_logits=True))
    getattr(model, method)(X, LABELS)


def test_a_loss_that_is_not_one_number() -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(4)])
    model.compile("sgd", cn.losses.MeanSquaredError(reduction="none"))
    with pytest.raises(ShapeError, match=r"loss: expected one number for a batch, MeanSquaredErr"):
        model.fit(X, X, verbose=0)
