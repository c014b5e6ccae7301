"""Primitives that fold axes: sum, product, extremes and their positions, running totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import int64, is_complex
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.elementwise import ELEMENTWISE
from cairnet.tensor.primitives.movement import (
    BROADCAST,
    IOTA,
    PAD,
    RESHAPE,
    SLICE,
    TRANSPOSE,
    filled,
    reverse,
)

__all__ = [
    "ARGMAX",
    "ARGMIN",
    "CUMULATIVE_PRODUCT",
    "CUMULATIVE_SUM",
    "MAX",
    "MIN",
    "PRODUCT",
    "SUM",
    "restore_axes",
]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]


def restore_axes(reduced: Tensor, like: Tensor, axes: Sequence[int]) -> Tensor:
    """Repeat a reduced tensor along the axes it lost, back to the extents of `like`."""
    kept = tuple(1 if i in axes else size for i, size in enumerate(like.extents))
    return apply(BROADCAST, apply(RESHAPE, reduced, shape=kept), shape=like.extents)


def _check_order(name: str, x: Tensor) -> None:
    if is_complex(x.dtype):
        raise DTypeError(f"{name}: complex numbers have no order, got {x.describe()}")


class Reduction(Primitive):
    """Fold some axes into one value each; the axes disappear from the shape."""

    def __init__(self, name: str, ufunc: np.ufunc, has_identity: bool) -> None:
        self.name = name
        self.ufunc = ufunc
        self.has_identity = has_identity

    def infer(self, x: Tensor, *, axes: tuple[int, ...]) -> Signature:
        if not self.has_identity and any(x.extents[axis] == 0 for axis in axes):
            raise ShapeError(f"{self.name} over zero elements has no value (shape {x.shape})")
        return tuple(s for i, s in enumerate(x.extents) if i not in axes), x.dtype

    def meaning(self, x: np.ndarray, *, axes: tuple[int, ...]) -> np.ndarray:
        return np.asarray(self.ufunc.reduce(x, axis=axes, dtype=x.dtype))


class Sum(Reduction):
    """The sum over some axes."""

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, axes: tuple[int, ...]) -> Sequence[Tensor]:
        return (restore_axes(g, x, axes),)


class Product(Reduction):
    """The product over some axes."""

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, axes: tuple[int, ...]) -> Sequence[Tensor]:
        # The product of all the others: running products from both sides, which, unlike y / x,
        # stays right where elements are zero.
        others = [i for i in range(x.ndim) if i not in axes]
        order = (*others, *axes)
        moved = _transpose(x, order)
        count: Size = 1
        for axis in axes:
            count = x.extents[axis] * count
        flat = apply(RESHAPE, moved, shape=(*moved.extents[: len(others)], count))
        last = flat.ndim - 1
        before = _exclusive_product(flat, last)
        after = reverse(_exclusive_product(reverse(flat, [last]), last), [last])
        rest = apply(RESHAPE, before * after, shape=moved.extents)
        back = tuple(int(i) for i in np.argsort(order))
        return (restore_axes(g, x, axes) * _transpose(rest, back),)


class Extreme(Reduction):
    """The largest or the smallest element; a NaN anywhere gives NaN."""

    def infer(self, x: Tensor, *, axes: tuple[int, ...]) -> Signature:
        _check_order(self.name, x)
        return super().infer(x, axes=axes)

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, axes: tuple[int, ...]) -> Sequence[Tensor]:
        # Equal extremes share the cotangent evenly.
        hits = apply(ELEMENTWISE["equal"], x, restore_axes(y, x, axes))
        hits = apply(ELEMENTWISE["cast"], hits, dtype=x.dtype)
        count = restore_axes(apply(SUM, hits, axes=axes), x, axes)
        return (restore_axes(g, x, axes) * hits / count,)


class ArgExtreme(Primitive):
    """The position of the first extreme along one axis (a NaN counts as the extreme)."""

    differentiable = False

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def infer(self, x: Tensor, *, axis: int) -> Signature:
        _check_order(self.name, x)
        if x.extents[axis] == 0:
            raise ShapeError(f"{self.name} over zero elements has no value (shape {x.shape})")
        return tuple(s for i, s in enumerate(x.extents) if i != axis), int64

    def meaning(self, x: np.ndarray, *, axis: int) -> np.ndarray:
        return np.asarray(self.function(x, axis=axis))


class Cumulative(Primitive):
    """Running total or product along one axis, the element itself included."""

    def __init__(self, name: str, ufunc: np.ufunc) -> None:
        self.name = name
        self.ufunc = ufunc

    def infer(self, x: Tensor, *, axis: int) -> Signature:
        return x.extents, x.dtype

    def meaning(self, x: np.ndarray, *, axis: int) -> np.ndarray:
        return np.asarray(self.ufunc.accumulate(x, axis=axis, dtype=x.dtype))


class CumulativeSum(Cumulative):
    """Running sum."""

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, axis: int) -> Sequence[Tensor]:
        return (reverse(apply(CUMULATIVE_SUM, reverse(g, [axis]), axis=axis), [axis]),)


class CumulativeProduct(Cumulative):
    """Running product."""

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, axis: int) -> Sequence[Tensor]:
        # dx_k = sum over n >= k of g_n times the product of all x_i, i <= n, but x_k. With
        # e[k, n] = x with x_k replaced by 1, that product is a running product of e along n.
        size = x.extents[axis]
        order = (*(i for i in range(x.ndim) if i != axis), axis)
        back = tuple(int(i) for i in np.argsort(order))
        moved, cotangent = _transpose(x, order), _transpose(g, order)
        lead = moved.extents[:-1]
        square = (*lead, size, size)
        columns = apply(RESHAPE, moved, shape=(*lead, 1, size))
        ones = apply(BROADCAST, columns, shape=square)
        index = apply(IOTA, size=size, dtype=int64)
        row = apply(BROADCAST, apply(RESHAPE, index, shape=(size, 1)), shape=square)
        column = apply(BROADCAST, index, shape=square)
        without = apply(ELEMENTWISE["where"], row == column, filled(1, ones), ones)
        products = apply(CUMULATIVE_PRODUCT, without, axis=len(lead) + 1)
        spread = apply(BROADCAST, apply(RESHAPE, cotangent, shape=(*lead, 1, size)), shape=square)
        terms = apply(ELEMENTWISE["where"], row <= column, products * spread, filled(0, ones))
        return (_transpose(apply(SUM, terms, axes=(len(lead) + 1,)), back),)


def _transpose(x: Tensor, axes: Sequence[int]) -> Tensor:
    return apply(TRANSPOSE, x, axes=tuple(axes))


def _exclusive_product(x: Tensor, axis: int) -> Tensor:
    """The running product of the elements before each one (1 for the first)."""
    zeros = tuple(0 for _ in x.extents)
    one = tuple(1 if i == axis else 0 for i in range(x.ndim))
    padded = apply(PAD, x, low=one, high=zeros, interior=zeros, value=1)
    head = apply(SLICE, padded, starts=zeros, sizes=x.extents, steps=(1,) * x.ndim)
    return apply(CUMULATIVE_PRODUCT, head, axis=axis)


SUM = register(Sum("sum", np.add, True))
PRODUCT = register(Product("product", np.multiply, True))
MAX = register(Extreme("max", np.maximum, False))
MIN = register(Extreme("min", np.minimum, False))
ARGMAX = register(ArgExtreme("argmax", np.argmax))
ARGMIN = register(ArgExtreme("argmin", np.argmin))
CUMULATIVE_SUM = register(CumulativeSum("cumulative_sum", np.add))
CUMULATIVE_PRODUCT = register(CumulativeProduct("cumulative_product", np.multiply))
