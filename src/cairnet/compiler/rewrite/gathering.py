"""Gathers read before anything is computed, in order where they can; scatters write likewise."""

from __future__ import annotations

import numpy as np

from cairnet.compiler.rewrite.building import broadcast, call, full, reshape, transpose
from cairnet.compiler.rewrite.matching import (
    constant_array,
    elements,
    never_more,
    number_of,
    padded_extents,
    repeated_axes,
)
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.compiler.rewrite.selection import counter_axis
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import (
    BROADCAST,
    ELEMENTWISE,
    GATHER,
    IOTA,
    SCATTER_ADD,
    SLICE,
    TRANSPOSE,
)

__all__: list[str] = []

_ELEMENTWISE = frozenset(ELEMENTWISE.values())


@rule("gather in order", GATHER)
def gather_in_order(node: Tensor) -> Tensor | None:
    """gather(x, [0, 1, 2, …]) -> transpose(x), the axis first, where all of it is read."""
    x, index = node.inputs[:2]
    (axis, *others) = node.parameters["axes"]
    if others or index.primitive is not IOTA or index.extents[0] != x.extents[axis]:
        return None
    return transpose(node, x, _axis_first(x, axis))


@rule("gather at regular places", GATHER)
def gather_at_regular_places(node: Tensor) -> Tensor | None:
    """gather(x, [a, a + s, a + 2·s, …]) -> slice(x), for constant indices in range."""
    x, index = node.inputs[:2]
    (axis, *others) = node.parameters["axes"]
    places = constant_array(index)
    if others or places is None or places.ndim != 1 or places.size < 2:
        return None
    start, step = int(places[0]), int(places[1]) - int(places[0])
    expected = start + step * np.arange(places.size)
    if step == 0 or not _in_range(expected, x.extents[axis]) or (places != expected).any():
        return None
    return transpose(node, _part(node, x, axis, start, places.size, step), _axis_first(x, axis))


@rule("gather at one place", GATHER)
def gather_at_one_place(node: Tensor) -> Tensor | None:
    """gather(x, [c, c, …]) -> broadcast(slice(x)), for a constant index in range."""
    x, index = node.inputs[:2]
    (axis, *others) = node.parameters["axes"]
    place = number_of(index)
    if others or place is None or not _in_range(np.asarray(place), x.extents[axis]):
        return None
    part = _part(node, x, axis, int(place), 1, 1)
    rest = [size for i, size in enumerate(x.extents) if i != axis]
    return broadcast(node, reshape(node, part, rest), node.extents)


def _axis_first(x: Tensor, axis: int) -> list[int]:
    return [axis, *(i for i in range(x.ndim) if i != axis)]


def _in_range(places: np.ndarray, extent: Size) -> bool:
    return isinstance(extent, int) and bool((places >= 0).all() and (places < extent).all())


def _part(node: Tensor, x: Tensor, axis: int, start: int, size: int, step: int) -> Tensor:
    along = [i == axis for i in range(x.ndim)]
    return apply_for(
        node,
        SLICE,
        x,
        starts=tuple(start if here else 0 for here in along),
        sizes=tuple(size if here else own for here, own in zip(along, x.extents, strict=True)),
        steps=tuple(step if here else 1 for here in along),
    )


@rule("gather of a gather", GATHER)
def gather_of_gather(node: Tensor) -> Tensor | None:
    """gather(gather(x, i), j) -> gather(x, gather(i, j)): indices are read, not rows of x."""
    below, *outer = node.inputs
    if below.primitive is not GATHER:
        return None
    x, *inner = below.inputs
    axes = node.parameters["axes"]
    if sorted(axes) != list(range(inner[0].ndim)):
        return None
    indices = [apply_for(node, GATHER, item, *outer, axes=axes) for item in inner]
    return apply_for(node, GATHER, x, *indices, axes=below.parameters["axes"])


