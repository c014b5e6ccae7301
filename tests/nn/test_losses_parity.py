"""Every loss beside Keras's or PyTorch's, values and gradients, from a table; extreme inputs."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize

CLASSES = [name for name in cn.losses.__all__ if name[0].isupper() and name != "Loss"]
FUNCTIONS = [name for name in cn.losses.__all__ if name[0].islower() and name != "get"]
RANDOM = np.random.default_rng(0)
SHAPE = (6, 4)


def distributions() -> np.ndarray:
    powers = np.exp(RANDOM.normal(size=SHAPE))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def one_hot() -> np.ndarray:
    return np.eye(4)[RANDOM.integers(0, 4, 6)]


def bits() -> np.ndarray:
    return RANDOM.integers(0, 2, SHAPE).astype(float)


def numbers() -> np.ndarray:
    return RANDOM.normal(size=SHAPE) * 3


def counts() -> np.ndarray:
    return RANDOM.integers(0, 5, SHAPE).astype(float)


def labels() -> np.ndarray:
    return RANDOM.integers(0, 4, 6)


Case = tuple[str, dict[str, Any], Callable[[], np.ndarray], Callable[[], np.ndarray]]
# The class, which is Keras's too, its arguments, and what draws targets and predictions.
CASES: list[Case] = [
    ("MeanSquaredError", {}, numbers, numbers),
    ("MeanAbsoluteError", {}, numbers, numbers),
    ("Huber", {}, numbers, numbers),
    ("Huber", {"delta": 2.5}, numbers, numbers),
    ("Poisson", {}, counts, lambda: np.exp(numbers())),
    ("Hinge", {}, bits, numbers),
    ("Hinge", {}, lambda: 2 * bits() - 1, numbers),
    ("Hinge", {}, numbers, numbers),
    ("SquaredHinge", {}, bits, numbers),
    ("SquaredHinge", {}, lambda: 2 * bits() - 1, numbers),
    ("CategoricalHinge", {}, one_hot, numbers),
    ("KLDivergence", {}, distributions, distributions),
    ("KLDivergence", {}, one_hot, distributions),
    ("BinaryCrossentropy", {}, bits, distributions),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, bits, distributions),
    ("BinaryCrossentropy", {"from_logits": True}, distributions, numbers),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, bits, numbers),
    ("CategoricalCrossentropy", {}, one_hot, distributions),
    ("CategoricalCrossentropy", {"label_smoothing": 0.3}, one_hot, distributions),
    ("CategoricalCrossentropy", {"from_logits": True}, distributions, numbers),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.3}, one_hot, numbers),
    ("SparseCategoricalCrossentropy", {}, labels, distributions),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, labels, numbers),
]


@contextmanager
def peers() -> Iterator[tuple[Any, Any]]:
    """Keras on PyTorch, both computing in float64."""
    torch = pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend than PyTorch here")
    before = keras.config.floatx(), torch.get_default_dtype()
    keras.config.set_floatx("float64")
    torch.set_default_dtype(torch.float64)
    try:
        yield keras, torch
    finally:
        keras.config.set_floatx(before[0])
        torch.set_default_dtype(before[1])


def test_every_loss_has_a_case() -> None:
    # The quadratic cost is the textbooks', and tested by its formula in test_losses.py.
    assert {name for name, *_ in CASES} == set(CLASSES) - {"QuadraticCost"}
    assert {cn.losses.get(name).__class__.__name__ for name in FUNCTIONS} == set(CLASSES)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("reduction", "weighted"),
    [
        ("sum_over_batch_size", False),
        ("sum_over_batch_size", True),
        ("sum", True),
        ("mean_with_sample_weight", True),
        ("none", True),
    ],
)
@pytest.mark.parametrize(("name", "arguments", "target", "prediction"), CASES)
def test_values_and_gradients_are_those_of_keras(
    name: str, arguments: Any, target: Any, prediction: Any, reduction: str, weighted: bool
) -> None:
    y, p = target(), prediction()
    weights = RANDOM.uniform(0, 2, 6) if weighted else None
    with peers() as (keras, torch):
        theirs_p = torch.tensor(p, requires_grad=True)
        their_loss = getattr(keras.losses, name)(**arguments, reduction=reduction)
        theirs = their_loss(torch.tensor(y), theirs_p, sample_weight=weights)
        theirs.sum().backward()
        value, slope = theirs.detach().numpy(), theirs_p.grad.numpy()
    variable = cn.Variable(p, dtype="float64")
    ours = getattr(cn.losses, name)(**arguments, reduction=reduction)(y, variable, weights)
    gradient = cn.grad(cn.sum(ours), variable)
    mine, my_slope = cn.function([], [ours, gradient])()
    # Keras passes through float32 numbers in places, even in float64; PyTorch, below, does not.
    np.testing.assert_allclose(mine, value, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(my_slope, slope, rtol=1e-6, atol=1e-7)


def smooth(y: Any, amount: float, classes: int) -> Any:
    return y * (1 - amount) + amount / classes


def in_pytorch(torch: Any) -> dict[str, Callable[..., Any]]:
    """Every loss with PyTorch's functions; the mean over the batch."""
    functions = torch.nn.functional
    entropy, binary = functions.cross_entropy, functions.binary_cross_entropy
    binary_of_logits = functions.binary_cross_entropy_with_logits

    def signs(y: Any) -> Any:
        return 2 * y - 1 if bool(((y == 0) | (y == 1)).all()) else y

    def margin(y: Any, p: Any) -> Any:
        best = ((1 - y) * p).amax(dim=-1)
        return torch.relu(best - (y * p).sum(dim=-1) + 1).mean()

    def of_bits(y: Any, p: Any, from_logits: bool = False, label_smoothing: float = 0.0) -> Any:
        return (binary_of_logits if from_logits else binary)(p, smooth(y, label_smoothing, 2))

    def of_classes(y: Any, p: Any, from_logits: bool = False, **arguments: Any) -> Any:
        return entropy(p if from_logits else p.log(), y, **arguments)

    return {
        "MeanSquaredError": lambda y, p: functions.mse_loss(p, y),
        "MeanAbsoluteError": lambda y, p: functions.l1_loss(p, y),
        "Huber": lambda y, p, delta=1.0: functions.huber_loss(p, y, delta=delta),
        "Poisson": lambda y, p: functions.poisson_nll_loss(p, y, log_input=False, eps=1e-7),
        "Hinge": lambda y, p: torch.relu(1 - signs(y) * p).mean(),
        "SquaredHinge": lambda y, p: (torch.relu(1 - signs(y) * p) ** 2).mean(),
        "CategoricalHinge": margin,
        "KLDivergence": lambda y, p: functions.kl_div(
            p.log(), y.clamp(1e-7, 1), reduction="batchmean"
        ),
        "BinaryCrossentropy": of_bits,
        "CategoricalCrossentropy": of_classes,
        "SparseCategoricalCrossentropy": of_classes,
    }


