"""How many cache lines a walk over a nest moves: what its loads cost beyond the instruction.

The loops of a nest lie within each other, blocks outside, reduce axes inside. One turn of some loop
touches a number of different lines, its *working set*. What a cache holds of it is found there
again at the next turn:

    j            the outermost loop whose working set fits into the cache
    fetched(a)   the different lines of access a in a whole run of the loop around j,
                 times the turns of all loops around that one

This counts capacity, not conflicts, and takes the least recently used line to be the first to go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cairnet.compiler.loops import Axis

__all__ = ["LINE", "Footprint", "fetched"]

#: Bytes of a cache line.
LINE = 64


@dataclass(frozen=True)
class Footprint:
    """How an access moves: elements that it moves by for each axis, and the bytes of an element."""

    strides: Mapping[Axis, int]
    itemsize: int

    def lines(self, ranges: Mapping[Axis, int]) -> float:
        """Different lines that it touches while each axis runs over a number of points."""
        reach: dict[int, int] = {}
        for axis, stride in self.strides.items():
            points = ranges.get(axis, 1)
            if points > 1:
                reach[stride] = reach.get(stride, 1) + points - 1
        span, count = 1, 1.0
        for stride in sorted(reach):
            if stride <= span:
                span += (reach[stride] - 1) * stride
            elif stride * self.itemsize < LINE:
                span = (reach[stride] - 1) * stride + span
            else:
                count *= reach[stride]
        return count * math.ceil(span * self.itemsize / LINE)


def fetched(
    footprints: Sequence[Footprint],
    block: Mapping[Axis, int],
    loops: Sequence[tuple[Axis, int, int]],
    capacities: Sequence[int],
) -> list[float]:
    """Lines brought into each of several caches in a whole walk.

    Args:
        footprints: of every load.
        block: the points of every axis in one turn of the innermost loop.
        loops: axis, points that one turn advances, and extent; the innermost loop first.
        capacities: lines that each cache holds, the smallest first.
    """
    ranges = dict(block)
    turns = [max(math.ceil(extent / step), 1) for _, step, extent in loops]
    outside = math.prod(turns)
    within = sum(footprint.lines(ranges) for footprint in footprints)
    results: list[float] = []
    for (axis, _, extent), count in zip(loops, turns, strict=True):
        ranges[axis] = extent
        outside //= count
        around = sum(footprint.lines(ranges) for footprint in footprints)
        while len(results) < len(capacities) and around > capacities[len(results)]:
            # The loop inside still fitted, or nothing does and every turn brings everything anew.
            fits = within <= capacities[len(results)]
            results.append(outside * (around if fits else within * count))
        within = around
    return results + [within] * (len(capacities) - len(results))
