"""Short ways for rules to build nodes; each carries the source and path of the node `at`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import BROADCAST, ELEMENTWISE, RESHAPE, TRANSPOSE

__all__ = ["broadcast", "call", "cast", "full", "number", "reshape", "transpose"]


def call(at: Tensor, name: str, *inputs: Tensor) -> Tensor:
    """An elementwise primitive by name."""
    return apply_for(at, ELEMENTWISE[name], *inputs)


def cast(at: Tensor, x: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """x in another dtype; itself where it has that dtype."""
    return x if x.dtype == dtype else apply_for(at, ELEMENTWISE["cast"], x, dtype=dtype)


def number(at: Tensor, value: Any, dtype: np.dtype[Any]) -> Tensor:
    """A scalar constant."""
    return apply_for(at, CONSTANT, value=Literal(np.asarray(value, dtype)))


def full(at: Tensor, value: Any, like: Tensor) -> Tensor:
    """One number repeated to the extents and in the dtype of another tensor."""
    return broadcast(at, number(at, value, like.dtype), like.extents)


def broadcast(at: Tensor, x: Tensor, shape: Sequence[Size]) -> Tensor:
    """x repeated to a shape; itself where it has that shape."""
    wanted = tuple(shape)
    return x if x.extents == wanted else apply_for(at, BROADCAST, x, shape=wanted)


def reshape(at: Tensor, x: Tensor, shape: Sequence[Size]) -> Tensor:
    """x under another shape; itself where it has that shape."""
    wanted = tuple(shape)
    return x if x.extents == wanted else apply_for(at, RESHAPE, x, shape=wanted)


def transpose(at: Tensor, x: Tensor, axes: Sequence[int]) -> Tensor:
    """x with its axes in another order; itself where the order is the same."""
    order = tuple(axes)
    return x if order == tuple(range(x.ndim)) else apply_for(at, TRANSPOSE, x, axes=order)
