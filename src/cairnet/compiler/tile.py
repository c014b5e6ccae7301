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

from cairnet.base.errors import CompileError
from cairnet.compiler.accesses import Access, store_cost
from cairnet.compiler.calls import Call
from cairnet.compiler.costs import weight
from cairnet.compiler.loops import Axis, Nest, expressions
from cairnet.compiler.schedule import Schedule, Target, order_of
from cairnet.compiler.shape import hint
from cairnet.compiler.variation import float_width
from cairnet.compiler.walks import best_walks

__all__ = ["candidates", "tile"]


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
            _map_schedule(nest, axis, lanes if axis else 1, across)
            for axis in vectors
            for across in (None, *_across(nest, axis, lanes))
        ]
        best = sorted(choices, key=lambda choice: choice.cycles)[:count]
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


def _across(nest: Nest, vector: Axis | None, lanes: int) -> Iterator[Axis]:
    """Axes along which lie in memory what some load would gather along the lanes."""
    loads = [Access(load) for load in nest.loads()] if nest.kind == "map" else []
    for axis in nest.axes:
        if axis.outside or lanes & (lanes - 1) or hint(axis.extent) < lanes:
            continue
        if any(load.turns(vector, axis) for load in loads):
            yield axis


def _map_schedule(nest: Nest, vector: Axis | None, lanes: int, across: Axis | None) -> Schedule:
    slots = sum(Access(load).cost(vector, lanes, across) for load in nest.loads())
    slots += sum(store_cost(store, vector, lanes) for store in nest.stores)
    cost = weight([store.value for store in nest.stores]) + slots
    extent = hint(vector.extent) if vector is not None else 1
    blocks = max(math.ceil(extent / lanes), 1)
    vectors = 1 if across else max(1, min(4, blocks, int(96 / max(cost, 1.0))))
    rest = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce) if axis is not vector)
    together = vectors if across is None else lanes
    cycles = rest * (blocks * cost * 0.5 + 4.0 * math.ceil(blocks / together))
    order = order_of(nest, vector)
    tile = {} if across is None else {across: lanes}
    return Schedule(lanes, vector, vectors, tile, order, nest.reduce, cycles=cycles)