@pytest.mark.parity
@pytest.mark.parametrize(("name", "arguments", "target", "prediction"), CASES)
def test_values_and_gradients_are_those_of_pytorch(
    name: str, arguments: Any, target: Any, prediction: Any
) -> None:
    torch = pytest.importorskip("torch")
    y, p = target(), prediction()
    their_p = torch.tensor(p, requires_grad=True)
    # A distribution is divided by its sum once more; that has a gradient of its own.
    categorical = "Categorical" in name and not arguments.get("from_logits")
    given = their_p / their_p.sum(dim=-1, keepdim=True) if categorical else their_p
    if name == "CategoricalHinge":
        given = their_p
    theirs = in_pytorch(torch)[name](torch.tensor(y), given, **arguments)
    theirs.backward()
    variable = cn.Variable(p, dtype="float64")
    loss = getattr(cn.losses, name)(**arguments)(y, variable)
    value, gradient = cn.function([], [loss, cn.grad(loss, variable)])()
    np.testing.assert_allclose(value, theirs.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient, their_p.grad.numpy(), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("through_sigmoid", [False, True])
def test_binary_crossentropy_of_extreme_logits(dtype: str, through_sigmoid: bool) -> None:
    logits = np.array([[1000.0], [-1000.0], [1000.0], [-1000.0], [20.0], [-20.0], [0.0]], dtype)
    y = np.array([[1.0], [0.0], [0.0], [1.0], [1.0], [0.0], [0.5]], dtype)
    z = cn.Variable(logits, dtype=dtype)
    prediction = cn.sigmoid(z) if through_sigmoid else z
    loss = cn.losses.BinaryCrossentropy(from_logits=not through_sigmoid, reduction="none")
    values = loss(y, prediction)
    mine, slope = cn.function([], [values, cn.grad(cn.sum(values), z)])()
    small = np.log1p(np.exp(-20.0))
    np.testing.assert_allclose(mine, [0, 0, 1000, 1000, small, small, np.log(2)], rtol=1e-6)
    edge = 1 / (1 + np.exp(20.0))
    expected = np.array([[0.0], [0.0], [1.0], [-1.0], [-edge], [edge], [0.0]])
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "arguments", "target", "prediction"), CASES)
def test_no_loss_of_extreme_predictions_is_infinite_or_nan(
    name: str, arguments: Any, target: Any, prediction: Any, dtype: str
) -> None:
    probabilities = prediction is distributions
    extremes = [0.0, 1.0, 0.0, 1.0] if probabilities else [-1000.0, 1000.0, 0.0, 1000.0]
    p = np.tile(np.array(extremes, dtype), (6, 1))
    if name == "Poisson":
        p = np.abs(p)
    variable = cn.Variable(p, dtype=dtype)
    loss = getattr(cn.losses, name)(**arguments)(target(), variable)
    value, gradient = cn.function([], [loss, cn.grad(loss, variable)])()
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_divergence_from_a_softmax_is_exact_where_probabilities_vanish() -> None:
    z = cn.Variable([[0.0, 1000.0, 0.0]], dtype="float64")
    loss = cn.losses.KLDivergence()([[1.0, 0.0, 0.0]], cn.softmax(z))
    value, gradient = cn.function([], [loss, cn.grad(loss, z)])()
    np.testing.assert_allclose(value, 1000.0)
    np.testing.assert_allclose(gradient, [[-1.0, 1.0, 0.0]], atol=1e-12)


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_shapes_that_would_only_broadcast_are_refused(name: str) -> None:
    loss = getattr(cn.losses, name)
    loss = loss() if name in CLASSES else loss
    sparse = "sparse" in name.lower()
    y = np.zeros((5, 3), int) if sparse else np.zeros(5)
    with pytest.raises(ShapeError, match="got"):
        loss(y, np.full((5, 1), 0.5) if not sparse else np.full((5, 4), 0.25))


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 2), (3, 2, 1)])
def test_weights_weigh_samples_or_their_parts(shape: tuple[int, ...]) -> None:
    y, p = np.zeros((3, 2, 4)), RANDOM.normal(size=(3, 2, 4))
    weights = RANDOM.uniform(size=shape)
    spread = weights.reshape(weights.shape[:2] if weights.size > 3 else (3, 1))
    expected = ((p**2).mean(axis=-1) * spread).mean()
    loss = cn.losses.MeanSquaredError()(y, p, sample_weight=weights)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)


