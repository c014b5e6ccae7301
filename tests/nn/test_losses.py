"""Losses and metrics: values, gradients where probabilities vanish, and what they refuse."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize
from cairnet.nn.probabilities import logits_of

CLASSES = [name for name in cn.losses.__all__ if name[0].isupper() and name != "Loss"]


def softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def targets_for(name: str, random: Any) -> np.ndarray:
    labels = random.integers(0, 4, 5)
    return labels if name.startswith("Sparse") else np.eye(4)[labels]


@pytest.mark.parametrize("name", CLASSES)
def test_a_loss_is_the_mean_of_its_function(name: str) -> None:
    random = np.random.default_rng(0)
    y, p = targets_for(name, random), softmax(random.normal(size=(5, 4)))
    loss = getattr(cn.losses, name)()
    one_a_sample = loss.call(cn.asarray(y), cn.asarray(p)).numpy()
    assert one_a_sample.shape == (5,)
    np.testing.assert_allclose(loss(y, p).numpy(), one_a_sample.mean())


@pytest.mark.parametrize("name", CLASSES)
def test_a_loss_is_found_by_both_its_names_and_comes_back_from_its_configuration(
    name: str,
) -> None:
    loss = getattr(cn.losses, name)()
    assert type(cn.losses.get(name)) is type(loss)
    assert type(cn.losses.get(serialize(loss))) is type(loss)
    assert cn.losses.get(loss) is loss


def test_quadratic_cost_is_that_of_the_textbooks() -> None:
    random = np.random.default_rng(0)
    y, p = random.normal(size=(2, 5, 4))
    expected = 0.5 * ((y - p) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(cn.losses.QuadraticCost()(y, p).numpy(), expected)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_crossentropy_where_probabilities_vanish(
    sparse: bool, from_logits: bool, dtype: str
) -> None:
    logits = np.array([[0, 1000, 3], [2000, 0, 0], [1, 2, 3]], dtype)
    labels = np.array([0, 1, 2])
    z = cn.Variable(logits, dtype=dtype)
    prediction = z if from_logits else cn.softmax(z)
    kind = "SparseCategoricalCrossentropy" if sparse else "CategoricalCrossentropy"
    target = labels if sparse else np.eye(3, dtype=dtype)[labels]
    cost = getattr(cn.losses, kind)(from_logits=from_logits)(target, prediction)
    expected = (1000 + 2000 - np.log(softmax(logits[2:].astype("float64"))[0, 2])) / 3
    np.testing.assert_allclose(float(cost), expected, rtol=1e-6)
    gradient = cn.grad(cost, z).numpy()
    slope = (softmax(logits.astype("float64")) - np.eye(3)[labels]) / 3
    np.testing.assert_allclose(gradient, slope, atol=1e-7)


def test_the_logits_of_a_softmax_are_seen_and_those_of_nothing_else() -> None:
    z = cn.input((None, 3))
    assert logits_of(cn.softmax(z)) is not None
    assert logits_of(cn.softmax(z, axis=0)) is None
    assert logits_of(cn.sigmoid(z)) is None
    assert logits_of(z / cn.sum(z, axis=-1, keepdims=True)) is None
    assert logits_of(cn.exp(z) / cn.sum(cn.exp(2 * z), axis=-1, keepdims=True)) is None


def test_probabilities_of_other_origin_are_kept_away_from_zero() -> None:
    p = cn.asarray([[0.0, 1.0]])
    cost = cn.losses.categorical_crossentropy([[1.0, 0.0]], p)
    np.testing.assert_allclose(cost.numpy(), [-np.log(1e-7)], rtol=1e-6)


@pytest.mark.parametrize("name", ["quadratic_cost", "mean_squared_error"])
@pytest.mark.parametrize(
    ("y", "p", "words"),
    [
        ((4,), (4, 1), r"prediction's shape \(4, 1\), got \(4,\); .* y\[:, np.newaxis\]"),
        ((4, 1), (4,), r"prediction's shape \(4,\), got \(4, 1\)"),
        ((4, 1), (4, 3), r"prediction's shape \(4, 3\), got \(4, 1\); .* cn.one_hot"),
        ((4,), (4, 3), r"prediction's shape \(4, 3\), got \(4,\); .* cn.one_hot"),
        ((5, 3), (4, 3), r"prediction's shape \(4, 3\), got \(5, 3\)"),
    ],
)
def test_shapes_that_would_broadcast_are_refused(
    name: str, y: tuple[int, ...], p: tuple[int, ...], words: str
) -> None:
    with pytest.raises(ShapeError, match=words) as caught:
        getattr(cn.losses, name)(np.zeros(y), np.zeros(p))
    assert f"{name}, at {__file__}" in str(caught.value)


def test_labels_that_are_no_labels_are_refused() -> None:
    loss = cn.losses.SparseCategoricalCrossentropy()
    with pytest.raises(ShapeError, match=r"class numbers of shape \(2,\) .* got .* \(2, 3\)"):
        loss(np.zeros((2, 3), int), np.ones((2, 3)))
    with pytest.raises(DTypeError, match="expected class numbers of an integer dtype, got float64"):
        loss(np.zeros(2), np.ones((2, 3)))
    with pytest.raises(DTypeError, match="predictions of a floating dtype, got int64"):
        loss(np.zeros(2, int), np.ones((2, 3), int))
    prediction = cn.asarray(np.ones((2, 3)))
    with pytest.raises(ArgumentError, match=r"from 0 to 2, .* 3 outputs; row 1 holds 3"):
        loss.check_targets(np.array([0, 3]), prediction)
    loss.check_targets(np.array([0, 2]), prediction)


def test_labels_may_stand_in_a_column() -> None:
    p = softmax(np.random.default_rng(0).normal(size=(3, 4)))
    labels = np.array([1, 2, 3])
    loss = cn.losses.SparseCategoricalCrossentropy()
    assert float(loss(labels[:, np.newaxis], p)) == float(loss(labels, p))


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown loss.*did you mean 'quadratic_cost'"):
        cn.losses.get("quadratic_costs")
    with pytest.raises(UnknownNameError, match=r"unknown metric.*did you mean 'accuracy'"):
        cn.metrics.get("acuracy")


def test_functions_are_losses_and_metrics() -> None:
    def absolute(y_true: cn.Tensor, y_pred: cn.Tensor) -> cn.Tensor:
        return cn.mean(cn.abs(y_true - y_pred), axis=-1)

    y, p = np.zeros((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])
    assert float(cn.losses.get(absolute)(y, p)) == 2.5
    metric = cn.metrics.get(absolute)
    assert (metric.name, metric(y, p)) == ("absolute", 2.5)
    with pytest.raises(ShapeError, match="expected one number for each sample"):
        cn.metrics.get(lambda y, p: cn.mean(y - p))(y, p)


@pytest.mark.parametrize(
    ("metric", "y", "p", "expected"),
    [
        ("CategoricalAccuracy", [[0, 1], [1, 0], [1, 0]], [[1, 3], [2, 1], [0, 1]], 2 / 3),
        ("SparseCategoricalAccuracy", [1, 0, 0], [[1, 3], [2, 1], [0, 1]], 2 / 3),
        ("SparseCategoricalAccuracy", [[1], [0], [0]], [[1, 3], [2, 1], [0, 1]], 2 / 3),
        ("BinaryAccuracy", [[1], [0], [0]], [[0.6], [0.4], [0.7]], 2 / 3),
        ("Accuracy", [[0, 1], [1, 0], [1, 0]], [[1, 3], [2, 1], [0, 1]], 2 / 3),
        ("Accuracy", [1, 0, 0], [[1, 3], [2, 1], [0, 1]], 2 / 3),
        ("Accuracy", [[1], [0], [0]], [[0.6], [0.4], [0.7]], 2 / 3),
        ("Accuracy", [1, 0, 0], [0.6, 0.4, 0.7], 2 / 3),
        ("MeanSquaredError", [[0.0, 0.0]], [[1.0, 2.0]], 2.5),
    ],
)
def test_metrics(metric: str, y: Any, p: Any, expected: float) -> None:
    value = getattr(cn.metrics, metric)()(y, np.asarray(p, np.float32))
    assert value == pytest.approx(expected)


def test_accuracy_refuses_shapes_that_would_broadcast() -> None:
    with pytest.raises(ShapeError, match=r"prediction's shape \(3, 1\), got \(3,\)"):
        cn.metrics.Accuracy()([1, 0, 0], np.zeros((3, 1)))


@pytest.mark.parity
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_crossentropy_agrees_with_torch(sparse: bool, from_logits: bool) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(6, 4)) * 3, random.integers(0, 4, 6)
    their_z = torch.tensor(logits, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(their_z, torch.tensor(labels))
    theirs.backward()
    z = cn.Variable(logits, dtype="float64")
    prediction = z if from_logits else cn.softmax(z)
    kind = "SparseCategoricalCrossentropy" if sparse else "CategoricalCrossentropy"
    cost = getattr(cn.losses, kind)(from_logits=from_logits)(
        labels if sparse else np.eye(4)[labels], prediction
    )
    np.testing.assert_allclose(cost.numpy(), theirs.item(), rtol=1e-12)
    np.testing.assert_allclose(cn.grad(cost, z).numpy(), their_z.grad.numpy(), rtol=1e-9)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "MeanSquaredError"])
def test_losses_agree_with_keras(name: str) -> None:
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(0)
    y, p = np.eye(4)[random.integers(0, 4, 6)], random.uniform(0.1, 1, (6, 4))
    theirs = getattr(keras.losses, name)(dtype="float64")(y, p)
    np.testing.assert_allclose(getattr(cn.losses, name)()(y, p).numpy(), theirs.item(), rtol=1e-6)
