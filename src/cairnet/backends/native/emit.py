"""Pass 6: one scheduled nest becomes one LLVM function.

The function computes the blocks `begin` to `end` of the nest; a block is one register tile of
results. Its skeleton:

    for block in begin … end:
        where the block lies along each parallel axis
        accumulators := identity
        for reduce axes: for written-out taps: accumulators := combine(accumulators, value)
        add up the lanes, if the vector axis is a reduce axis
        stores

Values are written for every point of the tile; equal loads and equal subexpressions of different
points are written once, which is what a register tile is for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from cairnet.backends.native.addresses import Place
from cairnet.backends.native.ahead import emit_parts, loads_ahead
from cairnet.backends.native.blocks import Blocks, Tile, constant_mask
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.calls import emit_call
from cairnet.backends.native.checked import STEP, CheckedBuilder
from cairnet.backends.native.edges import Edges, Known
from cairnet.backends.native.evaluate import Evaluator
from cairnet.backends.native.folds import Accumulator, across_lanes, side_by_side
from cairnet.backends.native.sorting import Row, emit_sort, sorted_axis
from cairnet.compiler.calls import Call
from cairnet.compiler.foresight import FETCH
from cairnet.compiler.loops import Affine, Axis, Buffer, Guard, Load, Nest, expressions
from cairnet.compiler.rows import row_of
from cairnet.compiler.schedule import Schedule
from cairnet.tensor.extent import Extent, Size

__all__ = ["Kernel", "emit_kernel"]

#: Writes one turn of the innermost loop: with the lanes that fold, and where the loops are.
Turn = Callable[[Evaluator, Value | None, Known], None]
#: Values that are held in registers between being read and being written.
_HELD = 24


@dataclass(frozen=True)
class Kernel:
    """An emitted nest.

    Attributes:
        text: the LLVM function, named `@KERNEL`.
        declarations: what the module must declare for it.
        arguments: what its parameters after (begin, end) are: buffers and extents.
        blocks: for each loop over blocks the extent and the step; their rounded-up quotients
            multiply to the number of blocks.
        cycles: the cost that the schedule expects.
        returning: whether the blocks from `end` down to `begin` may be asked for, by handing over
            `end` first.
    """

    text: str
    declarations: frozenset[str]
    arguments: tuple[Buffer | Extent, ...]
    blocks: tuple[tuple[Size, int], ...]
    cycles: float
    returning: bool = False


def emit_kernel(
    nest: Nest,
    schedule: Schedule,
    memory: Callable[[Buffer], Buffer],
    checked: bool = False,
) -> Kernel:
    """Write the function of a nest.

    Args:
        nest: what to compute.
        schedule: how to walk it.
        memory: for each buffer the buffer whose memory it is (itself, or a variable updated in
            place), so that one piece of memory is one parameter.
        checked: whether every load and store is tested before it happens.
    """
    return _Emitter(nest, schedule, memory, checked).kernel()


class _Emitter:
    def __init__(
        self,
        nest: Nest,
        schedule: Schedule,
        memory: Callable[[Buffer], Buffer],
        checked: bool,
    ) -> None:
        self.nest = nest
        self.schedule = schedule
        # LLVM would copy a kernel into the program that calls it, and then work on one function as
        # long as all of them: that takes a third more time and gains nothing.
        attributes = "nounwind noinline"
        blocks = [("i64", "begin"), ("i64", "end")]
        self.builder = (
            CheckedBuilder("KERNEL", [*blocks, STEP], attributes=attributes)
            if checked
            else Builder("KERNEL", blocks, attributes=attributes)
        )
        self.arguments: list[Buffer | Extent] = []
        self._parameters: dict[Buffer | Extent, Value] = {}
        self.memory = memory
        self.blocks = Blocks(self.builder, schedule, self.size, self._block)
        found = self._fold_guards()
        self.edges = Edges(self.builder, nest, schedule, found, self.size)
        self.settled = self.edges.settled
        self.guards = tuple(guard for guard in found if guard not in self.settled)

    # -- parameters ----------------------------------------------------------------------------

    def pointer(self, buffer: Buffer) -> Value:
        """The parameter that holds where a buffer lies."""
        return self._parameter(self.memory(buffer), "ptr", "noalias")

    def size(self, size: Size) -> Value:
        """An extent as a value: a constant, or a parameter."""
        if isinstance(size, Extent):
            return self._parameter(size, "i64")
        return self.builder.integer(size)

    def _parameter(self, item: Buffer | Extent, type_: str, attribute: str = "") -> Value:
        if item not in self._parameters:
            name = f"p{len(self.arguments)}"
            self.arguments.append(item)
            self.builder.parameters.append((f"{type_} {attribute}".strip(), name))
            self._parameters[item] = Value(type_, f"%{name}")
            if isinstance(item, Buffer) and isinstance(self.builder, CheckedBuilder):
                number, size = len(self.arguments) - 1, self.size(item.size)
                self.builder.bound(self._parameters[item], size, item.dtype.itemsize, number)
        return self._parameters[item]

    # -- the function --------------------------------------------------------------------------

    def kernel(self) -> Kernel:
        """Write everything."""
        builder = self.builder
        with self._numbers() as number:
            indices = self.blocks.indices(number)
            if isinstance(self.nest, Call):
                emit_call(self.builder, self.nest, self._at(indices), self.size)
            elif self.nest.kind == "sort":
                self._sort(indices)
            elif self.nest.kind == FETCH:
                self._fetch(indices)
            else:
                self.blocks.walk(indices)
        builder.line("ret void")
        return Kernel(
            builder.text(),
            frozenset(builder.declarations),
            tuple(self.arguments),
            self.blocks.steps,
            self.schedule.cycles,
            self.schedule.returning,
        )

    @contextmanager
    def _numbers(self) -> Iterator[Value]:
        """The numbers of the blocks; those of a nest that returns may go down from `begin`."""
        builder = self.builder
        begin, end = builder.parameter(0), builder.parameter(1)
        if not self.schedule.returning:
            with builder.loop(begin, end, stem="block") as number:
                yield number
            return
        back = builder.compare("icmp sgt", begin, end)
        low, high = builder.select(back, end, begin), builder.select(back, begin, end)
        last = builder.binary("sub", high, builder.integer(1))
        count = builder.binary("sub", high, low)
        with builder.loop(builder.integer(0), count, stem="block") as place:
            forth = builder.binary("add", low, place)
            yield builder.select(back, builder.binary("sub", last, place), forth)

    # -- one block -----------------------------------------------------------------------------

    def _block(self, bases: Mapping[Axis, Value], tile: Tile) -> None:
        self.edges.split(self.blocks, bases, tile, partial(self._part, tile))

    def _part(self, tile: Tile, bases: Mapping[Axis, Value], known: Known) -> None:
        """Blocks that have in common which of their taps lie beyond the edge."""
        if not self.guards:
            self._body(bases, tile, known, guarded=False)
            return
        inside = self._all_inside(bases, tile)
        self.blocks.either(
            inside,
            lambda: self._body(bases, tile, known, guarded=False),
            lambda: self._body(bases, tile, known, guarded=True),
        )

    def _fold_guards(self) -> tuple[Guard, ...]:
        """The guards of the folds and of their loads; mostly they hold for a whole block."""
        if not self.nest.folds:
            return ()
        found: dict[Guard, None] = {}
        for fold in self.nest.folds:
            found.update(dict.fromkeys(fold.guards))
            for item in expressions([fold.value]):
                if isinstance(item, Load):
                    found.update(dict.fromkeys(item.guards))
        return tuple(found)

    def _all_inside(self, bases: Mapping[Axis, Value], tile: Tile) -> Value:
        """Whether all guards hold at every point of the block and every turn of its loops."""
        builder = self.builder
        result: Value | None = None
        for guard in self.guards:
            low, high = self._range(guard.index, bases, tile)
            above = builder.compare("icmp sge", low, builder.integer(0))
            below = builder.compare("icmp slt", high, self.size(guard.extent))
            both = builder.binary("and", above, below)
            result = both if result is None else builder.binary("and", result, both)
        return result if result is not None else Value("i1", "true")

    def _range(self, index: Affine, bases: Mapping[Axis, Value], tile: Tile) -> tuple[Value, Value]:
        builder = self.builder
        low = high = self.size(index.constant)
        for axis, factor in index.terms.items():
            scale = self.size(factor)
            if axis in bases:
                moved = builder.binary("mul", bases[axis], scale)
                low, high = builder.binary("add", low, moved), builder.binary("add", high, moved)
                width = tile.sizes.get(axis, 1)
                if axis is self.schedule.vector:
                    width = tile.vectors * self.schedule.lanes
                last = builder.integer(width - 1)
            else:
                last = builder.binary("sub", self.size(axis.extent), builder.integer(1))
            reach = builder.binary("mul", last, scale)
            zero = builder.integer(0)
            low = builder.binary("add", low, builder.call("i64", "llvm.smin.i64", reach, zero))
            high = builder.binary("add", high, builder.call("i64", "llvm.smax.i64", reach, zero))
        return low, high

    def _body(self, bases: Mapping[Axis, Value], tile: Tile, known: Known, guarded: bool) -> None:
        nest, schedule = self.nest, self.schedule
        points = self._points(tile)
        along = schedule.vector in nest.axes
        evaluator = Evaluator(
            self.builder,
            self,
            schedule.vector,
            schedule.lanes,
            bases,
            nest,
            guarded or not nest.folds,
            self._across(tile),
        )
        lanes = schedule.lanes if along or schedule.vector in nest.reduce else 1
        accumulators = [
            [Accumulator(self.builder, fold, lanes) for fold in nest.folds] for _ in points
        ]
        if nest.kind == "map":
            self._reduce(evaluator, tile, points, accumulators, known)
            folded = schedule.vector in nest.reduce
            row = row_of(nest, tile.sizes, lanes) if folded else None
            results = self._results(accumulators, folded, row is not None)
            if row is not None:  # the results of the points lie side by side from now on
                stores = Evaluator(self.builder, self, row, len(points), bases, nest, guarded=True)
                points = [Place({})]
            else:  # where the lanes have been folded, what is left is scalars
                stores = evaluator.scope({}, guarded=True, scalar=not along)
            self._store(stores, points, results)
        else:
            self._in_order(evaluator, points, accumulators)

    def _across(self, tile: Tile) -> Axis | None:
        """The axis along which a block without folds holds whole groups of lanes."""
        if self.nest.folds or tile.mask is not None:
            return None
        lanes = self.schedule.lanes
        sizes = tile.sizes.items()
        return next((axis for axis, n in sizes if lanes > 1 and n and n % lanes == 0), None)

    def _results(
        self, accumulators: Sequence[Sequence[Accumulator]], across: bool, together: bool
    ) -> list[list[tuple[Value, Value | None]]]:
        """The value (and position) of every fold at every point, or at all points side by side."""
        if not across or self.schedule.lanes == 1:
            return [[item.current() for item in each] for each in accumulators]
        columns = list(zip(*accumulators, strict=True))
        if together:
            return [[(side_by_side(self.builder, column), None) for column in columns]]
        by_fold = [across_lanes(self.builder, column) for column in columns]
        return [[(value, None) for value in row] for row in zip(*by_fold, strict=True)]

    def _points(self, tile: Tile) -> list[Place]:
        """The points of the tile: constant offsets from the block's corner, and a lane mask.

        The shortest axis comes innermost: what is loaded for its points is held in registers
        while the points of the others go by, each with a load that is soon done with.
        """
        axes = [axis for axis in self.schedule.order if tile.sizes.get(axis, 1) > 1]
        axes.sort(key=lambda axis: -tile.sizes[axis])
        vector = self.schedule.vector
        along = vector in self.nest.axes
        result = []
        for offsets in itertools.product(*(range(tile.sizes[axis]) for axis in axes)):
            place = dict(zip(axes, offsets, strict=True))
            for number in range(tile.vectors if along else 1):
                if along and vector is not None:
                    place = {**place, vector: number * self.schedule.lanes}
                last = number == tile.vectors - 1
                result.append(Place(place, tile.mask if along and last else None))
        return result

    def _at(self, bases: Mapping[Axis, Value]) -> Evaluator:
        """One point of the parallel axes."""
        return Evaluator(self.builder, self, None, 1, bases, self.nest, guarded=True)

    def _sort(self, bases: Mapping[Axis, Value]) -> None:
        """One row of a sort; the second store of the nest names the spare memory."""
        axis, keys, key_stride, order_stride = sorted_axis(self.nest)
        evaluator = self._at(bases)
        order, spare = (evaluator.address(store.buffer, store.offset) for store in self.nest.stores)
        row = Row(
            evaluator.address(keys.buffer, keys.offset),
            order,
            spare,
            self.size(key_stride),
            self.size(order_stride),
            self.size(axis.extent),
        )
        emit_sort(self.builder, self.nest, row)

    def _fetch(self, bases: Mapping[Axis, Value]) -> None:
        """Ask for some lines of one row, as it will be read soon."""
        evaluator = self._at(bases)
        for taps in self._taps():
            place = Place(taps)
            for load in (fold.value for fold in self.nest.folds):
                if isinstance(load, Load):
                    evaluator.fetch(load, place)

    # -- folds ---------------------------------------------------------------------------------

    def _reduce(
        self,
        evaluator: Evaluator,
        tile: Tile,
        points: Sequence[Place],
        accumulators: Sequence[Sequence[Accumulator]],
        known: Known,
    ) -> None:
        if not self.nest.folds:
            return
        self.edges.meet([point.moved(taps, None) for taps in self._taps() for point in points])

        def turn(inner: Evaluator, mask: Value | None, where: Known) -> None:
            for taps in self._taps():
                for point, held in zip(points, accumulators, strict=True):
                    place = point.moved(taps, mask)
                    for accumulator in held:
                        if not self.edges.leaves_out(accumulator.fold, place, where):
                            accumulator.take(inner, place)

        loads = [
            item
            for item in expressions([fold.value for fold in self.nest.folds])
            if isinstance(item, Load)
        ]
        inner, axes = evaluator.scope({}, loads), list(self.schedule.reduce)
        ahead = [] if self.edges.settled else loads_ahead(self.nest, self.schedule)
        if not ahead:
            self._loops(inner, axes, loads, turn, known)
            return
        axis, *rest = axes

        def turns(begin: Value, end: Value) -> None:
            with self.builder.loop(begin, end, stem="k") as k:
                self._loops(inner.scope({axis: k}, loads), rest, loads, turn, known)

        emit_parts(evaluator, ahead, tile, points, self.size(axis.extent), turns)

    def _loops(
        self,
        evaluator: Evaluator,
        axes: list[Axis],
        loads: Sequence[Load],
        turn: Turn,
        known: Known,
    ) -> None:
        if not axes:
            turn(evaluator, None, known)
            return
        axis, rest = axes[0], axes[1:]
        if axis is self.schedule.vector:
            self._vector_loop(evaluator, axis, loads, turn, known)
            return
        for start, stop, within in self.edges.parts(axis, evaluator, known, rest):
            with self.builder.loop(start, stop, stem="k") as k:
                self._loops(evaluator.scope({axis: k}, loads), rest, loads, turn, within)

    def _vector_loop(
        self,
        evaluator: Evaluator,
        axis: Axis,
        loads: Sequence[Load],
        turn: Turn,
        known: Known,
    ) -> None:
        """Whole vectors along a reduce axis, then the masked rest."""
        builder, lanes = self.builder, self.schedule.lanes
        extent = self.size(axis.extent)
        if isinstance(axis.extent, Extent):
            whole = builder.binary("and", extent, builder.integer(-lanes))
        else:
            whole = builder.integer(axis.extent // lanes * lanes)
        with builder.loop(builder.integer(0), whole, lanes, stem="k") as k:
            turn(evaluator.scope({axis: k}, loads), None, known)
        if isinstance(axis.extent, Extent):
            with builder.when(builder.compare("icmp slt", whole, extent)):
                tail = self.blocks.tail_mask(whole, extent)
                turn(evaluator.scope({axis: whole}, loads), tail, known)
        elif axis.extent % lanes:
            mask = constant_mask(lanes, axis.extent % lanes)
            turn(evaluator.scope({axis: whole}, loads), mask, known)

    def _taps(self) -> Iterator[dict[Axis, int]]:
        axes = self.schedule.unrolled
        for taps in itertools.product(*(range(int(str(axis.extent))) for axis in axes)):
            yield dict(zip(axes, taps, strict=True))

    def _in_order(
        self,
        evaluator: Evaluator,
        points: Sequence[Place],
        accumulators: Sequence[Sequence[Accumulator]],
    ) -> None:
        """Running folds and scatters: the stores happen at every turn of the reduce axes."""

        def turn(inner: Evaluator, mask: Value | None, where: Known) -> None:
            for point, held in zip(points, accumulators, strict=True):
                for accumulator in held:
                    accumulator.take(inner, point)
            results = [[item.current() for item in held] for held in accumulators]
            self._store(inner.scope({}), points, results)

        self._loops(evaluator.scope({}), list(self.nest.reduce), [], turn, {})

    # -- stores --------------------------------------------------------------------------------

    def _store(
        self,
        evaluator: Evaluator,
        points: Sequence[Place],
        results: Sequence[Sequence[tuple[Value, Value | None]]],
    ) -> None:
        stores, adds = self.nest.stores, self.nest.kind == "scatter"
        # All is read before anything is written: a variable may be updated in place. And of many
        # points before any of them is written: a load of memory beside that of a masked store
        # waits until the store is done.
        together = 1 if adds else max(_HELD // len(stores), 1)
        for first in range(0, len(points), together):
            written = []
            for point, result in zip(
                points[first : first + together], results[first : first + together], strict=True
            ):
                evaluator.results = result
                evaluator.forget_results()
                values = [evaluator.value(store.value, point) for store in stores]
                written.append((point, values))
            for point, values in written:
                for store, value in zip(stores, values, strict=True):
                    evaluator.store(store, value, point, add=adds)
