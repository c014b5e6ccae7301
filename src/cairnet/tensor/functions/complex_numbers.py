"""Complex numbers and their parts: `complex`, `real`, `imag`, `conj`.

>>> import cairnet as cn
>>> z = cn.asarray([1.0, 2.0]) + 1j
>>> z * cn.conj(z)
Tensor([2.+0.j, 5.+0.j], dtype=complex64)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairnet.base.dtypes import is_complex
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    elementwise,
    numeric,
    stretch,
)
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import ELEMENTWISE
from cairnet.tensor.primitives.elementwise import conjugate

__all__ = ["by_parts", "complex", "conj", "direction", "imag", "real"]


def complex(real: Any, imag: Any, /) -> Tensor:
    """The complex numbers with the given real and imaginary parts, real + i·imag.

    Unlike a product with 1j and a sum, it leaves infinite parts and NaN where they are.

    Args:
        real: the real parts, of floating dtype.
        imag: the imaginary parts; both are promoted and broadcast.

    Returns:
        complex64 for float32, complex128 for float64.

    Example:
        >>> import cairnet as cn
        >>> cn.complex([1.0, 2.0], [3.0, cn.inf])
        Tensor([1. +3.j, 2.+infj], dtype=complex64)
    """
    return elementwise("complex", real, imag)


def real(x: Any, /) -> Tensor:
    """The real part of each element; the element itself where the dtype is real.

    Example:
        >>> import cairnet as cn
        >>> cn.real([1 + 2j, 3 - 4j])
        Tensor([1., 3.], dtype=float32)
    """
    tensor = numeric("real", x)
    return apply(ELEMENTWISE["real"], tensor) if is_complex(tensor.dtype) else tensor


def imag(x: Any, /) -> Tensor:
    """The imaginary part of each element; zero where the dtype is real.

    Example:
        >>> import cairnet as cn
        >>> cn.imag([1 + 2j, 3 - 4j])
        Tensor([ 2., -4.], dtype=float32)
    """
    tensor = numeric("imag", x)
    if is_complex(tensor.dtype):
        return apply(ELEMENTWISE["imag"], tensor)
    return stretch(cast_to(as_tensor(0), tensor.dtype), tensor.extents)


def conj(x: Any, /) -> Tensor:
    """The complex conjugate of each element, a - ib for a + ib; real ones stay as they are.

    Example:
        >>> import cairnet as cn
        >>> cn.conj([1 + 2j, 3 - 4j])
        Tensor([1.-2.j, 3.+4.j], dtype=complex64)
    """
    return conjugate(numeric("conj", x))


def by_parts(function: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """A function of real numbers applied to the real and to the imaginary parts."""
    return complex(function(real(z)), function(imag(z)))


def direction(z: Tensor) -> Tensor:
    """z / |z|, the point of the unit circle in the same direction; 0 for 0."""
    length = elementwise("absolute", z)
    zero = length == 0
    divisor = where(zero, 1, length)
    # Zero has two signs in each part, and one direction.
    return by_parts(lambda part: where(zero, 0, part / divisor), z)
