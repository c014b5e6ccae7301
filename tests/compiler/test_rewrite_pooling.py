"""Masks move from before a pooling to after it."""

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


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
