"""How functions take their arguments: conversion, promotion and broadcasting made explicit.

Every function of this package accepts tensors, arrays, nested lists and Python numbers. A Python
number takes the dtype of the tensor it meets, and so does an extent, such as the number of rows of
a batch. Shapes that differ are stretched by `broadcast`
nodes: an extent known to be 1 stretches; unknown extents that meet must be equal at run time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import (
    bool_,
    check_conversion,
    complex64,
    complex_of,
    float32,
    int64,
    is_complex,
    is_floating,
    kind_of,
    promote,
)
from cairnet.base.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError
from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply, as_array, constant
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.primitives import BROADCAST, CONCATENATE, ELEMENTWISE, RESHAPE, SIZE
from cairnet.tensor.primitives.elementwise import ANY, Elementwise
from cairnet.tensor.source import here

__all__ = [
    "as_tensor",
    "broadcast_extents",
    "broadcast_sizes",
    "cast_to",
    "comparable",
    "continuous",
    "dtype_of",
    "elementwise",
    "floating",
    "holds_tensors",
    "is_weak",
    "normalize_axes",
    "normalize_axis",
    "normalize_shape",
    "numeric",
    "ordered",
    "promoted",
    "size_of",
    "stretch",
    "together",
]


def as_tensor(value: Any) -> Tensor:
    """The value as a tensor: arrays and numbers become constants, lists of tensors are stacked."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Extent):
        return size_of(value, int64)
    return _stacked(value) if holds_tensors(value) else constant(value)


def holds_tensors(value: Any) -> bool:
    """Whether a nested list has a tensor, or an unknown extent, somewhere inside."""
    return isinstance(value, list | tuple) and any(
        isinstance(item, Tensor | Extent) or holds_tensors(item) for item in value
    )


def _stacked(values: Sequence[Any]) -> Tensor:
    """A list of which some elements are tensors, as one tensor with one axis more."""
    parts = together("a list of tensors", *values)
    rows = [apply(RESHAPE, part, shape=(1, *part.extents)) for part in parts]
    try:
        return apply(CONCATENATE, *rows, axis=0)
    except ShapeError:
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ShapeError(
            f"a list of tensors, at {here()}: expected equal shapes, got {shapes}"
        ) from None


def dtype_of(value: Any) -> np.dtype[Any]:
    """The dtype that the value has as a tensor."""
    if isinstance(value, Tensor):
        return value.dtype
    if isinstance(value, Extent) or holds_tensors(value):
        return as_tensor(value).dtype
    return as_array(value).dtype


def numeric(name: str, value: Any) -> Tensor:
    """The value as a tensor of numbers.

    Raises:
        DTypeError: its dtype is bool.
    """
    tensor = as_tensor(value)
    if tensor.dtype == bool_:
        raise DTypeError(
            f"{name}, at {here()}: expected numbers, got bool; convert first, for instance with "
            "cn.astype(x, 'int32')"
        )
    return tensor


def comparable(name: str, value: Any) -> Tensor:
    """The value as a tensor of which one element can be larger than another.

    Raises:
        DTypeError: its dtype is complex.
    """
    tensor = as_tensor(value)
    if is_complex(tensor.dtype):
        raise DTypeError(_no_complex(name, "integer or floating", tensor.dtype))
    return tensor


def ordered(name: str, value: Any) -> Tensor:
    """The value as a tensor of numbers of which one can be larger than another.

    Raises:
        DTypeError: its dtype is bool or complex.
    """
    return comparable(name, numeric(name, value))


def _no_complex(name: str, expected: str, dtype: np.dtype[Any]) -> str:
    return (
        f"{name}, at {here()}: expected {expected} dtype, got {dtype.name}, and this is no "
        "function of complex numbers; take cn.real(x), cn.imag(x) or cn.abs(x)"
    )


def continuous(name: str, value: Any) -> Tensor:
    """The value as a tensor of floating dtype, real or complex.

    Raises:
        DTypeError: its dtype is another one.
    """
    tensor = as_tensor(value)
    return tensor if is_complex(tensor.dtype) else floating(name, tensor)


