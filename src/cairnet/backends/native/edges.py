"""What lies beyond the edge is left out: loops cut short, and blocks and turns written apart.

    for block in 0 … 7: …   →   block 0: …;   blocks 1 … 5: …;   block 6: …

In each of these it is known where the window lies, and so which taps are beyond the edge (see
`compiler/bounds`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from cairnet.backends.native.addresses import Addresses, Place
from cairnet.backends.native.blocks import Blocks, Tile
from cairnet.backends.native.builder import Builder, Value
from cairnet.base.errors import CompileError
from cairnet.compiler.bounds import (
    Range,
    bounding_axis,
    can_be_apart,
    droppable_guards,
    edges,
    holds,
    separable_guards,
    stretches,
    written_apart,
)
from cairnet.compiler.loops import Affine, Axis, Fold, Guard, Nest
from cairnet.compiler.schedule import Schedule
from cairnet.tensor.extent import Size

__all__ = ["Edges", "Known"]

#: Between which values axes lie in a part of the code.
Known = Mapping[Axis, Range]
#: Writes a block, from its corner and from what is known of it.
Body = Callable[[Mapping[Axis, Value], Known], None]


class Edges:
    """Writes the code at the edge of a nest apart, as far as that spares tests.

    Args:
        builder: where to write.
        nest: what is being computed.
        schedule: how.
        guards: the guards of its folds.
        size: gives an extent as a value.
    """

    def __init__(
        self,
        builder: Builder,
        nest: Nest,
        schedule: Schedule,
        guards: Collection[Guard],
        size: Callable[[Size], Value],
    ) -> None:
        self.builder = builder
        self._size = size
        self._steps = {axis: schedule.step(axis) for axis in nest.axes}
        everywhere = droppable_guards(nest)
        tiled = [axis for axis, count in schedule.tile.items() if count > 1]
        self._cut: dict[Guard, Axis] = {}
        for guard in guards:
            if guard not in everywhere:
                continue
            axis = bounding_axis(guard, nest, schedule.reduce, tiled, schedule.vector)
            if axis is not None:
                self._cut[guard] = axis
        separable = separable_guards(nest)
        some = frozenset().union(*separable.values()) - self._cut.keys()
        able = [g for g in guards if g in some and can_be_apart(g, schedule.vector)]
        each = schedule.vectors * math.prod(schedule.tile.values())
        each *= math.prod(int(str(axis.extent)) for axis in schedule.unrolled)
        self._apart, _ = written_apart(able, self._steps, schedule.reduce, each)
        self._left_out = {fold: own & self._apart for fold, own in separable.items()}
        self._axes = [a for a in nest.axes if any(a in g.index.terms for g in self._apart)]
        self._constants: dict[Guard, tuple[int, ...]] = {}
        #: The guards that need no test.
        self.settled = self._apart | self._cut.keys()

    # -- blocks --------------------------------------------------------------------------------

    def split(self, blocks: Blocks, bases: Mapping[Axis, Value], tile: Tile, body: Body) -> None:
        """Write a block once for each place at the edge, and once for all others."""
        self._split(blocks, self._axes, bases, tile, {}, body)

    def _split(
        self,
        blocks: Blocks,
        axes: Sequence[Axis],
        bases: Mapping[Axis, Value],
        tile: Tile,
        known: Known,
        body: Body,
    ) -> None:
        if not axes:
            body(bases, known)
            return
        axis, rest = axes[0], axes[1:]
        failing = set(edges(axis, self._steps[axis], self._apart))
        here = self._bases(axis, tile)
        inside = [base for base in here if base not in failing]

        def write(apart: Sequence[int]) -> None:
            if not apart:
                between = {**known, axis: (inside[0], inside[-1])}
                self._split(blocks, rest, bases, tile, between, body)
                return
            first, others = apart[0], apart[1:]
            base = self.builder.integer(first)

            def at_the_edge() -> None:
                there = {**bases, axis: base}
                self._split(blocks, rest, there, tile, {**known, axis: (first, first)}, body)

            if not others and not inside:
                at_the_edge()
                return
            is_here = self.builder.compare("icmp eq", bases[axis], base)
            blocks.either(is_here, at_the_edge, lambda: write(others))

        write([base for base in here if base in failing])

    def _bases(self, axis: Axis, tile: Tile) -> list[int]:
        """Where blocks of this size begin along an axis."""
        extent, step = int(str(axis.extent)), self._steps[axis]
        size = tile.sizes.get(axis, step)
        return [base for base in range(0, extent, step) if min(step, extent - base) == size]

    # -- loops ---------------------------------------------------------------------------------

    def meet(self, places: Sequence[Place]) -> None:
        """Take note of the points of a block, with all taps that are written out."""
        for guard in self._apart:
            self._constants[guard] = tuple(sorted({_constant(guard, place) for place in places}))

    def parts(
        self, axis: Axis, around: Addresses, known: Known, loops: Collection[Axis]
    ) -> Iterator[tuple[Value, Value, Known]]:
        """From where to where a loop runs, part by part, and what is known in each.

        Args:
            axis: the reduce axis of the loop.
            around: the loops around it.
            known: where these are.
            loops: the loops within it.
        """
        limits = self._limits(axis, around)
        guards = [guard for guard in self._apart if axis in guard.index.terms]
        if not guards:
            start, stop = limits or (self.builder.integer(0), self._size(axis.extent))
            yield start, stop, known
            return
        cases = [(guard, constant) for guard in guards for constant in self._constants[guard]]
        inner = {a: (0, a.extent - 1) for a in loops if isinstance(a.extent, int)}
        for first, last in stretches(axis, cases, {**known, **inner}):
            start, stop = self.builder.integer(first), self.builder.integer(last + 1)
            if limits is not None:
                start = self.builder.call("i64", "llvm.smax.i64", start, limits[0])
                stop = self.builder.call("i64", "llvm.smin.i64", stop, limits[1])
            yield start, stop, {**known, axis: (first, last)}

    def leaves_out(self, fold: Fold, place: Place, known: Known) -> bool:
        """Whether a fold takes in nothing at a point of the block, in this part of the code."""
        return any(holds(g, _constant(g, place), known) is False for g in self._left_out[fold])

    def _limits(self, axis: Axis, around: Addresses) -> tuple[Value, Value] | None:
        """From where to where the guards hold that cut a loop short; None where there are none."""
        builder = self.builder
        guards = [guard for guard, bounded in self._cut.items() if bounded is axis]
        start, stop = builder.integer(0), self._size(axis.extent)
        for guard in guards:
            factor = guard.index.terms[axis]
            if not isinstance(factor, int):
                raise CompileError(f"loop {axis} cannot be bounded by {guard}")
            others = {a: f for a, f in guard.index.terms.items() if a is not axis}
            rest = around.index(Affine(guard.index.constant, others), Place({}))
            over = builder.binary("sub", rest, self._size(guard.extent))
            if factor > 0:  # -rest / factor <= k < (extent - rest) / factor, both rounded up
                low = self._negated(self._floor(rest, factor))
                high = self._negated(self._floor(over, factor))
            else:  # (rest - extent) / factor < k <= rest / factor
                one = builder.integer(1)
                low = builder.binary("add", self._floor(over, -factor), one)
                high = builder.binary("add", self._floor(rest, -factor), one)
            start = builder.call("i64", "llvm.smax.i64", start, low)
            stop = builder.call("i64", "llvm.smin.i64", stop, high)
        return (start, stop) if guards else None

    def _negated(self, value: Value) -> Value:
        return self.builder.binary("sub", self.builder.integer(0), value)

    def _floor(self, value: Value, divisor: int) -> Value:
        """The quotient by a positive constant, rounded down."""
        if divisor == 1:
            return value
        builder = self.builder
        rest = builder.binary("srem", value, builder.integer(divisor))
        below = builder.compare("icmp slt", rest, builder.integer(0))
        lower = builder.binary("sub", rest, builder.integer(-divisor))
        exact = builder.binary("sub", value, builder.select(below, lower, rest))
        return builder.binary("sdiv", exact, builder.integer(divisor))


def _constant(guard: Guard, place: Place) -> int:
    """The index of a guard at a point of the block, at the corner of all other axes."""
    moved = (int(str(f)) * place.offsets.get(a, 0) for a, f in guard.index.terms.items())
    return int(str(guard.index.constant)) + sum(moved)
