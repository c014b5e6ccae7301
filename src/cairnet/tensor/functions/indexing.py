"""Reading parts of a tensor: `x[...]` with slices, integers, None, Ellipsis, integer arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, is_integer
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor import extent
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    normalize_axis,
    size_of,
    stretch,
)
from cairnet.tensor.functions.manipulation import permute_dims, reshape
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import GATHER, SLICE
from cairnet.tensor.source import here

__all__ = ["getitem", "take"]


def getitem(x: Any, key: Any, /) -> Tensor:
    """What `x[key]` means; NumPy's rules for everything but boolean masks."""
    tensor = as_tensor(x)
    plan = _plan(tensor, _expanded(tensor, key if isinstance(key, tuple) else (key,)))
    viewed = _sliced(tensor, plan)
    return _gathered(viewed, plan) if plan.arrays else viewed


@dataclass
class _Plan:
    """An index taken apart: a slice for every axis, the shape after it, the arrays after that.

    Attributes:
        starts, sizes, steps: the slice of every axis of the indexed tensor.
        shape: the extents after slicing, without integer-indexed axes, with new axes.
        arrays: integer arrays by their axis in `shape`.
    """

    starts: list[Size] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    shape: list[Size] = field(default_factory=list)
    arrays: dict[int, Tensor] = field(default_factory=dict)

    def add_slice(self, start: Size, size: Size, step: int = 1) -> None:
        self.starts.append(start)
        self.sizes.append(size)
        self.steps.append(step)


def _expanded(x: Tensor, key: tuple[Any, ...]) -> list[Any]:
    """The index with Ellipsis (or the missing end) written out as full slices."""
    items = list(key)
    used = sum(1 for item in items if item is not None and item is not Ellipsis)
    if used > x.ndim:
        raise ShapeError(
            f"indexing, at {here()}: {used} indices for the {x.ndim} axes of shape {x.shape}"
        )
    places = [place for place, item in enumerate(items) if item is Ellipsis]
    if len(places) > 1:
        raise ArgumentError(f"indexing, at {here()}: Ellipsis (...) may stand in an index once")
    place = places[0] if places else len(items)
    return [*items[:place], *[slice(None)] * (x.ndim - used), *items[place + 1 :]]


def _plan(x: Tensor, items: list[Any]) -> _Plan:
    plan = _Plan()
    axis = 0
    # An integer beside arrays is an array of no axes, as in NumPy; alone it is a slice of one.
    with_arrays = any(_is_array(item) for item in items)
    for item in items:
        if item is None:
            plan.shape.append(1)
            continue
        size = x.extents[axis]
        if isinstance(item, slice):
            plan.add_slice(*_slice_of(item, size))
            plan.shape.append(plan.sizes[-1])
        elif _is_array(item) or with_arrays:
            plan.add_slice(0, size)
            plan.arrays[len(plan.shape)] = _index_array(x, axis, item)
            plan.shape.append(size)
        else:
            plan.add_slice(_position(x, axis, item), 1)
        axis += 1
    return plan


def _is_array(item: Any) -> bool:
    if isinstance(item, Tensor):
        return item.ndim > 0 or not item.closed or item.dtype == bool_
    return isinstance(item, np.ndarray | list | bool | np.bool_)


def _position(x: Tensor, axis: int, item: Any) -> Size:
    """A whole-number index, counted from the front."""
    try:
        index = item.__index__()
    except (AttributeError, TypeError):
        raise ArgumentError(
            f"indexing, at {here()}: axis {axis} of shape {x.shape} is indexed by {item!r}; "
            "expected a whole number, a slice, None, Ellipsis or an integer array"
        ) from None
    size = x.extents[axis]
    if isinstance(size, int) and not -size <= index < size:
        raise ShapeError(
            f"indexing, at {here()}: index {index} is out of range for axis {axis} of shape "
            f"{x.shape}"
        )
    return index if index >= 0 else size + index


