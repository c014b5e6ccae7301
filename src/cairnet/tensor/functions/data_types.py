"""Dtypes as values: conversion, promotion, and what each of them can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cairnet.base.dtypes import (
    SUPPORTED,
    DTypeLike,
    as_dtype,
    bool_,
    complex_of,
    is_complex,
    is_differentiable,
    is_floating,
    is_integer,
    kind_of,
    promote,
    real_of,
)
from cairnet.base.errors import ArgumentError, DTypeError, UnknownNameError
from cairnet.tensor.conversions import check_device
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor, cast_to, is_weak
from cairnet.tensor.source import here

__all__ = [
    "FloatInfo",
    "IntegerInfo",
    "astype",
    "can_cast",
    "dtypes_of_kind",
    "finfo",
    "iinfo",
    "isdtype",
    "result_type",
]


def astype(x: Any, dtype: DTypeLike, /, *, copy: bool = True, device: str | None = None) -> Tensor:
    """Convert to another dtype.

    Floats become integers by dropping what stands behind the point; everything but zero becomes
    True. Gradients pass through conversions from one floating or complex dtype to another.

    Args:
        x: what to convert.
        dtype: the dtype wanted.
        copy: accepted for the standard's sake; tensors are immutable, so none is ever copied.
        device: None or "cpu".

    Raises:
        DTypeError: complex numbers for a real dtype; `real`, `imag` and `abs` say what is meant.

    Example:
        >>> import cairnet as cn
        >>> cn.astype([1.7, -1.7], "int32")
        Tensor([ 1, -1], dtype=int32)
    """
    check_device(device)
    return cast_to(as_tensor(x), as_dtype(dtype))


def can_cast(from_: Any, to: DTypeLike, /) -> bool:
    """Whether a dtype (or the dtype of a tensor) converts to another that is at least as wide.

    True where promotion leads from one to the other, and, as in NumPy, from bool to every dtype
    and from every integer to the floating and complex dtypes whose parts are wider than it, and to
    float64 and complex128.

    Example:
        >>> import cairnet as cn
        >>> cn.can_cast("int8", "int32"), cn.can_cast("int32", "int8")
        (True, False)
    """
    return bool(np.can_cast(_dtype(from_), as_dtype(to)))


def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype in which tensors, dtypes and Python numbers meet.

    Raises:
        DTypeError: they do not meet, as an integer and a floating dtype.

    Example:
        >>> import cairnet as cn
        >>> cn.result_type("int8", "uint8", 3)
        dtype('int16')
    """
    numbers = [item for item in arrays_and_dtypes if is_weak(item)]
    dtypes = [
        item.dtype if isinstance(item, Tensor | np.ndarray | np.generic) else as_dtype(item)
        for item in arrays_and_dtypes
        if not is_weak(item)
    ]
    if not dtypes:
        raise ArgumentError(f"result_type, at {here()}: expected at least one tensor or dtype")
    result = promote(*dtypes)
    for number in numbers:
        if isinstance(number, complex):
            result = complex_of(result)
        # An extent is a whole number.
        if kind_of(result) not in _HOLD.get(type(number), _HOLD[int]):
            raise DTypeError(
                f"result_type, at {here()}: the Python number {number!r} does not fit dtype "
                f"{result.name}"
            )
    return result


#: Which kinds of dtypes a Python number fits.
_HOLD: dict[type, tuple[str, ...]] = {
    bool: ("bool",),
    int: ("integer", "floating", "complex"),
    float: ("floating", "complex"),
    complex: ("complex",),
}
_KINDS: dict[str, Callable[[np.dtype[Any]], bool]] = {
    "bool": lambda dtype: dtype == bool_,
    "signed integer": lambda dtype: dtype.kind == "i",
    "unsigned integer": lambda dtype: dtype.kind == "u",
    "integral": is_integer,
    "real floating": is_floating,
    "complex floating": is_complex,
    "numeric": lambda dtype: dtype != bool_,
}


def isdtype(dtype: DTypeLike, kind: Any) -> bool:
    """Whether a dtype is of a kind.

    Args:
        dtype: the dtype asked about.
        kind: another dtype; one of the names "bool", "signed integer", "unsigned integer",
            "integral", "real floating", "complex floating" and "numeric"; or a tuple of
            such, of which one must fit.

    Example:
        >>> import cairnet as cn
        >>> cn.isdtype(cn.float32, ("integral", "real floating"))
        True
    """
    asked = as_dtype(dtype)
    if isinstance(kind, tuple):
        return any(isdtype(asked, item) for item in kind)
    if isinstance(kind, str):
        if kind not in _KINDS:
            raise UnknownNameError("kind of dtype", kind, _KINDS)
        return _KINDS[kind](asked)
    return asked == as_dtype(kind)


@dataclass(frozen=True)
class FloatInfo:
    """What a floating dtype, or each part of a complex one, can hold.

    Attributes:
        bits: width of one real number.
        eps: the distance from 1 to the next larger number.
        max: the largest finite number.
        min: the smallest finite number, -max.
        smallest_normal: the smallest positive number of full precision.
        dtype: the floating dtype described.
    """

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class IntegerInfo:
    """What an integer dtype can hold.

    Attributes:
        bits: width of one number.
        max: the largest number.
        min: the smallest number.
        dtype: the dtype described.
    """

    bits: int
    max: int
    min: int
    dtype: np.dtype[Any]


def finfo(type: Any, /) -> FloatInfo:
    """What a floating dtype (or the dtype of a tensor) can hold; of a complex one, its parts.

    Example:
        >>> import cairnet as cn
        >>> cn.finfo("float32").bits
        32
    """
    fits = is_differentiable(_dtype(type))
    dtype = real_of(_described("finfo", type, fits, "floating or complex"))
    limits = np.finfo(dtype)
    return FloatInfo(
        bits=int(limits.bits),
        eps=float(limits.eps),
        max=float(limits.max),
        min=float(limits.min),
        smallest_normal=float(limits.smallest_normal),
        dtype=dtype,
    )


def iinfo(type: Any, /) -> IntegerInfo:
    """What an integer dtype (or the dtype of a tensor) can hold.

    Example:
        >>> import cairnet as cn
        >>> cn.iinfo("uint8").max
        255
    """
    dtype = _described("iinfo", type, is_integer(_dtype(type)), "integer")
    limits = np.iinfo(dtype)
    return IntegerInfo(bits=int(limits.bits), max=int(limits.max), min=int(limits.min), dtype=dtype)


def _dtype(type: Any) -> np.dtype[Any]:
    return type.dtype if isinstance(type, Tensor) else as_dtype(type)


def _described(name: str, type: Any, fits: bool, wanted: str) -> np.dtype[Any]:
    dtype = _dtype(type)
    if not fits:
        raise DTypeError(f"{name}, at {here()}: expected {wanted} dtype, got {dtype.name}")
    return dtype


def dtypes_of_kind(kind: Any = None) -> dict[str, np.dtype[Any]]:
    """The supported dtypes by name, all of them or those of a kind (see `isdtype`)."""
    return {dtype.name: dtype for dtype in SUPPORTED if kind is None or isdtype(dtype, kind)}
