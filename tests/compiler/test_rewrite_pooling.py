"""What is done before a pooling puts elements back among zeros."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE, WINDOW_ARGMAX, WINDOW_PUT

cases = Cases("pooling")
GEOMETRY: dict[str, Any] = {
    "window": (1, 2),
    "strides": (1, 2),
    "padding": ((0, 0), (0, 0)),
    "dilation": (1, 1),
}


def repeated(value: float, like: Tensor) -> Tensor:
    return cn.broadcast_to(cn.asarray(np.asarray(value, like.dtype)), like.extents)


def put(y: Tensor) -> Tensor:
    """What the gradient of a max pooling of y sends back."""
    position = apply(WINDOW_ARGMAX, y, **GEOMETRY)
    g = cn.input((3, 4), name="g")
    return apply(WINDOW_PUT, g, position, shape=y.extents, **GEOMETRY)


def masked(zero: float, bound: Any) -> Tensor:
    y = cn.relu(cn.input((3, 8), name="x"))
    hit = apply(ELEMENTWISE["equal"], bound(y), y)
    return apply(ELEMENTWISE["where"], hit, repeated(zero, y), put(y))


@cases.shows("mask before put")
def _() -> Any:
    return masked(0.0, lambda y: repeated(0.0, y))


@cases.refuses("mask before put")
def the_mask_is_not_zero() -> Any:
    return masked(1.0, lambda y: repeated(0.0, y))


@cases.refuses("mask before put")
def the_bound_is_another_for_each_element() -> Any:
    return masked(0.0, lambda _: cn.input((3, 8), name="bound"))


def summed(axes: Any, **changed: Any) -> Tensor:
    """The sum of what a pooling along the second axis sends back."""
    geometry = {**GEOMETRY, **changed}
    x = cn.input((3, 8, 2), name="x")
    position = apply(WINDOW_ARGMAX, x, **geometry)
    g = cn.input(position.shape, name="g")
    return cn.sum(apply(WINDOW_PUT, g, position, shape=x.extents, **geometry), axis=axes)


PLAIN: dict[str, Any] = {
    "window": (1, 3, 1),
    "strides": (1, 2, 1),
    "padding": ((0, 0), (1, 2), (0, 0)),
    "dilation": (1, 1, 1),
}


@cases.shows("sum of what is put back")
def _() -> Any:
    return summed((0, 1), **PLAIN)


@cases.refuses("sum of what is put back")
def the_windows_slide_along_an_axis_that_stays() -> Any:
    return summed((0, 2), **PLAIN)


@cases.refuses("sum of what is put back")
def a_window_may_lie_beyond_the_edge() -> Any:
    return summed((0, 1), **{**PLAIN, "padding": ((0, 0), (3, 0), (0, 0))})


@cases.refuses("sum of what is put back")
def no_tap_of_a_window_may_hit() -> Any:
    return summed((0, 1), **{**PLAIN, "dilation": (1, 2, 1)})


@cases.refuses("sum of what is put back")
def the_positions_come_from_elsewhere() -> Any:
    position = cn.input((3, 4, 2), "uint8", name="position")
    g = cn.input((3, 4, 2), name="g")
    return cn.sum(apply(WINDOW_PUT, g, position, shape=(3, 8, 2), **PLAIN), axis=(0, 1))


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
