"""Tensors from nothing: constants, ranges, grids, triangles."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, complex64, float32, int64, is_differentiable
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.conversions import check_device
from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply, as_array
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    holds_tensors,
    normalize_shape,
    size_of,
    stretch,
    together,
)
from cairnet.tensor.functions.manipulation import broadcast_to, reshape
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import IOTA
from cairnet.tensor.source import here

__all__ = [
    "arange",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]

Shape = int | Extent | Iterable[Size]


def asarray(
    obj: Any,
    /,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    copy: bool | None = None,
) -> Tensor:
    """Anything array-like as a tensor.

    Args:
        obj: a tensor (returned as it is, where the dtype fits), a NumPy array, a Python number,
            or nested lists of numbers or tensors.
        dtype: element type; default: that of `obj`, with Python floats as float32 and Python
            ints as int64.
        device: None or "cpu".
        copy: True and None copy arrays into the graph, so that changing the array later does
            not change the tensor; False is refused for everything but tensors.

    Example:
        >>> import cairnet as cn
        >>> cn.asarray([[1, 2], [3, 4]], dtype="float32")
        Tensor([[1., 2.],
                [3., 4.]], dtype=float32)
    """
    check_device(device)
    if isinstance(obj, Tensor):
        return obj if dtype is None else cast_to(obj, as_dtype(dtype))
    if copy is False:
        raise ArgumentError(
            f"asarray, at {here()}: copy=False is not possible, since a graph keeps its own copy "
            "of every array; use a cn.Variable or an input for data that changes"
        )
    if isinstance(obj, Extent) or holds_tensors(obj):
        return asarray(as_tensor(obj), dtype=dtype)
    return apply(CONSTANT, value=Literal(as_array(obj, dtype)))


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A tensor from an array of another library, through the DLPack protocol.

    Example:
        >>> import cairnet as cn
        >>> import numpy as np
        >>> cn.from_dlpack(np.asarray([1.0, 2.0]))
        Tensor([1., 2.], dtype=float64)
    """
    if isinstance(x, Tensor):
        return asarray(x, device=device)
    return asarray(np.from_dlpack(x), device=device, copy=copy)


def full(
    shape: Shape, fill_value: Any, *, dtype: DTypeLike | None = None, device: str | None = None
) -> Tensor:
    """A tensor with every element the same.

    Args:
        shape: its extents; unknown ones may come from another tensor's `extents`.
        fill_value: the element, a number or a tensor without axes.
        dtype: element type; default: that of `fill_value`, with a Python float as float32.
        device: None or "cpu".

    Example:
        >>> import cairnet as cn
        >>> cn.full((2, 2), 7)
        Tensor([[7, 7],
                [7, 7]], dtype=int64)
    """
    scalar = asarray(fill_value, dtype=dtype, device=device)
    if scalar.ndim:
        raise ShapeError(f"full, at {here()}: fill_value has shape {scalar.shape}; expected ()")
    return stretch(scalar, normalize_shape("full", shape))


