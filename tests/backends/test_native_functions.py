"""Functions that are more than one primitive: compiled, they agree with the reference backend."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cairnet as cn

GENERATOR = np.random.default_rng(37)
Case = tuple[list[Any], list[Any], list[np.ndarray]]


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.standard_normal(shape)


def with_gradients(output: Any, targets: list[Any]) -> list[Any]:
    return [output, *cn.grad(cn.sum(output * output * output), targets)]


def convolution(strides: int, padding: Any) -> Case:
    x = cn.input((None, None, None, 3), cn.float64)
    w = cn.Variable(draw(3, 2, 3, 4))
    return [x], with_gradients(cn.conv2d(x, w, strides, padding), [x, w]), [draw(2, 7, 6, 3)]


def grouped() -> Case:
    x, w = cn.input((2, 9, 8, 4), cn.float64), cn.Variable(draw(3, 3, 2, 6))
    return [x], with_gradients(cn.conv2d(x, w, 1, "same", 2, 2), [x, w]), [draw(2, 9, 8, 4)]


def volume() -> Case:
    x, w = cn.input((1, 4, 5, 3, 2), cn.float64), cn.Variable(draw(2, 2, 2, 2, 3))
    return [x], with_gradients(cn.conv3d(x, w, 2, "same"), [x, w]), [draw(1, 4, 5, 3, 2)]


def transposed(strides: int, padding: Any) -> Case:
    x, w = cn.input((None, 4, 3, 3), cn.float64), cn.Variable(draw(3, 2, 4, 3))
    y = cn.conv2d_transpose(x, w, strides, padding)
    return [x], with_gradients(y, [x, w]), [draw(2, 4, 3, 3)]


def pooled(pool: Callable[..., Any], strides: int, padding: Any) -> Case:
    x = cn.input((None, None, None, 2), cn.float64)
    y = pool(x, 3, strides=strides, padding=padding)
    return [x], with_gradients(y, [x]), [draw(2, 7, 6, 2)]


def summed(subscripts: str, *shapes: tuple[int, ...]) -> Case:
    inputs = [cn.input(shape, cn.float64) for shape in shapes]
    arrays = [draw(*shape) for shape in shapes]
    return inputs, with_gradients(cn.einsum(subscripts, *inputs), inputs), arrays


def activations() -> Case:
    x = cn.input((None, 7), cn.float64)
    functions = [cn.relu, cn.elu, cn.gelu, cn.silu, cn.mish, cn.hard_silu, cn.log_sigmoid]
    outputs = [function(x) for function in functions]
    outputs += [cn.softmax(x), cn.log_softmax(x, axis=0), cn.logsumexp(x, axis=1)]
    return [x], [y for z in outputs for y in with_gradients(z, [x])], [draw(5, 7) * 3]


def recurrent(reverse: bool, length: int) -> Case:
    x = cn.input((None, None, 4), cn.float64)
    w, u = cn.Variable(draw(4, 3)), cn.Variable(draw(3, 3))

    def step(item: Any, state: Any) -> Any:
        h = cn.tanh(item @ w + state["h"] @ u)
        c = state["c"] * cn.sigmoid(state["h"]) + h
        return cn.sum(c * c, axis=1), {"h": h, "c": c}

    zero = cn.zeros((x.extents[1], 3), dtype=cn.float64)
    sums, last = cn.scan(step, x, {"h": zero, "c": zero + 1.0}, reverse=reverse)
    cost = cn.sum(sums) + cn.sum(last["h"] * last["c"])
    slopes = cn.grad(cost, [w, u, x])
    curve = cn.grad(cn.sum(slopes[0] * slopes[0]), u)
    return [x], [sums, last["h"], *slopes, curve], [draw(length, 2, 4)]


def nested() -> Case:
    def row(item: Any, total: Any) -> Any:
        inner, last = cn.scan(
            lambda e, s: (s * e, cn.sin(s + e * total)), item, cn.asarray(np.float64(1))
        )
        return inner, total + last

    x = cn.input((None, 4), cn.float64)
    outputs, last = cn.scan(row, x, cn.asarray(np.float64(0.1)))
    return [x], [outputs, last, cn.grad(cn.sum(outputs**2) + last, x)], [draw(3, 4)]


CASES: dict[str, Callable[[], Case]] = {
    "convolution-valid": lambda: convolution(1, "valid"),
    "convolution-same-strided": lambda: convolution(2, "same"),
    "convolution-explicit": lambda: convolution(2, ((1, 0), (0, 2))),
    "convolution-grouped": grouped,
    "convolution-volume": volume,
    "transposed-same": lambda: transposed(2, "same"),
    "transposed-valid": lambda: transposed(3, "valid"),
    "max-pool": lambda: pooled(cn.max_pool, 2, "same"),
    "avg-pool": lambda: pooled(cn.avg_pool, 2, "same"),
    "lp-pool": lambda: pooled(cn.lp_pool, 1, 1),
    "activations": activations,
    "einsum-attention": lambda: summed("bhqd,bkhd->bhqk", (2, 3, 4, 5), (2, 6, 3, 5)),
    "einsum-diagonal": lambda: summed("iij,jk->ki", (3, 3, 2), (2, 4)),
    "einsum-broadcast": lambda: summed("...ij,...jk->...ik", (3, 1, 2, 3), (4, 3, 2)),
    "scan": lambda: recurrent(False, 5),
    "scan-reversed": lambda: recurrent(True, 4),
    "scan-without-steps": lambda: recurrent(False, 0),
    "scan-nested": nested,
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_agree_with_the_reference(name: str) -> None:
    inputs, outputs, arrays = CASES[name]()
    expected = cn.function(inputs, outputs, backend="reference")(*arrays)
    results = cn.function(inputs, outputs, backend="native")(*arrays)
    for got, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-10)


def test_random_numbers_have_the_same_bits_on_both_backends() -> None:
    key = cn.input((2,), cn.uint32, name="key")
    x = cn.input((None, 3), name="x")
    exact = [cn.random.bits(key, (7, 5), dtype) for dtype in (cn.uint8, cn.uint32, cn.uint64)]
    exact += [cn.random.uniform(key, x.extents), cn.random.uniform(key, (99,), dtype=cn.float64)]
    exact += [cn.random.bernoulli(key, 0.3, (100,)), cn.random.permutation(key, 100)]
    exact += [*cn.random.split(key), cn.random.fold_in(key, 5)]
    near = [cn.random.normal(key, (1001,)), cn.random.normal(key, (101,), dtype=cn.float64)]
    arguments = (np.array([1, 2], np.uint32), np.zeros((11, 3), np.float32))
    expected = cn.function([key, x], [*exact, *near], backend="reference")(*arguments)
    results = cn.function([key, x], [*exact, *near], backend="native")(*arguments)
    for got, wanted in zip(results[: len(exact)], expected, strict=False):
        np.testing.assert_array_equal(got, wanted)
    np.testing.assert_allclose(results[-2], expected[-2], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(results[-1], expected[-1], rtol=1e-11, atol=1e-12)
