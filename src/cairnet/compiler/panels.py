"""Panels: copies of what products read, in the order in which they read it.

    total = sum over k of x[i, k] · w[j, k]
    →   w_panels[j / 32, k, j % 32] = w[j, k];  total = sum over k of x[i, k] · w_panels[…]

A sum of products reads one operand along the lanes and repeats elements of the other. It is fast
where the first lies along the lanes, and where both are found in the caches when they are wanted
again. A large array is rarely so: rows of a power of two meet in few sets of a cache, every row is
a page of its own, and the transpose of a matrix does not lie along the lanes at all. So the operand
that runs along the lanes is copied into panels a block wide, which the innermost loop reads from
one end to the other; what whole panels leave over is a narrower one, with a nest of its own. The
other operand, if that is worth it, is copied into panels of one vector or three, or turned as a
whole. The loop over panels becomes the outermost one, so that a panel stays in the cache while
everything else is led past it. Goto and van de Geijn, "Anatomy of High-Performance Matrix
Multiplication" (2008), is the classic account of this for matrices; here the operands are whatever
sums of products read: the weights of a convolution for both its passes, images for the gradient of
the weights.

Whether to copy is decided by what copies and product are expected to take together. No sum changes
its order.
"""

from __future__ import annotations

import itertools
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
_WIDTHS = (4, 2, 3, 5, 6, 7)
_NARROW = 0.5
#: Vectors side by side in a panel of the operand of which single elements are repeated: blocks of
#: four, six, eight and twelve rows all fit.
_ROWS = 3
#: What it takes to turn a whole matrix, in units of what is expected: nothing tells the processor
#: early which lines will be wanted.
_TURNING = 2.0
#: Elements that are written one after the other where a matrix is turned, from the best number on.
_RUNS = (64, 48, 80, 96, 112, 128, 32)


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
_Cut = Mapping[Axis, int]


@dataclass(frozen=True)
class _Stretch:
    """Panels of one width that follow each other along an axis: all of them, or what is left.

    Attributes:
        axis: what is cut.
        first: where the first panel begins.
        width: of each.
        count: how many.
    """

    axis: Axis
    first: int
    width: int
    count: int


#: For what is read along some panels the memory that holds them, and the nest that fills it.
_Copies = dict[tuple[Load, _Stretch], tuple[Buffer, Nest]]


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
    for cut in _cuts(nest, loads, lanes, target.l2_bytes * _NARROW, least < _WORTH_A_LOOK):
        copies, products = _cut(nest, loads, cut)
        taken = sum(map(cost, products))
        for (_, stretch), (_, copy) in copies.items():
            taken += copying(copy) * (_TURNING if stretch.width == 1 else 1.0)
        if taken < cycles:
            best, cycles = [*(copy for _, copy in copies.values()), *products], taken
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


def _cuts(
    nest: Nest, loads: Sequence[Load], lanes: int, room: float, small: bool
) -> Iterator[_Cut]:
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
        # A new value that is written in two parts cannot be written in place; and small work is
        # not worth two nests.
        whole = small or any(store.buffer.kind == "update" for store in nest.stores)
        width = _width(vector, lanes, room * hint(vector.extent) / size, whole)
        if width is None:
            continue
        if any(store.offset.coefficient(vector) != 1 for store in nest.stores):
            continue
        yield {vector: width}
        for other in nest.axes:
            along = [load for load in rest if other in load.offset.terms]
            extent, free = other.extent, other is not vector and not other.outside
            alone = not any(other in load.offset.terms for load in moved)
            if isinstance(extent, int) and free and alone and can_be_cut(other, along):
                across = any(load.offset.coefficient(other) == 1 for load in along)
                matrices = across and len(nest.reduce) == 1 and not small
                for narrow in _narrow(extent, lanes, matrices, whole):
                    yield {vector: width, other: narrow}


def _narrow(extent: int, lanes: int, across: bool, whole: bool) -> Iterator[int]:
    """How wide panels may be along the axis of which elements are repeated.

    Args:
        extent: of the axis.
        lanes: points of a vector.
        across: whether a product of matrices reads across the rows there: then the matrix may be
            turned as well, or cut into wider panels.
        whole: whether nothing may be left over.
    """
    if across:
        yield 1
    if across and not (whole and extent % (_ROWS * lanes)):
        yield _ROWS * lanes
    if extent % lanes == 0:
        yield lanes


def _width(axis: Axis, lanes: int, most: float, whole: bool) -> int | None:
    """How wide a panel is: as many vectors as make whole panels, or as are best.

    Args:
        axis: what is cut.
        lanes: points of a vector.
        most: points of the widest panel that leaves the cache to others.
        whole: whether nothing may be left over.
    """
    if not isinstance(axis.extent, int) or axis.extent < lanes or axis.outside:
        return None
    counts = (*_WIDTHS, 1) if whole else _WIDTHS
    widths = [n * lanes for n in counts if n != _WIDTHS[0] or n * lanes <= most]
    dividing = (width for width in widths if axis.extent % width == 0)
    return next(dividing, axis.extent if whole else min(widths[0], axis.extent))


