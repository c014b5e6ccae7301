"""How a nest is walked, and what of a machine decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cairnet.compiler.loops import Axis, Nest
from cairnet.compiler.shape import hint

__all__ = ["Schedule", "Target", "order_of"]


@dataclass(frozen=True)
class Target:
    """What the cost model needs to know of a machine.

    Attributes:
        vector_bytes: width of a vector register.
        registers: number of vector registers.
        l1_bytes: first-level data cache of a core.
        l2_bytes: second-level cache of a core.
        l3_bytes: third-level cache, of which a program has a part.
    """

    vector_bytes: int
    registers: int
    l1_bytes: int = 32 << 10
    l2_bytes: int = 1 << 20
    l3_bytes: int = 16 << 20


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
        returning: whether a loop walks the blocks back at every second turn, so that it begins with
            what the caches still hold of the turn before.
        remark: what else is to be said of the choice.
    """

    lanes: int
    vector: Axis | None
    vectors: int = 1
    tile: dict[Axis, int] = field(default_factory=dict)
    order: tuple[Axis, ...] = ()
    reduce: tuple[Axis, ...] = ()
    unrolled: tuple[Axis, ...] = ()
    cycles: float = 0.0
    returning: bool = False
    remark: str = ""

    def step(self, axis: Axis) -> int:
        """How many points a whole block has along an axis."""
        if axis is self.vector:
            return self.lanes * self.vectors
        return self.tile.get(axis, 1)

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
        if self.returning:
            parts.append("back at every second turn")
        return "; ".join(parts)


def order_of(nest: Nest, vector: Axis | None) -> tuple[Axis, ...]:
    """The parallel axes of a nest, in the order in which its results lie in memory.

    So neighbouring results are written one after the other: a walk that jumps from one part of
    memory to the next waits for each of them. Axes that are to lie outside do, and the vector axis
    is innermost.
    """
    kept = [axis for axis in nest.axes if axis is not vector]
    if nest.kind == "map":
        place = nest.stores[0].offset
        kept.sort(key=lambda axis: (not axis.outside, -abs(hint(place.coefficient(axis)))))
    return (*kept, vector) if vector in nest.axes else tuple(kept)
