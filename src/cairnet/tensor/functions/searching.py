"""Choices and positions: where, argmax, argmin."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import bool_, uint8
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    cast_to,
    comparable,
    normalize_axis,
    stretch,
    together,
)
from cairnet.tensor.functions.manipulation import expand_dims, reshape
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import ARGMAX, ARGMIN, ELEMENTWISE
from cairnet.tensor.source import here

__all__ = ["argmax", "argmin", "where"]


def where(condition: Any, x1: Any, x2: Any, /) -> Tensor:
    """The element of x1 where the condition holds, that of x2 elsewhere; all three broadcast.

    Example:
        >>> import cairnet as cn
        >>> cn.where([True, False], [1, 2], 0)
        Tensor([1, 0], dtype=int64)
    """
    test = as_tensor(condition)
    if test.dtype != bool_:
        raise DTypeError(
            f"where, at {here()}: expected a bool condition, got {test.dtype.name}; "
            "write x != 0 for it"
        )
    first, second = together("where", x1, x2)
    shape = broadcast_extents("where", test, first, second)
    return apply(ELEMENTWISE["where"], *(stretch(item, shape) for item in (test, first, second)))


def _position(name: str, primitive: Primitive, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    tensor = comparable(name, x)
    if tensor.dtype == bool_:
        tensor = cast_to(tensor, uint8)
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
    """The position of the largest element along an axis: of the first of several, of a NaN.

    Args:
        x: the tensor.
        axis: along which axis; default: positions in the flattened tensor.
        keepdims: keep the axis with extent 1.

    Returns:
        Positions, int64.

    Example:
        >>> import cairnet as cn
        >>> cn.argmax([[1, 5, 5], [7, 2, 3]], axis=1)
        Tensor([1, 0], dtype=int64)
    """
    return _position("argmax", ARGMAX, x, axis, keepdims)


def argmin(x: Any, /, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The position of the smallest element along an axis: of the first of several, of a NaN.

    Args:
        x: the tensor.
        axis: along which axis; default: positions in the flattened tensor.
        keepdims: keep the axis with extent 1.

    Returns:
        Positions, int64.

    Example:
        >>> import cairnet as cn
        >>> cn.argmin([[1, 5, 5], [7, 2, 3]], axis=1)
        Tensor([0, 1], dtype=int64)
    """
    return _position("argmin", ARGMIN, x, axis, keepdims)
