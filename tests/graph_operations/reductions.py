"""Reductions, positions and running totals."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.graph_operations.registry import OPERATIONS, Operation, operation
from tests.graphs import INTEGERS, Builder

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import (
    ARGMAX,
    ARGMIN,
    ARGSORT,
    CUMULATIVE_PRODUCT,
    CUMULATIVE_SUM,
    MAX,
    MIN,
    PRODUCT,
    SUM,
)


def _some_axes(b: Builder, x: Tensor, least: int = 0) -> tuple[int, ...]:
    axes = [axis for axis in range(x.ndim) if b.maybe()]
    return tuple(axes) if len(axes) >= least else tuple(range(x.ndim))


@operation("sum")
def sum_(b: Builder) -> Tensor:
    x = b.tensor(b.floating if b.number(0, 3) else b.choose(INTEGERS), 1)
    return apply(SUM, x, axes=_some_axes(b, x))


@operation("product")
def product(b: Builder) -> Tensor:
    x = cn.tanh(b.tensor(least_rank=1)) + 1.0
    return apply(PRODUCT, x, axes=_some_axes(b, x))


def _extreme(primitive: Any) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = b.tensor(b.floating if b.number(0, 3) else b.choose(INTEGERS), 1)
        axes = _some_axes(b, x, least=1)
        if 0 in b.shape_of(x):
            return None
        moved = np.moveaxis(b.value(x), axes, range(len(axes)))
        rows = moved.reshape(-1, *moved.shape[len(axes) :])
        return apply(primitive, x, axes=axes) if b.apart(rows, 0) else None

    return build


def _place(primitive: Any, **parameters: Any) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = b.tensor(b.floating if b.number(0, 3) else b.choose(INTEGERS), 1)
        axis = b.number(0, x.ndim - 1)
        if 0 in b.shape_of(x) or not b.apart(b.value(x), axis):
            return None
        chosen = {name: b.choose(values) for name, values in parameters.items()}
        return apply(primitive, x, axis=axis, **chosen)

    return build


OPERATIONS["max"], OPERATIONS["min"] = _extreme(MAX), _extreme(MIN)
OPERATIONS["argmax"], OPERATIONS["argmin"] = _place(ARGMAX), _place(ARGMIN)
OPERATIONS["argsort"] = _place(ARGSORT, descending=[False, True])


@operation("cumulative_sum")
def cumulative_sum(b: Builder) -> Tensor:
    x = b.tensor(least_rank=1)
    return apply(CUMULATIVE_SUM, x, axis=b.number(0, x.ndim - 1))


@operation("cumulative_product")
def cumulative_product(b: Builder) -> Tensor | None:
    x = cn.tanh(b.tensor(least_rank=1)) + 1.0
    axis = b.number(0, x.ndim - 1)
    # Its gradient squares the extent.
    if b.shape_of(x)[axis] > 33:
        return None
    return apply(CUMULATIVE_PRODUCT, x, axis=axis)
