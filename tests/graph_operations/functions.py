"""Elementwise functions of one float, each with its argument moved into its domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tests.graph_operations.registry import (
    OPERATIONS,
    Operation,
    call,
    off_corners,
)
from tests.graphs import Builder

import cairnet as cn
from cairnet.tensor.core import Tensor


def positive(b: Builder, x: Tensor) -> Tensor:
    """x where it is well above zero, else x² + ½."""
    return x if b.value(x).size and b.value(x).min() > 0.3 else x * x + 0.5


def moderate(b: Builder, x: Tensor) -> Tensor:
    """x where it is not large, else tanh(x)."""
    value = b.value(x)
    return x if not value.size or np.abs(value).max() < 3 else cn.tanh(x)


def small(b: Builder, x: Tensor) -> Tensor:
    """0.9·tanh(x), inside the open interval from -1 to 1."""
    return cn.tanh(x) * 0.9


def above_one(b: Builder, x: Tensor) -> Tensor:
    return x * x + 1.5


def unchanged(b: Builder, x: Tensor) -> Tensor:
    return x


UNARY: dict[str, Callable[[Builder, Tensor], Tensor | None]] = {
    "negative": unchanged,
    "absolute": off_corners,
    "sign": off_corners,
    "floor": off_corners,
    "ceil": off_corners,
    "round": off_corners,
    "trunc": off_corners,
    "exp": moderate,
    "expm1": moderate,
    "log": positive,
    "log1p": positive,
    "sqrt": positive,
    "sigmoid": unchanged,
    "softplus": unchanged,
    "erf": unchanged,
    "sin": unchanged,
    "cos": unchanged,
    "tan": small,
    "asin": small,
    "acos": small,
    "atan": unchanged,
    "sinh": moderate,
    "cosh": moderate,
    "tanh": unchanged,
    "asinh": unchanged,
    "acosh": above_one,
    "atanh": small,
}


def _unary(name: str, prepare: Callable[[Builder, Tensor], Tensor | None]) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = prepare(b, b.tensor())
        return None if x is None else call(name, x)

    return build


for _name, _prepare in UNARY.items():
    OPERATIONS[_name] = _unary(_name, _prepare)
