"""Shapes changed, elements kept: reshape, transpose, join, repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Extent, Size, symbol
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    broadcast_sizes,
    normalize_axes,
    normalize_axis,
    normalize_shape,
    stretch,
    together,
)
from cairnet.tensor.primitives import BROADCAST, CONCATENATE, RESHAPE, SLICE, TRANSPOSE
from cairnet.tensor.primitives.movement import reverse
from cairnet.tensor.source import here

__all__ = [
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "joined",
    "moveaxis",
    "permute_dims",
    "reshape",
    "squeeze",
    "stack",
    "unstack",
]


def reshape(
    x: Any, /, shape: int | Extent | Iterable[Size | None], *, copy: bool | None = None
) -> Tensor:
    """The same elements, in row-major order, under another shape.

    Args:
        x: the tensor.
        shape: the new extents. One of them may be -1 (or None, as `x.shape` shows an unknown
            one): it becomes what the number of elements asks for.
        copy: accepted for the standard's sake; tensors are immutable, so none is ever copied.

    Raises:
        ShapeError: the numbers of elements differ.

    Example:
        >>> import cairnet as cn
        >>> cn.reshape([1, 2, 3, 4, 5, 6], (2, -1))
        Tensor([[1, 2, 3],
                [4, 5, 6]], dtype=int64)
    """
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
    """The axes in another order: axis i of the result is axis `axes[i]` of x.

    Example:
        >>> import cairnet as cn
        >>> cn.permute_dims(cn.zeros((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    tensor = as_tensor(x)
    order = tuple(normalize_axis("permute_dims", axis, tensor.ndim) for axis in axes)
    if sorted(order) != list(range(tensor.ndim)):
        raise ShapeError(
            f"permute_dims, at {here()}: axes {tuple(axes)} do not name each of the "
            f"{tensor.ndim} axes of shape {tensor.shape} once"
        )
    return tensor if order == tuple(range(tensor.ndim)) else apply(TRANSPOSE, tensor, axes=order)


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int], /) -> Tensor:
    """Move axes to other positions; the rest keep their order.

    Example:
        >>> import cairnet as cn
        >>> cn.moveaxis(cn.zeros((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    tensor = as_tensor(x)
    places = []
    for axes in (source, destination):
        listed = (axes,) if isinstance(axes, int | np.integer) else tuple(axes)
        normalize_axes("moveaxis", listed, tensor.ndim)
        places.append([normalize_axis("moveaxis", axis, tensor.ndim) for axis in listed])
    if len(places[0]) != len(places[1]):
        raise ShapeError(
            f"moveaxis, at {here()}: as many axes must arrive as leave, got {source} and "
            f"{destination}"
        )
    order = [axis for axis in range(tensor.ndim) if axis not in places[0]]
    for position, axis in sorted(zip(places[1], places[0], strict=True)):
        order.insert(position, axis)
    return permute_dims(tensor, order)


def expand_dims(x: Any, /, axis: int | Sequence[int] = 0) -> Tensor:
    """New axes of extent 1 at the positions `axis` of the result.

    Example:
        >>> import cairnet as cn
        >>> cn.expand_dims(cn.zeros((2, 3)), axis=-1).shape
        (2, 3, 1)
    """
    tensor = as_tensor(x)
    count = 1 if isinstance(axis, int | np.integer) else len(axis)
    places = normalize_axes("expand_dims", axis, tensor.ndim + count)
    shape = list(tensor.extents)
    for place in places:
        shape.insert(place, 1)
    return apply(RESHAPE, tensor, shape=tuple(shape)) if places else tensor


def squeeze(x: Any, /, axis: int | Sequence[int]) -> Tensor:
    """Remove axes of extent 1.

    Example:
        >>> import cairnet as cn
        >>> cn.squeeze(cn.zeros((1, 3, 1)), axis=(0, 2)).shape
        (3,)
    """
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
    """Repeat along axes of extent 1 and new leading axes until the shape is `shape`.

    Example:
        >>> import cairnet as cn
        >>> cn.broadcast_to([1, 2, 3], (2, 3))
        Tensor([[1, 2, 3],
                [1, 2, 3]], dtype=int64)
    """
    tensor = as_tensor(x)
    wanted = normalize_shape("broadcast_to", shape)
    if wanted == tensor.extents:
        return tensor
    try:
        return apply(BROADCAST, tensor, shape=wanted)
    except ShapeError as error:
        raise ShapeError(f"{error} (at {here()})") from None


def broadcast_shapes(*shapes: Sequence[int | Extent | None]) -> tuple[int | None, ...]:
    """The shape in which tensors of the given shapes meet; None stands for an unknown extent.

    Example:
        >>> import cairnet as cn
        >>> cn.broadcast_shapes((3, 1), (None, 1, 4))
        (None, 3, 4)
    """
    sizes = [
        tuple(symbol("unknown") if size is None else size for size in shape) for shape in shapes
    ]
    met = broadcast_sizes("broadcast_shapes", *sizes)
    return tuple(size if isinstance(size, int) else None for size in met)


def broadcast_arrays(*arrays: Any) -> list[Tensor]:
    """All the tensors, stretched to the shape in which they meet; each keeps its dtype.

    Example:
        >>> import cairnet as cn
        >>> [x.shape for x in cn.broadcast_arrays(cn.zeros((3, 1)), cn.zeros(4))]
        [(3, 4), (3, 4)]
    """
    tensors = [as_tensor(array) for array in arrays]
    shape = broadcast_extents("broadcast_arrays", *tensors)
    return [stretch(tensor, shape) for tensor in tensors]


def _gathered(name: str, arrays: Iterable[Any]) -> list[Tensor]:
    """Several tensors brought to one dtype."""
    if isinstance(arrays, Tensor):
        raise ArgumentError(
            f"{name}, at {here()}: expected a list or tuple of tensors, got one tensor"
        )
    listed = list(arrays)
    if not listed:
        raise ArgumentError(f"{name}, at {here()}: expected at least one tensor, got none")
    return together(name, *listed)


def concat(arrays: Iterable[Any], /, *, axis: int | None = 0) -> Tensor:
    """The tensors one after another along an axis; `axis=None` flattens them first.

    Example:
        >>> import cairnet as cn
        >>> cn.concat([[1, 2], [3]])
        Tensor([1, 2, 3], dtype=int64)
    """
    if axis is not None:
        return joined("concat", arrays, axis)
    return joined("concat", [reshape(x, (-1,)) for x in _gathered("concat", arrays)], 0)


def joined(name: str, arrays: Iterable[Any], axis: int) -> Tensor:
    """What `concat` does, for the function of the given name."""
    tensors = _gathered(name, arrays)
    place = normalize_axis(name, axis, max(tensor.ndim for tensor in tensors))
    if len(tensors) == 1:
        return tensors[0]
    if len({tensor.ndim for tensor in tensors}) == 1:
        try:
            return apply(CONCATENATE, *tensors, axis=place)
        except ShapeError:
            pass  # said below, in terms of what the user gave
    shapes = ", ".join(str(tensor.shape) for tensor in tensors)
    raise ShapeError(
        f"{name}, at {here()}: shapes {shapes} do not fit together along axis {place}: all the "
        "other extents must be equal"
    )


def stack(arrays: Iterable[Any], /, *, axis: int = 0) -> Tensor:
    """The tensors, all of one shape, side by side along a new axis.

    Example:
        >>> import cairnet as cn
        >>> cn.stack([[1, 2], [3, 4]], axis=1)
        Tensor([[1, 3],
                [2, 4]], dtype=int64)
    """
    tensors = _gathered("stack", arrays)
    place = normalize_axis("stack", axis, tensors[0].ndim + 1)
    rows = [expand_dims(tensor, axis=place) for tensor in tensors if tensor.ndim >= place]
    if len({tensor.ndim for tensor in tensors}) == 1:
        try:
            return rows[0] if len(rows) == 1 else apply(CONCATENATE, *rows, axis=place)
        except ShapeError:
            pass  # said below, in terms of what the user gave
    shapes = ", ".join(str(tensor.shape) for tensor in tensors)
    raise ShapeError(f"stack, at {here()}: expected equal shapes, got {shapes}")


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, one tensor each, without that axis; its extent must be known.

    Example:
        >>> import cairnet as cn
        >>> cn.unstack([[1, 2], [3, 4]])
        (Tensor([1, 2], dtype=int64), Tensor([3, 4], dtype=int64))
    """
    tensor = as_tensor(x)
    place = normalize_axis("unstack", axis, tensor.ndim)
    size = tensor.extents[place]
    if not isinstance(size, int):
        raise ShapeError(
            f"unstack, at {here()}: axis {place} of shape {tensor.shape} has an extent that is "
            "known only when the function runs, and the number of results must be known before"
        )
    rest = (*tensor.extents[:place], *tensor.extents[place + 1 :])
    kept = tuple(1 if i == place else s for i, s in enumerate(tensor.extents))
    steps = (1,) * tensor.ndim
    return tuple(
        apply(
            RESHAPE,
            apply(
                SLICE,
                tensor,
                starts=tuple(index if i == place else 0 for i in range(tensor.ndim)),
                sizes=kept,
                steps=steps,
            ),
            shape=rest,
        )
        for index in range(size)
    )


def flip(x: Any, /, *, axis: int | Sequence[int] | None = None) -> Tensor:
    """The elements in opposite order along the axes (all of them by default).

    Example:
        >>> import cairnet as cn
        >>> cn.flip([1, 2, 3])
        Tensor([3, 2, 1], dtype=int64)
    """
    tensor = as_tensor(x)
    axes = normalize_axes("flip", axis, tensor.ndim)
    return reverse(tensor, axes) if axes else tensor
