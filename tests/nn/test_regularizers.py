"""Regularizers and constraints: values and gradients beside Keras, names, refusals."""

import inspect
import json
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DTypeError, UnknownNameError
from cairnet.base.registry import serialize

REGULARIZERS: list[tuple[str, dict[str, Any]]] = [
    ("L1", {}),
    ("L1", {"l1": 0.25}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.3, "l2": 0.2}),
]
CONSTRAINTS: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.75, "axis": 1}),
    ("MaxNorm", {"max_value": 1.5, "axis": (0, 2)}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 1.5, "rate": 0.3, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": (0, 1)}),
]
TABLES = {"regularizers": REGULARIZERS, "constraints": CONSTRAINTS}
ALL = [(space, kind, arguments) for space, table in TABLES.items() for kind, arguments in table]


@pytest.mark.parametrize("space", TABLES)
def test_every_class_has_its_records(space: str) -> None:
    namespace = getattr(cn, space)
    classes = {
        kind.__name__
        for name in namespace.__all__
        if inspect.isclass(kind := getattr(namespace, name)) and not inspect.isabstract(kind)
    }
    assert classes == {kind for kind, _ in TABLES[space]}


@pytest.mark.parametrize(("space", "kind", "arguments"), ALL)
def test_they_come_back_from_their_configuration(
    space: str, kind: str, arguments: dict[str, Any]
) -> None:
    namespace = getattr(cn, space)
    made = getattr(namespace, kind)(**arguments)
    again = namespace.get(json.loads(json.dumps(serialize(made))))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    w = np.random.default_rng(0).normal(size=(3, 4, 2))
    np.testing.assert_array_equal(again(w).numpy(), made(w).numpy())


@pytest.mark.parity
@pytest.mark.parametrize(("space", "kind", "arguments"), ALL)
def test_values_and_gradients_agree_with_keras(
    space: str, kind: str, arguments: dict[str, Any]
) -> None:
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(len(kind))
    value = random.normal(size=(3, 4, 2))
    theirs = getattr(getattr(keras, space), kind)(**arguments)
    tensor = torch.tensor(value, requires_grad=True)
    expected = theirs(tensor)
    direction = random.normal(size=tuple(expected.shape))
    w = cn.Variable(value)
    made = getattr(getattr(cn, space), kind)(**arguments)(w)
    # Keras on PyTorch holds the factor of L1 in float32, and takes maxima in it.
    tolerance = 1e-7 if kind in ("L1", "NonNeg") else 1e-9
    np.testing.assert_allclose(made.numpy(), expected.detach().numpy(), rtol=tolerance)
    if not expected.requires_grad:
        return
    (their_gradient,) = torch.autograd.grad((expected * torch.tensor(direction)).sum(), [tensor])
    gradient = cn.grad(cn.sum(made * direction), w).numpy()
    np.testing.assert_allclose(gradient, their_gradient.numpy(), rtol=tolerance, atol=1e-12)


@pytest.mark.parity
@pytest.mark.parametrize(("space", "kind"), sorted({(space, kind) for space, kind, _ in ALL}))
def test_names_and_defaults_are_those_of_keras(space: str, kind: str) -> None:
    keras = pytest.importorskip("keras")
    theirs = inspect.signature(getattr(getattr(keras, space), kind)).parameters
    for name, parameter in inspect.signature(getattr(getattr(cn, space), kind)).parameters.items():
        assert parameter.default == theirs[name].default


@pytest.mark.parametrize(
    ("space", "name", "kind"),
    [
        ("regularizers", "l1", "L1"),
        ("regularizers", "l2", "L2"),
        ("regularizers", "l1_l2", "L1L2"),
        ("constraints", "max_norm", "MaxNorm"),
        ("constraints", "min_max_norm", "MinMaxNorm"),
        ("constraints", "non_neg", "NonNeg"),
        ("constraints", "unit_norm", "UnitNorm"),
    ],
)
def test_both_names_mean_the_same(space: str, name: str, kind: str) -> None:
    namespace = getattr(cn, space)
    assert type(namespace.get(name)) is type(namespace.get(kind)) is getattr(namespace, kind)
    assert getattr(namespace, name) is getattr(namespace, kind)


