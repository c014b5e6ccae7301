"""Panels: copies of what products read, in the order in which they read it.

    total = sum over k of x[i, k] · w[j, k]
    →   w_panels[j / 32, k, j % 32] = w[j, k];  total = sum over k of x[i, k] · w_panels[…]

A sum of products reads one operand along the lanes and repeats elements of the other. It is fast
where the first lies along the lanes, and where both are found in the caches when they are wanted
again. A large array is rarely so: rows of a power of two meet in few sets of a cache, every row is
a page of its own, and the transpose of a matrix does not lie along the lanes at all. So the operand
that runs along the lanes is copied into panels a block wide, which the innermost loop reads from
one end to the other; and the other, if that is worth it, into panels a vector wide. The loop over
panels becomes the outermost one, so that a panel stays in the cache while everything else is led
past it. Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), is the
classic account of this for matrices; here the operands are whatever sums of products read: the
weights of a convolution for both its passes, images for the gradient of the weights.

Whether to copy is decided by what copies and product are expected to take together. No sum changes
its order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cairnet.base.dtypes import is_floating
from cairnet.compiler.grouping import indices_of
from cairnet.compiler.loops import Affine, Axis, Buffer, Load, Nest, Store, expressions
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.compiler.schedule import Target
from cairnet.compiler.shape import hint

__all__ = ["with_panels"]

#: Work that takes so many cycles, and so much longer than its multiplications, is looked at; and
#: less work, if it takes far longer than they.
_WORTH_A_LOOK, _NEAR_PEAK = 400_000.0, 1.15
_SMALL, _FAR_FROM_PEAK = 4_000.0, 3.0
#: Copies are made when that leaves no more than this part of the cycles.
_CLEARLY_LESS = 0.97
#: Vectors side by side in a panel, from the best number on; four only where a panel takes no more
#: than this part of the second-level cache.
_WIDTHS = (4, 2, 3, 5, 6, 7, 1)
_NARROW = 0.5


@dataclass(frozen=True)
class _Operand:
    """A load of a product whose memory can be copied.

    Attributes:
        load: the load.
        indices: its index along each axis of the memory.
        own: for axes of the nest that count an axis of the memory and nothing else, which one.
    """

    load: Load
    indices: tuple[Affine, ...]
    own: Mapping[Axis, int]


#: For axes that are cut into panels, how wide these are.
_Cut = dict[Axis, int]


def with_panels(
    nest: Nest,
    target: Target,
    cost: Callable[[Nest], float],
    copying: Callable[[Nest], float] | None = None,
    turns: int = 1,
) -> list[Nest]:
    """The nest, after those that copy what it reads into panels where that is cheaper.

    Args:
        nest: any nest.
        target: the machine.
        cost: what a nest is expected to take; it does not change the nest.
        copying: what a copy is expected to take for every time that the nest runs; default: `cost`.
        turns: how often the nest runs, as a part of a loop.
    """
    copying = copying or cost
    if nest.kind != "map" or not nest.folds or any(fold.kind != "sum" for fold in nest.folds):
        return [nest]
    values = expressions([fold.value for fold in nest.folds])
    loads = [item for item in values if isinstance(item, Load) and is_floating(item.dtype)]
    width = max((load.dtype.itemsize for load in loads), default=target.vector_bytes)
    lanes = max(target.vector_bytes // width, 1)
    points = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce))
    least = points / lanes * 0.5 * len(nest.folds)
    if len(loads) < 2 or least < _SMALL:
        return [nest]
    whole = cost(nest)
    if whole < least * (_FAR_FROM_PEAK if turns * least < _WORTH_A_LOOK else _NEAR_PEAK):
        return [nest]
    best, cycles = [nest], _CLEARLY_LESS * whole
    for cut in _cuts(nest, loads, lanes, target.l2_bytes * _NARROW):
        parts = _cut(nest, loads, cut)
        taken = sum(map(copying, parts[:-1])) + cost(parts[-1])
        if taken < cycles:
            best, cycles = parts, taken
    return best


def _operand(load: Load) -> _Operand | None:
    if load.computed or not all(
        isinstance(extent, int) and extent for extent in load.buffer.extents
    ):
        return None
    indices = indices_of(load)
    if indices is None:
        return None
    own = {}
    for number, index in enumerate(indices):
        for axis in index.terms:
            pure = index == Affine.of(axis) and axis.extent == load.buffer.extents[number]
            if pure and sum(axis in other.terms for other in indices) == 1:
                own[axis] = number
    return _Operand(load, indices, own)


def _cuts(nest: Nest, loads: Sequence[Load], lanes: int, room: float) -> Iterator[_Cut]:
    """Ways to cut: one axis for the lanes, perhaps another that only the others move along."""
    operands = {load: _operand(load) for load in loads}

    def can_be_cut(axis: Axis, moved: Sequence[Load]) -> bool:
        found = [operands[load] for load in moved]
        return bool(found) and all(item is not None and axis in item.own for item in found)

    for vector in nest.axes:
        moved = [load for load in loads if vector in load.offset.terms]
        rest = [load for load in loads if load not in moved]
        if not rest or not can_be_cut(vector, moved):
            continue
        size = max(hint(load.buffer.size) * load.dtype.itemsize for load in moved)
        width = _width(vector, lanes, room * hint(vector.extent) / size)
        if width is None:
            continue
        if any(store.offset.coefficient(vector) != 1 for store in nest.stores):
            continue
        yield {vector: width}
        for other in nest.axes:
            along = [load for load in rest if other in load.offset.terms]
            fits = other is not vector and not other.outside and hint(other.extent) % lanes == 0
            alone = not any(other in load.offset.terms for load in moved)
            if fits and alone and can_be_cut(other, along):
                yield {vector: width, other: lanes}


def _width(axis: Axis, lanes: int, most: float) -> int | None:
    """How wide a panel is: some vectors, or all there is where that is no whole number of them."""
    if not isinstance(axis.extent, int) or axis.extent < lanes or axis.outside:
        return None
    counts = (count for count in _WIDTHS if count != _WIDTHS[0] or count * lanes <= most)
    widths = (count * lanes for count in counts)
    return next((width for width in widths if axis.extent % width == 0), axis.extent)


def _cut(nest: Nest, loads: Sequence[Load], widths: _Cut) -> list[Nest]:
    """The copies, and the nest that reads them."""
    halves = {
        axis: (_panels(axis, width), Axis(axis.name, width)) for axis, width in widths.items()
    }
    split = {
        axis: Affine.of(panel) * within.extent + Affine.of(within)
        for axis, (panel, within) in halves.items()
    }
    copies: list[Nest] = []
    placed: dict[Load, tuple[Buffer, Affine]] = {}
    for load in loads:
        operand = _operand(load)
        axis = next((axis for axis in widths if operand and axis in operand.own), None)
        if operand is None or axis is None:
            continue
        number = operand.own[axis]
        if number == len(operand.indices) - 1 and widths[axis] == axis.extent:
            continue
        buffer, copy = _copy(load, number, widths[axis])
        copies.append(copy)
        panel, within = halves[axis]
        others = [index for i, index in enumerate(operand.indices) if i != number]
        offset = Affine()
        indices = (Affine.of(panel), *others, Affine.of(within))
        for index, stride in zip(indices, buffer.strides, strict=True):
            offset = offset + index * stride
        placed[load] = buffer, offset
    changed = Nest(nest.axes, nest.reduce, nest.folds, nest.stores, nest.tensors)

    def moved(old: Load, new: Load) -> Load:
        if old not in placed:
            return new
        buffer, offset = placed[old]
        return replace(new, buffer=buffer, offset=offset.substitute(split))

    rewrite_nest(changed, split, moved)
    parts = [*(panel for panel, _ in halves.values())]
    parts += [halves[axis][1] if axis in halves else axis for axis in nest.axes]
    changed.axes = tuple(axis for axis in parts if axis.extent != 1)
    return [*copies, changed]


def _panels(axis: Axis, width: int) -> Axis:
    """The axis that counts panels; a block of results never reaches over several of them."""
    return Axis(f"{axis.name}p", int(str(axis.extent)) // width, outside=True)


def _copy(load: Load, number: int, width: int) -> tuple[Buffer, Nest]:
    """Memory for panels along one of the axes of what a load reads, and the nest that fills it."""
    source = load.buffer
    extents = [int(str(extent)) for extent in source.extents]
    others = [i for i in range(len(extents)) if i != number]
    shape = (extents[number] // width, *(extents[i] for i in others), width)
    buffer = Buffer(f"{source.name}_panels", source.dtype, shape, source.tensor, "arena")
    panel, *rest, within = axes = [Axis(f"i{i}", extent) for i, extent in enumerate(shape)]
    place = Affine()
    for axis, stride in zip(axes, buffer.strides, strict=True):
        place = place + Affine.of(axis) * stride
    offset = (Affine.of(panel) * width + Affine.of(within)) * source.strides[number]
    for axis, i in zip(rest, others, strict=True):
        offset = offset + Affine.of(axis) * source.strides[i]
    store = Store(buffer, place, Load(load.dtype, source, offset))
    kept = tuple(axis for axis in axes if axis.extent != 1)
    return buffer, Nest(kept, (), (), (store,), (source.tensor,))
