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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import CompileError
from cairnet.compiler.bounds import bounding_axis, droppable_guards
from cairnet.compiler.loops import (
    Axis,
    Compute,
    Expression,
    Guard,
    Guarded,
    Load,
    Nest,
    Store,
    expressions,
)
from cairnet.compiler.shape import hint
from cairnet.tensor.extent import Size

__all__ = ["Schedule", "Target", "tile"]

#: Instructions of elementwise work, where it is neither one nor many.
_INSTRUCTIONS = {"divide": 8.0, "sqrt": 8.0, "threefry": 100.0, "floor_divide": 20.0}
_COSTLY = frozenset(
    "exp expm1 log log1p sigmoid softplus erf tanh sin cos tan asin acos atan sinh cosh asinh acosh "
    "atanh atan2 power".split()
)
#: Cycles from one combination to the next of the same accumulator.
_LATENCY = 4.0
#: Cycles that a gathered or scattered lane takes, in units of a whole vector load.
_GATHERED_LANE = 6.0
#: What a load costs whose guard has to be tested, in units of the load itself.
_TESTED = 2.5
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

    def describe(self) -> str:
        """The choice in one line."""
        tiles = ", ".join(f"{axis}×{count}" for axis, count in self.tile.items() if count > 1)
        vector = f"{self.vector}/{self.lanes}×{self.vectors}" if self.vector else "none"
        unrolled = ", ".join(map(str, self.unrolled)) or "nothing"
        return f"vector {vector}; tile {tiles or 'none'}; unrolled {unrolled}"


def tile(nest: Nest, target: Target) -> Schedule:
    """The cheapest way to walk a nest."""
    if nest.kind == "sort":
        rows = math.prod(hint(axis.extent) for axis in nest.axes)
        length = hint(nest.reduce[0].extent)
        cycles = 12.0 * rows * length * max(math.log2(length or 1), 1.0)
        return Schedule(1, None, order=nest.axes, reduce=nest.reduce, cycles=cycles)
    lanes = _lanes(nest, target)
    model = _FoldModel(nest, target) if nest.folds else None
    best: Schedule | None = None
    for vector in list(_vector_axes(nest)) or [None]:
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


def _weight(roots: Sequence[Expression]) -> float:
    """Instructions of the arithmetic in some expressions, for one vector."""
    total = 0.0
    for item in expressions(roots):
        if isinstance(item, Compute):
            total += _INSTRUCTIONS.get(item.name, 14.0 if item.name in _COSTLY else 1.0)
        elif isinstance(item, Guarded):
            total += 1.0
    return total


def _order(nest: Nest, vector: Axis | None) -> tuple[Axis, ...]:
    """Parallel axes with the vector axis innermost."""
    kept = [axis for axis in nest.axes if axis is not vector]
    return (*kept, vector) if vector in nest.axes else tuple(kept)


def _map_schedule(nest: Nest, vector: Axis | None, lanes: int) -> Schedule:
    slots = sum(_Access(load).cost(vector, lanes) for load in nest.loads())
    slots += sum(_store_cost(store, vector, lanes) for store in nest.stores)
    weight = _weight([store.value for store in nest.stores]) + slots
    extent = hint(vector.extent) if vector is not None else 1
    blocks = max(math.ceil(extent / lanes), 1)
    vectors = max(1, min(4, blocks, int(96 / max(weight, 1.0))))
    rest = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce) if axis is not vector)
    cycles = rest * (blocks * weight * 0.5 + 4.0 * math.ceil(blocks / vectors))
    order = _order(nest, vector)
    return Schedule(lanes, vector, vectors, order=order, reduce=nest.reduce, cycles=cycles)


def _store_cost(store: Store, vector: Axis | None, lanes: int) -> float:
    """The cost of one (vector) store, in units of a plain load."""
    if vector is None or (store.offset.coefficient(vector) == 1 and not store.computed):
        return 2.0
    return 1.5 * _GATHERED_LANE * lanes


