"""The dtypes Cairnet computes with, and how two of them promote.

A dtype is a `numpy.dtype`, so that arrays go in and out without translation. Promotion follows
the Python array API standard: within a kind the wider type wins, signed and unsigned integers
meet in the next wider signed type, a real and a complex floating type meet in the complex type that
holds both, and other mixtures of kinds (an integer with a float, a bool with a number) are refused
instead of guessed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.errors import DTypeError, UnknownNameError

__all__ = [
    "DTypeLike",
    "as_dtype",
    "bool_",
    "check_conversion",
    "complex64",
    "complex128",
    "complex_of",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_complex",
    "is_differentiable",
    "is_floating",
    "is_integer",
    "kind_of",
    "promote",
    "real_of",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

DTypeLike = Any

bool_ = np.dtype("bool")
int8 = np.dtype("int8")
int16 = np.dtype("int16")
int32 = np.dtype("int32")
int64 = np.dtype("int64")
uint8 = np.dtype("uint8")
uint16 = np.dtype("uint16")
uint32 = np.dtype("uint32")
uint64 = np.dtype("uint64")
float32 = np.dtype("float32")
float64 = np.dtype("float64")
complex64 = np.dtype("complex64")
complex128 = np.dtype("complex128")

_SIGNED = (int8, int16, int32, int64)
_UNSIGNED = (uint8, uint16, uint32, uint64)
_FLOATING = (float32, float64)
_COMPLEX = (complex64, complex128)
SUPPORTED = (bool_, *_SIGNED, *_UNSIGNED, *_FLOATING, *_COMPLEX)
_NAMES = {dtype.name: dtype for dtype in SUPPORTED}


def as_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Turn a dtype, its name, or a NumPy scalar type into one of the supported dtypes.

    >>> as_dtype("float32")
    dtype('float32')
    """
    try:
        result = np.dtype(dtype)
    except TypeError:
        raise UnknownNameError("dtype", dtype, _NAMES) from None
    if result.name not in _NAMES:
        raise UnknownNameError("dtype", result.name, _NAMES)
    return _NAMES[result.name]


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Whether the dtype holds real floating-point numbers."""
    return dtype in _FLOATING


def is_complex(dtype: np.dtype[Any]) -> bool:
    """Whether the dtype holds complex numbers."""
    return dtype in _COMPLEX


def is_differentiable(dtype: np.dtype[Any]) -> bool:
    """Whether functions of such numbers have derivatives: real and complex floating dtypes."""
    return dtype in _FLOATING or dtype in _COMPLEX


def real_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of the parts of a complex number; any other dtype is its own.

    >>> real_of(complex64)
    dtype('float32')
    """
    return _FLOATING[_COMPLEX.index(dtype)] if dtype in _COMPLEX else dtype


def complex_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The complex dtype whose parts have the given floating dtype; a complex one is its own.

    >>> complex_of(float32)
    dtype('complex64')
    """
    return _COMPLEX[_FLOATING.index(dtype)] if dtype in _FLOATING else dtype


def is_integer(dtype: np.dtype[Any]) -> bool:
    """Whether the dtype holds integers, signed or not (bool is not an integer)."""
    return dtype in _SIGNED or dtype in _UNSIGNED


def kind_of(dtype: np.dtype[Any]) -> str:
    """The kind that promotion looks at: "bool", "integer", "floating" or "complex"."""
    if dtype == bool_:
        return "bool"
    if is_floating(dtype):
        return "floating"
    return "complex" if is_complex(dtype) else "integer"


def promote(first: np.dtype[Any], *others: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which values of all the given dtypes meet, by the array API standard.

    >>> promote(int8, uint8)
    dtype('int16')
    """
    result = first
    for other in others:
        if result == other:
            continue
        both_differentiable = is_differentiable(result) and is_differentiable(other)
        if (kind_of(result) != kind_of(other) and not both_differentiable) or (
            {result, other} & {uint64} and _mixed(result, other)
        ):
            raise DTypeError(
                f"{result.name} and {other.name} do not promote to a common dtype; "
                f"convert one of them, for instance with cn.astype(x, '{_suggest(result, other)}')"
            )
        result = as_dtype(np.promote_types(result, other))
    return result


def check_conversion(source: np.dtype[Any], target: np.dtype[Any]) -> None:
    """Refuse to make real numbers of complex ones, which would drop the imaginary parts.

    Raises:
        DTypeError: the source is complex, and the target neither complex nor bool.
    """
    if is_complex(source) and not (is_complex(target) or target == bool_):
        raise DTypeError(
            f"{source.name} does not convert to {target.name}, which would drop the imaginary "
            "parts; say what is meant: cn.real(x), cn.imag(x) or cn.abs(x)"
        )


def _mixed(first: np.dtype[Any], second: np.dtype[Any]) -> bool:
    return (first in _SIGNED) != (second in _SIGNED)


def _suggest(first: np.dtype[Any], second: np.dtype[Any]) -> str:
    for dtype in (first, second):
        if is_differentiable(dtype):
            return dtype.name
    return "int64"
