"""What floating-point numbers are made of: signs, neighbours, infinities, NaN, real parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cairnet.base.dtypes import int32, int64, is_floating
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    elementwise,
    floating,
    numeric,
    promoted,
    stretch,
)
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import ELEMENTWISE

__all__ = [
    "conj",
    "copysign",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "nextafter",
    "real",
    "signbit",
]


def isnan(x: Any, /) -> Tensor:
    """Whether each element is NaN (no integer is).

    Example:
        >>> import cairnet as cn
        >>> cn.isnan([1.0, cn.nan])
        Tensor([False,  True], dtype=bool)
    """
    tensor = numeric("isnan", x)
    return tensor != tensor


def isinf(x: Any, /) -> Tensor:
    """Whether each element is +inf or -inf (no integer is).

    Example:
        >>> import cairnet as cn
        >>> cn.isinf([1.0, -cn.inf])
        Tensor([False,  True], dtype=bool)
    """
    tensor = numeric("isinf", x)
    if not is_floating(tensor.dtype):
        return tensor != tensor
    return elementwise("absolute", tensor) == math.inf


def isfinite(x: Any, /) -> Tensor:
    """Whether each element is neither NaN nor infinite (every integer is finite).

    Example:
        >>> import cairnet as cn
        >>> cn.isfinite([1.0, cn.nan, cn.inf])
        Tensor([ True, False, False], dtype=bool)
    """
    tensor = numeric("isfinite", x)
    if not is_floating(tensor.dtype):
        return tensor == tensor
    return elementwise("absolute", tensor) < math.inf


def signbit(x: Any, /) -> Tensor:
    """Whether the sign bit is set: below zero, and for -0.0 and -NaN too.

    Example:
        >>> import cairnet as cn
        >>> cn.signbit([1.0, -0.0])
        Tensor([False,  True], dtype=bool)
    """
    tensor = floating("signbit", x)
    return apply(ELEMENTWISE["bitcast"], tensor, dtype=_bits_of(tensor)) < 0


def copysign(x1: Any, x2: Any, /) -> Tensor:
    """The magnitude of x1 with the sign of x2 (that of ±0.0 counts).

    Example:
        >>> import cairnet as cn
        >>> cn.copysign([1.0, 2.0], [-3.0, 0.0])
        Tensor([-1.,  2.], dtype=float32)
    """
    first, second = promoted("copysign", x1, x2)
    magnitude = elementwise("absolute", first, function="copysign")
    return where(signbit(second), -magnitude, magnitude)


def nextafter(x1: Any, x2: Any, /) -> Tensor:
    """The next number of the dtype after x1 in the direction of x2.

    Example:
        >>> import cairnet as cn
        >>> cn.nextafter(1.0, 2.0)
        Tensor(1.0000001, dtype=float32)
    """
    first, second = promoted("nextafter", x1, x2)
    floating("nextafter", first)
    bits = apply(ELEMENTWISE["bitcast"], first, dtype=_bits_of(first))
    # The bit patterns of one sign are in the order of the magnitudes.
    outward = (second > first) == (first > 0)
    stepped = apply(ELEMENTWISE["bitcast"], where(outward, bits + 1, bits - 1), dtype=first.dtype)
    smallest = np.finfo(first.dtype).smallest_subnormal
    from_zero = where(second > 0, smallest, -smallest)
    result = where(first == 0, from_zero, stepped)
    undefined = (first != first) | (second != second)
    return where(undefined, math.nan, where(first == second, second, result))


def real(x: Any, /) -> Tensor:
    """The real part of each element: the element, since no dtype here is complex.

    Example:
        >>> import cairnet as cn
        >>> cn.real([1.0, 2.0])
        Tensor([1., 2.], dtype=float32)
    """
    return numeric("real", x)


def imag(x: Any, /) -> Tensor:
    """The imaginary part of each element: zero, since no dtype here is complex.

    Example:
        >>> import cairnet as cn
        >>> cn.imag([1.0, 2.0])
        Tensor([0., 0.], dtype=float32)
    """
    tensor = numeric("imag", x)
    return stretch(cast_to(as_tensor(0), tensor.dtype), tensor.extents)


def conj(x: Any, /) -> Tensor:
    """The complex conjugate: the element itself, since no dtype here is complex.

    Example:
        >>> import cairnet as cn
        >>> cn.conj([1.0, 2.0])
        Tensor([1., 2.], dtype=float32)
    """
    return numeric("conj", x)


def _bits_of(x: Tensor) -> np.dtype[Any]:
    """The signed integer dtype that is as wide."""
    return int32 if x.dtype.itemsize == 4 else int64
