"""The ways to walk a nest with folds, and what each is expected to take.

A *family* is a choice of the vector axis and of the reduce axes that are written out; its members
differ in how many results a block keeps in registers. What their costs have in common is worked out
once, because a convolution has thousands of members.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cairnet.compiler.accesses import GATHERED_LANE, Access, store_cost
from cairnet.compiler.border import Border, Untested
from cairnet.compiler.costs import arithmetic, weight
from cairnet.compiler.loops import Axis, Guard, Load, Nest, expressions
from cairnet.compiler.schedule import Schedule, Target, order_of
from cairnet.compiler.shape import hint
from cairnet.compiler.traffic import EVERYTHING, LINE, Footprint, caches_of, fetched, streamed
from cairnet.tensor.extent import Size

__all__ = ["best_walks"]

#: Cycles from one combination to the next of the same accumulator.
_LATENCY = 4.0
#: Cycles for each operation and each load of a turn: so many instructions begin at once.
_BEGUN = 0.33
#: What a load costs whose guard has to be tested, in units of the load itself.
_TESTED = 2.5
#: Chains of no more than this many combinations overlap with those of the next block.
_OVERLAPPED = 8
#: Cycles to find out where a block lies.
_BLOCK = 10.0
#: Cycles to leave a loop and begin the next.
_START = 8.0
_TILES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14)
#: Vectors side by side where no element is read twice, so that only the way to the memory counts.
_WIDE = (6, 8, 12, 16)
_UNROLL_LIMIT = 128
#: Along axes of no more points than this, a tile of three axes holds all of them.
_SHORT = 4
#: Cycles to bring a line into the first-level cache from the second, into that from the third, and
#: into that from memory.
_LINE_CYCLES = (2.1, 6.0, 6.0)
#: A family that takes so many times as long as the best so far, at best, is not looked at.
_HOPELESS = 2.0
#: What a smaller block at the edge costs: it is written out as well, and has to be compiled.
_EDGE = 1.03
#: Long work in fewer blocks than this cannot be shared evenly by threads.
_SHARED_BLOCKS = 4
_SHARED_CYCLES = 20_000.0

#: How many vectors along the vector axis, and how many points along others, a block holds.
_Tile = tuple[int, dict[Axis, int]]


def best_walks(
    nest: Nest, target: Target, vectors: Iterable[Axis | None], lanes: int, count: int
) -> list[Schedule]:
    """The cheapest ways to walk a nest with folds, from the cheapest on.

    Every way is weighed by its instructions first. That is the least it can take, so the caches
    are only counted for as many, from the cheapest on, as could still be among the best.

    Args:
        nest: a nest with folds.
        target: the machine.
        vectors: the axes that may lie along the lanes.
        lanes: points per vector instruction.
        count: how many are wanted.
    """
    model = _Model(nest, target)
    families = [
        _Family(model, vector, lanes if vector is not None else 1, unrolled)
        for vector in vectors
        for unrolled in model.unrollings(vector)
    ]
    found: list[tuple[float, int, _Family, _Tile]] = []
    least = math.inf
    for family in sorted(families, key=_Family.bound):
        if family.bound() > _HOPELESS * least:
            break
        for tile in model.tiles(family.vector, family.lanes):
            cycles = family.cycles(*tile)
            if cycles < math.inf:
                found.append((cycles, len(found), family, tile))
                least = min(least, cycles)
    found.sort()
    best: list[tuple[float, int, _Family, _Tile]] = []
    for rank, (instructions, _, family, tile) in enumerate(found):
        if len(best) == count and instructions >= best[-1][0]:
            break
        cycles = max(instructions, family.waiting(*tile))
        bisect.insort(best, (cycles, rank, family, tile))
        del best[count:]
    return [family.schedule(*tile, cycles + model.written) for cycles, _, family, tile in best]


class _Model:
    """What the cost model reads off a nest."""

    def __init__(self, nest: Nest, target: Target) -> None:
        self.nest = nest
        self.extents = {axis: hint(axis.extent) for axis in (*nest.axes, *nest.reduce)}
        values = [fold.value for fold in nest.folds]
        self.axes = frozenset(nest.axes)
        self.accesses = [Access(i) for i in expressions(values) if isinstance(i, Load)]
        self.arithmetic = arithmetic(values)
        #: Of what has to be done for every result.
        self.weight = max(sum(cost for cost, axes in self.arithmetic if axes >= self.axes), 1.0)
        results = [store.value for store in nest.stores]
        self.store_loads = [Access(i) for i in expressions(results) if isinstance(i, Load)]
        self.store_weight = weight(results)
        self.room = (target.registers - 2) // len(nest.folds)
        self._tiles: dict[Axis | None, list[_Tile]] = {}
        self.positional = any(fold.kind.startswith("arg") for fold in nest.folds)
        self.footprints = [
            Footprint({axis: abs(hint(s)) for axis, s in access.strides.items()}, access.itemsize)
            for access in self.accesses
        ]
        several = {axis for axis, extent in self.extents.items() if extent > 1}
        #: Whether something is read of which every point takes an element of its own.
        self.streams = any(several <= access.strides.keys() for access in self.accesses)
        self.caches = caches_of(target)
        stores = [
            Footprint({a: abs(hint(f)) for a, f in s.offset.terms.items()}, s.buffer.dtype.itemsize)
            for s in nest.stores
        ]
        #: Cycles to take away what is written.
        self.written = streamed(sum(each.lines(self.extents) for each in stores), self.caches)

    def unrollings(self, vector: Axis | None) -> Iterator[tuple[Axis, ...]]:
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

    def tiles(self, vector: Axis | None, lanes: int) -> Sequence[_Tile]:
        """Numbers of vectors and register tiles that fit into the registers."""
        if vector not in self._tiles:
            self._tiles[vector] = list(self._fitting(vector, lanes))
        return self._tiles[vector]

    def _fitting(self, vector: Axis | None, lanes: int) -> Iterator[_Tile]:
        yield 1, {}
        if self.positional or self.nest.kind != "map":
            return
        along = vector in self.nest.axes
        axes = [a for a in self.nest.axes if a is not vector and not a.outside]
        if len(self.accesses) > 1:
            axes = [axis for axis in axes if any(axis not in a.axes for a in self.accesses)]
        axes = axes[-4:]
        extent = hint(vector.extent) if vector is not None else 1
        most = max(min(4, math.ceil(extent / lanes)), 1) if along else 1
        if self.streams and along:
            blocks = math.ceil(extent / lanes)
            yield from ((n, {}) for n in _WIDE if n <= blocks and n + 5 <= self.room)
        for vectors in range(1, most + 1):
            if vectors > 1:
                yield vectors, {}
            for count in (1, 2, 3):
                for chosen in itertools.combinations(axes, count):
                    options = _options([self.extents[axis] for axis in chosen])
                    for sizes in itertools.product(*options):
                        held = vectors * math.prod(sizes)
                        operands = vectors + (1 if along else max(sizes))
                        if held + min(operands, 5) <= self.room:
                            yield vectors, dict(zip(chosen, sizes, strict=True))


def _options(extents: Sequence[int]) -> list[list[int]]:
    """The sizes of a tile along some axes; along three, it holds the whole of two short ones.

    So all taps of a window can be held with several channels: what they read is read but once.
    """
    if len(extents) < 3:
        return [_sizes(extent) for extent in extents]
    short = [place for place, extent in enumerate(extents) if extent <= _SHORT]
    if len(short) < 2:
        return [[] for _ in extents]
    return [
        [extent] if place in short[:2] else _sizes(extent) for place, extent in enumerate(extents)
    ]


def _sizes(extent: int) -> list[int]:
    """Points of a tile along an axis: those with which no smaller tile needs as few blocks."""
    kept: dict[int, int] = {}
    for size in _TILES:
        if size <= extent:
            kept.setdefault(math.ceil(extent / size), size)
    return list(kept.values())


def _overlap(along: Size | None, tap: Size) -> bool:
    """Whether windows side by side, each so far from the next, meet in a tap, forwards or back."""
    return isinstance(along, int) and isinstance(tap, int) and abs(along) == abs(tap)


@dataclass(frozen=True)
class _Read:
    """A load in one family.

    Attributes:
        access: the load.
        cost: what it costs in a turn, for one point of a block of one vector.
        along: whether it moves along the lanes.
        shared: for axes along which windows overlap the number of taps written out.
        guards: what may have to be tested.
    """

    access: Access
    cost: float
    along: bool
    shared: dict[Axis, int]
    guards: tuple[Guard, ...]


class _Family:
    """The walks with one vector axis and one choice of axes that are written out."""

    def __init__(
        self, model: _Model, vector: Axis | None, lanes: int, unrolled: tuple[Axis, ...]
    ) -> None:
        self.model = model
        self.vector = vector
        self.lanes = lanes
        self.unrolled = unrolled
        nest, extents = model.nest, model.extents
        self.along = vector in nest.axes
        self.loops = [axis for axis in nest.reduce if axis not in unrolled and axis is not vector]
        self.taps = math.prod(extents[axis] for axis in unrolled)
        self.turns = 1.0
        for axis in nest.reduce:
            extent = extents[axis]
            self.turns *= math.ceil(extent / lanes) if axis is vector else extent
        self.reads = [self._read(access) for access in model.accesses]
        self.border = Border(nest, vector, self.loops, (g for r in self.reads for g in r.guards))
        self.epilogue = self._epilogue()

    def _read(self, access: Access) -> _Read:
        extents = self.model.extents
        cost = access.cost(self.vector, self.lanes)
        shared: dict[Axis, int] = {}
        for tap in self.unrolled:
            if tap not in access.strides:
                cost /= 1 if tap in access.axes else extents[tap]
                continue
            for axis in self.model.nest.axes:
                if _overlap(access.strides.get(axis), access.strides[tap]):
                    shared.setdefault(axis, extents[tap])
        return _Read(access, cost, self.vector in access.axes, shared, access.guards)

    def _epilogue(self) -> float:
        """Cycles to turn one accumulator into what is stored."""
        model = self.model
        vector = self.vector if self.along else None
        slots = sum(access.cost(vector, self.lanes) for access in model.store_loads)
        slots += sum(store_cost(store, vector, self.lanes) for store in model.nest.stores)
        across = 8.0 if self.vector is not None and not self.along else 0.0
        return (model.store_weight + slots) * 0.6 + across

    def bound(self) -> float:
        """Fewer cycles than any member takes: registers full of results, all loads but the slow."""
        model = self.model
        points = self.turns * self.border.least
        for axis in model.nest.axes:
            extent = model.extents[axis]
            points *= math.ceil(extent / self.lanes) if axis is self.vector else extent
        slow = sum(read.cost for read in self.reads if read.cost >= GATHERED_LANE)
        return points * max(model.weight * 0.5, slow * 0.5 / model.room)

    def cycles(self, vectors: int, tiles: dict[Axis, int]) -> float:
        """What the instructions of a walk take."""
        model = self.model
        held = vectors * math.prod(tiles.values())
        operands = vectors if self.along else 2
        if self.unrolled and not (
            held * self.taps <= _UNROLL_LIMIT and held + self._kept(tiles) + operands <= model.room
        ):
            return math.inf
        blocks = edges = 1.0
        for axis in model.nest.axes:
            size = self.lanes * vectors if axis is self.vector else tiles.get(axis, 1)
            blocks *= math.ceil(model.extents[axis] / size)
            if model.extents[axis] % size:
                edges *= _EDGE
        untested = self.border.untested(tiles, held * self.taps)
        if untested.times > 1:
            edges *= _EDGE
        each = self._folding(vectors, tiles, untested) + held * self.epilogue + _BLOCK
        cycles = blocks * each * edges
        if blocks < _SHARED_BLOCKS and cycles > _SHARED_CYCLES:
            cycles *= math.sqrt(_SHARED_BLOCKS / blocks)  # too few to share out among threads
        return cycles

    def _folding(self, vectors: int, tiles: dict[Axis, int], untested: Untested) -> float:
        """Cycles of all turns of the loops over the reduce axes, for one block."""
        slots = 0.0
        for read in self.reads:
            count = read.cost * vectors if read.along and self.along else read.cost
            for axis, size in tiles.items():
                if axis in read.shared:
                    count *= (size + read.shared[axis] - 1) / read.shared[axis]
                elif axis in read.access.axes:
                    count *= size
            slots += count * _TESTED ** sum(guard not in untested.guards for guard in read.guards)
        turns = self.turns * untested.left
        work = self._work(vectors, tiles)
        turn = max(work * 0.5, slots * 0.5, (work + slots) * _BEGUN)
        if turns > _OVERLAPPED:
            turn = max(turn, _LATENCY)
        return turns * (turn + (1.5 + _START * untested.ends) / self.taps)

    def _work(self, vectors: int, tiles: dict[Axis, int]) -> float:
        """Cycles of the arithmetic of one turn; what several results share is done once."""
        total = 0.0
        for cost, axes in self.model.arithmetic:
            count = cost * vectors if self.along and self.vector in axes else cost
            count *= math.prod(size for axis, size in tiles.items() if axis in axes)
            count /= math.prod(self.model.extents[tap] for tap in self.unrolled if tap not in axes)
            total += count
        return max(total, 1.0)

    def _kept(self, tiles: dict[Axis, int]) -> int:
        """Registers for what was loaded at one tap and is wanted again at the next."""
        return sum(
            math.prod(size for axis, size in tiles.items() if axis in read.access.axes)
            for read in self.reads
            if not read.shared.keys().isdisjoint(tiles)
        )

    def waiting(self, vectors: int, tiles: dict[Axis, int]) -> float:
        """Cycles in which the caches bring what a walk loads."""
        extents = self.model.extents
        block = {**tiles, **{axis: extents[axis] for axis in self.unrolled}}
        if self.vector is not None:
            block[self.vector] = self.lanes * (vectors if self.along else 1)
        schedule = self.schedule(vectors, tiles, 0.0)
        loops = [
            (axis, block.get(axis, 1), extents[axis])
            for axis in (*reversed(schedule.reduce), *reversed(schedule.order))
        ]
        caches = self.model.caches
        *lines, once = fetched(self.model.footprints, block, loops, [*caches, EVERYTHING])
        lines[-1] -= min(once, caches[-1].lines)  # what was written a moment ago is still there
        near, far, memory = (n * cost for n, cost in zip(lines, _LINE_CYCLES, strict=True))
        run = 1
        if self.model.streams and self.along:
            # Neighbouring lines are brought together: what is waited for is the first of a run.
            run = vectors * self.lanes * max(read.access.itemsize for read in self.reads) // LINE
        return near + far / max(run, 1) + memory

    def schedule(self, vectors: int, tiles: dict[Axis, int], cycles: float) -> Schedule:
        """The walk that keeps so many vectors and points in registers."""
        nest = self.model.nest
        inner = () if self.vector is None or self.along else (self.vector,)
        return Schedule(
            self.lanes,
            self.vector,
            vectors,
            tiles,
            order_of(nest, self.vector),
            (*self.loops, *inner),
            self.unrolled,
            cycles,
        )