class _FoldModel:
    """The cost of the ways to walk a nest with folds."""

    def __init__(self, nest: Nest, target: Target) -> None:
        self.nest = nest
        values = [fold.value for fold in nest.folds]
        self.accesses = [_Access(i) for i in expressions(values) if isinstance(i, Load)]
        self.droppable = droppable_guards(nest)
        self.weight = max(_weight(values), 1.0)
        self.stores = list(nest.stores)
        results = [store.value for store in nest.stores]
        self.store_loads = [_Access(i) for i in expressions(results) if isinstance(i, Load)]
        self.store_weight = _weight(results)
        self.room = (target.registers - 2) // len(nest.folds)
        self.positional = any(fold.kind.startswith("arg") for fold in nest.folds)

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
        written_out = math.prod(hint(axis.extent) for axis in unrolled)
        held = vectors * math.prod(tiles.values())
        if unrolled and held * written_out > _UNROLL_LIMIT:
            return Schedule(lanes, vector, cycles=math.inf)
        loops = [axis for axis in nest.reduce if axis not in unrolled and axis is not vector]
        turns = 1.0
        for axis in nest.reduce:
            extent = hint(axis.extent)
            turns *= math.ceil(extent / lanes) if axis is vector else extent
        slots = 0.0
        settled: dict[Guard, float] = {}
        for access in self.accesses:
            count = access.cost(vector, lanes) * self._sharing(access, tiles, unrolled)
            if along and vector in access.axes:
                count *= vectors
            for axis, size in tiles.items():
                if axis in access.axes:
                    count *= size
            for guard in access.guards:
                cut = None
                if guard in self.droppable:
                    cut = bounding_axis(guard, nest, loops, tiles, vector)
                if cut is None:
                    count *= _TESTED
                else:
                    settled[guard] = self._kept(guard, cut)
            slots += count
        turns *= math.prod(settled.values())
        work = self.weight * held
        turn = max(work * 0.5, slots * 0.5, (work + slots) * 0.3)
        if turns > 8:  # shorter chains overlap with those of the next block
            turn = max(turn, _LATENCY)
        turn += 1.5 / written_out
        epilogue = held * self._epilogue(vector if along else None, lanes)
        if vector is not None and not along:
            epilogue += held * 8.0
        blocks = 1.0
        for axis in nest.axes:
            size = lanes * vectors if axis is vector else tiles.get(axis, 1)
            blocks *= math.ceil(hint(axis.extent) / size)
        cycles = blocks * (turns * turn + epilogue + _BLOCK)
        if blocks < _SHARED_BLOCKS and cycles > _SHARED_CYCLES:
            cycles *= math.sqrt(_SHARED_BLOCKS / blocks)  # too few to share out among threads
        if vector is not None and not along:
            loops.append(vector)
        order = _order(nest, vector)
        return Schedule(lanes, vector, vectors, tiles, order, tuple(loops), unrolled, cycles)

    def _epilogue(self, vector: Axis | None, lanes: int) -> float:
        """Cycles to turn one accumulator into what is stored."""
        slots = sum(access.cost(vector, lanes) for access in self.store_loads)
        slots += sum(_store_cost(store, vector, lanes) for store in self.stores)
        return (self.store_weight + slots) * 0.6

    @staticmethod
    def _sharing(access: _Access, tiles: dict[Axis, int], unrolled: tuple[Axis, ...]) -> float:
        """How much of a load is left when overlapping windows share what they read."""
        factor = 1.0
        for axis, size in tiles.items():
            for tap in unrolled:
                stride = access.strides.get(axis)
                if stride is not None and access.strides.get(tap) == stride:
                    count = hint(tap.extent)
                    factor *= (size + count - 1) / (size * count)
                    break
        for tap in unrolled:
            if tap not in access.axes:
                factor /= hint(tap.extent)
        return factor

    @staticmethod
    def _kept(guard: Guard, cut: Axis) -> float:
        """The part of the turns that is left when a loop is cut short to where a guard holds."""
        wide = max(
            (hint(axis.extent) for axis in guard.index.terms if axis is not cut), default=1
        )
        return min(1.0, hint(guard.extent) / max(wide, 1))
