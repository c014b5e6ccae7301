"""Primitives that only move elements: broadcast, reshape, transpose, slice, pad, concatenate.

They cost nothing where the compiler can read through them: each is a map from the index of an
element of the result to the index of the element it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply
from cairnet.tensor.extent import Extent, Size, maximum
from cairnet.tensor.primitive import Primitive, all_primitives, register

__all__ = [
    "BROADCAST",
    "CONCATENATE",
    "IOTA",
    "PAD",
    "RESHAPE",
    "SIZE",
    "SLICE",
    "TRANSPOSE",
    "filled",
    "reverse",
]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]


class Broadcast(Primitive):
    """Repeat along axes of extent 1 and along new leading axes, as NumPy's broadcast_to."""

    name = "broadcast"
    movement = True

    def infer(self, x: Tensor, *, shape: tuple[Size, ...]) -> Signature:
        lead = len(shape) - x.ndim
        fits = lead >= 0 and all(
            own == 1 or own == wanted or not (isinstance(own, int) and isinstance(wanted, int))
            for own, wanted in zip(x.extents, shape[lead:], strict=False)
        )
        if not fits:
            raise ShapeError(f"broadcast: shape {x.shape} does not stretch to {_show(shape)}")
        return shape, x.dtype

    def meaning(self, x: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(x, shape)

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, shape: tuple[Size, ...]) -> Sequence[Tensor]:
        lead = len(shape) - x.ndim
        stretched = [
            lead + axis
            for axis, (own, wanted) in enumerate(zip(x.extents, shape[lead:], strict=True))
            if own == 1 and wanted != 1
        ]
        axes = (*range(lead), *stretched)
        total = apply(all_primitives()["sum"], g, axes=axes) if axes else g
        return (apply(RESHAPE, total, shape=x.extents) if stretched else total,)


class Reshape(Primitive):
    """The same elements in row-major order under another shape."""

    name = "reshape"
    movement = True

    def infer(self, x: Tensor, *, shape: tuple[Size, ...]) -> Signature:
        before, after = _product(x.extents), _product(shape)
        if isinstance(before, int) and isinstance(after, int) and before != after:
            raise ShapeError(
                f"reshape: {x.shape} has {before} elements, {_show(shape)} has {after}"
            )
        return shape, x.dtype

    def meaning(self, x: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
        return np.reshape(x, shape)

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, shape: tuple[Size, ...]) -> Sequence[Tensor]:
        return (apply(RESHAPE, g, shape=x.extents),)


class Transpose(Primitive):
    """Axis i of the result is axis `axes[i]` of the input."""

    name = "transpose"
    movement = True

    def infer(self, x: Tensor, *, axes: tuple[int, ...]) -> Signature:
        if sorted(axes) != list(range(x.ndim)):
            raise ShapeError(f"transpose: axes {axes} are not an order of the {x.ndim} axes")
        return tuple(x.extents[axis] for axis in axes), x.dtype

    def meaning(self, x: np.ndarray, *, axes: tuple[int, ...]) -> np.ndarray:
        return np.transpose(x, axes)

    def vjp(self, g: Tensor, y: Tensor, x: Tensor, *, axes: tuple[int, ...]) -> Sequence[Tensor]:
        return (apply(TRANSPOSE, g, axes=tuple(int(i) for i in np.argsort(axes))),)


class Slice(Primitive):
    """Along axis i: `sizes[i]` elements from `starts[i]` in steps of `steps[i]` (may be < 0)."""

    name = "slice"
    movement = True

    def infer(
        self,
        x: Tensor,
        *,
        starts: tuple[Size, ...],
        sizes: tuple[Size, ...],
        steps: tuple[int, ...],
    ) -> Signature:
        for axis, (extent, start, size, step) in enumerate(
            zip(x.extents, starts, sizes, steps, strict=True)
        ):
            if isinstance(extent, int) and isinstance(start, int) and isinstance(size, int):
                last = start + (size - 1) * step
                if size > 0 and not (0 <= start < extent and 0 <= last < extent):
                    raise ShapeError(
                        f"slice: axis {axis} of shape {x.shape} has no elements {start} to {last}"
                    )
        return sizes, x.dtype

    def meaning(
        self,
        x: np.ndarray,
        *,
        starts: tuple[int, ...],
        sizes: tuple[int, ...],
        steps: tuple[int, ...],
    ) -> np.ndarray:
        index = []
        for start, size, step in zip(starts, sizes, steps, strict=True):
            stop = start + size * step
            index.append(slice(start, None if stop < 0 else stop, step) if size else slice(0, 0))
        return x[tuple(index)]

    def vjp(
        self,
        g: Tensor,
        y: Tensor,
        x: Tensor,
        *,
        starts: tuple[Size, ...],
        sizes: tuple[Size, ...],
        steps: tuple[int, ...],
    ) -> Sequence[Tensor]:
        flipped = [axis for axis, step in enumerate(steps) if step < 0]
        if flipped:
            g = reverse(g, flipped)
        low, high, interior = [], [], []
        for extent, start, size, step in zip(x.extents, starts, sizes, steps, strict=True):
            first = start if step > 0 else start + (size - 1) * step
            covered = _spread(size, abs(step) - 1)
            low.append(first if size != 0 else 0)
            high.append(extent - low[-1] - covered)
            interior.append(abs(step) - 1)
        return (apply(PAD, g, low=tuple(low), high=tuple(high), interior=tuple(interior), value=0),)


