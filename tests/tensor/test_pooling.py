"""Pooling: against PyTorch and Keras, against a loop, at ties, edges and zeros."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.tensor.interpreter import evaluate

GENERATOR = np.random.default_rng(11)
CLOSE = {"rtol": 1e-9, "atol": 1e-9}
POOLS = {"max": cn.max_pool, "avg": cn.avg_pool, "lp": cn.lp_pool}


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


def pooled_by_a_loop(
    kind: str, x: np.ndarray, size: Any, strides: Any, padding: Any, dilation: Any
) -> np.ndarray:
    """Pooling of [batch, height, width, channels] as its definition reads; padding is NaN."""
    padded = np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=np.nan)
    space = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, s, d in zip(padded.shape[1:-1], size, strides, dilation, strict=True)
    ]
    result = np.empty((len(x), *space, x.shape[-1]))
    fold: Any = {
        "max": lambda window: np.nanmax(window, axis=(1, 2)),
        "avg": lambda window: np.nanmean(window, axis=(1, 2)),
        "lp": lambda window: np.sqrt(np.nansum(window**2, axis=(1, 2))),
    }[kind]
    for i, j in itertools.product(*map(range, space)):
        rows = [i * strides[0] + a * dilation[0] for a in range(size[0])]
        columns = [j * strides[1] + b * dilation[1] for b in range(size[1])]
        result[:, i, j] = fold(padded[:, rows][:, :, columns])
    return result


# extents, window, strides, padding, dilation
GEOMETRIES = [
    ((4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((7, 5), (3, 2), (2, 2), ((1, 1), (0, 1)), (1, 1)),
    ((9, 8), (3, 3), (1, 2), ((1, 2), (2, 0)), (1, 1)),
    ((9, 8), (3, 2), (2, 3), ((2, 1), (0, 2)), (2, 3)),
    ((5, 5), (1, 1), (2, 2), ((0, 0), (0, 0)), (1, 1)),
]


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_pooling_is_what_its_definition_says(kind: str, geometry: Any) -> None:
    space, size, strides, padding, dilation = geometry
    x = draw(2, *space, 3)
    got = POOLS[kind](x, size, strides=strides, padding=padding, dilation=dilation).numpy()
    expected = pooled_by_a_loop(kind, x, size, strides, padding, dilation)
    np.testing.assert_allclose(got, expected, **CLOSE)


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_gradient_of_pooling_is_that_of_its_differences(kind: str, geometry: Any) -> None:
    space, size, strides, padding, dilation = geometry
    x = cn.Variable(draw(1, *space, 2))
    y = POOLS[kind](x, size, strides=strides, padding=padding, dilation=dilation)
    weights = cn.asarray(draw(*y.shape))
    cost = cn.sum(y * y * weights)
    gradient = cn.grad(cost, x)
    direction = draw(*x.shape)
    # Differences of the value and of the gradient along one direction: first and second order.
    before, step = x.numpy(), 1e-6
    values, slopes = [], []
    for sign in (1, -1):
        x.assign(before + sign * step * direction)
        values.append(float(cost))
        slopes.append(gradient.numpy())
    x.assign(before)
    along = (gradient.numpy() * direction).sum()
    np.testing.assert_allclose(along, (values[0] - values[1]) / (2 * step), rtol=1e-6, atol=1e-7)
    second = cn.grad(cn.sum(gradient * cn.asarray(direction)), x).numpy()
    expected = (slopes[0] - slopes[1]) / (2 * step)
    np.testing.assert_allclose(second, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("geometry", [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (2, 3, 0, 2)])
def test_max_pool_agrees_with_torch(geometry: Any) -> None:
    torch = pytest.importorskip("torch")
    size, stride, padding, dilation = geometry
    x = draw(2, 9, 7, 3)
    variable = cn.Variable(x)
    y = cn.max_pool(variable, size, stride, padding, dilation)
    cotangent = draw(*y.shape)
    gradient = cn.grad(cn.sum(y * cn.asarray(cotangent)), variable)
    there = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.max_pool2d(
        there.permute(0, 3, 1, 2), size, stride, padding, dilation
    ).permute(0, 2, 3, 1)
    expected.backward(torch.tensor(cotangent))
    np.testing.assert_array_equal(y.numpy(), expected.detach().numpy())
    np.testing.assert_allclose(gradient.numpy(), there.grad.numpy(), **CLOSE)


# Where more is padded after than before, Keras on PyTorch repeats the edge in place of leaving
# padding out of the mean, unlike Keras on any other backend: only the loop above tests that.
KERAS_CASES = [
    (kind, padding, size)
    for kind, padding, size in itertools.product(("max", "avg"), ("valid", "same"), (2, 3, (3, 2)))
    if (kind, padding) != ("avg", "same") or size == 3
]


@pytest.mark.parity
@pytest.mark.parametrize(("kind", "padding", "size"), KERAS_CASES)
@pytest.mark.parametrize("strides", [1, 2, (1, 2)])
def test_pooling_agrees_with_keras(kind: str, padding: str, size: Any, strides: Any) -> None:
    torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
    pool = {"max": keras.ops.max_pool, "avg": keras.ops.average_pool}[kind]
    for space in [(5, 7), (7, 7)]:
        x = draw(2, *space, 3)
        expected = pool(torch.tensor(x), size, strides, padding).numpy(force=True)
        got = POOLS[kind](x, size, strides=strides, padding=padding).numpy()
        np.testing.assert_allclose(got, expected, **CLOSE)


@pytest.mark.parity
@pytest.mark.parametrize("p", [1, 2, 2.5, 3])
def test_lp_pool_agrees_with_torch(p: float) -> None:
    torch = pytest.importorskip("torch")
    # PyTorch leaves out the magnitude; for positive numbers it has none to take.
    x = np.abs(draw(2, 8, 7, 3)) + 0.1
    variable = cn.Variable(x)
    y = cn.lp_pool(variable, 3, p, 2)
    gradient = cn.grad(cn.sum(y), variable)
    there = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.lp_pool2d(there.permute(0, 3, 1, 2), p, 3, 2)
    expected.sum().backward()
    np.testing.assert_allclose(y.numpy(), expected.permute(0, 2, 3, 1).detach().numpy(), **CLOSE)
    np.testing.assert_allclose(gradient.numpy(), there.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("padding", ["valid", "same", ((1, 0), (1, 1))])
@pytest.mark.parametrize("strides", [1, 2])
def test_unknown_extents_give_what_known_ones_give(kind: str, padding: Any, strides: int) -> None:
    image = cn.input((None, None, None, 2), cn.float64)
    y = POOLS[kind](image, 2, strides=strides, padding=padding)
    dx = cn.grad(cn.sum(y * y * y), image)
    for space in [(2, 3), (5, 4), (7, 7)]:
        x = draw(2, *space, 2)
        known = cn.Variable(x)
        expected = POOLS[kind](known, 2, strides=strides, padding=padding)
        gradient = cn.grad(cn.sum(expected * expected * expected), known)
        got = evaluate([y, dx], {image: x})
        np.testing.assert_allclose(got[0], expected.numpy(), **CLOSE)
        np.testing.assert_allclose(got[1], gradient.numpy(), **CLOSE)


def test_one_and_three_spatial_axes() -> None:
    x = draw(2, 6, 3)
    flat = cn.max_pool(x, 2).numpy()
    np.testing.assert_array_equal(flat, x.reshape(2, 3, 2, 3).max(axis=2))
    x = draw(2, 4, 2, 6, 3)
    mean = cn.avg_pool(x, (2, 1, 3)).numpy()
    expected = x.reshape(2, 2, 2, 2, 2, 3, 3).mean(axis=(2, 5))
    np.testing.assert_allclose(mean, expected, **CLOSE)


def test_padding_never_wins_a_maximum() -> None:
    x = -np.ones((1, 3, 3, 1), np.float32)
    assert (cn.max_pool(x, 2, padding="same").numpy() == -1).all()
    assert (cn.max_pool(x.astype(np.int8) * 127, 3, 1, 1).numpy() == -127).all()


def test_the_first_of_equal_elements_takes_the_gradient() -> None:
    x = cn.Variable(np.ones((1, 2, 2, 1), np.float32))
    gradient = cn.grad(cn.sum(cn.max_pool(x, 2)), x).numpy()
    np.testing.assert_array_equal(gradient.ravel(), [1, 0, 0, 0])


def test_a_nan_in_a_window_is_its_maximum() -> None:
    x = np.array([1.0, np.nan, 3.0, 4.0]).reshape(1, 2, 2, 1)
    assert math.isnan(cn.max_pool(x, 2).numpy().item())


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, math.inf])
def test_the_gradient_of_a_norm_of_zeros_is_zero(p: float) -> None:
    x = cn.Variable(np.zeros((1, 4, 2, 1)))
    y = cn.lp_pool(x, 2, p)
    gradient = cn.grad(cn.sum(y), x)
    np.testing.assert_array_equal(gradient.numpy(), 0)
    if p in {1, 2, 3}:  # |x|^1.5 has no second derivative at 0, and the maximum none in x
        second = cn.grad(cn.sum(gradient * gradient), x)
        assert np.isfinite(second.numpy()).all()


def test_the_infinite_norm_is_the_largest_magnitude() -> None:
    x = draw(2, 4, 4, 3)
    expected = np.abs(x).reshape(2, 2, 2, 2, 2, 3).max(axis=(2, 4))
    np.testing.assert_array_equal(cn.lp_pool(x, 2, math.inf).numpy(), expected)


def test_refusals() -> None:
    x = cn.zeros((1, 4, 4, 1))
    with pytest.raises(ValueError, match=r"a window that reaches over 5 does not fit into 4"):
        cn.max_pool(x, 5)
    with pytest.raises(ValueError, match=r"padding \(2, 2\) along spatial axis 0 must be less"):
        cn.avg_pool(x, 2, padding=2)
    with pytest.raises(ValueError, match=r"at least one spatial axis, got shape \(4, 4\)"):
        cn.max_pool(cn.zeros((4, 4)))
    with pytest.raises(ValueError, match=r"expected a floating dtype, got int32; convert"):
        cn.avg_pool(cn.zeros((1, 4, 4, 1), dtype="int32"))
    with pytest.raises(ValueError, match=r"bool has no order"):
        cn.max_pool(x > 0)
    for p in (0.5, math.nan, "2", True):
        with pytest.raises(ValueError, match=r"p must be a number of 1 or more"):
            cn.lp_pool(x, 2, p)
    with pytest.raises(ValueError, match=r"pool_size must be a whole number of 1 or more"):
        cn.max_pool(x, 0)
