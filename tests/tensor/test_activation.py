"""Activations and softmax: against PyTorch and SciPy, at the ends of the number range."""

import math
from typing import Any

import numpy as np
import pytest

import cairnet as cn

GENERATOR = np.random.default_rng(13)
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
# Both sides of every kink, none of them on it.
POINTS = np.array([-40.0, -7.3, -3.1, -1.0, -0.4, -1e-3, 1e-3, 0.3, 1.0, 2.9, 5.9, 6.2, 40.0])

# ours, PyTorch's
PAIRS: dict[str, tuple[Any, Any]] = {
    "relu": (cn.relu, lambda f, x: f.relu(x)),
    "relu6": (cn.relu6, lambda f, x: f.relu6(x)),
    "leaky_relu": (lambda x: cn.leaky_relu(x, 0.1), lambda f, x: f.leaky_relu(x, 0.1)),
    "elu": (lambda x: cn.elu(x, 1.5), lambda f, x: f.elu(x, 1.5)),
    "celu": (lambda x: cn.celu(x, 1.5), lambda f, x: f.celu(x, 1.5)),
    "selu": (cn.selu, lambda f, x: f.selu(x)),
    "gelu": (cn.gelu, lambda f, x: f.gelu(x)),
    "gelu_tanh": (
        lambda x: cn.gelu(x, approximate=True),
        lambda f, x: f.gelu(x, approximate="tanh"),
    ),
    "silu": (cn.silu, lambda f, x: f.silu(x)),
    "mish": (cn.mish, lambda f, x: f.mish(x)),
    "sigmoid": (cn.sigmoid, lambda f, x: x.sigmoid()),
    "log_sigmoid": (cn.log_sigmoid, lambda f, x: f.logsigmoid(x)),
    # f.hardsigmoid has 1/6 in float32, also for float64.
    "hard_sigmoid": (cn.hard_sigmoid, lambda f, x: f.relu6(x + 3) / 6),
    "hard_silu": (cn.hard_silu, lambda f, x: f.hardswish(x)),
    "softplus": (cn.softplus, lambda f, x: f.softplus(x, threshold=1e9)),
    "softsign": (cn.softsign, lambda f, x: f.softsign(x)),
}


@pytest.mark.parity
@pytest.mark.parametrize("name", PAIRS)
def test_an_activation_and_its_derivatives_agree_with_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = PAIRS[name]
    x = cn.Variable(POINTS)
    y = ours(x)
    slope = cn.grad(cn.sum(y), x)
    there = torch.tensor(POINTS, requires_grad=True)
    value = theirs(torch.nn.functional, there)
    (there_slope,) = torch.autograd.grad(value.sum(), there, create_graph=True)
    np.testing.assert_allclose(y.numpy(), value.detach().numpy(), **CLOSE)
    np.testing.assert_allclose(slope.numpy(), there_slope.detach().numpy(), **CLOSE)
    if there_slope.requires_grad:
        curve = cn.grad(cn.sum(slope), x, disconnected="zero")
        (there_curve,) = torch.autograd.grad(there_slope.sum(), there, allow_unused=True)
        expected = np.zeros_like(POINTS) if there_curve is None else there_curve.numpy()
        np.testing.assert_allclose(curve.numpy(), expected, **CLOSE)


@pytest.mark.parametrize("name", PAIRS)
def test_an_activation_is_finite_wherever_it_can_be(name: str) -> None:
    ours, _ = PAIRS[name]
    x = cn.Variable(np.array([-1e4, -200.0, 0.0, 200.0, 1e4], np.float32))
    y = ours(x)
    assert y.dtype == cn.float32
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(cn.grad(cn.sum(y), x).numpy()).all()


def test_the_rectifier_has_no_slope_at_zero() -> None:
    x = cn.Variable([0.0, -0.0])
    np.testing.assert_array_equal(cn.grad(cn.sum(cn.relu(x)), x).numpy(), 0)