def test_weights_of_batches_of_any_length() -> None:
    y, p = cn.input((None, 2), "float64"), cn.input((None, 2), "float64")
    weights = cn.input((None,), "float64")
    loss = cn.function([y, p, weights], cn.losses.MeanSquaredError()(y, p, weights))
    for rows in (3, 5):
        drawn = RANDOM.normal(size=(rows, 2))
        value = loss(np.zeros((rows, 2)), drawn, np.arange(float(rows)))
        np.testing.assert_allclose(value, ((drawn**2).mean(axis=1) * np.arange(rows)).mean())


def test_weights_that_are_all_zero_give_a_loss_of_zero() -> None:
    loss = cn.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    assert float(loss([[1.0]], [[2.0]], sample_weight=[0.0])) == 0
    assert float(loss([[1.0]], [[2.0]])) == 1


@pytest.mark.parametrize("shape", [(4,), (3, 3), (3, 2, 2)])
def test_weights_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    loss = cn.losses.MeanSquaredError()
    with pytest.raises(ShapeError, match=r"sample_weight, .* shape \(3, 2\) or its first axes"):
        loss(np.zeros((3, 2, 4)), np.zeros((3, 2, 4)), sample_weight=np.ones(shape))


@pytest.mark.parametrize("name", CLASSES)
def test_settings_come_back_from_the_configuration(name: str) -> None:
    given = {"reduction": "sum", "name": "mine"}
    loss = getattr(cn.losses, name)(**given)
    assert loss.get_config().items() >= given.items()
    assert cn.losses.get(serialize(loss)).get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cn.losses.Huber(delta=0), "delta: expected a number above 0, got 0"),
        (lambda: cn.losses.BinaryCrossentropy(label_smoothing=2), "label_smoothing: .* got 2"),
        (lambda: cn.losses.CategoricalCrossentropy(label_smoothing=-1), "label_smoothing"),
    ],
)
def test_wrong_arguments_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_an_unknown_reduction_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown reduction 'avg'"):
        cn.losses.MeanSquaredError(reduction="avg")