def floating(name: str, value: Any) -> Tensor:
    """The value as a tensor of real floating dtype.

    Raises:
        DTypeError: its dtype is another one.
    """
    tensor = as_tensor(value)
    if is_complex(tensor.dtype):
        raise DTypeError(_no_complex(name, "a floating", tensor.dtype))
    if not is_floating(tensor.dtype):
        raise DTypeError(
            f"{name}, at {here()}: expected a floating dtype, got {tensor.dtype.name}; "
            f"convert first: cn.{name}(cn.astype(x, 'float32'))"
        )
    return tensor


def together(name: str, *values: Any) -> list[Tensor]:
    """Convert the arguments of one operation to tensors of one dtype.

    Python numbers and extents are weak: they take the dtype of the others, if its kind can hold
    them. Beside a complex one, floating dtypes become complex dtypes of the same precision.
    """
    given = [as_tensor(value) if holds_tensors(value) else value for value in values]
    dtypes = [dtype_of(value) for value in given if not is_weak(value)]
    try:
        common = promote(*dtypes) if dtypes else _natural(given)
    except DTypeError as error:
        raise DTypeError(f"{name}, at {here()}: {error}") from None
    if any(isinstance(value, complex) and is_weak(value) for value in given):
        common = complex_of(common)
    return [_convert(name, value, common) for value in given]


def promoted(name: str, *values: Any) -> list[Tensor]:
    """Convert the arguments of one operation to tensors of one dtype and one shape."""
    tensors = together(name, *values)
    shape = broadcast_extents(name, *tensors)
    return [stretch(tensor, shape) for tensor in tensors]


def is_weak(value: Any) -> bool:
    """Whether a value is a Python number or an extent, which have no dtype of their own."""
    weak = isinstance(value, bool | int | float | complex | Extent)
    return weak and not isinstance(value, np.generic)


def _natural(values: Sequence[Any]) -> np.dtype[Any]:
    if any(isinstance(value, complex) for value in values):
        return complex64
    if any(isinstance(value, float) for value in values):
        return float32
    return int64 if any(not isinstance(value, bool) for value in values) else bool_


def _convert(name: str, value: Any, dtype: np.dtype[Any]) -> Tensor:
    if not is_weak(value):
        return cast_to(as_tensor(value), dtype)
    needed = kind_of(_natural([value]))
    rank = ("bool", "integer", "floating", "complex")
    if rank.index(needed) > rank.index(kind_of(dtype)) or (needed == "bool" != kind_of(dtype)):
        raise DTypeError(
            f"{name}, at {here()}: the Python number {value!r} does not fit dtype {dtype.name}; "
            "convert the tensor with cn.astype first"
        )
    if isinstance(value, Extent):
        return size_of(value, dtype)
    try:
        return apply(CONSTANT, value=Literal(np.asarray(value, dtype)))
    except OverflowError:
        raise ArgumentError(
            f"{name}, at {here()}: {value} is out of range for {dtype.name}"
        ) from None


