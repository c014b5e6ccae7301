"""Axes folded into one number each: sums, means, extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import (
    DTypeLike,
    as_dtype,
    bool_,
    int64,
    is_floating,
    uint64,
)
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import as_tensor, cast_to, normalize_axes, size_of
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import MAX, MIN, PRODUCT, RESHAPE, SUM
from cairnet.tensor.source import here

__all__ = ["all", "any", "max", "mean", "min", "prod", "std", "sum", "var"]

Axis = int | Sequence[int] | None


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


def _accumulator(name: str, x: Tensor, dtype: DTypeLike | None) -> np.dtype[Any]:
    """The dtype a sum or product is computed in: small integers widen to 64 bits."""
    if dtype is not None:
        return as_dtype(dtype)
    if is_floating(x.dtype):
        return x.dtype
    return uint64 if x.dtype.kind == "u" else int64


def _floating(name: str, x: Any) -> Tensor:
    tensor = as_tensor(x)
    if not is_floating(tensor.dtype):
        raise DTypeError(
            f"{name}, at {here()}: expected a floating dtype, got {tensor.dtype.name}; "
            f"convert first: cn.{name}(cn.astype(x, 'float32'))"
        )
    return tensor


def sum(
    x: Any, /, axis: Axis = None, *, dtype: DTypeLike | None = None, keepdims: bool = False
) -> Tensor:
    """The sum of the elements along some axes (all by default); 0 where there are none."""
    tensor = as_tensor(x)
    axes = normalize_axes("sum", axis, tensor.ndim)
    return _reduce(SUM, cast_to(tensor, _accumulator("sum", tensor, dtype)), axes, keepdims)


def prod(
    x: Any, /, axis: Axis = None, *, dtype: DTypeLike | None = None, keepdims: bool = False
) -> Tensor:
    """The product of the elements along some axes (all by default); 1 where there are none."""
    tensor = as_tensor(x)
    axes = normalize_axes("prod", axis, tensor.ndim)
    return _reduce(PRODUCT, cast_to(tensor, _accumulator("prod", tensor, dtype)), axes, keepdims)


def max(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The largest element along some axes (all by default); NaN where one is NaN."""
    tensor = as_tensor(x)
    return _reduce(MAX, tensor, normalize_axes("max", axis, tensor.ndim), keepdims)


def min(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The smallest element along some axes (all by default); NaN where one is NaN."""
    tensor = as_tensor(x)
    return _reduce(MIN, tensor, normalize_axes("min", axis, tensor.ndim), keepdims)


def _count(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    count: Size = 1
    for axis in axes:
        count = x.extents[axis] * count
    return size_of(count, x.dtype)


def mean(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The arithmetic mean along some axes (all by default); NaN where there are no elements."""
    tensor = _floating("mean", x)
    axes = normalize_axes("mean", axis, tensor.ndim)
    return _reduce(SUM, tensor, axes, keepdims) / _count(tensor, axes)


def var(x: Any, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The variance: the sum of squared distances from the mean, over count - correction."""
    tensor = _floating("var", x)
    axes = normalize_axes("var", axis, tensor.ndim)
    distance = tensor - mean(tensor, axis=axes, keepdims=True)
    total = _reduce(SUM, distance * distance, axes, keepdims)
    return total / (_count(tensor, axes) - correction)


def std(x: Any, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The standard deviation: the square root of the variance."""
    from cairnet.tensor.functions.exponential import sqrt

    return sqrt(var(_floating("std", x), axis=axis, correction=correction, keepdims=keepdims))


def _truth(x: Any) -> Tensor:
    tensor = as_tensor(x)
    return cast_to(tensor if tensor.dtype == bool_ else tensor != 0, as_dtype("uint8"))


def any(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether at least one element along some axes is true (not zero)."""
    return sum(_truth(x), axis=axis, keepdims=keepdims) != 0


def all(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether every element along some axes is true (not zero)."""
    return sum(1 - _truth(x), axis=axis, keepdims=keepdims) == 0