def _cut(nest: Nest, loads: Sequence[Load], widths: _Cut) -> tuple[_Copies, list[Nest]]:
    """The copies, and the nests that read them: of whole panels, and of what is left over."""
    copies: _Copies = {}
    ways = itertools.product(*(_stretches(axis, width) for axis, width in widths.items()))
    return copies, [_product(nest, loads, stretches, copies) for stretches in ways]


def _stretches(axis: Axis, width: int) -> list[_Stretch]:
    """Whole panels along an axis, and a narrower one if some points are left over."""
    extent = int(str(axis.extent))
    count, left = divmod(extent, width)
    whole = [_Stretch(axis, 0, width, count)] if count else []
    return [*whole, _Stretch(axis, extent - left, left, 1)] if left else whole


def _product(
    nest: Nest,
    loads: Sequence[Load],
    stretches: Sequence[_Stretch],
    copies: _Copies,
) -> Nest:
    """The part of a nest that works on some panels; copies that it needs are added to those."""
    halves = {each.axis: (_panels(each), Axis(each.axis.name, each.width)) for each in stretches}
    split = {
        each.axis: Affine.of(halves[each.axis][0]) * each.width
        + Affine.of(halves[each.axis][1])
        + each.first
        for each in stretches
    }
    placed: dict[Load, tuple[Buffer, Affine]] = {}
    for load in loads:
        operand = _operand(load)
        own = operand.own if operand is not None else {}
        stretch = next((each for each in stretches if each.axis in own), None)
        if operand is None or stretch is None:
            continue
        number = own[stretch.axis]
        if number == len(operand.indices) - 1 and stretch.width == stretch.axis.extent:
            continue
        if (load, stretch) not in copies:
            copies[load, stretch] = _copy(load, number, stretch)
        buffer = copies[load, stretch][0]
        panel, within = halves[stretch.axis]
        others = [index for i, index in enumerate(operand.indices) if i != number]
        offset = Affine()
        indices = (Affine.of(panel), *others, Affine.of(within))
        for index, stride in zip(indices, buffer.strides, strict=False):
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
    return changed


def _panels(stretch: _Stretch) -> Axis:
    """The axis that counts panels; a block of results never reaches over several of them.

    Panels that are a single point wide are rows of a matrix that has been turned: of those a block
    takes as many as it likes.
    """
    return Axis(f"{stretch.axis.name}p", stretch.count, outside=stretch.width > 1)


def _copy(load: Load, number: int, stretch: _Stretch) -> tuple[Buffer, Nest]:
    """Memory for panels along one of the axes of what a load reads, and the nest that fills it."""
    source = load.buffer
    extents = [int(str(extent)) for extent in source.extents]
    others = [i for i in range(len(extents)) if i != number]
    within = [Axis("within", stretch.width)] if stretch.width > 1 else []
    axes = [Axis("panel", stretch.count), *(Axis(f"i{i}", extents[i]) for i in others), *within]
    shape = tuple(axis.extent for axis in axes)
    name = f"{source.name}_{'rest' if stretch.first else 'panels'}"
    buffer = Buffer(name, source.dtype, shape, source.tensor, "arena")
    place = Affine()
    for axis, stride in zip(axes, buffer.strides, strict=True):
        place = place + Affine.of(axis) * stride
    along = Affine.of(axes[0]) * stretch.width + stretch.first
    for axis in within:
        along = along + Affine.of(axis)
    offset = along * source.strides[number]
    for axis, i in zip(axes[1:], others, strict=False):
        offset = offset + Affine.of(axis) * source.strides[i]
    store = Store(buffer, place, Load(load.dtype, source, offset))
    kept = tuple(axis for axis in axes if axis.extent != 1)
    nest = Nest(kept, (), (), (store,), (source.tensor,))
    if not within:
        _in_runs(nest, kept[-1])
    return buffer, nest


def _in_runs(copy: Nest, axis: Axis) -> None:
    """Write a matrix that is turned in runs, all rows of one run after the other.

    What is read lies in as many rows as a run is long, of which each gives a whole line at a time,
    or parts of two: these are then still there for the rows that come next.
    """
    run = next((run for run in _RUNS if hint(axis.extent) % run == 0), None)
    if run is None or run == axis.extent:
        return
    runs, within = Axis("run", int(str(axis.extent)) // run, outside=True), Axis(axis.name, run)
    rewrite_nest(copy, {axis: Affine.of(runs) * run + Affine.of(within)})
    copy.axes = (runs, *(within if each is axis else each for each in copy.axes))
