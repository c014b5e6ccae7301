"""Pass 4: how each nest is walked: vector axis, register tile, order, what is unrolled.

Every choice is by a cost model that counts, for one block of results held in registers, the
multiplications and the loads of one turn of the innermost loop:

- along the *vector axis* one instruction does `lanes` points. A load that moves by one element
  along it is one vector load, one that does not move is a scalar repeated in all lanes, any
  other stride is a slow gather (a copy that transposes loads whole squares along the memory, and
  turns them in registers). The vector axis may be a parallel axis, or a reduce axis: then
  each lane keeps a partial sum and the lanes are added at the end;
- along *tiled* axes several results are kept in registers, so that each loaded operand serves
  several of them;
- small reduce axes are *unrolled*, so that windows that overlap load shared elements once;
- what the loads wait for when the caches do not hold what they read is counted as lines moved
  between caches (`traffic`).

`walks` weighs nests with folds; this module the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from cairnet.base.errors import CompileError
from cairnet.compiler.accesses import Access, store_cost
from cairnet.compiler.calls import Call
from cairnet.compiler.costs import weight
from cairnet.compiler.loops import Axis, Load, Nest, Store, expressions
from cairnet.compiler.schedule import Schedule, Target, order_of
from cairnet.compiler.shape import hint
from cairnet.compiler.traffic import Footprint, caches_of, streamed
from cairnet.compiler.variation import float_width
from cairnet.compiler.walks import best_walks

__all__ = ["candidates", "tile"]

#: Cycles to find out where a block lies.
_BLOCK = 4.0
#: Rows of a block where rows are short, if there are so many vectors that it is worth the code.
_ROWS = (8, 7, 6, 5, 4, 3, 2)
_LONG_MAP = 4096


def tile(nest: Nest, target: Target) -> Schedule:
    """The cheapest way to walk a nest."""
    return candidates(nest, target, 1)[0]


def candidates(nest: Nest, target: Target, count: int) -> list[Schedule]:
    """The cheapest ways to walk a nest, at least one and at most `count`, the cheapest first."""
    if isinstance(nest, Call):
        # LAPACK's routines on small matrices: some four operations a cycle, and what a call costs.
        each = 500.0 + hint(nest.work) / 4
        cycles = each * math.prod(hint(axis.extent) for axis in nest.axes)
        return [Schedule(1, None, order=nest.axes, cycles=cycles)]
    if nest.kind == "sort":
        rows = math.prod(hint(axis.extent) for axis in nest.axes)
        length = hint(nest.reduce[0].extent)
        cycles = 12.0 * rows * length * max(math.log2(length or 1), 1.0)
        return [Schedule(1, None, order=nest.axes, reduce=nest.reduce, cycles=cycles)]
    lanes = _lanes(nest, target)
    vectors: list[Axis | None] = [*_vector_axes(nest)] or [None]
    if nest.folds:
        best = best_walks(nest, target, vectors, lanes, count)
    else:
        choices = [
            _map_schedule(nest, axis, lanes if axis else 1, tile)
            for axis in vectors
            for tile in ({}, *_map_tiles(nest, axis, lanes))
        ]
        best = sorted(choices, key=lambda choice: choice.cycles)[:count]
        passed = _passed(nest, target)
        best = [replace(choice, cycles=choice.cycles + passed) for choice in best]
    if not best:
        raise CompileError("a nest has no schedule")
    return best


def _lanes(nest: Nest, target: Target) -> int:
    sizes = [item.dtype.itemsize for item in expressions(nest.roots())]
    width = float_width(nest) or max([4, *sizes])
    return max(target.vector_bytes // width, 1)


def _vector_axes(nest: Nest) -> Iterator[Axis]:
    yield from (axis for axis in nest.axes if not axis.outside)
    if nest.kind == "map" and all(
        fold.kind in ("sum", "product", "max", "min") for fold in nest.folds
    ):
        yield from nest.reduce


def _passed(nest: Nest, target: Target) -> float:
    """Cycles in which memory brings what a nest without folds reads, and takes what it writes."""
    extents = {axis: hint(axis.extent) for axis in (*nest.axes, *nest.reduce)}
    lines = 0.0
    accesses: tuple[Load | Store, ...] = (*nest.loads(), *nest.stores)
    for access in accesses:
        strides = {axis: abs(hint(factor)) for axis, factor in access.offset.terms.items()}
        lines += Footprint(strides, access.buffer.dtype.itemsize).lines(extents)
    return streamed(lines, caches_of(target))


def _map_tiles(nest: Nest, vector: Axis | None, lanes: int) -> Iterator[dict[Axis, int]]:
    """Blocks of several rows: squares that are turned, or rows that few vectors fill."""
    if nest.kind != "map" or vector is None:
        return
    loads = [Access(load) for load in nest.loads()]
    axes = [axis for axis in nest.axes if axis is not vector and not axis.outside]
    for axis in axes:
        whole = not lanes & (lanes - 1) and hint(axis.extent) >= lanes
        if whole and any(load.turns(vector, axis) for load in loads):
            yield {axis: lanes}
    points = math.prod(hint(axis.extent) for axis in nest.axes)
    if not axes or points < _LONG_MAP * lanes or hint(vector.extent) > 2 * lanes:
        return
    for count in _ROWS:
        if isinstance(axes[-1].extent, int) and axes[-1].extent % count == 0:
            yield {axes[-1]: count}
            return


def _map_schedule(nest: Nest, vector: Axis | None, lanes: int, tile: dict[Axis, int]) -> Schedule:
    loads = [Access(load) for load in nest.loads()]
    turned = next((axis for axis, count in tile.items() if count == lanes), None)
    slots = sum(load.cost(vector, lanes, turned) for load in loads)
    slots += sum(store_cost(store, vector, lanes) for store in nest.stores)
    cost = weight([store.value for store in nest.stores]) + slots
    extent = hint(vector.extent) if vector is not None else 1
    blocks = max(math.ceil(extent / lanes), 1)
    rows = math.prod(tile.values())
    vectors = 1 if turned else max(1, min(4, blocks, int(96 / max(cost * rows, 1.0))))
    rest = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce) if axis is not vector)
    cycles = rest * (blocks * cost * 0.5 + _BLOCK * math.ceil(blocks / vectors) / rows)
    order = order_of(nest, vector)
    return Schedule(lanes, vector, vectors, tile, order, nest.reduce, cycles=cycles)
