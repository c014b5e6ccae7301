"""Metrics that count each sample by its weight, as the loss does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, UnknownNameError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(23, 4)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, 23)
WEIGHTS = RANDOM.uniform(0, 2, 23) * (RANDOM.uniform(size=23) > 0.3)


def network(library: Any = cn, **compiled: Any) -> Any:
    model = library.Sequential(
        [library.Input((4,)), library.layers.Dense(3, activation="softmax", name="classes")]
    )
    model.set_weights([np.eye(4, 3, dtype=np.float32), np.zeros(3, np.float32)])
    model.compile("sgd", "sparse_categorical_crossentropy", **compiled)
    return model


def hits(model: cn.Model) -> np.ndarray:
    return np.asarray(model.predict(X).argmax(axis=1) == LABELS, float)


def test_samples_count_by_their_weights() -> None:
    model = network(metrics=["accuracy"], weighted_metrics=["accuracy"])
    found = model.evaluate(X, LABELS, 5, sample_weight=WEIGHTS, return_dict=True)
    assert list(found) == ["loss", "accuracy", "weighted_accuracy"]
    assert found["accuracy"] == pytest.approx(hits(model).mean())
    expected = np.average(hits(model), weights=WEIGHTS)
    assert found["weighted_accuracy"] == pytest.approx(expected)
    assert expected != pytest.approx(hits(model).mean())


def test_without_weights_every_sample_counts_once() -> None:
    model = network(weighted_metrics=["accuracy"])
    found = model.evaluate(X, LABELS, return_dict=True)
    assert list(found) == ["loss", "accuracy"]
    assert found["accuracy"] == pytest.approx(hits(model).mean())
    assert model.evaluate(X, LABELS, sample_weight=np.zeros(23))[1] == 0


def test_fit_and_single_steps_report_them() -> None:
    model = network(weighted_metrics=["accuracy"])
    before = model.test_on_batch(X, LABELS, WEIGHTS)
    assert before[1] == pytest.approx(np.average(hits(model), weights=WEIGHTS))
    history = model.fit(
        X, LABELS, class_weight={1: 3.0}, epochs=2, exact_metrics=True, verbose=0
    ).history
    expected = np.average(hits(model), weights=np.where(LABELS == 1, 3.0, 1.0))
    assert history["accuracy"][-1] == pytest.approx(expected)


def test_what_must_not_count_may_be_infinite() -> None:
    def reciprocal(y_true: Any, y_pred: Any) -> Any:
        return 1 / cn.astype(y_true, "float32")

    model = network(weighted_metrics=[reciprocal])
    weights = (LABELS > 0).astype(float)
    found = model.evaluate(X, LABELS, sample_weight=weights)[1]
    assert found == pytest.approx((1 / LABELS[LABELS > 0]).mean())


def test_masked_steps_and_weighted_samples_are_left_out_together() -> None:
    x = RANDOM.normal(size=(6, 5, 2)).astype(np.float32)
    x[:3, 3:] = 0
    y, weights = RANDOM.normal(size=(6, 5, 1)), np.array([0.0, 1, 2, 3, 4, 5])
    model = cn.Sequential(
        [cn.Input((5, 2)), cn.layers.Masking(), cn.layers.TimeDistributed(cn.layers.Dense(1))]
    )
    model.compile("sgd", "mse", weighted_metrics=["mean_squared_error"])
    counted = weights[:, np.newaxis] * (x != 0).any(axis=-1)
    expected = np.average((model.predict(x) - y)[..., 0] ** 2, weights=counted)
    found = model.evaluate(x, y, 4, sample_weight=weights)[1]
    assert found == pytest.approx(expected, rel=1e-5)


def test_each_output_has_its_own() -> None:
    x = cn.Input((4,))
    layers = [cn.layers.Dense(3, name=name, activation="softmax") for name in "ab"]
    model = cn.Model(x, [layer(x) for layer in layers])
    losses = ["sparse_categorical_crossentropy"] * 2
    model.compile("sgd", losses, metrics=["accuracy"], weighted_metrics={"b": ["accuracy"]})
    found = model.evaluate(X, [LABELS, LABELS], sample_weight=WEIGHTS, return_dict=True)
    assert list(found) == [
        *("loss", "a_loss", "b_loss", "a_accuracy", "b_accuracy", "b_weighted_accuracy"),
    ]
    hit = np.asarray(model.predict(X)[1].argmax(axis=1) == LABELS, float)
    assert found["b_weighted_accuracy"] == pytest.approx(np.average(hit, weights=WEIGHTS))


def test_they_are_saved(tmp_path: Path) -> None:
    model = network(weighted_metrics=["accuracy"])
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    assert again.evaluate(X, LABELS, sample_weight=WEIGHTS) == model.evaluate(
        X, LABELS, sample_weight=WEIGHTS
    )


@pytest.mark.parity
def test_they_are_those_of_keras() -> None:
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    settings = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy", "mean_squared_error"]}
    targets = np.eye(3, dtype=np.float32)[LABELS]
    found = []
    for library in (cn, keras):
        model = network(library)
        model.compile("sgd", "categorical_crossentropy", **settings)
        found.append(
            model.evaluate(X, targets, 7, sample_weight=WEIGHTS, return_dict=True, verbose=0)
        )
    ours, theirs = found
    assert set(ours) == set(theirs)
    # Keras gives the loss as a mean over the batches' means.
    for name in set(ours) - {"loss"}:
        assert ours[name] == pytest.approx(float(theirs[name]), rel=1e-5), name


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ("accuracy", ArgumentError, r"weighted_metrics: expected a list such as \['accuracy'\]"),
        (
            [cn.metrics.AUC()],
            ArgumentError,
            r"weighted_metrics: expected metrics that are means over the samples.*'auc' \(AUC\)",
        ),
        (["acuracy"], UnknownNameError, "did you mean 'accuracy'"),
        (["accuracy"] * 2, ArgumentError, "weighted_metrics: expected different names"),
    ],
)
def test_what_weights_mean_nothing_to_is_refused(
    given: Any, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        network(weighted_metrics=given)
