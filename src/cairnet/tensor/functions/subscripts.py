"""Reading parts of a tensor: `x[...]` with slices, integers, None, Ellipsis, integer arrays.

An index is first taken apart into a plan: one slice for every axis (an integer is a slice of one
whose axis is dropped), then gathers along the axes that integer arrays index. Boolean masks are
replaced by the positions where they hold, which must be known when the graph is built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, int64, is_integer
from cairnet.base.errors import ArgumentError, DTypeError, IndexRangeError
from cairnet.tensor import extent
from cairnet.tensor.core import Tensor, apply, constant
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    cast_to,
    size_of,
    stretch,
)
from cairnet.tensor.functions.known import known_value
from cairnet.tensor.functions.manipulation import permute_dims, reshape
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import GATHER, SLICE
from cairnet.tensor.source import here

__all__ = ["as_index", "getitem", "wrap_negative"]


def getitem(x: Any, key: Any, /) -> Tensor:
    """What `x[key]` means: NumPy's rules.

    Raises:
        IndexRangeError: an index beyond an axis, more indices than axes, a mask of another shape.
        ShapeError: a mask whose elements are known only when the function runs.
        DTypeError: an index array that holds no integers.

    Example:
        >>> import cairnet as cn
        >>> x = cn.asarray([[1, 2, 3], [4, 5, 6]])
        >>> x[:, ::-2], x[-1], x[[1, 1, 0], 0]
        (Tensor([[3, 1],
                 [6, 4]], dtype=int64),
         Tensor([4, 5, 6], dtype=int64),
         Tensor([4, 4, 1], dtype=int64))
    """
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

    def add_array(self, size: Size, index: Tensor) -> None:
        """Index an axis of `size` elements by an integer array."""
        self.arrays[len(self.shape)] = index
        self.shape.append(size)


def _expanded(x: Tensor, key: tuple[Any, ...]) -> list[Any]:
    """The index with arrays as tensors and Ellipsis (or a missing end) as full slices."""
    items = [as_index(item) if _is_array(item) else item for item in key]
    used = sum(_axes_of(item) for item in items)
    if used > x.ndim:
        raise IndexRangeError(
            f"indexing, at {here()}: {used} indices for the {x.ndim} axes of shape {x.shape}"
        )
    places = [place for place, item in enumerate(items) if item is Ellipsis]
    if len(places) > 1:
        raise ArgumentError(f"indexing, at {here()}: Ellipsis (...) may stand in an index once")
    place = places[0] if places else len(items)
    return [*items[:place], *[slice(None)] * (x.ndim - used), *items[place + 1 :]]


def _is_array(item: Any) -> bool:
    if isinstance(item, Tensor):
        # A known whole number is as good as a Python one.
        return item.ndim > 0 or not item.closed or not is_integer(item.dtype)
    return isinstance(item, np.ndarray | list | bool | np.bool_)


def _axes_of(item: Any) -> int:
    """How many axes one part of an index speaks of."""
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if isinstance(item, Tensor) and item.dtype == bool_ else 1


def as_index(indices: Any) -> Tensor:
    """Indices as a tensor of integers or of bool; an empty list is one of no integers.

    Raises:
        DTypeError: any other dtype.
    """
    if isinstance(indices, list | tuple) and not indices:
        return constant(np.zeros(0, np.int64))
    index = as_tensor(indices)
    if not is_integer(index.dtype) and index.dtype != bool_:
        raise DTypeError(
            f"indexing, at {here()}: index arrays must be integers, got {index.describe()}"
        )
    return index


def _plan(x: Tensor, items: list[Any]) -> _Plan:
    plan = _Plan()
    # An integer beside arrays is an array of no axes, as in NumPy; alone it is a slice of one.
    with_arrays = any(isinstance(item, Tensor) for item in items)
    for item in items:
        axis = len(plan.starts)
        if item is None:
            plan.shape.append(1)
        elif isinstance(item, slice):
            plan.add_slice(*_slice_of(item, x.extents[axis]))
            plan.shape.append(plan.sizes[-1])
        elif isinstance(item, Tensor) and item.dtype == bool_:
            _add_mask(plan, x, axis, item)
        elif isinstance(item, Tensor) or with_arrays:
            index = item if isinstance(item, Tensor) else constant(_whole(x, axis, item))
            plan.add_slice(0, x.extents[axis])
            plan.add_array(x.extents[axis], wrap_negative(index, x.extents[axis]))
        else:
            plan.add_slice(_position(x, axis, item), 1)
    return plan


def _add_mask(plan: _Plan, x: Tensor, axis: int, mask: Tensor) -> None:
    """Index by the positions where a mask holds; a mask without axes makes a new axis."""
    value = known_value(
        "indexing by a mask", mask, "write cn.where(mask, x, 0), or multiply by the mask"
    )
    if value.ndim == 0:
        plan.add_array(1, constant(np.zeros(int(value), np.int64)))
        return
    masked = x.extents[axis : axis + value.ndim]
    # A mask without elements selects nothing, whatever it is laid on.
    if any(
        own != size and size != 0 for own, size in zip(x.shape[axis:], value.shape, strict=False)
    ):
        raise IndexRangeError(
            f"indexing, at {here()}: a mask of shape {value.shape} for the axes of shape "
            f"{x.shape[axis : axis + value.ndim]}"
        )
    for size, positions in zip(masked, np.nonzero(value), strict=True):
        plan.add_slice(0, size)
        plan.add_array(size, constant(positions))


def _whole(x: Tensor, axis: int, item: Any) -> int:
    try:
        return int(item.__index__())
    except (AttributeError, TypeError):
        raise ArgumentError(
            f"indexing, at {here()}: axis {axis} of shape {x.shape} is indexed by {item!r}; "
            "expected a whole number, a slice, None, Ellipsis, an integer array or a mask"
        ) from None


def _position(x: Tensor, axis: int, item: Any) -> Size:
    """A whole-number index, counted from the front."""
    index, size = _whole(x, axis, item), x.extents[axis]
    if isinstance(size, int) and not -size <= index < size:
        raise IndexRangeError(
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
        positions = range(*slice(start, stop, step).indices(size))
        return (positions.start if positions else 0), len(positions), step
    if step < 0:
        # Going down from `start` to above `stop` is the mirror image of going up.
        mirrored = slice(
            None if start is None else -1 - start, None if stop is None else -1 - stop, -step
        )
        first, count, _ = _slice_of(mirrored, size)
        return size - 1 - first, count, step
    low: Size = 0 if start is None else start
    if start is not None and start < 0:
        low = extent.maximum(size + start, 0)
    high: Size = size
    if stop is not None:
        high = size + stop if stop < 0 else extent.minimum(stop, size)
    span = extent.maximum(high - low, 0)
    return extent.minimum(low, size), (span + (step - 1)) // step, step


def wrap_negative(index: Tensor, size: Size) -> Tensor:
    """Indices counted from the front: those below zero have the size added.

    Raises:
        IndexRangeError: an index and the size are known, and it lies outside.
    """
    if index.closed:
        value = index.numpy()
        if isinstance(size, int) and value.size and not -size <= value.min() <= value.max() < size:
            outside = value.min() if value.min() < -size else value.max()
            raise IndexRangeError(
                f"indexing, at {here()}: index {outside} is out of range for an axis of extent "
                f"{size}"
            )
        if value.size == 0 or value.min() >= 0:
            return index
        if isinstance(size, int):
            return constant(np.where(value < 0, value.astype(np.int64) + size, value))
    if index.dtype.kind == "u":
        return index
    # A narrow index dtype may be too small for the size that is added.
    wide = index if index.dtype.itemsize >= 4 else cast_to(index, int64)
    return where(wide < 0, wide + size_of(size, wide.dtype), wide)


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
