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
from cairnet.compiler.loops import (
    Axis,
    Compute,
    Expression,
    Guarded,
    Load,
    Nest,
    expressions,
)
from cairnet.compiler.shape import hint
from cairnet.tensor.extent import Extent

__all__ = ["Schedule", "Target", "tile"]

_COSTLY = frozenset(
    "exp expm1 log log1p sigmoid softplus erf tanh sin cos tan asin acos atan sinh cosh asinh acosh "
    "atanh atan2 power".split()
)
_LATENCY = 4.0
_TILES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14)
_UNROLL_LIMIT = 128


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
    candidates = list(_vector_axes(nest))
    best: Schedule | None = None
    for vector in candidates or [None]:
        for choice in _schedules(nest, vector, lanes if vector is not None else 1, target):
            if best is None or choice.cycles < best.cycles:
                best = choice
    if best is None:
        best = Schedule(1, None, order=nest.axes, reduce=nest.reduce, cycles=1.0)
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
    """One load or store as the cost model sees it."""

    def __init__(self, strides: dict[Axis, object], axes: frozenset[Axis], mixed: bool) -> None:
        self.strides = strides
        self.axes = axes
        self.mixed = mixed

    def cost(self, vector: Axis | None, lanes: int) -> float:
        """Load slots for one (vector) access."""
        if vector is None or vector not in self.axes:
            return 1.0
        if self.mixed or self.strides.get(vector) not in (1, -1):
            return 1.2 * lanes
        return 1.0


def _access(load: Load) -> _Access:
    axes = set(load.offset.terms)
    for item in expressions(load.parts()):
        if isinstance(item, Load):
            axes |= set(item.offset.terms)
    computed = bool(load.computed) and len(axes) > len(load.offset.terms)
    inner = {axis for item in expressions(load.parts()) if isinstance(item, Load) for axis in item.offset.terms}
    return _VectorMixed(dict(load.offset.terms), frozenset(axes), computed, frozenset(inner))


class _VectorMixed(_Access):
    """An access whose place is computed along some axes: gathered along those only."""

    def __init__(
        self,
        strides: dict[Axis, object],
        axes: frozenset[Axis],
        computed: bool,
        inner: frozenset[Axis],
    ) -> None:
        super().__init__(strides, axes, False)
        self.inner = inner

    def cost(self, vector: Axis | None, lanes: int) -> float:
        if vector in self.inner:
            return 1.5 * lanes
        return super().cost(vector, lanes)


def _weight(roots: Sequence[Expression]) -> float:
    """Instructions of the arithmetic in some expressions, for one vector."""
    total = 0.0
    for item in expressions(roots):
        if isinstance(item, Compute):
            total += 14.0 if item.name in _COSTLY else 8.0 if item.name in ("divide", "sqrt") else 1.0
            if item.name == "threefry":
                total += 90.0
        elif isinstance(item, Guarded):
            total += 1.0
    return total


def _schedules(
    nest: Nest, vector: Axis | None, lanes: int, target: Target
) -> Iterator[Schedule]:
    if not nest.folds:
        yield _map_schedule(nest, vector, lanes)
        return
    inner = [_access(item) for item in _fold_loads(nest)]
    for unrolled in _unrollings(nest, vector):
        for vectors, tiles in _tiles(nest, vector, lanes, inner, target):
            yield _fold_schedule(nest, vector, lanes, vectors, tiles, unrolled, inner)


def _map_schedule(nest: Nest, vector: Axis | None, lanes: int) -> Schedule:
    accesses = [_access(load) for load in nest.loads()]
    slots = sum(access.cost(vector, lanes) for access in accesses)
    for store in nest.stores:
        stride = store.offset.coefficient(vector) if vector is not None else 1
        slots += 2.0 if stride == 1 and not store.computed else 2.0 * lanes
    weight = _weight([store.value for store in nest.stores]) + slots
    extent = hint(vector.extent) if vector is not None else 1
    vectors = _side_by_side(extent, lanes, weight) if vector is not None else 1
    blocks = math.ceil(extent / lanes) if vector is not None else 1
    rest = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce) if axis is not vector)
    cycles = rest * (blocks * weight * 0.6 + 4.0 * math.ceil(blocks / vectors))
    return Schedule(
        lanes,
        vector,
        vectors,
        order=_order(nest, vector),
        reduce=nest.reduce,
        cycles=cycles,
    )


