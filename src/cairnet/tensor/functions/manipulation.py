"""Shapes changed, elements kept: reshape, transpose, join, repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    normalize_axes,
    normalize_axis,
    normalize_shape,
    stretch,
    together,
)
from cairnet.tensor.primitives import BROADCAST, CONCATENATE, RESHAPE, TRANSPOSE
from cairnet.tensor.primitives.movement import reverse
from cairnet.tensor.source import here

__all__ = [
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "permute_dims",
    "reshape",
    "squeeze",
    "stack",
]


def reshape(x: Any, /, shape: int | Extent | Iterable[Size | None]) -> Tensor:
    """The same elements, in row-major order, under another shape; one extent may be -1."""
    tensor = as_tensor(x)
    listed = [shape] if isinstance(shape, int | np.integer | Extent) else list(shape)
    open_axes = [axis for axis, size in enumerate(listed) if size is None or size == -1]
    if len(open_axes) > 1:
        raise ShapeError(
            f"reshape, at {here()}: only one extent may be left open (-1), got {tuple(listed)}"
        )
    if open_axes:
        listed[open_axes[0]] = _remaining(tensor, listed, open_axes[0])
    wanted = normalize_shape("reshape", [size for size in listed if size is not None])
    if wanted == tensor.extents:
        return tensor
    try:
        return apply(RESHAPE, tensor, shape=wanted)
    except ShapeError as error:
        raise ShapeError(f"{error} (at {here()})") from None


def _remaining(x: Tensor, shape: Sequence[Size | None], axis: int) -> Size:
    """What the open extent must be for the number of elements to come out right."""
    total: Size = 1
    for size in x.extents:
        total = size * total
    known: Size = 1
    for other, given in enumerate(shape):
        if other != axis and given is not None:
            known = given * known
    if known == 0 or (
        isinstance(total, int) and isinstance(known, int) and (known < 0 or total % known)
    ):
        raise ShapeError(
            f"reshape, at {here()}: {x.shape} has {total} elements, which do not divide into "
            f"{tuple(shape)}"
        )
    return total // known


def permute_dims(x: Any, /, axes: Sequence[int]) -> Tensor:
    """Axis i of the result is axis `axes[i]` of x."""
    tensor = as_tensor(x)
    order = tuple(normalize_axis("permute_dims", axis, tensor.ndim) for axis in axes)
    if sorted(order) != list(range(tensor.ndim)):
        raise ShapeError(
            f"permute_dims, at {here()}: axes {tuple(axes)} do not name each of the "
            f"{tensor.ndim} axes of shape {tensor.shape} once"
        )
    return tensor if order == tuple(range(tensor.ndim)) else apply(TRANSPOSE, tensor, axes=order)


def expand_dims(x: Any, /, *, axis: int = 0) -> Tensor:
    """A new axis of extent 1 at position `axis` of the result."""
    tensor = as_tensor(x)
    place = normalize_axis("expand_dims", axis, tensor.ndim + 1)
    return apply(RESHAPE, tensor, shape=(*tensor.extents[:place], 1, *tensor.extents[place:]))


def squeeze(x: Any, /, axis: int | Sequence[int]) -> Tensor:
    """Remove axes of extent 1."""
    tensor = as_tensor(x)
    axes = normalize_axes("squeeze", axis, tensor.ndim)
    for i in axes:
        if tensor.shape[i] not in (1, None):
            raise ShapeError(
                f"squeeze, at {here()}: axis {i} of shape {tensor.shape} has extent "
                f"{tensor.shape[i]}; only axes of extent 1 can be removed"
            )
    if not axes:
        return tensor
    return apply(
        RESHAPE, tensor, shape=tuple(s for i, s in enumerate(tensor.extents) if i not in axes)
    )


def broadcast_to(x: Any, /, shape: int | Extent | Iterable[Size]) -> Tensor:
    """Repeat along axes of extent 1 and new leading axes until the shape is `shape`."""
    tensor = as_tensor(x)
    wanted = normalize_shape("broadcast_to", shape)
    if wanted == tensor.extents:
        return tensor
    try:
        return apply(BROADCAST, tensor, shape=wanted)
    except ShapeError as error:
        raise ShapeError(f"{error} (at {here()})") from None


def _gathered(name: str, arrays: Iterable[Any]) -> list[Tensor]:
    if isinstance(arrays, Tensor):
        raise ArgumentError(
            f"{name}, at {here()}: expected a list or tuple of tensors, got one tensor"
        )
    listed = list(arrays)
    if not listed:
        raise ArgumentError(f"{name}, at {here()}: expected at least one tensor, got none")
    return together(name, *listed)


def concat(arrays: Iterable[Any], /, *, axis: int | None = 0) -> Tensor:
    """The tensors one after another along an axis; `axis=None` flattens them first."""
    tensors = _gathered("concat", arrays)
    if axis is None:
        tensors, axis = [reshape(tensor, (-1,)) for tensor in tensors], 0
    place = normalize_axis("concat", axis, tensors[0].ndim)
    if len(tensors) == 1:
        return tensors[0]
    try:
        return apply(CONCATENATE, *tensors, axis=place)
    except ShapeError as error:
        raise ShapeError(f"concat, at {here()}: {error}") from None


def stack(arrays: Iterable[Any], /, *, axis: int = 0) -> Tensor:
    """The tensors, all of one shape, side by side along a new axis."""
    tensors = _gathered("stack", arrays)
    shape = broadcast_extents("stack", *tensors)
    for tensor in tensors:
        if tensor.ndim != len(shape) or any(
            isinstance(own, int) and isinstance(wanted, int) and own != wanted
            for own, wanted in zip(tensor.extents, shape, strict=True)
        ):
            shapes = ", ".join(str(each.shape) for each in tensors)
            raise ShapeError(f"stack, at {here()}: expected equal shapes, got {shapes}")
    place = normalize_axis("stack", axis, len(shape) + 1)
    return concat(
        [expand_dims(stretch(tensor, shape), axis=place) for tensor in tensors], axis=place
    )


def flip(x: Any, /, *, axis: int | Sequence[int] | None = None) -> Tensor:
    """The elements in opposite order along the axes (all of them by default)."""
    tensor = as_tensor(x)
    axes = normalize_axes("flip", axis, tensor.ndim)
    return reverse(tensor, axes) if axes else tensor