class Pad(Primitive):
    """Put `low` elements before, `high` after and `interior` between the elements of each axis.

    The new elements are `value`. `low` and `high` are 0 or more.
    """

    name = "pad"
    movement = True

    def infer(
        self,
        x: Tensor,
        *,
        low: tuple[Size, ...],
        high: tuple[Size, ...],
        interior: tuple[int, ...],
        value: float,
    ) -> Signature:
        shape = []
        for extent, before, after, between in zip(x.extents, low, high, interior, strict=True):
            if any(isinstance(item, int) and item < 0 for item in (before, after, between)):
                raise ShapeError(f"pad: widths must be 0 or more, got {low}, {high}, {interior}")
            shape.append(before + _spread(extent, between) + after)
        return tuple(shape), x.dtype

    def meaning(
        self,
        x: np.ndarray,
        *,
        low: tuple[int, ...],
        high: tuple[int, ...],
        interior: tuple[int, ...],
        value: float,
    ) -> np.ndarray:
        inside = [
            cast(int, _spread(size, gap)) for size, gap in zip(x.shape, interior, strict=True)
        ]
        result = np.full(
            [b + i + a for b, i, a in zip(low, inside, high, strict=True)], value, x.dtype
        )
        index = tuple(
            slice(b, b + i, gap + 1) for b, i, gap in zip(low, inside, interior, strict=True)
        )
        result[index] = x
        return result

    def vjp(
        self,
        g: Tensor,
        y: Tensor,
        x: Tensor,
        *,
        low: tuple[Size, ...],
        high: tuple[Size, ...],
        interior: tuple[int, ...],
        value: float,
    ) -> Sequence[Tensor]:
        steps = tuple(gap + 1 for gap in interior)
        return (apply(SLICE, g, starts=low, sizes=x.extents, steps=steps),)


class Concatenate(Primitive):
    """The inputs one after another along an axis."""

    name = "concatenate"
    movement = True

    def infer(self, *inputs: Tensor, axis: int) -> Signature:
        first = inputs[0]
        total: Size = 0
        for item in inputs:
            fits = item.ndim == first.ndim and all(
                own == other or not (isinstance(own, int) and isinstance(other, int))
                for i, (own, other) in enumerate(zip(item.extents, first.extents, strict=True))
                if i != axis
            )
            if not fits or item.dtype != first.dtype:
                shapes = ", ".join(each.describe() for each in inputs)
                raise ShapeError(f"concatenate along axis {axis}: {shapes} do not fit together")
            total = item.extents[axis] + total
        return (*first.extents[:axis], total, *first.extents[axis + 1 :]), first.dtype

    def meaning(self, *arrays: np.ndarray, axis: int) -> np.ndarray:
        return np.concatenate(arrays, axis=axis)

    def vjp(self, g: Tensor, y: Tensor, *inputs: Tensor, axis: int) -> Sequence[Tensor]:
        start: Size = 0
        parts = []
        for item in inputs:
            starts = tuple(start if i == axis else 0 for i in range(g.ndim))
            parts.append(apply(SLICE, g, starts=starts, sizes=item.extents, steps=(1,) * g.ndim))
            start = item.extents[axis] + start
        return tuple(parts)


class Iota(Primitive):
    """0, 1, 2, … along one axis."""

    name = "iota"
    differentiable = False

    def infer(self, *, size: Size, dtype: np.dtype[Any]) -> Signature:
        return (size,), dtype

    def meaning(self, *, size: int, dtype: np.dtype[Any]) -> np.ndarray:
        return np.arange(size, dtype=dtype)


class SizeOf(Primitive):
    """An extent as a scalar tensor, for formulas that count elements (a mean, say)."""

    name = "size"
    differentiable = False

    def infer(self, *, size: Size, dtype: np.dtype[Any]) -> Signature:
        return (), dtype

    def meaning(self, *, size: int, dtype: np.dtype[Any]) -> np.ndarray:
        return np.asarray(size, dtype)


BROADCAST = register(Broadcast())
RESHAPE = register(Reshape())
TRANSPOSE = register(Transpose())
SLICE = register(Slice())
PAD = register(Pad())
CONCATENATE = register(Concatenate())
IOTA = register(Iota())
SIZE = register(SizeOf())


def filled(value: float, like: Tensor) -> Tensor:
    """One number repeated to the extents and in the dtype of another tensor."""
    scalar = apply(CONSTANT, value=Literal(np.asarray(value, like.dtype)))
    return scalar if like.ndim == 0 else apply(BROADCAST, scalar, shape=like.extents)


def reverse(x: Tensor, axes: Sequence[int]) -> Tensor:
    """The elements in opposite order along the given axes: a slice in steps of -1."""
    starts = tuple(x.extents[i] - 1 if i in axes else 0 for i in range(x.ndim))
    steps = tuple(-1 if i in axes else 1 for i in range(x.ndim))
    return apply(SLICE, x, starts=starts, sizes=x.extents, steps=steps)


def _spread(size: Size, gap: int) -> Size:
    """The room that `size` elements take with `gap` others between each two of them."""
    return size + maximum(size - 1, 0) * gap if gap else size


def _product(shape: Sequence[Size]) -> Size:
    total: Size = 1
    for size in shape:
        total = size * total
    return total


def _show(shape: Sequence[Size]) -> tuple[int | None, ...]:
    return tuple(None if isinstance(size, Extent) else size for size in shape)
