"""Contractions take up transposes, padding and signs."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import Tensor, apply, topological_order
from cairnet.tensor.primitives import (
    BROADCAST,
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
    DOT,
    ELEMENTWISE,
    PAD,
    SLICE,
    TRANSPOSE,
    WINDOW_SUM,
)

cases = Cases("contracting")
GEOMETRY: dict[str, Any] = {
    "strides": (2, 1),
    "padding": ((1, 0), (0, 2)),
    "dilation": (1, 1),
    "groups": 1,
}


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float64) -> Tensor:
    return cn.input(shape, dtype, name)


def dot(a: Tensor, b: Tensor, contract: Any, batch: Any = ((), ())) -> Tensor:
    return apply(DOT, a, b, contract=contract, batch=batch)


def transpose(x: Tensor, *axes: int) -> Tensor:
    return apply(TRANSPOSE, x, axes=axes)


def negative(x: Tensor) -> Tensor:
    return apply(ELEMENTWISE["negative"], x)


def pad(x: Tensor, low: Any, high: Any, interior: Any = None, value: float = 0) -> Tensor:
    gaps = (0,) * x.ndim if interior is None else interior
    return apply(PAD, x, low=low, high=high, interior=gaps, value=value)


@cases.shows("dot of a transpose")
def _() -> Any:
    a, b = tensor(4, 3, name="a"), tensor(5, 4, name="b")
    return dot(transpose(a, 1, 0), transpose(b, 1, 0), ((1,), (0,)))


@cases.shows("dot of a transpose", "batch axes may move too")
def _() -> Any:
    a, b = tensor(4, 2, 3, name="a"), tensor(2, 4, 5, name="b")
    return dot(transpose(a, 2, 1, 0), b, ((2,), (1,)), ((1,), (0,)))


@cases.refuses("dot of a transpose")
def its_free_axes_would_change_places() -> Any:
    a, b = tensor(2, 3, 4, name="a"), tensor(4, 5, name="b")
    return dot(transpose(a, 1, 0, 2), b, ((2,), (0,)))


@cases.shows("contracted axes in order")
def _() -> Any:
    return dot(tensor(3, 4, name="a"), tensor(4, 3, name="b"), ((1, 0), (0, 1)))


@cases.refuses("contracted axes in order")
def they_are_in_order() -> Any:
    return dot(tensor(3, 4, name="a"), tensor(4, 3, name="b"), ((0, 1), (1, 0)))


@cases.shows("transpose of a dot")
def _() -> Any:
    return transpose(dot(tensor(3, 4, name="a"), tensor(4, 5, name="b"), ((1,), (0,))), 1, 0)


@cases.shows("transpose of a dot", "with batch axes")
def _() -> Any:
    a, b = tensor(2, 6, 3, 4, name="a"), tensor(2, 6, 4, 5, name="b")
    return transpose(dot(a, b, ((3,), (2,)), ((0, 1), (0, 1))), 1, 0, 3, 2)


@cases.shows("transpose of a dot", "batch axes alone")
def _() -> Any:
    a, b = tensor(2, 6, 3, 4, name="a"), tensor(2, 6, 4, 5, name="b")
    return transpose(dot(a, b, ((3,), (2,)), ((0, 1), (0, 1))), 1, 0, 2, 3)


@cases.refuses("transpose of a dot")
def the_axes_of_one_operand_change_places() -> Any:
    return transpose(dot(tensor(2, 3, 4, name="a"), tensor(4, 5, name="b"), ((2,), (0,))), 1, 0, 2)


@cases.refuses("transpose of a dot")
def a_batch_axis_moves_behind() -> Any:
    a, b = tensor(2, 3, 4, name="a"), tensor(2, 4, 5, name="b")
    return transpose(dot(a, b, ((2,), (1,)), ((0,), (0,))), 1, 0, 2)


@cases.shows("dot of a negative")
def _() -> Any:
    a, b = tensor(3, 4, name="a", dtype=cn.float32), tensor(4, 5, name="b", dtype=cn.float32)
    return dot(a, negative(b), ((1,), (0,)))


@cases.refuses("dot of a negative")
def nothing_is_negative() -> Any:
    return dot(tensor(3, 4, name="a"), tensor(4, 5, name="b"), ((1,), (0,)))


@cases.shows("dot without unit axes")
def _() -> Any:
    a, b = tensor(1, 3, 4, 1, name="a"), tensor(4, 1, 1, 5, name="b")
    return dot(a, b, ((2, 3), (0, 1)))


@cases.refuses("dot without unit axes")
def the_partner_of_the_unit_axis_is_unknown() -> Any:
    a, b = tensor(3, 1, name="a"), tensor(None, 5, name="b")
    return dot(a, b, ((1,), (0,))), {b: np.ones((1, 5))}


@cases.shows("dot over nothing")
def _() -> Any:
    a, b = tensor(3, 2, name="a"), tensor(4, 2, 5, name="b")
    return dot(a, b, ((), ()), ((1,), (1,)))


@cases.refuses("dot over nothing")
def something_is_contracted() -> Any:
    return dot(tensor(3, name="a"), tensor(3, name="b"), ((0,), (0,)))


@cases.shows("dot with a repeated number", "ones")
def _() -> Any:
    ones = apply(BROADCAST, cn.asarray(np.float64(1)), shape=(3, 4))
    return dot(ones, tensor(5, 4, name="b"), ((1,), (1,)))


@cases.shows("dot with a repeated number", "on the right, with a batch axis")
def _() -> Any:
    number = apply(BROADCAST, cn.asarray(np.float64(0.5)), shape=(4, 2, 6))
    return dot(tensor(5, 4, 2, name="a"), number, ((1,), (0,)), ((2,), (1,)))


@cases.refuses("dot with a repeated number")
def what_is_repeated_is_not_known() -> Any:
    row = apply(BROADCAST, tensor(4, name="a"), shape=(3, 4))
    return dot(row, tensor(4, 5, name="b"), ((1,), (0,)))


def image(dtype: Any = cn.float64) -> tuple[Tensor, Tensor]:
    return tensor(2, 7, 6, 3, name="x", dtype=dtype), tensor(3, 2, 3, 4, name="w", dtype=dtype)


@cases.shows("convolution of a negative")
def _() -> Any:
    x, w = image(cn.float32)
    return apply(CONVOLVE, negative(x), w, **GEOMETRY)


@cases.refuses("convolution of a negative")
def both_operands_are_as_they_are() -> Any:
    x, w = image()
    return apply(CONVOLVE, x, w, **GEOMETRY)


@cases.shows("convolution of padding")
def _() -> Any:
    x, w = image()
    return apply(CONVOLVE, pad(x, (0, 1, 2, 0), (0, 3, 0, 0)), w, **GEOMETRY)


@cases.shows("convolution of padding", "the gradient of the weights")
def _() -> Any:
    padded = pad(image()[0], (0, 1, 1, 0), (0, 1, 0, 0))
    g = tensor(2, 4, 8, 4, name="g")
    return apply(CONVOLVE_WEIGHT_GRADIENT, padded, g, taps=(3, 2), **GEOMETRY)


@cases.refuses("convolution of padding")
def it_is_not_padded_with_zeros() -> Any:
    x, w = image()
    return apply(CONVOLVE, pad(x, (0, 1, 2, 0), (0, 3, 0, 0), value=1.0), w, **GEOMETRY)


@cases.refuses("convolution of padding")
def the_batch_is_padded() -> Any:
    x, w = image()
    return apply(CONVOLVE, pad(x, (1, 1, 2, 0), (0, 3, 0, 0)), w, **GEOMETRY)


def window_sum(x: Tensor) -> Tensor:
    return apply(
        WINDOW_SUM, x, window=(2, 3), strides=(1, 2), padding=((0, 1), (0, 0)), dilation=(1, 1)
    )


@cases.shows("window sum of padding")
def _() -> Any:
    return window_sum(pad(tensor(5, 6), (1, 0), (0, 2)))


@cases.refuses("window sum of padding")
def the_elements_are_spread() -> Any:
    return window_sum(pad(tensor(5, 6), (1, 0), (0, 2), (0, 1)))


def input_gradient(dtype: Any = cn.float64) -> Tensor:
    g, w = tensor(2, 4, 8, 4, name="g", dtype=dtype), tensor(3, 2, 3, 4, name="w", dtype=dtype)
    return apply(CONVOLVE_INPUT_GRADIENT, g, w, space=(8, 7), **GEOMETRY)


@cases.shows("slice of a convolution's input gradient")
def _() -> Any:
    x = input_gradient(cn.float32)
    return apply(SLICE, x, starts=(0, 1, 0, 0), sizes=(2, 5, 7, 3), steps=(1, 1, 1, 1))


@cases.refuses("slice of a convolution's input gradient")
def channels_are_left_out() -> Any:
    x = input_gradient()
    return apply(SLICE, x, starts=(0, 1, 0, 1), sizes=(2, 5, 7, 2), steps=(1, 1, 1, 1))


@cases.refuses("slice of a convolution's input gradient")
def it_takes_every_other_pixel() -> Any:
    x = input_gradient()
    return apply(SLICE, x, starts=(0, 0, 0, 0), sizes=(2, 4, 7, 3), steps=(1, 2, 1, 1))


def test_a_dense_layer_and_its_gradients_need_no_transpose() -> None:
    x = cn.input((None, 7), name="x")
    w = cn.Variable(np.ones((7, 5), np.float32))
    v = cn.Variable(np.ones((3, 5), np.float32))
    cost = cn.sum(cn.tanh(cn.relu(x @ w) @ v.T))
    after = rewrite([cost, *cn.grad(cost, [w, v])])
    assert TRANSPOSE not in {tensor.primitive for tensor in topological_order(after)}


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
