"""Tensors from nothing: constants of one value, ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32, int64
from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply, as_array
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import as_tensor, cast_to, normalize_shape, size_of, stretch
from cairnet.tensor.primitives import IOTA
from cairnet.tensor.source import here

__all__ = [
    "arange",
    "asarray",
    "full",
    "full_like",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


def asarray(value: Any, /, *, dtype: DTypeLike | None = None) -> Tensor:
    """The value as a tensor: a constant, or the tensor itself, in another dtype where given."""
    if isinstance(value, Tensor):
        return value if dtype is None else cast_to(value, as_dtype(dtype))
    return apply(CONSTANT, value=Literal(as_array(value, dtype)))


def full(
    shape: int | Extent | Iterable[Size], fill_value: Any, *, dtype: DTypeLike | None = None
) -> Tensor:
    """A tensor with every element the same."""
    scalar = asarray(fill_value, dtype=dtype)
    return stretch(scalar, normalize_shape("full", shape))


def zeros(shape: int | Extent | Iterable[Size], *, dtype: DTypeLike = float32) -> Tensor:
    """A tensor of zeros."""
    return full(shape, 0, dtype=dtype)


def ones(shape: int | Extent | Iterable[Size], *, dtype: DTypeLike = float32) -> Tensor:
    """A tensor of ones."""
    return full(shape, 1, dtype=dtype)


def full_like(x: Any, /, fill_value: Any, *, dtype: DTypeLike | None = None) -> Tensor:
    """A tensor with the shape of `x` (and its dtype) and every element the same."""
    like = as_tensor(x)
    return full(like.extents, fill_value, dtype=like.dtype if dtype is None else dtype)


def zeros_like(x: Any, /, *, dtype: DTypeLike | None = None) -> Tensor:
    """Zeros with the shape and dtype of `x`."""
    return full_like(x, 0, dtype=dtype)


def ones_like(x: Any, /, *, dtype: DTypeLike | None = None) -> Tensor:
    """Ones with the shape and dtype of `x`."""
    return full_like(x, 1, dtype=dtype)


def arange(
    start: float | Extent,
    /,
    stop: float | Extent | None = None,
    step: float = 1,
    *,
    dtype: DTypeLike | None = None,
) -> Tensor:
    """The numbers from `start` up to but without `stop`, in steps of `step`."""
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError(f"arange, at {here()}: step must not be 0")
    if isinstance(start, Extent) or isinstance(stop, Extent):
        if not isinstance(start, int | Extent) or isinstance(stop, float) or step != 1:
            raise ArgumentError(
                f"arange, at {here()}: a range over an unknown extent has whole ends and step 1, "
                f"got {start}, {stop}, {step}"
            )
        kind = int64 if dtype is None else as_dtype(dtype)
        ramp = apply(IOTA, size=stop - start, dtype=kind)
        return ramp if start == 0 else ramp + size_of(start, kind)
    count = max(math.ceil((stop - start) / step), 0)
    whole = all(isinstance(item, int | np.integer) for item in (start, stop, step))
    kind = (int64 if whole else float32) if dtype is None else as_dtype(dtype)
    if whole and start == 0 and step == 1:
        return apply(IOTA, size=count, dtype=kind)
    return asarray(np.asarray(start + step * np.arange(count)), dtype=kind)
