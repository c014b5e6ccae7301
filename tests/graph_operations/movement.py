"""Movements, counters and markers."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.graph_operations.registry import INT64, any_tensor, call, filled, operation
from tests.graphs import MOST_ELEMENTS, Builder

from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import (
    BROADCAST,
    CONCATENATE,
    IOTA,
    PAD,
    RESHAPE,
    SIZE,
    SLICE,
    STOP_GRADIENT,
    TRANSPOSE,
    WATCH,
)


@operation("broadcast")
def broadcast(b: Builder) -> Tensor | None:
    x = any_tensor(b)
    own = b.shape_of(x)
    lead = b.shape(b.number(0, 2))
    # Only an extent that is known to be 1 stretches; one that happens to be 1 must not.
    shape = [b.choose([2, 3, 5]) if size == 1 and b.maybe() else size for size in x.extents]
    if np.prod((*lead, *own), dtype=np.int64) > MOST_ELEMENTS:
        return None
    return apply(BROADCAST, x, shape=(*lead, *shape))


@operation("reshape")
def reshape(b: Builder) -> Tensor:
    x = any_tensor(b)
    kind = b.choose(["flat", "units", "merge", "split"])
    extents = list(x.extents)
    if kind == "units":
        shape = [size for size in extents if size != 1 or b.maybe()]
        shape.insert(b.number(0, len(shape)), 1)
    elif kind == "merge" and x.ndim >= 2:
        place = b.number(0, x.ndim - 2)
        shape = [*extents[:place], extents[place] * extents[place + 1], *extents[place + 2 :]]
    elif kind == "split" and any(size in (33, 100) for size in extents):
        place = next(i for i, size in enumerate(extents) if size in (33, 100))
        factor = 3 if extents[place] == 33 else 5
        shape = [*extents[:place], factor, extents[place] // factor, *extents[place + 1 :]]
    else:
        total: Any = 1
        for size in extents:
            total = size * total
        shape = [total]
    return apply(RESHAPE, x, shape=tuple(shape))


@operation("transpose")
def transpose(b: Builder) -> Tensor:
    x = any_tensor(b, 1)
    axes = list(range(x.ndim))
    for place in range(x.ndim - 1):
        other = b.number(place, x.ndim - 1)
        axes[place], axes[other] = axes[other], axes[place]
    return apply(TRANSPOSE, x, axes=tuple(axes))


@operation("slice")
def slice_(b: Builder) -> Tensor:
    x = any_tensor(b, 1)
    starts, sizes, steps = [], [], []
    for extent, size in zip(x.extents, b.shape_of(x), strict=True):
        step = b.choose([1, 1, 1, 2, 3, -1, -2])
        if size < 2 or b.maybe():
            backwards = step == -1 and size > 0
            starts.append(extent - 1 if backwards else 0)
            sizes.append(extent)
            steps.append(-1 if backwards else 1)
            continue
        first = b.number(0, size - 1)
        room = (size - 1 - first) // step if step > 0 else first // -step
        starts.append(first)
        sizes.append(b.number(0, room + 1))
        steps.append(step)
    return apply(SLICE, x, starts=tuple(starts), sizes=tuple(sizes), steps=tuple(steps))


@operation("pad")
def pad(b: Builder) -> Tensor:
    x = any_tensor(b, 1)
    widths = [[b.choose([0, 0, 1, 2, 3]) for _ in range(x.ndim)] for _ in range(2)]
    interior = [b.choose([0, 0, 0, 1, 2]) if size < 40 else 0 for size in b.shape_of(x)]
    # An unknown extent might be 0, and there is nothing between the elements of an empty axis.
    interior = [
        gap if isinstance(size, int) else 0 for gap, size in zip(interior, x.extents, strict=True)
    ]
    value = b.choose([0, 0, 1, 2.5]) if x.dtype.kind == "f" else b.choose([0, 1])
    return apply(
        PAD,
        x,
        low=tuple(widths[0]),
        high=tuple(widths[1]),
        interior=tuple(interior),
        value=value,
    )


@operation("concatenate")
def concatenate(b: Builder) -> Tensor:
    x = any_tensor(b, 1)
    axis = b.number(0, x.ndim - 1)
    shape = list(b.shape_of(x))
    parts = [x]
    for _ in range(b.number(0, 2)):
        shape[axis] = b.choose([0, 1, 2, 5, shape[axis]])
        parts.insert(b.number(0, len(parts)), b.leaf(shape, x.dtype))
    return apply(CONCATENATE, *parts, axis=axis)


@operation("iota")
def iota(b: Builder) -> Tensor:
    x = any_tensor(b, 1)
    dtype = b.choose([b.floating, INT64, np.dtype(np.int32)])
    counter = apply(IOTA, size=b.choose(x.extents), dtype=dtype)
    return counter * (1 / 64) if dtype.kind == "f" else counter


@operation("size")
def size(b: Builder) -> Tensor:
    x = b.tensor(least_rank=1)
    count = apply(SIZE, size=b.choose(x.extents), dtype=b.floating)
    return call("divide", x, call("add", count, filled(x, 1)))


@operation("stop_gradient")
def stop_gradient(b: Builder) -> Tensor:
    return apply(STOP_GRADIENT, b.tensor())


class Unmoved:
    """A watcher that looks on."""

    name = "watched"

    def see(self, value: np.ndarray, step: int) -> None:
        """Take notice."""


@operation("watch")
def watch(b: Builder) -> Tensor:
    return apply(WATCH, b.tensor(), watcher=Unmoved())
