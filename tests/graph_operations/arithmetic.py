"""Elementwise functions of several floats."""

from __future__ import annotations

import numpy as np
from tests.graph_operations.functions import positive
from tests.graph_operations.registry import (
    BOOL,
    OPERATIONS,
    Operation,
    call,
    off_corners,
    operation,
    pair,
)
from tests.graphs import Builder

import cairnet as cn
from cairnet.tensor.core import Tensor


def _binary(name: str) -> Operation:
    return lambda b: call(name, *pair(b))


for _name in ("add", "subtract", "multiply"):
    OPERATIONS[_name] = _binary(_name)


@operation("divide")
def divide(b: Builder) -> Tensor | None:
    x, y = pair(b)
    return call("divide", x, positive(b, y))


def _quotient(name: str) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x, y = pair(b)
        y = positive(b, y)
        return None if off_corners(b, call("divide", x, y)) is None else call(name, x, y)

    return build


for _name in ("floor_divide", "remainder"):
    OPERATIONS[_name] = _quotient(_name)


@operation("power")
def power(b: Builder) -> Tensor | None:
    x, y = pair(b)
    if b.maybe():
        y = cn.asarray(np.asarray(b.choose([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0]), x.dtype))
        return call("power", x if float(y) in (1, 2, 3, 4) else positive(b, x), y)
    return call("power", positive(b, x), cn.tanh(y))


@operation("atan2")
def atan2(b: Builder) -> Tensor | None:
    x, y = pair(b)
    return call("atan2", x, positive(b, y))


def _step(name: str) -> Operation:
    """Functions of two floats that take a step where both are equal."""

    def build(b: Builder) -> Tensor | None:
        x, y = pair(b)
        gap = np.abs(np.subtract(b.value(x), b.value(y), dtype=np.float64))
        return None if gap.size and gap.min() < 1e-4 else call(name, x, y)

    return build


for _name in ("maximum", "minimum", "equal", "less", "less_equal"):
    OPERATIONS[_name] = _step(_name)


@operation("where")
def where(b: Builder) -> Tensor | None:
    x, y = pair(b)
    shape = np.broadcast_shapes(b.shape_of(x), b.shape_of(y))
    condition = b.leaf(shape[b.number(0, len(shape)) :], BOOL)
    return call("where", condition, x, y)
