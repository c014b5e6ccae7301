"""Elements repeated or moved round: repeat, tile, roll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    normalize_axis,
    size_of,
)
from cairnet.tensor.functions.arithmetic import remainder
from cairnet.tensor.functions.creation import arange
from cairnet.tensor.functions.indexing import take
from cairnet.tensor.functions.known import known_value
from cairnet.tensor.functions.manipulation import broadcast_to, concat, reshape
from cairnet.tensor.functions.subscripts import getitem
from cairnet.tensor.source import here

__all__ = ["repeat", "roll", "tile"]


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element several times, one copy beside the other.

    Args:
        x: the tensor.
        repeats: how often: one number for all, or one for each position along the axis; those
            must be known when the graph is built, since they decide the shape.
        axis: along which axis; default: the tensor is flattened first.

    Example:
        >>> import cairnet as cn
        >>> cn.repeat([1, 2], 3), cn.repeat([1, 2], [1, 2])
        (Tensor([1, 1, 1, 2, 2, 2], dtype=int64), Tensor([1, 2, 2], dtype=int64))
    """
    tensor = as_tensor(x)
    if axis is None:
        tensor, axis = reshape(tensor, (-1,)), 0
    place = normalize_axis("repeat", axis, tensor.ndim)
    counts = known_value("repeat", repeats)
    if counts.dtype.kind not in "iu" or (counts.size and counts.min() < 0) or counts.ndim > 1:
        raise ArgumentError(
            f"repeat, at {here()}: repeats must be whole numbers, 0 or more, got {counts.tolist()}"
        )
    if counts.size == 1:
        return _repeat_all(tensor, int(counts.reshape(())), place)
    if tensor.shape[place] != counts.size:
        raise ShapeError(
            f"repeat, at {here()}: {counts.size} numbers of repeats for the extent "
            f"{tensor.shape[place]} of axis {place}"
        )
    return take(tensor, np.repeat(np.arange(counts.size), counts), axis=place)


def _repeat_all(x: Tensor, times: int, axis: int) -> Tensor:
    before, size, after = x.extents[:axis], x.extents[axis], x.extents[axis + 1 :]
    copies = broadcast_to(reshape(x, (*before, size, 1, *after)), (*before, size, times, *after))
    return reshape(copies, (*before, size * times, *after))


def tile(x: Any, repetitions: int | Sequence[int], /) -> Tensor:
    """The whole tensor several times along its axes, side by side.

    Args:
        x: the tensor.
        repetitions: how often along each axis; fewer numbers stand for the last axes, more make
            new leading ones.

    Example:
        >>> import cairnet as cn
        >>> cn.tile([1, 2], (2, 2))
        Tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]], dtype=int64)
    """
    tensor = as_tensor(x)
    listed = (repetitions,) if isinstance(repetitions, int) else tuple(repetitions)
    if any(times < 0 for times in listed):
        raise ArgumentError(f"tile, at {here()}: repetitions must be 0 or more, got {listed}")
    rank = max(len(listed), tensor.ndim)
    times = (1,) * (rank - len(listed)) + listed
    sizes: tuple[Size, ...] = (1,) * (rank - tensor.ndim) + tensor.extents
    apart = [part for size in sizes for part in (1, size)]
    copies = [part for count, size in zip(times, sizes, strict=True) for part in (count, size)]
    together = broadcast_to(reshape(tensor, apart), copies)
    return reshape(together, [size * count for count, size in zip(times, sizes, strict=True)])


def roll(
    x: Any, /, shift: int | Sequence[int], *, axis: int | Sequence[int] | None = None
) -> Tensor:
    """The elements moved along an axis; those that leave at one end come in at the other.

    Args:
        x: the tensor.
        shift: how many places towards higher positions; several numbers for several axes.
        axis: along which axes; default: the tensor is flattened, rolled, and shaped back.

    Example:
        >>> import cairnet as cn
        >>> cn.roll([1, 2, 3, 4], 1)
        Tensor([4, 1, 2, 3], dtype=int64)
    """
    tensor = as_tensor(x)
    if axis is None:
        if not isinstance(shift, int):
            raise ArgumentError(f"roll, at {here()}: several shifts need as many axes, got None")
        return reshape(_roll_axis(reshape(tensor, (-1,)), shift, 0), tensor.extents)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    shifts = (shift,) * len(axes) if isinstance(shift, int) else tuple(shift)
    if len(shifts) != len(axes):
        raise ArgumentError(f"roll, at {here()}: {len(shifts)} shifts for {len(axes)} axes")
    for amount, place in zip(shifts, axes, strict=True):
        tensor = _roll_axis(tensor, amount, normalize_axis("roll", place, tensor.ndim))
    return tensor


def _roll_axis(x: Tensor, shift: int, axis: int) -> Tensor:
    size = x.extents[axis]
    before = (slice(None),) * axis
    if isinstance(size, int):
        moved = shift % size if size else 0
        if moved == 0:
            return x
        parts = [slice(size - moved, None), slice(None, size - moved)]
        return concat([getitem(x, (*before, part)) for part in parts], axis=axis)
    positions = arange(size) - shift
    return take(x, remainder(positions, size_of(size, positions.dtype)), axis=axis)
