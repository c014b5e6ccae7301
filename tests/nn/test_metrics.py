"""Every metric beside scikit-learn's or Keras's; exact over batches; extreme inputs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as theirs

import cairnet as cn
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize, snake_case

BASES = ("Metric", "MeanMetric")
NAMES = [n for n in cn.metrics.__all__ if n[0].isupper() and n not in (*BASES, "ConfusionMatrix")]
RANDOM = np.random.default_rng(0)


def samples(kind: str, count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions of a kind, with some scores that are equal."""
    scores = RANDOM.integers(0, 50, (count, 6)) / 49
    labels = RANDOM.integers(0, 6, count)
    if kind == "labels":
        return labels, scores
    if kind == "one-hot":
        return np.eye(6)[labels], scores
    if kind == "bits":
        return RANDOM.integers(0, 2, count).astype(float), scores[:, 0]
    if kind == "columns of bits":
        return RANDOM.integers(0, 2, (count, 1)).astype(float), scores[:, :1]
    return RANDOM.normal(size=(count, 6)), RANDOM.normal(size=(count, 6))


# A metric, its arguments, the kind of samples, and what scikit-learn or a formula says.
CASES: list[tuple[str, dict[str, Any], str, Any]] = [
    ("Accuracy", {}, "labels", lambda y, p: np.mean(y == p.argmax(axis=1))),
    ("Accuracy", {}, "one-hot", lambda y, p: np.mean(y.argmax(axis=1) == p.argmax(axis=1))),
    ("Accuracy", {}, "bits", lambda y, p: theirs.accuracy_score(y, p > 0.5)),
    ("BinaryAccuracy", {"threshold": 0.3}, "bits", lambda y, p: np.mean(y == (p > 0.3))),
    (
        "CategoricalAccuracy",
        {},
        "one-hot",
        lambda y, p: theirs.accuracy_score(y.argmax(axis=1), p.argmax(axis=1)),
    ),
    (
        "SparseCategoricalAccuracy",
        {},
        "labels",
        lambda y, p: theirs.accuracy_score(y, p.argmax(axis=1)),
    ),
    ("MeanSquaredError", {}, "numbers", theirs.mean_squared_error),
    ("MeanAbsoluteError", {}, "numbers", theirs.mean_absolute_error),
    ("Precision", {}, "bits", lambda y, p: theirs.precision_score(y, p > 0.5)),
    ("Precision", {"thresholds": 0.8}, "bits", lambda y, p: theirs.precision_score(y, p > 0.8)),
    (
        "Precision",
        {"class_id": 2},
        "one-hot",
        lambda y, p: theirs.precision_score(y[:, 2], p[:, 2] > 0.5),
    ),
    (
        "Precision",
        {},
        "one-hot",
        lambda y, p: theirs.precision_score(y, p > 0.5, average="micro"),
    ),
    ("Recall", {}, "columns of bits", lambda y, p: theirs.recall_score(y, p > 0.5)),
    ("Recall", {"thresholds": 0.2}, "bits", lambda y, p: theirs.recall_score(y, p > 0.2)),
    (
        "Recall",
        {},
        "one-hot",
        lambda y, p: theirs.recall_score(y, p > 0.5, average="micro"),
    ),
    ("AUC", {}, "bits", theirs.roc_auc_score),
    ("AUC", {"num_thresholds": 1000}, "columns of bits", theirs.roc_auc_score),
]
TOP_K = ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy")


def over_batches(metric: cn.metrics.Metric, y: np.ndarray, p: np.ndarray, size: int) -> float:
    """The metric as `evaluate` computes it: compiled, batch by batch."""
    targets = cn.input((None, *y.shape[1:]), y.dtype)
    predictions = cn.input((targets.extents[0], *p.shape[1:]), p.dtype)
    measure = cn.function([targets, predictions], metric.measure(targets, predictions))
    batches = range(0, len(y), size)
    sums = sum(measure(y[i : i + size], p[i : i + size]).astype(float) for i in batches)
    return metric.result(np.asarray(sums), len(y))


def test_every_metric_has_a_case() -> None:
    assert {name for name, *_ in CASES} | set(TOP_K) == set(NAMES)


@pytest.mark.parametrize(("name", "arguments", "kind", "expected"), CASES)
def test_values_are_those_of_scikit_learn_whatever_the_batches(
    name: str, arguments: Any, kind: str, expected: Any
) -> None:
    y, p = samples(kind)
    metric = getattr(cn.metrics, name)(**arguments)
    right = pytest.approx(float(expected(y, p)), rel=1e-12)
    assert metric(y, p) == right
    assert over_batches(metric, y, p, 60) == right
    assert over_batches(metric, y, p, 7) == right


