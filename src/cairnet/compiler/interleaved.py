"""Nests that write a buffer in turns become one, together with the nest that uses what they write.

    for q:    b[2·q]     := sum over k of x[q + k] · w[2·k]
    for q:    b[2·q + 1] := sum over k of x[q + k] · w[2·k + 1]
    for i:    c[i]       := f(b[i])
    →
    for q:    c[2·q]     := f(sum over k of x[q + k] · w[2·k])
              c[2·q + 1] := f(sum over k of x[q + k] · w[2·k + 1])

An enlarged image that is convolved, a convolution with strides taken backwards: each residue of the
positions has sums of its own (`convolutions`), so it is a nest of its own, and each of them reads
all of x. The bias, the activation or the slope behind them is one more walk over memory, often the
largest of a network. Side by side the sums read x once, and b is not stored. Every element of b is
written once, so nothing is computed twice. But registers are shared: it is done where that is
expected to take less time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from cairnet.compiler.dependence import NestOrder
from cairnet.compiler.fuse import absorbed
from cairnet.compiler.loops import Affine, Axis, Buffer, Nest, Store
from cairnet.tensor.extent import Extent

__all__ = ["side_by_side"]

#: Nests side by side with one sum each: more would leave too few registers for each.
_MOST = 4
#: Memory that is neither updated in place nor moves on.
_PLAIN = ("arena", "output")

#: A nest that writes some of the elements, and the consumer's axes as its own.
_Part = tuple[Nest, Mapping[Axis, Affine]]


def side_by_side(nests: list[Nest], cost: Callable[[Nest], float]) -> list[Nest]:
    """Let nests that write in turns become one with what uses them, where that is cheaper.

    Args:
        nests: in an order that computes right.
        cost: what a nest is expected to take; it does not change the nest.
    """
    order = NestOrder(nests)
    for consumer in nests:
        parts = _parts(order, consumer)
        if not parts:
            continue
        merged = _merged(consumer, parts)
        apart = [*(nest for nest, _ in parts), consumer]
        read = {buffer for nest in order.nests if nest not in apart for buffer in nest.reads()}
        merged.stores = tuple(
            store for store in merged.stores if store.buffer in read or store.buffer.kind != "arena"
        )
        if cost(merged) < sum(map(cost, apart)):
            kept = [nest for nest in order.nests if nest not in apart[:-1]]
            kept[kept.index(consumer)] = merged
            order = NestOrder(kept)
    return order.nests


def _merged(consumer: Nest, parts: Sequence[_Part]) -> Nest:
    """One nest with the folds of all parts, and the consumer's stores behind each of them."""
    first, *others = (absorbed(nest, consumer, mapping) for nest, mapping in parts)
    for other in others:
        pairs = zip((*first.axes, *first.reduce), (*other.axes, *other.reduce), strict=True)
        first = absorbed(first, other, {b: Affine.of(a) for a, b in pairs})
    return first


def _parts(order: NestOrder, consumer: Nest) -> list[_Part]:
    """The nests that write in turns what an elementwise nest reads at its own point; or nothing."""
    if consumer.kind != "map" or consumer.folds:
        return []
    if any(store.buffer.kind not in _PLAIN for store in consumer.stores):
        return []
    for buffer in dict.fromkeys(load.buffer for load in consumer.loads()):
        writers = order.writers(buffer)
        if buffer.kind == "arena" and 1 < len(writers) <= _MOST and _alike(writers):
            parts = [_part(order, writer, consumer, buffer) for writer in writers]
            found = [part for part in parts if part is not None]
            if len(found) == len(parts) and _covers(found, consumer):
                return found
    return []


def _alike(nests: Sequence[Nest]) -> bool:
    """Whether nests take one sum each over equal points."""
    extents = [[axis.extent for axis in (*nest.axes, *nest.reduce)] for nest in nests]
    counts = [(len(nest.axes), len(nest.stores)) for nest in nests]
    sums = all(nest.kind == "map" and [f.kind for f in nest.folds] == ["sum"] for nest in nests)
    return sums and all(each == extents[0] for each in extents) and set(counts) == {counts[0]}


def _part(order: NestOrder, writer: Nest, consumer: Nest, buffer: Buffer) -> _Part | None:
    """What one of the writers contributes."""
    stores = [store for store in writer.stores if store.buffer is buffer]
    if len(stores) != 1 or order.stands_between(writer, consumer):
        return None
    mapping: dict[Axis, Affine] | None = None
    for load in consumer.loads():
        if load.buffer in {store.buffer for store in writer.stores}:
            if load.buffer is not buffer or load.guards or load.computed:
                return None
            found = _places(stores[0], load.offset, consumer.axes)
            if found is None or mapping not in (None, found):
                return None
            mapping = found
    return None if mapping is None else (writer, mapping)


def _places(store: Store, read: Affine, axes: Sequence[Axis]) -> dict[Axis, Affine] | None:
    """Each axis of the consumer as a formula, so that it reads what the store writes."""
    strides: list[tuple[int, Axis]] = []
    for axis in axes:
        stride = read.coefficient(axis)
        if not isinstance(stride, int) or stride <= 0:
            return None
        strides.append((stride, axis))
    rest = store.offset.constant + read.constant * -1
    if len(strides) != len(read.terms) or not isinstance(rest, int):
        return None
    strides.sort(key=lambda pair: -pair[0])
    places = {axis: Affine() for axis in axes}
    for axis, factor in store.offset.terms.items():
        if not isinstance(factor, int):
            return None
        own = next(((stride, own) for stride, own in strides if factor % stride == 0), None)
        if own is None:
            return None
        places[own[1]] = places[own[1]] + Affine.of(axis) * (factor // own[0])
    for stride, axis in strides:
        places[axis] = places[axis] + rest // stride
        rest %= stride
    inside = all(_inside(place, axis) for axis, place in places.items())
    return places if inside and rest == 0 else None


def _inside(place: Affine, axis: Axis) -> bool:
    """Whether a formula stays within an axis; where its extent is unknown, is an axis like it."""
    if isinstance(axis.extent, Extent):
        return any(
            other.extent == axis.extent and place == Affine.of(other) for other in place.terms
        )
    bounds = place.bounds()
    return bounds is not None and 0 <= bounds[0] <= bounds[1] < axis.extent


def _covers(parts: Sequence[_Part], consumer: Nest) -> bool:
    """Whether the parts together have as many points as the consumer: no two write one element."""
    return sum(_points(nest) for nest, _ in parts) == _points(consumer)


def _points(nest: Nest) -> int:
    """The points of a nest, for each point of the axes whose extents are unknown."""
    return math.prod(axis.extent for axis in nest.axes if isinstance(axis.extent, int))
