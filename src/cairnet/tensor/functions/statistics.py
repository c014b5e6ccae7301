"""Axes folded into one number each: sums, means, spreads, extremes, truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, bool_, int64, is_differentiable, uint64
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    continuous,
    floating,
    normalize_axes,
    ordered,
    size_of,
)
from cairnet.tensor.functions.exponential import sqrt
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import MAX, MIN, PRODUCT, RESHAPE, SUM
from cairnet.tensor.source import here

__all__ = [
    "accumulator",
    "all",
    "any",
    "count_nonzero",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]

Axis = int | Sequence[int] | None


def accumulator(x: Tensor, dtype: DTypeLike | None) -> np.dtype[Any]:
    """The dtype in which elements are added up: integers widen to 64 bits unless told otherwise."""
    if dtype is not None:
        return as_dtype(dtype)
    if is_differentiable(x.dtype):
        return x.dtype
    return uint64 if x.dtype.kind == "u" else int64


def _reduce(primitive: Primitive, x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    try:
        result = apply(primitive, x, axes=axes) if axes else x
    except ShapeError as error:
        raise ShapeError(f"{error} (at {here()})") from None
    if not (keepdims and axes):
        return result
    return apply(
        RESHAPE, result, shape=tuple(1 if i in axes else s for i, s in enumerate(x.extents))
    )


def sum(
    x: Any, /, axis: Axis = None, *, dtype: DTypeLike | None = None, keepdims: bool = False
) -> Tensor:
    """The sum of the elements along some axes; 0 where there are none.

    Args:
        x: the tensor; True counts as 1.
        axis: one axis or several; default: all.
        dtype: in which to add and return; default: that of x, and 64 bits for integers.
        keepdims: keep the summed axes with extent 1.

    Example:
        >>> import cairnet as cn
        >>> cn.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
        Tensor([4., 6.], dtype=float32)
    """
    tensor = as_tensor(x)
    axes = normalize_axes("sum", axis, tensor.ndim)
    return _reduce(SUM, cast_to(tensor, accumulator(tensor, dtype)), axes, keepdims)


def prod(
    x: Any, /, axis: Axis = None, *, dtype: DTypeLike | None = None, keepdims: bool = False
) -> Tensor:
    """The product of the elements along some axes; 1 where there are none.

    Its derivative with respect to each element is the product of all the others, which is right
    where elements are zero too.

    Args:
        x: the tensor.
        axis: one axis or several; default: all.
        dtype: in which to multiply and return; default: that of x, and 64 bits for integers.
        keepdims: keep the folded axes with extent 1.

    Example:
        >>> import cairnet as cn
        >>> cn.prod([[1.0, 2.0], [3.0, 4.0]], axis=1)
        Tensor([ 2., 12.], dtype=float32)
    """
    tensor = as_tensor(x)
    axes = normalize_axes("prod", axis, tensor.ndim)
    return _reduce(PRODUCT, cast_to(tensor, accumulator(tensor, dtype)), axes, keepdims)


def _extreme(name: str, primitive: Primitive, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    tensor = as_tensor(x)
    if tensor.dtype == bool_:
        other = "any" if name == "max" else "all"
        raise DTypeError(f"{name}, at {here()}: expected numbers, got bool; use cn.{other}")
    axes = normalize_axes(name, axis, tensor.ndim)
    return _reduce(primitive, ordered(name, tensor), axes, keepdims)


def max(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The largest element along some axes (all by default); NaN where one is NaN.

    Elements that share the maximum share the derivative evenly.

    Example:
        >>> import cairnet as cn
        >>> cn.max([[1, 5], [3, 4]], axis=1)
        Tensor([5, 4], dtype=int64)
    """
    return _extreme("max", MAX, x, axis, keepdims)


def min(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The smallest element along some axes (all by default); NaN where one is NaN.

    Elements that share the minimum share the derivative evenly.

    Example:
        >>> import cairnet as cn
        >>> cn.min([[1, 5], [3, 4]], axis=1)
        Tensor([1, 3], dtype=int64)
    """
    return _extreme("min", MIN, x, axis, keepdims)


def _count(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """How many elements are folded into one, as a number of the dtype of x."""
    count: Size = 1
    for axis in axes:
        count = x.extents[axis] * count
    return size_of(count, x.dtype)


def mean(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The arithmetic mean along some axes (all by default); NaN where there are no elements.

    Raises:
        DTypeError: the dtype is not floating; convert first.

    Example:
        >>> import cairnet as cn
        >>> cn.mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
        Tensor([1.5, 3.5], dtype=float32)
    """
    tensor = continuous("mean", x)
    axes = normalize_axes("mean", axis, tensor.ndim)
    return _reduce(SUM, tensor, axes, keepdims) / _count(tensor, axes)


def var(x: Any, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The variance: Σ (x - mean)² / (n - correction) along some axes.

    Args:
        x: the tensor, of floating dtype.
        axis: one axis or several; default: all.
        correction: 0 for the variance of the numbers themselves, 1 for the unbiased estimate of
            that of a population they are drawn from (Bessel's correction).
        keepdims: keep the folded axes with extent 1.

    Example:
        >>> import cairnet as cn
        >>> cn.var([1.0, 3.0]), cn.var([1.0, 3.0], correction=1)
        (Tensor(1., dtype=float32), Tensor(2., dtype=float32))
    """
    tensor = floating("var", x)
    axes = normalize_axes("var", axis, tensor.ndim)
    distance = tensor - mean(tensor, axis=axes, keepdims=True)
    total = _reduce(SUM, distance * distance, axes, keepdims)
    return total / (_count(tensor, axes) - correction)


def std(x: Any, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The standard deviation: the square root of the variance (see `var`).

    Its derivative is undefined, and comes out as NaN, where all elements are equal.

    Example:
        >>> import cairnet as cn
        >>> cn.std([1.0, 3.0])
        Tensor(1., dtype=float32)
    """
    return sqrt(var(floating("std", x), axis=axis, correction=correction, keepdims=keepdims))


def _truth(x: Any) -> Tensor:
    tensor = as_tensor(x)
    return tensor if tensor.dtype == bool_ else tensor != 0


def count_nonzero(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """How many elements along some axes (all by default) are true, or not zero.

    Example:
        >>> import cairnet as cn
        >>> cn.count_nonzero([[0, 2], [3, 4]], axis=1)
        Tensor([1, 2], dtype=int64)
    """
    return sum(_truth(x), axis=axis, keepdims=keepdims)


def any(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether at least one element along some axes (all by default) is true, or not zero.

    Example:
        >>> import cairnet as cn
        >>> cn.any([[False, True], [False, False]], axis=1)
        Tensor([ True, False], dtype=bool)
    """
    return count_nonzero(x, axis=axis, keepdims=keepdims) != 0


def all(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether every element along some axes (all by default) is true, or not zero.

    Example:
        >>> import cairnet as cn
        >>> cn.all([[True, True], [False, True]], axis=1)
        Tensor([ True, False], dtype=bool)
    """
    return count_nonzero(~_truth(x), axis=axis, keepdims=keepdims) == 0
