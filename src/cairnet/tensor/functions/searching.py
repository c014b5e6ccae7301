"""Positions and choices: argmax, argmin, where."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    normalize_axis,
    stretch,
    together,
)
from cairnet.tensor.functions.manipulation import expand_dims, reshape
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import ARGMAX, ARGMIN, ELEMENTWISE
from cairnet.tensor.source import here

__all__ = ["argmax", "argmin", "where"]


def _position(name: str, primitive: Primitive, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    tensor = as_tensor(x)
    rank = tensor.ndim
    if axis is None:
        tensor, place = reshape(tensor, (-1,)), 0
    else:
        place = normalize_axis(name, axis, rank)
    try:
        result = apply(primitive, tensor, axis=place)
    except ShapeError as error:
        raise ShapeError(f"{error} (at {here()})") from None
    if not keepdims:
        return result
    return reshape(result, (1,) * rank) if axis is None else expand_dims(result, axis=place)


def argmax(x: Any, /, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The position of the first largest element along an axis (of the flat tensor by default)."""
    return _position("argmax", ARGMAX, x, axis, keepdims)


def argmin(x: Any, /, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The position of the first smallest element along an axis (of the flat one by default)."""
    return _position("argmin", ARGMIN, x, axis, keepdims)


def where(condition: Any, x1: Any, x2: Any, /) -> Tensor:
    """The element of x1 where the condition holds, that of x2 elsewhere."""
    test = as_tensor(condition)
    first, second = together("where", x1, x2)
    shape = broadcast_extents("where", test, first, second)
    return apply(ELEMENTWISE["where"], *(stretch(item, shape) for item in (test, first, second)))