def _slice_of(item: slice, size: Size) -> tuple[Size, Size, int]:
    """Start, size and step of a slice along an axis of `size` elements, clipped as Python does."""
    start, stop, step = (
        None if bound is None else bound.__index__() for bound in (item.start, item.stop, item.step)
    )
    step = 1 if step is None else step
    if step == 0:
        raise ArgumentError(f"indexing, at {here()}: the step of a slice must not be 0")
    if isinstance(size, int):
        first, last, step = slice(start, stop, step).indices(size)
        count = max((last - first + step - (1 if step > 0 else -1)) // step, 0)
        return (first if count else 0), count, step
    if step < 0:
        # Going down from `start` to above `stop` is the mirror image of going up.
        mirrored = slice(
            None if start is None else -1 - start, None if stop is None else -1 - stop, -step
        )
        first_up, count_up, _ = _slice_of(mirrored, size)
        return size - 1 - first_up, count_up, step
    low: Size = 0 if start is None else start
    if start is not None and start < 0:
        low = extent.maximum(size + start, 0)
    high: Size = size
    if stop is not None:
        high = size + stop if stop < 0 else extent.minimum(stop, size)
    span = extent.maximum(high - low, 0)
    return extent.minimum(low, size), (span + (step - 1)) // step, step


def _index_array(x: Tensor, axis: int, item: Any) -> Tensor:
    """An integer array whose negative elements have been counted from the end."""
    index = as_tensor(np.asarray(item, np.int64) if isinstance(item, list) and not item else item)
    if index.dtype == bool_:
        raise DTypeError(
            f"indexing, at {here()}: a boolean mask picks a number of elements that depends on "
            "data, and every shape of a graph is known before it runs; write "
            "cn.where(mask, x, 0), or multiply by the mask"
        )
    if not is_integer(index.dtype):
        raise DTypeError(
            f"indexing, at {here()}: index arrays must be integers, got {index.describe()}"
        )
    return wrap_negative(index, x.extents[axis])


def wrap_negative(index: Tensor, size: Size) -> Tensor:
    """Indices with the size added where they are negative."""
    if index.dtype.kind == "u":
        return index
    if index.closed:
        value = index.numpy()
        if value.size == 0 or value.min() >= 0:
            return index
    return where(index < 0, index + size_of(size, index.dtype), index)


def _sliced(x: Tensor, plan: _Plan) -> Tensor:
    whole = all(
        start == 0 and size == own and step == 1
        for start, size, step, own in zip(
            plan.starts, plan.sizes, plan.steps, x.extents, strict=True
        )
    )
    if not whole:
        x = apply(
            SLICE,
            x,
            starts=tuple(plan.starts),
            sizes=tuple(plan.sizes),
            steps=tuple(plan.steps),
        )
    return reshape(x, tuple(plan.shape))


def _gathered(x: Tensor, plan: _Plan) -> Tensor:
    axes = tuple(plan.arrays)
    shape = broadcast_extents("indexing", *plan.arrays.values())
    indices = [stretch(index, shape) for index in plan.arrays.values()]
    result = apply(GATHER, x, *indices, axes=axes)
    if axes != tuple(range(axes[0], axes[0] + len(axes))):
        return result
    # Neighbouring arrays put their axes where they stood.
    count, before = len(shape), axes[0]
    order = (*range(count, count + before), *range(count), *range(count + before, result.ndim))
    return permute_dims(result, order)


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Tensor:
    """The elements at `indices` along an axis; a vector needs no axis."""
    tensor = as_tensor(x)
    if axis is None:
        if tensor.ndim != 1:
            raise ArgumentError(
                f"take, at {here()}: shape {tensor.shape} has {tensor.ndim} axes; "
                "say along which to take, for instance axis=0"
            )
        axis = 0
    place = normalize_axis("take", axis, tensor.ndim)
    return getitem(tensor, (*[slice(None)] * place, as_index(indices)))


def as_index(indices: Any) -> Tensor:
    """Indices as a tensor; an empty list is one of no integers."""
    if isinstance(indices, list | tuple) and not indices:
        return as_tensor(np.zeros(0, np.int64))
    return as_tensor(indices)
