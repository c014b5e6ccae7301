"""How many cache lines a walk over a nest moves: what its loads cost beyond the instruction.

The loops of a nest lie within each other, blocks outside, reduce axes inside. One turn of some loop
touches a number of different lines, its *working set*. What a cache holds of it is found there
again at the next turn:

    j            the outermost loop whose working set fits into the cache
    fetched(a)   the different lines of access a in a whole run of the loop around j,
                 times the turns of all loops around that one

The least recently used line is taken to be the first to go. A cache looks for a line in one of its
sets only, which the address chooses: lines that lie a multiple of so many apart as there are sets
share one, as the rows of a matrix do whose length is a power of two. They crowd it, and count for
the room that they take away, not for their number.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cairnet.compiler.loops import Axis
from cairnet.compiler.schedule import Target

__all__ = [
    "EVERYTHING",
    "L1_SETS",
    "LINE",
    "Cache",
    "Footprint",
    "caches_of",
    "fetched",
    "streamed",
]

#: Bytes of a cache line.
LINE = 64
#: What lines count that crowd some sets, in units of lines that are spread over all: nests leave a
#: part of a cache to others, which no one takes just there.
_CROWDED = 0.65
#: The parts of the caches that a nest can count on; the third is shared with all the machine.
_USABLE = (0.6, 0.9, 0.3)
#: What a run of lines costs beyond them, on the way into each.
_APART = (0.5, 0.0, 0.0)
#: Sets of the first-level cache, which is looked up by the place within a page; and how many lines
#: a set of the others holds.
L1_SETS = 64
_WAYS = 16
#: Cycles for each of many lines that are read or written once, one after the other: where they are
#: too many for the second-level cache, and where they are too many for the third.
_STREAMED = (5.0, 8.0)


@dataclass(frozen=True)
class Cache:
    """A cache as a walk sees it.

    Attributes:
        lines: how many lines a nest can count on.
        sets: how many sets they are in; what lies a multiple of so many lines apart shares one.
        apart: what a run of neighbouring lines costs beyond its lines, in units of these, because
            it is not foreseen after the run before it.
    """

    lines: int
    sets: int = 1
    apart: float = 0.0


#: A cache in which there is room for everything.
EVERYTHING = Cache(sys.maxsize)


def caches_of(target: Target) -> list[Cache]:
    """The three caches of a machine."""
    sizes = (target.l1_bytes, target.l2_bytes, target.l3_bytes)
    sets = (L1_SETS, *(size // (_WAYS * LINE) for size in sizes[1:]))
    return [
        Cache(int(size * part) // LINE, count, apart)
        for size, part, count, apart in zip(sizes, _USABLE, sets, _APART, strict=True)
    ]


def streamed(lines: float, caches: Sequence[Cache]) -> float:
    """Cycles in which so many lines are read or written once, beyond those of instructions."""
    for cache, cost in zip(caches[:0:-1], reversed(_STREAMED), strict=True):
        if lines > cache.lines:
            return lines * cost
    return 0.0


@dataclass(frozen=True)
class Footprint:
    """How an access moves: elements that it moves by for each axis, and the bytes of an element."""

    strides: Mapping[Axis, int]
    itemsize: int

    def lines(self, ranges: Mapping[Axis, int]) -> float:
        """Different lines that it touches while each axis runs over a number of points."""
        return self.over(ranges).lines

    def over(self, ranges: Mapping[Axis, int]) -> _Touched:
        """What it touches while each axis runs over a number of points."""
        run, steps = self._shape(ranges)
        return _Touched(run, steps, float(run * math.prod(points for _, points in steps)))

    def _shape(self, ranges: Mapping[Axis, int]) -> tuple[int, list[tuple[int, int]]]:
        """Lines of a run without gaps; for each larger stride, how many runs lie so far apart."""
        reach: dict[int, int] = {}
        for axis, stride in self.strides.items():
            points = ranges.get(axis, 1)
            if points > 1:
                reach[stride] = reach.get(stride, 1) + points - 1
        span = 1
        steps = []
        for stride in sorted(reach):
            if stride <= span:
                span += (reach[stride] - 1) * stride
            elif stride * self.itemsize < LINE:
                span = (reach[stride] - 1) * stride + span
            else:
                steps.append((stride * self.itemsize, reach[stride]))
        return math.ceil(span * self.itemsize / LINE), steps


@dataclass(frozen=True)
class _Touched:
    """Lines: those of a run without gaps, and how many runs lie so many bytes apart."""

    run: int
    steps: Sequence[tuple[int, int]]
    lines: float

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return math.prod(points for _, points in self.steps)

    def room(self, sets: int) -> float:
        """Lines that it takes away of a cache with so many sets.

        More lines in few sets leave no room there for anything else, however empty the others are.
        """
        used = run = min(self.run, sets)
        least = sets
        for apart, points in self.steps:
            lines, rest = divmod(apart, LINE)
            # Whatever the larger steps are, all runs begin at multiples of the least gap.
            least = min(least, 1 if rest else lines & -lines)
            used = max(used, min(used * points, sets // least * min(run, least)))
        if self.lines <= used:
            return self.lines
        return max(self.lines, _CROWDED * self.lines * sets / used)


def fetched(
    footprints: Sequence[Footprint],
    block: Mapping[Axis, int],
    loops: Sequence[tuple[Axis, int, int]],
    caches: Sequence[Cache],
) -> list[float]:
    """Lines brought into each of several caches in a whole walk.

    Args:
        footprints: of every load.
        block: the points of every axis in one turn of the innermost loop.
        loops: axis, points that one turn advances, and extent; the innermost loop first.
        caches: the smallest first.
    """
    turns = [max(math.ceil(extent / step), 1) for _, step, extent in loops]
    ranges = dict(block)
    touched = [[footprint.over(ranges) for footprint in footprints]]
    for axis, _, extent in loops:
        if extent != ranges.get(axis, 1):
            ranges[axis] = extent
            touched.append([footprint.over(ranges) for footprint in footprints])
        else:
            touched.append(touched[-1])
    results = []
    for cache in caches:
        lines = [sum(item.lines + cache.apart * item.runs for item in each) for each in touched]
        fetches = lines[-1]
        fitted = _fits(touched[0], cache)
        for depth, turn in enumerate(turns):
            if not _fits(touched[depth + 1], cache):
                # The loop inside still fitted, or every turn brings everything anew.
                each = lines[depth + 1] if fitted else lines[depth] * turn
                fetches = each * math.prod(turns[depth + 1 :])
                break
            fitted = True
        results.append(fetches)
    return results


def _fits(touched: Sequence[_Touched], cache: Cache) -> bool:
    return sum(item.room(cache.sets) for item in touched) <= cache.lines