def _side_by_side(extent: int, lanes: int, weight: float) -> int:
    whole = max(math.ceil(extent / lanes), 1)
    return max(1, min(4, whole, int(96 / max(weight, 1.0))))


def _order(nest: Nest, vector: Axis | None) -> tuple[Axis, ...]:
    """Parallel axes with the vector axis innermost."""
    kept = [axis for axis in nest.axes if axis is not vector]
    return (*kept, vector) if vector in nest.axes else tuple(kept)


def _fold_loads(nest: Nest) -> list[Load]:
    return [
        item
        for item in expressions([fold.value for fold in nest.folds])
        if isinstance(item, Load)
    ]


def _unrollings(nest: Nest, vector: Axis | None) -> Iterator[tuple[Axis, ...]]:
    """Reduce axes to write out: none, or the small ones along which windows overlap."""
    yield ()
    if nest.kind != "map":
        return
    small = [
        axis
        for axis in nest.reduce
        if axis is not vector and isinstance(axis.extent, int) and 1 < axis.extent <= 8
    ]
    for count in range(1, len(small) + 1):
        chosen = small[-count:]
        if math.prod(hint(axis.extent) for axis in chosen) <= 32:
            yield tuple(chosen)


def _tiles(
    nest: Nest, vector: Axis | None, lanes: int, accesses: Sequence[_Access], target: Target
) -> Iterator[tuple[int, dict[Axis, int]]]:
    """Numbers of vectors and register tiles that fit into the registers."""
    if any(fold.kind.startswith("arg") for fold in nest.folds) or nest.kind != "map":
        yield 1, {}
        return
    parallel = [axis for axis in nest.axes if axis is not vector]
    reused = [axis for axis in parallel if any(axis not in a.axes for a in accesses)][-4:]
    room = (target.registers - 2) // len(nest.folds)
    along = vector in nest.axes
    extent = hint(vector.extent) if vector is not None else 1
    most = min(4, math.ceil(extent / lanes)) if along else 1
    for vectors in range(1, most + 1):
        yield vectors, {}
        for count in range(1, 3):
            for axes in itertools.combinations(reused, count):
                options = [[t for t in _TILES[1:] if t <= hint(a.extent)] for a in axes]
                for sizes in itertools.product(*options):
                    held = vectors * math.prod(sizes)
                    operands = vectors + (max(sizes) if not along else 1)
                    if held + min(operands, 5) <= room:
                        yield vectors, dict(zip(axes, sizes, strict=True))


def _fold_schedule(
    nest: Nest,
    vector: Axis | None,
    lanes: int,
    vectors: int,
    tiles: dict[Axis, int],
    unrolled: tuple[Axis, ...],
    accesses: Sequence[_Access],
) -> Schedule:
    along = vector in nest.axes
    written_out = math.prod(hint(axis.extent) for axis in unrolled)
    held = vectors * math.prod(tiles.values())
    if held * written_out > _UNROLL_LIMIT and unrolled:
        return Schedule(lanes, vector, cycles=math.inf)
    slots = 0.0
    for access in accesses:
        count = access.cost(vector, lanes)
        if along and vector in access.axes:
            count *= vectors
        for axis, size in tiles.items():
            if axis in access.axes:
                count *= size
        slots += count * _sharing(access, tiles, unrolled)
    weight = max(_weight([fold.value for fold in nest.folds]), 1.0) * held
    turn = max(weight * 0.5, slots * 0.5, (weight + slots) * 0.3, _LATENCY)
    turn += 1.5 / written_out
    turns = 1.0
    for axis in nest.reduce:
        turns *= math.ceil(hint(axis.extent) / lanes) if axis is vector else hint(axis.extent)
    epilogue = held * (_weight([s.value for s in nest.stores]) + 2.0 * len(nest.stores)) * 0.6
    if vector is not None and not along:
        epilogue += held * 8.0
    blocks = 1.0
    for axis in nest.axes:
        size = lanes * vectors if axis is vector else tiles.get(axis, 1)
        blocks *= math.ceil(hint(axis.extent) / size)
    cycles = blocks * (turns * turn + epilogue + 20.0)
    loops = [axis for axis in nest.reduce if axis not in unrolled and axis is not vector]
    if vector is not None and not along:
        loops.append(vector)
    return Schedule(
        lanes, vector, vectors, tiles, _order(nest, vector), tuple(loops), unrolled, cycles
    )


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


def is_known(axis: Axis) -> bool:
    """Whether the extent is a number at compile time."""
    return not isinstance(axis.extent, Extent)
