"""What floating-point numbers are made of: signs, neighbours, infinities, NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cairnet.base.dtypes import int32, int64, is_complex, is_floating
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    elementwise,
    floating,
    numeric,
    promoted,
)
from cairnet.tensor.functions.complex_numbers import imag, real
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import ELEMENTWISE

__all__ = [
    "copysign",
    "isfinite",
    "isinf",
    "isnan",
    "nextafter",
    "signbit",
]


def isnan(x: Any, /) -> Tensor:
    """Whether each element is NaN (no integer is); of a complex number, whether a part is.

    Example:
        >>> import cairnet as cn
        >>> cn.isnan([1.0, cn.nan])
        Tensor([False,  True], dtype=bool)
    """
    tensor = numeric("isnan", x)
    return tensor != tensor


def isinf(x: Any, /) -> Tensor:
    """Whether each element is +inf or -inf (no integer is); of a complex number, whether a part is.

    Example:
        >>> import cairnet as cn
        >>> cn.isinf([1.0, -cn.inf])
        Tensor([False,  True], dtype=bool)
    """
    tensor = numeric("isinf", x)
    if is_complex(tensor.dtype):
        return isinf(real(tensor)) | isinf(imag(tensor))
    if not is_floating(tensor.dtype):
        return tensor != tensor
    return elementwise("absolute", tensor) == math.inf


def isfinite(x: Any, /) -> Tensor:
    """Whether each element is neither NaN nor infinite (every integer is finite).

    A complex number is finite if both of its parts are.

    Example:
        >>> import cairnet as cn
        >>> cn.isfinite([1.0, cn.nan, cn.inf])
        Tensor([ True, False, False], dtype=bool)
    """
    tensor = numeric("isfinite", x)
    if is_complex(tensor.dtype):
        return isfinite(real(tensor)) & isfinite(imag(tensor))
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


def _bits_of(x: Tensor) -> np.dtype[Any]:
    """The signed integer dtype that is as wide."""
    return int32 if x.dtype.itemsize == 4 else int64