@pytest.mark.parametrize("k", [1, 2, 5, 6, 9])
def test_top_k_is_that_of_scikit_learn(k: int) -> None:
    labels = RANDOM.integers(0, 6, 60)
    scores = RANDOM.normal(size=(60, 6))
    expected = 1.0
    if k < 6:
        expected = theirs.top_k_accuracy_score(labels, scores, k=k, labels=range(6))
    sparse, dense = (getattr(cn.metrics, name)(k=k) for name in TOP_K[::-1])
    assert over_batches(sparse, labels, scores, 7) == pytest.approx(expected)
    assert over_batches(dense, np.eye(6)[labels], scores, 7) == pytest.approx(expected)


def test_top_k_counts_ties_as_hits_and_nan_as_misses() -> None:
    metric = cn.metrics.SparseTopKCategoricalAccuracy(k=1)
    assert metric([2], [[0.4, 0.1, 0.4]]) == 1
    assert metric([2, 1], [[0.4, 0.1, np.nan], [np.nan] * 3]) == 0
    assert metric([0], [[-np.inf, -np.inf, -np.inf]]) == 1


@contextmanager
def keras_in_float64() -> Iterator[Any]:
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        yield keras
    finally:
        keras.config.set_floatx(before)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("Precision", {"top_k": 2}, "one-hot"),
        ("Precision", {"top_k": 3, "class_id": 1}, "one-hot"),
        ("Precision", {"top_k": 3, "thresholds": 0.7}, "one-hot"),
        ("Recall", {"top_k": 2}, "one-hot"),
        ("Recall", {"class_id": 3, "thresholds": 0.4}, "one-hot"),
        ("AUC", {}, "bits"),
        ("AUC", {"num_thresholds": 5}, "bits"),
        ("AUC", {"thresholds": [0.7, 0.2, 0.35]}, "bits"),
        *(
            ("AUC", {"curve": curve, "summation_method": method, "num_thresholds": 12}, "bits")
            for curve in ("ROC", "PR")
            for method in ("interpolation", "minoring", "majoring")
        ),
        ("TopKCategoricalAccuracy", {"k": 2}, "one-hot"),
        ("SparseTopKCategoricalAccuracy", {"k": 2}, "labels"),
    ],
)
def test_values_are_those_of_keras(name: str, arguments: Any, kind: str) -> None:
    y = samples(kind)[0]
    # No two scores are equal, and none is at a threshold: there Keras's rounding would decide.
    p = RANDOM.permutation(np.linspace(0.0013, 0.9917, 6 * len(y))).reshape(len(y), 6)
    p = p[:, 0] if kind == "bits" else p
    with keras_in_float64() as keras:
        their_metric = getattr(keras.metrics, name)(**arguments)
        for rows in (slice(0, 25), slice(25, None)):
            their_metric.update_state(y[rows], p[rows])
        expected = float(their_metric.result())
    ours = over_batches(getattr(cn.metrics, name)(**arguments), y, p, 25)
    assert ours == pytest.approx(expected, rel=1e-6)


def test_auc_of_logits_is_that_of_their_probabilities() -> None:
    y, p = samples("bits")
    p = 0.01 + 0.98 * p
    logits = np.log(p / (1 - p))
    assert cn.metrics.AUC(from_logits=True)(y, logits) == pytest.approx(cn.metrics.AUC()(y, p))


@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_auc_of_extreme_predictions(curve: str, dtype: str) -> None:
    metric = cn.metrics.AUC(curve=curve)
    y = np.array([0, 0, 1, 1])
    assert metric(y, np.array([0, 0, 1, 1], dtype)) == pytest.approx(1)
    assert metric(y, np.array([1, 1, 0, 0], dtype)) <= 0.5
    assert np.isfinite(metric(np.zeros(4), np.array([0, 0, 1, 1], dtype)))
    assert np.isfinite(metric(np.ones(4), np.array([0, 0, 1, 1], dtype)))


def test_nothing_found_and_nothing_to_find_are_zero() -> None:
    assert cn.metrics.Precision()([1.0, 0.0], [0.1, 0.2]) == 0
    assert cn.metrics.Recall()([0.0, 0.0], [0.9, 0.2]) == 0


def test_counts_beyond_what_float32_can_hold_are_exact() -> None:
    # 2²⁴ + 1 is no float32; a batch this large is counted in integers.
    size = 2**24 + 1
    y = cn.broadcast_to(cn.asarray([1.0]), (size,))
    counts = cn.function([], cn.metrics.Recall().measure(y, y))()
    assert counts.tolist() == [size, 0, 0]