def test_the_rectifier_takes_integers_and_keeps_nan() -> None:
    assert cn.relu(cn.asarray([-2, 3])).numpy().tolist() == [0, 3]
    assert math.isnan(cn.relu(cn.asarray([math.nan])).numpy().item())


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(5,), (3, 7), (2, 3, 4)])
@pytest.mark.parametrize("axis", [0, -1])
def test_softmax_and_its_kin_agree_with_torch(shape: tuple[int, ...], axis: int) -> None:
    torch = pytest.importorskip("torch")
    start = GENERATOR.standard_normal(shape) * 20
    cotangent = GENERATOR.standard_normal(shape)
    for ours, theirs in [
        (cn.softmax, torch.softmax),
        (cn.log_softmax, torch.log_softmax),
        (lambda x, axis: cn.logsumexp(x, axis, keepdims=True) * 1.0, torch_logsumexp),
    ]:
        x, there = cn.Variable(start), torch.tensor(start, requires_grad=True)
        y, value = ours(x, axis), theirs(there, axis)
        np.testing.assert_allclose(y.numpy(), value.detach().numpy(), **CLOSE)
        first = cn.grad(cn.sum(y * cn.asarray(cotangent)), x)
        (there_first,) = torch.autograd.grad(
            (value * torch.tensor(cotangent)).sum(), there, create_graph=True
        )
        np.testing.assert_allclose(first.numpy(), there_first.detach().numpy(), **CLOSE)
        second = cn.grad(cn.sum(first * first), x)
        (there_second,) = torch.autograd.grad((there_first * there_first).sum(), there)
        np.testing.assert_allclose(second.numpy(), there_second.numpy(), rtol=1e-8, atol=1e-9)


def torch_logsumexp(x: Any, axis: int) -> Any:
    return x.logsumexp(axis, keepdim=True)


def test_softmax_over_several_axes_adds_up_to_one() -> None:
    x = GENERATOR.standard_normal((2, 3, 4))
    y = cn.softmax(x, axis=(0, 2)).numpy()
    np.testing.assert_allclose(y.sum(axis=(0, 2)), 1)
    np.testing.assert_allclose(cn.log_softmax(x, axis=(0, 2)).numpy(), np.log(y))


def test_logsumexp_at_the_infinities() -> None:
    inf = math.inf
    x = cn.asarray([[-inf, -inf], [inf, 0.0], [-inf, 1.0]])
    np.testing.assert_allclose(cn.logsumexp(x, axis=1).numpy(), [-inf, inf, 1])


def test_softmax_of_a_masked_row() -> None:
    x = cn.asarray([0.0, -math.inf, 0.0])
    np.testing.assert_array_equal(cn.softmax(x).numpy(), [0.5, 0, 0.5])


@pytest.mark.parametrize("dtype", [cn.int8, cn.uint8, cn.int64])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(dtype: Any, axis: int) -> None:
    indices = np.array([[0, 2, 3], [1, 1, 4]], dtype)
    expected = np.moveaxis(np.eye(5)[indices], -1, axis)
    np.testing.assert_array_equal(cn.one_hot(indices, 5, axis=axis).numpy(), expected)


def test_one_hot_of_an_index_out_of_range_is_zero() -> None:
    indices = np.array([-1, 200, 3], np.int16)
    result = cn.one_hot(indices, 4, dtype=cn.bool).numpy()
    np.testing.assert_array_equal(result, [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
    # The number of classes exceeds what the dtype of the indices holds.
    assert cn.one_hot(np.array([100], np.int8), 300).numpy().argmax() == 100


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"softmax, at .*: expected a floating dtype, got int64"):
        cn.softmax([1, 2])
    with pytest.raises(ValueError, match=r"softmax, at .*: axis 1 is not one of the 1 axes"):
        cn.softmax([1.0, 2.0], axis=1)
    with pytest.raises(ValueError, match=r"no elements along axes \(0,\) of shape \(0,\)"):
        cn.logsumexp(cn.zeros((0,)))
    with pytest.raises(ValueError, match=r"one_hot, at .*: expected integer indices, got float32"):
        cn.one_hot([1.0], 3)
    with pytest.raises(ValueError, match=r"num_classes must be 0 or more, got -1"):
        cn.one_hot([1], -1)
    with pytest.raises(ValueError, match=r"num_classes must be a whole number, got 2.5"):
        cn.one_hot([1], 2.5)
    with pytest.raises(ValueError, match=r"alpha must not be 0"):
        cn.celu([1.0], 0)