def predicted(kind: str) -> cn.Tensor:
    """What layers make of a batch: weighted sums with and without bias, and a convolution's."""
    x = cn.input((None, 3))
    image = cn.input((None, 6, 6, 1))
    made: dict[str, Callable[[], cn.Tensor]] = {
        "dense": lambda: cn.layers.Dense(4)(x),
        "dense without bias": lambda: cn.layers.Dense(4, use_bias=False)(x),
        "convolution": lambda: cn.layers.Flatten()(cn.layers.Conv2D(4, 6)(image)),
        "tanh": lambda: cn.layers.Dense(4, activation="tanh")(x),
    }
    return made[kind]()


@pytest.mark.parametrize("kind", ["dense", "dense without bias", "convolution", "tanh"])
@pytest.mark.parametrize(
    "name",
    [
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
        "KLDivergence",
    ],
)
def test_logits_are_refused_where_probabilities_are_expected(name: str, kind: str) -> None:
    sparse = name.startswith("Sparse")
    y = cn.input((None,), "int64") if sparse else cn.input((None, 4))
    with pytest.raises(ArgumentError, match="expected probabilities, but the prediction is"):
        getattr(cn.losses, name)()(y, predicted(kind))
    if name != "KLDivergence" and kind != "tanh":
        getattr(cn.losses, name)(from_logits=True)(y, predicted(kind))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_are_refused_where_logits_are_expected(activation: str) -> None:
    prediction = cn.layers.Dense(4, activation=activation)(cn.input((None, 3)))
    y = cn.input((None, 4))
    for name in ("BinaryCrossentropy", "CategoricalCrossentropy"):
        getattr(cn.losses, name)()(y, prediction)
        with pytest.raises(ArgumentError, match="expected logits, since from_logits=True"):
            getattr(cn.losses, name)(from_logits=True)(y, prediction)


def test_mixtures_of_probabilities_are_not_taken_for_logits() -> None:
    gate = cn.layers.Dense(2, activation="softmax")(cn.input((None, 3)))
    experts = cn.softmax(cn.Variable(np.ones((2, 4)), dtype="float32"))
    cn.losses.CategoricalCrossentropy()(cn.input((None, 4)), gate @ experts)


@pytest.mark.parametrize(
    ("name", "y", "words"),
    [
        ("BinaryCrossentropy", [[0.0], [2.0]], "y: expected targets from 0 to 1; row 1 holds 2.0"),
        ("CategoricalCrossentropy", [[0.0, -1.0]], "probabilities, from 0 to 1; row 0 holds -1.0"),
        ("KLDivergence", [[0.0, 1.5]], "probabilities, from 0 to 1; row 0 holds 1.5"),
        ("Poisson", [[3.0], [-1.0]], "counts, 0 or more; row 1 holds -1.0"),
    ],
)
def test_targets_that_cannot_be_are_refused(name: str, y: Any, words: str) -> None:
    target = np.array(y)
    with pytest.raises(ArgumentError, match=words):
        getattr(cn.losses, name)().check_targets(target, cn.asarray(target))
