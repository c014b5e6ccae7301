"""Elements at given positions along one axis: take, take_along_axis."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import bool_, int64
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_sizes,
    normalize_axis,
    stretch,
)
from cairnet.tensor.functions.manipulation import reshape
from cairnet.tensor.functions.subscripts import as_index, getitem, wrap_negative
from cairnet.tensor.primitives import GATHER, IOTA
from cairnet.tensor.source import here

__all__ = ["take", "take_along_axis"]


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Tensor:
    """The elements, or slices, at some positions along an axis.

    This is how rows of a data set are picked: `cn.take(data, rows, axis=0)`.

    Args:
        x: the tensor.
        indices: positions, integers of any shape; negative ones count from the end.
        axis: along which axis; a vector needs none.

    Returns:
        A tensor in whose shape the shape of `indices` stands in the place of the axis.

    Raises:
        IndexRangeError: a position known when the graph is built lies outside.

    Example:
        >>> import cairnet as cn
        >>> cn.take([[1, 2], [3, 4], [5, 6]], [2, 0], axis=0)
        Tensor([[5, 6],
                [1, 2]], dtype=int64)
    """
    tensor = as_tensor(x)
    if axis is None:
        if tensor.ndim != 1:
            raise ArgumentError(
                f"take, at {here()}: shape {tensor.shape} has {tensor.ndim} axes; "
                "say along which to take, for instance axis=0"
            )
        axis = 0
    place = normalize_axis("take", axis, tensor.ndim)
    return getitem(tensor, (*[slice(None)] * place, _integers("take", indices)))


def _integers(name: str, indices: Any) -> Tensor:
    index = as_index(indices)
    if index.dtype == bool_:
        raise DTypeError(f"{name}, at {here()}: indices must be integers, got {index.describe()}")
    return index


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Tensor:
    """The elements at positions along an axis that differ from place to place.

    Element [i, j, k] of the result is x[i, indices[i, j, k], k] for axis 1 of three; the other
    axes broadcast.

    Args:
        x: the tensor.
        indices: positions, integers, with as many axes as x; negative ones count from the end.
        axis: along which axis.

    Example:
        >>> import cairnet as cn
        >>> scores = cn.asarray([[0.1, 0.9], [0.8, 0.2]])
        >>> cn.take_along_axis(scores, cn.argsort(scores, axis=1), axis=1)
        Tensor([[0.1, 0.9],
                [0.2, 0.8]], dtype=float32)
    """
    tensor, index = as_tensor(x), _integers("take_along_axis", indices)
    if tensor.ndim != index.ndim or not tensor.ndim:
        raise ShapeError(
            f"take_along_axis, at {here()}: expected as many axes in both and at least one, got "
            f"shapes {tensor.shape} and {index.shape}"
        )
    place = normalize_axis("take_along_axis", axis, tensor.ndim)
    index = wrap_negative(index, tensor.extents[place])
    # The axes beside `place` meet by broadcasting; along it, x and indices have their own extents.
    without = [(*t.extents[:place], *t.extents[place + 1 :]) for t in (tensor, index)]
    others = list(broadcast_sizes("take_along_axis", *without))
    shape = (*others[:place], index.extents[place], *others[place:])
    source = (*others[:place], tensor.extents[place], *others[place:])
    ramps = [_ramp(size, i, len(shape)) for i, size in enumerate(shape)]
    ramps[place] = index
    positions = [stretch(ramp, shape) for ramp in ramps]
    return apply(GATHER, stretch(tensor, source), *positions, axes=tuple(range(len(shape))))


def _ramp(size: Size, axis: int, rank: int) -> Tensor:
    """0, 1, 2, … along one of `rank` axes, the others of extent 1."""
    ramp = apply(IOTA, size=size, dtype=int64)
    return reshape(ramp, tuple(size if i == axis else 1 for i in range(rank)))