def zeros(shape: Shape, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """A tensor of zeros, float32 by default.

    Example:
        >>> import cairnet as cn
        >>> cn.zeros((2, 3))
        Tensor([[0., 0., 0.],
                [0., 0., 0.]], dtype=float32)
    """
    return full(shape, 0, dtype=float32 if dtype is None else dtype, device=device)


def ones(shape: Shape, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """A tensor of ones, float32 by default.

    Example:
        >>> import cairnet as cn
        >>> cn.ones(3, dtype="int8")
        Tensor([1, 1, 1], dtype=int8)
    """
    return full(shape, 1, dtype=float32 if dtype is None else dtype, device=device)


def empty(shape: Shape, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """A tensor whose elements do not matter; they are zeros, so that nothing is left to chance.

    Example:
        >>> import cairnet as cn
        >>> cn.empty((2, 3)).shape
        (2, 3)
    """
    return zeros(shape, dtype=dtype, device=device)


def full_like(
    x: Any, /, fill_value: Any, *, dtype: DTypeLike | None = None, device: str | None = None
) -> Tensor:
    """A tensor with the shape of `x`, its dtype by default, and every element the same.

    Example:
        >>> import cairnet as cn
        >>> cn.full_like(cn.zeros(3), 7.5)
        Tensor([7.5, 7.5, 7.5], dtype=float32)
    """
    like = as_tensor(x)
    return full(like.extents, fill_value, dtype=dtype or like.dtype, device=device)


def zeros_like(x: Any, /, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """Zeros with the shape of `x`, and its dtype by default.

    Example:
        >>> import cairnet as cn
        >>> cn.zeros_like([1, 2, 3])
        Tensor([0, 0, 0], dtype=int64)
    """
    return full_like(x, 0, dtype=dtype, device=device)


def ones_like(x: Any, /, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """Ones with the shape of `x`, and its dtype by default.

    Example:
        >>> import cairnet as cn
        >>> cn.ones_like([1.0, 2.0])
        Tensor([1., 1.], dtype=float32)
    """
    return full_like(x, 1, dtype=dtype, device=device)


def empty_like(x: Any, /, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """A tensor with the shape of `x` whose elements do not matter (they are zeros).

    Example:
        >>> import cairnet as cn
        >>> cn.empty_like(cn.ones((4, 5))).shape
        (4, 5)
    """
    return zeros_like(x, dtype=dtype, device=device)


def arange(
    start: float | Extent,
    /,
    stop: float | Extent | None = None,
    step: float = 1,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
) -> Tensor:
    """The numbers from `start` up to but without `stop`, in steps of `step`.

    With one number alone, they go from 0 up to it. The dtype is int64 if all three are whole
    and float32 otherwise. An end may be an unknown extent (of `x.extents`) where the step is 1.

    Example:
        >>> import cairnet as cn
        >>> cn.arange(5), cn.arange(1.0, 0.0, -0.25)
        (Tensor([0, 1, 2, 3, 4], dtype=int64),
         Tensor([1.  , 0.75, 0.5 , 0.25], dtype=float32))
    """
    check_device(device)
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError(f"arange, at {here()}: step must not be 0")
    whole = not any(isinstance(item, float) for item in (start, stop, step))
    kind = (int64 if whole else float32) if dtype is None else as_dtype(dtype)
    if isinstance(start, Extent) or isinstance(stop, Extent):
        return _range_over_extents(start, stop, step, kind)
    count = max(-((start - stop) // step) if whole else math.ceil((stop - start) / step), 0)
    if whole and (start, step) == (0, 1):
        return apply(IOTA, size=int(count), dtype=kind)
    if whole:
        return asarray(np.arange(start, start + count * step, step), dtype=kind)
    return asarray(start + step * np.arange(count), dtype=kind)


def _range_over_extents(
    start: float | Extent, stop: float | Extent, step: float, dtype: np.dtype[Any]
) -> Tensor:
    if isinstance(start, float) or isinstance(stop, float) or step != 1:
        raise ArgumentError(
            f"arange, at {here()}: a range over an unknown extent has whole ends and step 1, "
            f"got {start}, {stop}, {step}"
        )
    ramp = apply(IOTA, size=stop - start, dtype=dtype)
    return ramp if start == 0 else ramp + size_of(start, dtype)


def linspace(
    start: complex,
    stop: complex,
    /,
    num: int,
    *,
    dtype: DTypeLike | None = None,
    device: str | None = None,
    endpoint: bool = True,
) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`.

    Args:
        start: the first number.
        stop: the last one, or, without `endpoint`, the one that would come next.
        num: how many.
        dtype: a floating or complex dtype; default float32, and complex64 where an end is complex.
        device: None or "cpu".
        endpoint: whether `stop` is among the numbers.

    Example:
        >>> import cairnet as cn
        >>> cn.linspace(0.0, 1.0, 5)
        Tensor([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """
    curved = isinstance(start, complex) or isinstance(stop, complex)
    kind = (complex64 if curved else float32) if dtype is None else as_dtype(dtype)
    if not is_differentiable(kind):
        raise DTypeError(f"linspace, at {here()}: expected floating dtype, got {kind.name}")
    if num < 0:
        raise ArgumentError(f"linspace, at {here()}: num must be 0 or more, got {num}")
    numbers = np.linspace(start, stop, num, endpoint=endpoint, dtype=kind)
    return asarray(numbers, device=device)


def eye(
    n_rows: int | Extent,
    n_cols: int | Extent | None = None,
    /,
    *,
    k: int = 0,
    dtype: DTypeLike | None = None,
    device: str | None = None,
) -> Tensor:
    """A matrix with ones on a diagonal and zeros elsewhere.

    Args:
        n_rows: number of rows.
        n_cols: number of columns; default: as many as rows.
        k: which diagonal: 0 the main one, above it positive, below it negative.
        dtype: element type; default float32.
        device: None or "cpu".

    Example:
        >>> import cairnet as cn
        >>> cn.eye(2, 3, k=1)
        Tensor([[0., 1., 0.],
                [0., 0., 1.]], dtype=float32)
    """
    check_device(device)
    columns = n_rows if n_cols is None else n_cols
    return cast_to(
        _distance_above_diagonal(n_rows, columns, k) == 0,
        float32 if dtype is None else as_dtype(dtype),
    )


def _distance_above_diagonal(rows: Size, columns: Size, k: int) -> Tensor:
    """How far above the k-th diagonal every place of a matrix lies."""
    # No matrix is as large as this, so a diagonal outside it stays outside.
    offset = min(max(k, -(2**62)), 2**62)
    return arange(columns) - reshape(arange(rows), (-1, 1)) - offset


def tril(x: Any, /, *, k: int = 0) -> Tensor:
    """The lower triangle of each matrix: zeros above its k-th diagonal.

    Example:
        >>> import cairnet as cn
        >>> cn.tril(cn.ones((2, 3)))
        Tensor([[1., 0., 0.],
                [1., 1., 0.]], dtype=float32)
    """
    tensor = _matrices("tril", x)
    kept = _distance_above_diagonal(tensor.extents[-2], tensor.extents[-1], k) <= 0
    return where(kept, tensor, zeros_like(tensor))


def triu(x: Any, /, *, k: int = 0) -> Tensor:
    """The upper triangle of each matrix: zeros below its k-th diagonal.

    Example:
        >>> import cairnet as cn
        >>> cn.triu(cn.ones((2, 3)))
        Tensor([[1., 1., 1.],
                [0., 1., 1.]], dtype=float32)
    """
    tensor = _matrices("triu", x)
    kept = _distance_above_diagonal(tensor.extents[-2], tensor.extents[-1], k) >= 0
    return where(kept, tensor, zeros_like(tensor))


def _matrices(name: str, x: Any) -> Tensor:
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(f"{name}, at {here()}: expected at least 2 axes, got shape {tensor.shape}")
    return tensor


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of every point of the grid that the vectors span.

    Args:
        arrays: one vector of coordinates for each axis.
        indexing: "xy": the first vector runs along the columns, as in pictures; "ij": along the
            first axis, as in matrices.

    Returns:
        One tensor for each vector, all of the grid's shape.

    Example:
        >>> import cairnet as cn
        >>> cn.meshgrid([1, 2, 3], [10, 20])[1]
        Tensor([[10, 10, 10],
                [20, 20, 20]], dtype=int64)
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f'meshgrid, at {here()}: indexing is "xy" or "ij", got {indexing!r}')
    vectors = together("meshgrid", *arrays) if arrays else []
    for vector in vectors:
        if vector.ndim > 1:
            raise ShapeError(f"meshgrid, at {here()}: expected vectors, got shape {vector.shape}")
    # In pictures the first coordinate counts columns and the second rows.
    places = list(range(len(vectors)))
    if indexing == "xy" and len(places) > 1:
        places[:2] = [1, 0]
    sizes: list[Size] = [1] * len(vectors)
    for place, vector in zip(places, vectors, strict=True):
        sizes[place] = vector.extents[0] if vector.ndim else 1
    return [
        broadcast_to(reshape(vector, [-1 if i == place else 1 for i in range(len(sizes))]), sizes)
        for place, vector in zip(places, vectors, strict=True)
    ]