def cast_to(x: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """The tensor in another dtype; itself where it has that dtype already.

    Raises:
        DTypeError: complex numbers for a real dtype.
    """
    try:
        check_conversion(x.dtype, dtype)
    except DTypeError as error:
        raise DTypeError(f"{error} (at {here()})") from None
    return x if x.dtype == dtype else apply(ELEMENTWISE["cast"], x, dtype=dtype)


def broadcast_extents(name: str, *tensors: Tensor) -> tuple[Size, ...]:
    """The shape in which the tensors meet, or an error that shows all of them."""
    return broadcast_sizes(name, *(tensor.extents for tensor in tensors))


def broadcast_sizes(name: str, *shapes: tuple[Size, ...]) -> tuple[Size, ...]:
    """The shape in which several shapes meet, or an error that shows all of them."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, start=rank - len(shape)):
            met = result[axis]
            if met == 1:
                result[axis] = size
            elif size == 1 or size == met or not isinstance(size, int):
                continue
            elif isinstance(met, int):
                listed = " and ".join(_known(item) for item in shapes)
                raise ShapeError(
                    f"{name}, at {here()}: shapes {listed} do not broadcast: "
                    f"axis {axis - rank} is {met} in one and {size} in another"
                )
            else:
                result[axis] = size
    return tuple(result)


def _known(shape: tuple[Size, ...]) -> str:
    return str(tuple(size if isinstance(size, int) else None for size in shape))


def stretch(x: Tensor, shape: tuple[Size, ...]) -> Tensor:
    """Broadcast to a shape; itself where it has that shape already."""
    lead = len(shape) - x.ndim
    if lead == 0 and all(
        own == wanted or own != 1 for own, wanted in zip(x.extents, shape, strict=True)
    ):
        return x
    return apply(BROADCAST, x, shape=shape)


def elementwise(name: str, *values: Any, function: str | None = None) -> Tensor:
    """Apply an elementwise primitive after promotion and broadcasting.

    Args:
        name: the primitive.
        values: its arguments, as the user gave them.
        function: what the user called, for errors; default: the primitive's name.
    """
    primitive = ELEMENTWISE[name]
    kinds = primitive.kinds if isinstance(primitive, Elementwise) else ANY
    if "integer" not in kinds and all(type(value) in (int, float, Extent) for value in values):
        # cn.sqrt(2) means the number, which no integer dtype can hold.
        values = tuple(
            size_of(value, float32) if isinstance(value, Extent) else float(value)
            for value in values
        )
    tensors = promoted(function or name, *values)
    dtype = tensors[0].dtype
    if kind_of(dtype) not in kinds:
        if is_complex(dtype):
            raise DTypeError(_no_complex(function or name, _either(kinds), dtype))
        suggestion = "float32" if "floating" in kinds else "int32"
        raise DTypeError(
            f"{function or name}, at {here()}: expected {_either(kinds)} dtype, got "
            f"{dtype.name}; convert first, for instance with cn.astype(x, {suggestion!r})"
        )
    return apply(primitive, *tensors)


def _either(kinds: Sequence[str]) -> str:
    """Words as in "integer, floating or complex"."""
    return " or ".join([*([", ".join(kinds[:-1])] if kinds[1:] else []), kinds[-1]])


def normalize_axis(name: str, axis: int, rank: int) -> int:
    """An axis counted from the front, or an error that says which axes there are."""
    if not isinstance(axis, int | np.integer) or not -rank <= axis < rank:
        raise IndexRangeError(
            f"{name}, at {here()}: axis {axis!r} is not one of the {rank} axes "
            f"({-rank} to {rank - 1})"
        )
    return int(axis) % rank


def normalize_axes(name: str, axes: Any, rank: int) -> tuple[int, ...]:
    """Several axes counted from the front, in ascending order; None means all of them."""
    if axes is None:
        return tuple(range(rank))
    listed = (axes,) if isinstance(axes, int | np.integer) else tuple(axes)
    result = sorted(normalize_axis(name, axis, rank) for axis in listed)
    if len(set(result)) != len(result):
        raise ShapeError(f"{name}, at {here()}: an axis is named twice in {axes}")
    return tuple(result)


def normalize_shape(name: str, shape: int | Extent | Iterable[Size]) -> tuple[Size, ...]:
    """A shape as a tuple of sizes; one size alone stands for a vector of that length."""
    listed = (shape,) if isinstance(shape, int | np.integer | Extent) else tuple(shape)
    result: list[Size] = []
    for axis, size in enumerate(listed):
        if isinstance(size, Extent):
            result.append(size)
        elif isinstance(size, int | np.integer) and size >= 0:
            result.append(int(size))
        else:
            raise ShapeError(
                f"{name}, at {here()}: extent {axis} of shape {listed} is {size!r}; "
                "expected a whole number, 0 or more"
            )
    return tuple(result)


def size_of(size: Size, dtype: np.dtype[Any]) -> Tensor:
    """A size as a scalar tensor, whether or not it is known yet."""
    if isinstance(size, int):
        return apply(CONSTANT, value=Literal(np.asarray(size, dtype)))
    return apply(SIZE, size=size, dtype=dtype)