@rule("gather before transpose", GATHER)
def gather_before_transpose(node: Tensor) -> Tensor | None:
    """gather(transpose(x), i) -> gather(x, i) on other axes, where the rest keep their order."""
    below, *indices = node.inputs
    if below.primitive is not TRANSPOSE:
        return None
    order, axes = below.parameters["axes"], node.parameters["axes"]
    rest = [order[axis] for axis in range(below.ndim) if axis not in axes]
    if rest != sorted(rest):
        return None
    moved = tuple(order[axis] for axis in axes)
    return apply_for(node, GATHER, below.inputs[0], *indices, axes=moved)


@rule("gather before broadcast", GATHER)
def gather_before_broadcast(node: Tensor) -> Tensor | None:
    """gather(broadcast(x), i, j) -> broadcast(gather(x, i)): no index along repeated axes."""
    below, *indices = node.inputs
    if below.primitive is not BROADCAST:
        return None
    repeated = repeated_axes(below)
    if not any(repeated):
        return None
    axes = node.parameters["axes"]
    dropped = [axis for axis in axes if repeated[axis]]
    kept = [axis for axis in range(below.ndim) if axis not in dropped]
    own = padded_extents(below.inputs[0], below.ndim)
    x = reshape(node, below.inputs[0], [own[axis] for axis in kept])
    left = [(axis, item) for axis, item in zip(axes, indices, strict=True) if axis in kept]
    if left:
        places = tuple(kept.index(axis) for axis, _ in left)
        x = apply_for(node, GATHER, x, *(item for _, item in left), axes=places)
    return broadcast(node, x, node.extents)


@rule("gather before elementwise", GATHER)
def gather_before_elementwise(node: Tensor) -> Tensor | None:
    """gather(f(x, y), i) -> f(gather(x, i), gather(y, i)), where fewer elements are read.

    So a batch is scaled, not the data set, and Σ one_hot·log_softmax(x) takes what it needs of x.
    """
    below, *indices = node.inputs
    if below.primitive not in _ELEMENTWISE:
        return None
    read, there = elements(node.extents), elements(below.extents)
    if read == there or not never_more(read, there):
        return None
    parts = [apply_for(node, GATHER, item, *indices, **node.parameters) for item in below.inputs]
    return apply_for(node, below.primitive, *parts, **below.parameters)


@rule("scatter along all other axes", SCATTER_ADD, keeps=Keeps.VALUE)
def scatter_along_other_axes(node: Tensor) -> Tensor | None:
    """scatter_add(g, [0, 1, …], l) -> where(l = iota, g, 0): each place is written once at most.

    The gradient of reading one element, l, for each index of all other axes. NumPy adds to 0.0,
    so a -0.0 comes out as 0.0 there.
    """
    updates, *indices = node.inputs
    if node.ndim < 2 or node.parameters["axes"] != tuple(range(node.ndim)):
        return None
    axis = next((k for k in range(node.ndim) if _others_count(node, k)), None)
    if axis is None:
        return None
    labels, depth = indices[axis], node.extents[axis]
    if not isinstance(depth, int) or depth - 1 > np.iinfo(labels.dtype).max:
        return None
    one = [*labels.extents[:axis], 1, *labels.extents[axis:]]
    column: list[Size] = [1] * node.ndim
    column[axis] = depth
    classes = reshape(node, apply_for(node, IOTA, size=depth, dtype=labels.dtype), column)
    hit = call(
        node,
        "equal",
        broadcast(node, reshape(node, labels, one), node.extents),
        broadcast(node, classes, node.extents),
    )
    spread = broadcast(node, reshape(node, updates, one), node.extents)
    return call(node, "where", hit, spread, full(node, 0, node))


def _others_count(node: Tensor, axis: int) -> bool:
    """Whether the index of every axis but this one counts along its own axis of the updates."""
    rest = node.extents[:axis] + node.extents[axis + 1 :]
    _, *indices = node.inputs
    if any(item.extents != rest for item in node.inputs):
        return False
    return all(
        counter_axis(index) == place - (place > axis)
        for place, index in enumerate(indices)
        if place != axis
    )