def test_totals_of_an_epoch_are_combined_at_the_end() -> None:
    y, p = samples("bits", 90)
    model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mean_squared_error", metrics=["precision", "auc"])
    logs = model.evaluate(p[:, np.newaxis], y[:, np.newaxis], batch_size=32, return_dict=True)
    assert logs["precision"] == pytest.approx(theirs.precision_score(y, p > 0.5))
    assert logs["auc"] == pytest.approx(theirs.roc_auc_score(y, p))


@pytest.mark.parametrize("one_hot", [False, True])
def test_confusion_matrices_are_those_of_scikit_learn(one_hot: bool) -> None:
    labels, scores = samples("labels")
    confusion = cn.metrics.ConfusionMatrix(6)
    target = np.eye(6)[labels] if one_hot else labels
    for rows in (slice(0, 25), slice(25, None)):
        confusion.update(target[rows], scores[rows])
    expected = theirs.confusion_matrix(labels, scores.argmax(axis=1), labels=range(6))
    np.testing.assert_array_equal(confusion.matrix, expected)
    np.testing.assert_array_equal(cn.metrics.confusion_matrix(target, scores).numpy(), expected)
    assert confusion.accuracy == pytest.approx(np.trace(expected) / 60)
    confusion.reset()
    assert confusion.matrix.sum() == 0
    assert confusion.accuracy == 0


def test_a_confusion_matrix_of_pixels_counts_every_one() -> None:
    labels, scores = RANDOM.integers(0, 3, (2, 4, 4)), RANDOM.normal(size=(2, 4, 4, 3))
    expected = theirs.confusion_matrix(labels.ravel(), scores.argmax(axis=-1).ravel())
    np.testing.assert_array_equal(cn.metrics.confusion_matrix(labels, scores).numpy(), expected)


def test_a_confusion_matrix_is_no_metric_of_single_numbers() -> None:
    y, p = cn.input((None,), "int64"), cn.input((None, 3))
    metric = cn.metrics.get(cn.metrics.confusion_matrix)
    with pytest.raises(ShapeError, match=r"expected one number for each sample, .* \(3, 3\)"):
        metric.measure(y, p)


@pytest.mark.parametrize("name", NAMES)
def test_found_by_its_names_and_back_from_the_configuration(name: str) -> None:
    metric = getattr(cn.metrics, name)(name="mine")
    assert type(cn.metrics.get(name)) is type(metric)
    assert type(cn.metrics.get(snake_case(name))) is type(metric)
    again = cn.metrics.get(serialize(metric))
    assert again.get_config() == metric.get_config()
    assert again.name == "mine"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cn.metrics.Precision(thresholds=2), "thresholds: .* from 0 to 1, got 2"),
        (lambda: cn.metrics.Recall(top_k=0), "top_k: expected a whole number, 1 or more, got 0"),
        (lambda: cn.metrics.Recall(class_id=-1), "class_id: expected a whole number, 0 or more"),
        (lambda: cn.metrics.AUC(num_thresholds=1), "num_thresholds: .* 2 or more, got 1"),
        (lambda: cn.metrics.AUC(thresholds=[0.5, 3]), "thresholds: expected numbers from 0 to 1"),
        (lambda: cn.metrics.TopKCategoricalAccuracy(k=0), "k: expected a whole number, 1 or more"),
        (lambda: cn.metrics.ConfusionMatrix(0), "num_classes: expected a whole number"),
    ],
)
def test_wrong_arguments_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_unknown_words_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown curve 'roc'"):
        cn.metrics.AUC(curve="roc")
    with pytest.raises(UnknownNameError, match="did you mean 'minoring'"):
        cn.metrics.AUC(summation_method="minor")


@pytest.mark.parametrize("name", [name for name in NAMES if "Sparse" not in name])
def test_shapes_that_would_only_broadcast_are_refused(name: str) -> None:
    with pytest.raises(ShapeError, match=r"prediction's shape \(3, 1\), got \(3,\)"):
        getattr(cn.metrics, name)()(np.zeros(3), np.zeros((3, 1)))


def test_class_numbers_are_integers_and_classes_are_there() -> None:
    with pytest.raises(DTypeError, match="class numbers of an integer dtype"):
        cn.metrics.confusion_matrix(np.zeros(3), np.zeros((3, 2)))
    with pytest.raises(ArgumentError, match="class_id below the number of classes, 2, got 2"):
        cn.metrics.Precision(class_id=2)(np.zeros((3, 2)), np.zeros((3, 2)))
