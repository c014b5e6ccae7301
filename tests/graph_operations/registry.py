"""The table of operations, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tests.graphs import INTEGERS, Builder

import cairnet as cn
from cairnet.base.dtypes import complex_of
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import broadcast_extents, stretch
from cairnet.tensor.primitives import ELEMENTWISE

Operation = Callable[[Builder], "Tensor | None"]
OPERATIONS: dict[str, Operation] = {}
BOOL, UINT32, INT64 = np.dtype(bool), np.dtype(np.uint32), np.dtype(np.int64)


def family_of(name: str) -> str:
    """The family of an operation: the module that states it."""
    return OPERATIONS[name].__module__.rpartition(".")[2]


def operation(name: str) -> Callable[[Operation], Operation]:
    """Enter the decorated function under a name."""

    def enter(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return enter


def call(name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
    """An elementwise primitive on inputs stretched to one shape."""
    shape = broadcast_extents(name, *inputs)
    return apply(ELEMENTWISE[name], *(stretch(item, shape) for item in inputs), **parameters)


def filled(x: Tensor, value: int) -> Tensor:
    """A scalar constant in the dtype of x."""
    return cn.asarray(np.asarray(value, x.dtype))


def any_tensor(b: Builder, least_rank: int = 0) -> Tensor:
    """Mostly floats, else something of another dtype."""
    others = [BOOL, *INTEGERS]
    if b.complex_numbers and b.maybe():
        others = [complex_of(b.floating)]
    dtype = b.floating if b.number(0, 3) else b.choose(others)
    return b.tensor(dtype, least_rank)


def pair(b: Builder) -> tuple[Tensor, Tensor]:
    """Two floating tensors that broadcast, in either order."""
    x = b.tensor()
    y = b.partner(x)
    return (x, y) if b.maybe() else (y, x)


def off_corners(b: Builder, x: Tensor) -> Tensor | None:
    """x where no element is near a whole number (or half way between two), else None."""
    value = b.value(x).astype(np.float64) * 2
    return x if not value.size or np.abs(value - np.round(value)).min() > 1e-4 else None
