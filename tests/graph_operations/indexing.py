"""Gathers and scatters, and compositions that the compiler treats in a way of its own."""

from __future__ import annotations

import numpy as np
from tests.graph_operations.registry import INT64, any_tensor, operation
from tests.graphs import MOST_ELEMENTS, Builder

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import GATHER, SCATTER_ADD


def _indices(
    b: Builder, x: Tensor, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], list[Tensor]] | None:
    """Axes of x, in any order, and indices in range for each."""
    axes = [axis for axis in range(x.ndim) if b.maybe()] or [b.number(0, x.ndim - 1)]
    if b.maybe():
        axes.reverse()
    indices = []
    for axis in axes:
        extent = b.shape_of(x)[axis]
        if extent == 0:
            return None
        dtype = b.choose([INT64, np.dtype(np.int32), np.dtype(np.uint8)])
        places = b.random.integers(0, extent, shape).astype(dtype)
        indices.append(b.placeholder(places))
    return tuple(axes), indices


@operation("gather")
def gather(b: Builder) -> Tensor | None:
    x = any_tensor(b, 1)
    shape = tuple(b.choose([0, 1, 2, 5, 13]) for _ in range(b.number(0, 2)))
    found = _indices(b, x, shape)
    if found is None:
        return None
    axes, indices = found
    rest = [size for axis, size in enumerate(b.shape_of(x)) if axis not in axes]
    if np.prod((*shape, *rest), dtype=np.int64) > MOST_ELEMENTS:
        return None
    return apply(GATHER, x, *indices, axes=axes)


@operation("scatter_add")
def scatter_add(b: Builder) -> Tensor | None:
    like = b.tensor(least_rank=1)
    shape = (b.choose([1, 2, 5, 13]),)
    found = _indices(b, like, shape)
    if found is None:
        return None
    axes, indices = found
    rest = [size for axis, size in enumerate(b.shape_of(like)) if axis not in axes]
    updates = b.leaf([*shape, *rest])
    return apply(SCATTER_ADD, updates, *indices, axes=axes, shape=like.extents)


@operation("softmax")
def softmax(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    axis = b.number(0, x.ndim - 1)
    if b.shape_of(x)[axis] == 0:
        return None
    return b.choose([cn.softmax, cn.log_softmax])(x, axis=axis)


@operation("one_hot")
def one_hot(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    axis = b.number(0, x.ndim - 1)
    depth = x.extents[axis]
    if not isinstance(depth, int) or depth == 0:
        return None
    shape = [size for place, size in enumerate(b.shape_of(x)) if place != axis]
    labels = b.placeholder(b.random.integers(-1, depth + 1, shape).astype(np.int32))
    return cn.sum(cn.one_hot(labels, depth, axis=axis, dtype=x.dtype) * x, axis=axis)


@operation("scan")
def scan(b: Builder) -> Tensor | None:
    x = b.tensor(least_rank=1)
    if not 0 < b.shape_of(x)[0] <= 13 or x.ndim > 3:
        return None

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return item * state, cn.tanh(item + state)

    outputs, state = cn.scan(step, x, x[0], reverse=b.maybe())
    return b.choose([outputs, state])
