"""Pass 4: how each nest is walked: vector axis, register tile, order, what is unrolled.

Every choice is by a cost model that counts, for one block of results held in registers, the
multiplications and the loads of one turn of the innermost loop:

- along the *vector axis* one instruction does `lanes` points. A load that moves by one element
  along it is one vector load, one that does not move is a scalar repeated in all lanes, any
  other stride is a slow gather. The vector axis may be a parallel axis, or a reduce axis: then
  each lane keeps a partial sum and the lanes are added at the end;
- along *tiled* axes several results are kept in registers, so that each loaded operand serves
  several of them;
- small reduce axes are *unrolled*, so that windows that overlap load shared elements once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import CompileError
from cairnet.compiler.bounds import bounding_axis, droppable_guards
from cairnet.compiler.calls import Call
from cairnet.compiler.costs import weight
from cairnet.compiler.loops import (
    Axis,
    Guard,
    Load,
    Nest,
    Store,
    expressions,
)
from cairnet.compiler.shape import hint
from cairnet.tensor.extent import Size

__all__ = ["Schedule", "Target", "tile"]

#: Cycles from one combination to the next of the same accumulator.
_LATENCY = 4.0
#: Cycles that a gathered or scattered lane takes, in units of a whole vector load.
_GATHERED_LANE = 6.0
#: What a load costs whose guard has to be tested, in units of the load itself.
_TESTED = 2.5
#: Chains of no more than this many combinations overlap with those of the next block.
_OVERLAPPED = 8
#: Cycles to find out where a block lies.
_BLOCK = 10.0
_TILES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14)
_UNROLL_LIMIT = 128
#: Long work in fewer blocks than this cannot be shared evenly by threads.
_SHARED_BLOCKS = 4
_SHARED_CYCLES = 20_000.0


@dataclass(frozen=True)
class Target:
    """What the cost model needs to know of a machine."""

    vector_bytes: int
    registers: int


@dataclass(frozen=True)
class Schedule:
    """How a nest is walked.

    Attributes:
        lanes: points per vector instruction.
        vector: the axis that lies along the lanes; None for scalar code.
        vectors: how many vectors side by side along a parallel vector axis.
        tile: for tiled parallel axes the number of points kept in registers.
        order: the parallel axes from the outermost loop to the innermost.
        reduce: the reduce axes that are loops, outermost first (a vector axis comes last).
        unrolled: the reduce axes that are written out.
        cycles: what the cost model expects, on one core.
    """

    lanes: int
    vector: Axis | None
    vectors: int = 1
    tile: dict[Axis, int] = field(default_factory=dict)
    order: tuple[Axis, ...] = ()
    reduce: tuple[Axis, ...] = ()
    unrolled: tuple[Axis, ...] = ()
    cycles: float = 0.0

    def describe(self, names: Mapping[Axis, str] | None = None) -> str:
        """The choice in one line.

        Args:
            names: what to call the axes; default: their own names.
        """

        def listed(*axes: Axis) -> str:
            return ", ".join((names or {}).get(axis, axis.name) for axis in axes)

        if self.vector is None:
            parts = ["one element at a time"]
        else:
            side = f", {self.vectors} vectors side by side" if self.vectors > 1 else ""
            parts = [f"{self.lanes} lanes along {listed(self.vector)}{side}"]
        tile = [f"{count} of {listed(axis)}" for axis, count in self.tile.items() if count > 1]
        if tile:
            parts.append(f"{' × '.join(tile)} in registers")
        if self.unrolled:
            parts.append(f"{listed(*self.unrolled)} written out")
        return "; ".join(parts)


def tile(nest: Nest, target: Target) -> Schedule:
    """The cheapest way to walk a nest."""
    if isinstance(nest, Call):
        # LAPACK's routines on small matrices: some four operations a cycle, and what a call costs.
        each = 500.0 + hint(nest.work) / 4
        cycles = each * math.prod(hint(axis.extent) for axis in nest.axes)
        return Schedule(1, None, order=nest.axes, cycles=cycles)
    if nest.kind == "sort":
        rows = math.prod(hint(axis.extent) for axis in nest.axes)
        length = hint(nest.reduce[0].extent)
        cycles = 12.0 * rows * length * max(math.log2(length or 1), 1.0)
        return Schedule(1, None, order=nest.axes, reduce=nest.reduce, cycles=cycles)
    lanes = _lanes(nest, target)
    model = _FoldModel(nest, target) if nest.folds else None
    best: Schedule | None = None
    candidates: list[Axis | None] = [*_vector_axes(nest)]
    for vector in candidates or [None]:
        width = lanes if vector is not None else 1
        found = [_map_schedule(nest, vector, width)] if model is None else model.all(vector, width)
        for choice in found:
            if best is None or choice.cycles < best.cycles:
                best = choice
    if best is None:
        raise CompileError("a nest has no schedule")
    return best


def _lanes(nest: Nest, target: Target) -> int:
    dtypes = {item.dtype for item in expressions(nest.roots())}
    floats = [dtype.itemsize for dtype in dtypes if is_floating(dtype)]
    width = max(floats) if floats else max([4, *(dtype.itemsize for dtype in dtypes)])
    return max(target.vector_bytes // width, 1)


def _vector_axes(nest: Nest) -> Iterator[Axis]:
    yield from nest.axes
    if nest.kind == "map" and all(
        fold.kind in ("sum", "product", "max", "min") for fold in nest.folds
    ):
        yield from nest.reduce


class _Access:
    """A load as the cost model sees it: the axes that move it, and how."""

    def __init__(self, load: Load) -> None:
        self.strides: dict[Axis, Size] = dict(load.offset.terms)
        self.gathered = {
            axis
            for item in expressions(load.parts())
            if isinstance(item, Load)
            for axis in item.offset.terms
        }
        self.axes = frozenset((*self.strides, *self.gathered))
        self.guards = load.guards

    def cost(self, vector: Axis | None, lanes: int) -> float:
        """The cost of one (vector) load, in units of a plain one."""
        if vector is None or vector not in self.axes:
            return 1.0
        if vector in self.gathered or self.strides.get(vector) not in (1, -1):
            return _GATHERED_LANE * lanes
        return 1.0


def _order(nest: Nest, vector: Axis | None) -> tuple[Axis, ...]:
    """Parallel axes with the vector axis innermost."""
    kept = [axis for axis in nest.axes if axis is not vector]
    return (*kept, vector) if vector in nest.axes else tuple(kept)


def _map_schedule(nest: Nest, vector: Axis | None, lanes: int) -> Schedule:
    slots = sum(_Access(load).cost(vector, lanes) for load in nest.loads())
    slots += sum(_store_cost(store, vector, lanes) for store in nest.stores)
    cost = weight([store.value for store in nest.stores]) + slots
    extent = hint(vector.extent) if vector is not None else 1
    blocks = max(math.ceil(extent / lanes), 1)
    vectors = max(1, min(4, blocks, int(96 / max(cost, 1.0))))
    rest = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce) if axis is not vector)
    cycles = rest * (blocks * cost * 0.5 + 4.0 * math.ceil(blocks / vectors))
    order = _order(nest, vector)
    return Schedule(lanes, vector, vectors, order=order, reduce=nest.reduce, cycles=cycles)


def _store_cost(store: Store, vector: Axis | None, lanes: int) -> float:
    """The cost of one (vector) store, in units of a plain load."""
    if vector is None or (store.offset.coefficient(vector) == 1 and not store.computed):
        return 2.0
    return 1.5 * _GATHERED_LANE * lanes


@dataclass(frozen=True)
class _Walk:
    """One way to walk a nest: see `Schedule`; `vectors` is 1 along a reduce axis."""

    vector: Axis | None
    lanes: int
    vectors: int
    tiles: dict[Axis, int]
    loops: tuple[Axis, ...]
    unrolled: tuple[Axis, ...]


class _FoldModel:
    """The cost of the ways to walk a nest with folds."""

    def __init__(self, nest: Nest, target: Target) -> None:
        self.nest = nest
        self.extents = {axis: hint(axis.extent) for axis in (*nest.axes, *nest.reduce)}
        values = [fold.value for fold in nest.folds]
        self.accesses = [_Access(i) for i in expressions(values) if isinstance(i, Load)]
        self.droppable = droppable_guards(nest)
        self.weight = max(weight(values), 1.0)
        self.stores = list(nest.stores)
        results = [store.value for store in nest.stores]
        self.store_loads = [_Access(i) for i in expressions(results) if isinstance(i, Load)]
        self.store_weight = weight(results)
        self.room = (target.registers - 2) // len(nest.folds)
        self.positional = any(fold.kind.startswith("arg") for fold in nest.folds)
        self._epilogues: dict[Axis | None, float] = {}

    def all(self, vector: Axis | None, lanes: int) -> Iterator[Schedule]:
        """Every schedule worth a look for one vector axis."""
        for unrolled in self._unrollings(vector):
            for vectors, tiles in self._tiles(vector, lanes):
                yield self._schedule(vector, lanes, vectors, tiles, unrolled)

    def _unrollings(self, vector: Axis | None) -> Iterator[tuple[Axis, ...]]:
        """Reduce axes to write out: none, or the small ones along which windows overlap."""
        yield ()
        if self.nest.kind != "map":
            return
        small = [
            axis
            for axis in self.nest.reduce
            if axis is not vector and isinstance(axis.extent, int) and 1 < axis.extent <= 8
        ]
        for count in range(1, len(small) + 1):
            chosen = small[-count:]
            if math.prod(hint(axis.extent) for axis in chosen) <= 32:
                yield tuple(chosen)

    def _tiles(self, vector: Axis | None, lanes: int) -> Iterator[tuple[int, dict[Axis, int]]]:
        """Numbers of vectors and register tiles that fit into the registers."""
        yield 1, {}
        if self.positional or self.nest.kind != "map":
            return
        along = vector in self.nest.axes
        axes = [axis for axis in self.nest.axes if axis is not vector]
        if len(self.accesses) > 1:
            axes = [axis for axis in axes if any(axis not in a.axes for a in self.accesses)]
        axes = axes[-4:]
        extent = hint(vector.extent) if vector is not None else 1
        most = max(min(4, math.ceil(extent / lanes)), 1) if along else 1
        for vectors in range(1, most + 1):
            if vectors > 1:
                yield vectors, {}
            for count in (1, 2):
                for chosen in itertools.combinations(axes, count):
                    options = [[t for t in _TILES if t <= hint(a.extent)] for a in chosen]
                    for sizes in itertools.product(*options):
                        held = vectors * math.prod(sizes)
                        operands = vectors + (1 if along else max(sizes))
                        if held + min(operands, 5) <= self.room:
                            yield vectors, dict(zip(chosen, sizes, strict=True))

    def _schedule(
        self,
        vector: Axis | None,
        lanes: int,
        vectors: int,
        tiles: dict[Axis, int],
        unrolled: tuple[Axis, ...],
    ) -> Schedule:
        nest = self.nest
        along = vector in nest.axes
        held = vectors * math.prod(tiles.values())
        extents = self.extents
        if unrolled and held * math.prod(extents[axis] for axis in unrolled) > _UNROLL_LIMIT:
            return Schedule(lanes, vector, cycles=math.inf)
        loops = [axis for axis in nest.reduce if axis not in unrolled and axis is not vector]
        walk = _Walk(vector, lanes, vectors if along else 1, tiles, tuple(loops), unrolled)
        epilogue = held * self._epilogue(vector if along else None, lanes)
        if vector is not None and not along:
            epilogue += held * 8.0
        blocks = 1.0
        for axis in nest.axes:
            size = lanes * vectors if axis is vector else tiles.get(axis, 1)
            blocks *= math.ceil(extents[axis] / size)
        cycles = blocks * (self._folding(walk, held) + epilogue + _BLOCK)
        if blocks < _SHARED_BLOCKS and cycles > _SHARED_CYCLES:
            cycles *= math.sqrt(_SHARED_BLOCKS / blocks)  # too few to share out among threads
        if vector is not None and not along:
            loops.append(vector)
        order = _order(nest, vector)
        return Schedule(lanes, vector, vectors, tiles, order, tuple(loops), unrolled, cycles)

    def _folding(self, walk: _Walk, held: int) -> float:
        """Cycles of all turns of the loops over the reduce axes, for one block."""
        turns = 1.0
        for axis in self.nest.reduce:
            extent = self.extents[axis]
            turns *= math.ceil(extent / walk.lanes) if axis is walk.vector else extent
        slots = 0.0
        settled: dict[Guard, float] = {}
        for access in self.accesses:
            count = self._loads(access, walk)
            for guard in access.guards:
                cut = self._cut(guard, walk)
                if cut is None:
                    count *= _TESTED
                else:
                    settled[guard] = self._kept(guard, cut)
            slots += count
        turns *= math.prod(settled.values())
        work = self.weight * held
        turn = max(work * 0.5, slots * 0.5, (work + slots) * 0.3)
        if turns > _OVERLAPPED:
            turn = max(turn, _LATENCY)
        turn += 1.5 / math.prod(self.extents[axis] for axis in walk.unrolled)
        return turns * turn

    def _loads(self, access: _Access, walk: _Walk) -> float:
        """Plain loads that one load costs in a turn, for all points of the block."""
        count = access.cost(walk.vector, walk.lanes)
        count *= self._sharing(access, walk.tiles, walk.unrolled)
        if walk.vector in access.axes:
            count *= walk.vectors
        for axis, size in walk.tiles.items():
            if axis in access.axes:
                count *= size
        return count

    def _cut(self, guard: Guard, walk: _Walk) -> Axis | None:
        """The loop that is cut short for a guard, if one is."""
        if guard not in self.droppable:
            return None
        return bounding_axis(guard, self.nest, walk.loops, walk.tiles, walk.vector)

    def _epilogue(self, vector: Axis | None, lanes: int) -> float:
        """Cycles to turn one accumulator into what is stored, the same for every register tile."""
        if vector not in self._epilogues:
            slots = sum(access.cost(vector, lanes) for access in self.store_loads)
            slots += sum(_store_cost(store, vector, lanes) for store in self.stores)
            self._epilogues[vector] = (self.store_weight + slots) * 0.6
        return self._epilogues[vector]

    def _sharing(
        self, access: _Access, tiles: dict[Axis, int], unrolled: tuple[Axis, ...]
    ) -> float:
        """How much of a load is left when overlapping windows share what they read."""
        factor = 1.0
        for axis, size in tiles.items():
            for tap in unrolled:
                stride = access.strides.get(axis)
                if stride is not None and access.strides.get(tap) == stride:
                    count = self.extents[tap]
                    factor *= (size + count - 1) / (size * count)
                    break
        for tap in unrolled:
            if tap not in access.axes:
                factor /= self.extents[tap]
        return factor

    @staticmethod
    def _kept(guard: Guard, cut: Axis) -> float:
        """The part of the turns that is left when a loop is cut short to where a guard holds."""
        wide = max((hint(axis.extent) for axis in guard.index.terms if axis is not cut), default=1)
        return min(1.0, hint(guard.extent) / max(wide, 1))