def test_functions_and_nothing() -> None:
    def halves(w: cn.Tensor) -> cn.Tensor:
        return w / 2

    assert cn.regularizers.get(halves) is cn.constraints.get(halves) is halves
    assert cn.regularizers.get(None) is cn.constraints.get(None) is None


def test_exact_values() -> None:
    w = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_array_equal(cn.constraints.NonNeg()(w).numpy(), np.maximum(w, 0))
    penalty = cn.regularizers.L1(0.3)(w).numpy()
    np.testing.assert_allclose(penalty, 0.3 * np.abs(w).sum(), rtol=1e-14)


def test_zero_vectors_stay_zero() -> None:
    zero = np.zeros((3, 2), np.float32)
    for kind in ("MaxNorm", "UnitNorm", "NonNeg"):
        np.testing.assert_array_equal(getattr(cn.constraints, kind)()(zero).numpy(), zero)


def test_constraints_hold_with_every_layer_that_takes_them() -> None:
    made = {
        "Dense": {"units": 2},
        "Conv1D": {"filters": 2, "kernel_size": 2},
        "Conv2D": {"filters": 2, "kernel_size": 2},
        "Conv2DTranspose": {"filters": 2, "kernel_size": 2},
        "DepthwiseConv2D": {"kernel_size": 2},
        "PReLU": {},
        "BatchNormalization": {},
        "LayerNormalization": {},
        "Embedding": {"input_dim": 3, "output_dim": 2},
        **{kind: {"units": 2} for kind in ("SimpleRNN", "LSTM", "GRU")},
        **{f"{kind}Cell": {"units": 2} for kind in ("SimpleRNN", "LSTM", "GRU")},
        "MultiHeadAttention": {"num_heads": 1, "key_dim": 2},
    }
    images, sequences, states = np.ones((1, 3, 3, 2)), np.ones((1, 3, 2)), [np.ones((1, 2))] * 2
    given: dict[str, Any] = {
        "Embedding": (images.astype(np.int64),),
        **dict.fromkeys(("Conv1D", "SimpleRNN", "LSTM", "GRU"), (sequences,)),
        **dict.fromkeys(("SimpleRNNCell", "GRUCell"), (sequences[:, 0], states[:1])),
        "LSTMCell": (sequences[:, 0], states),
        "MultiHeadAttention": (sequences, sequences),
    }
    for kind, arguments in made.items():
        layer_class = getattr(cn.layers, kind)
        parameters = inspect.signature(layer_class).parameters
        rules = {name: "l2" for name in parameters if name.endswith("_regularizer")}
        rules |= {name: "non_neg" for name in parameters if name.endswith("_constraint")}
        layer = layer_class(**arguments, **rules)
        layer(*given.get(kind, (images,)))
        assert len(layer.losses) == len(layer.trainable_variables) > 0
        assert set(layer.constraints) == set(layer.trainable_variables)
    takers = {
        name
        for name in cn.layers.__all__
        if inspect.isclass(getattr(cn.layers, name))
        and any(
            argument.endswith("_constraint")
            for argument in inspect.signature(getattr(cn.layers, name)).parameters
        )
    }
    assert takers == set(made)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cn.regularizers.L1(-1), "l1: expected a finite number, 0 or more, got -1"),
        (lambda: cn.regularizers.L2(float("inf")), "l2: .* got inf"),
        (lambda: cn.regularizers.L1L2(l2="a"), "l2: .* got 'a'"),
        (lambda: cn.constraints.MaxNorm(-1), "max_value: expected a number, 0 or more, got -1"),
        (lambda: cn.constraints.MaxNorm(axis="all"), "axis: expected a whole number or several"),
        (lambda: cn.constraints.MinMaxNorm(2, 1), "min_value: expected at most max_value=1, got 2"),
        (lambda: cn.constraints.MinMaxNorm(rate=2), "rate: expected a number from 0 to 1, got 2"),
        (lambda: cn.constraints.UnitNorm(axis=1.5), "axis: .* got 1.5"),
    ],
)
def test_wrong_arguments_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_unknown_names_and_dtypes_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown regularizer 'l3'"):
        cn.regularizers.get("l3")
    with pytest.raises(UnknownNameError, match="did you mean 'max_norm'"):
        cn.constraints.get("maxnorm")
    for made in (cn.regularizers.L2(), cn.constraints.NonNeg()):
        with pytest.raises(DTypeError, match="expected a floating dtype, got int64"):
            made(np.ones(3, np.int64))
