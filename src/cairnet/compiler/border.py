"""What the border of windows costs a family of walks: which guards need no test, and what is left.

A guard needs no test where a loop is cut short for it, or where blocks and turns at the edge are
written apart (see `bounds`). Then only the points at which it holds are computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cairnet.compiler.bounds import (
    bounding_axis,
    can_be_apart,
    droppable_guards,
    separable_guards,
    written_apart,
)
from cairnet.compiler.loops import Axis, Guard, Nest
from cairnet.compiler.shape import hint

__all__ = ["Border", "Untested"]

#: A guard over more places than this is taken to hold at all of them.
_MOST_PLACES = 1 << 16


@dataclass(frozen=True)
class Untested:
    """Guards that need no test in a walk.

    Attributes:
        guards: these.
        left: the part of all multiplications that is left without those beyond the edge.
        times: how often loops are written for that.
        ends: how often the innermost loop is left for its next stretch, for each of its turns.
    """

    guards: frozenset[Guard]
    left: float
    times: int
    ends: float


_NOTHING = Untested(frozenset(), 1.0, 1, 0.0)


class Border:
    """The guards of the walks with one vector axis and one choice of axes that are written out.

    Args:
        nest: a nest with folds.
        vector: the axis along the lanes.
        loops: the reduce axes that are loops, but for the vector axis.
        guards: the guards of what is read.
    """

    def __init__(
        self, nest: Nest, vector: Axis | None, loops: Sequence[Axis], guards: Iterable[Guard]
    ) -> None:
        self._axes = nest.axes
        self._loops = loops
        #: Axes that must not be tiled for a loop to be cut short to where a guard holds.
        self._cuts: dict[Guard, frozenset[Axis]] = {}
        self._able: list[Guard] = []
        everywhere, self._separable = droppable_guards(nest), separable_guards(nest)
        some = frozenset().union(*self._separable.values())
        for guard in dict.fromkeys(guards):
            axis = bounding_axis(guard, nest, loops, (), vector)
            if axis is not None and guard in everywhere:
                self._cuts[guard] = frozenset(a for a in guard.index.terms if a is not axis)
            if guard in some and can_be_apart(guard, vector):
                self._able.append(guard)
        #: The part of the points of its axes at which a guard holds that may need no test.
        self._shares = {guard: _share(guard) for guard in (*self._cuts, *self._able)}
        #: The part of all multiplications that is left where none is tested.
        self.least = self._left(self._shares)
        self._known: dict[tuple[int, ...], Untested] = {}

    def untested(self, tiles: Mapping[Axis, int], each: int) -> Untested:
        """The guards that need no test in a walk.

        Args:
            tiles: the points of a block along tiled axes.
            each: multiplications in one turn of the innermost loop.
        """
        if not self._shares:
            return _NOTHING
        key = each, *(tiles.get(axis, 1) for axis in self._axes)
        if key not in self._known:
            cut = {guard for guard, fixed in self._cuts.items() if fixed.isdisjoint(tiles)}
            able = [guard for guard in self._able if guard not in cut]
            steps = {axis: tiles.get(axis, 1) for axis in self._axes}
            apart, times = written_apart(able, steps, self._loops, each)
            none = apart | cut
            self._known[key] = Untested(none, self._left(none), times, self._ends(apart))
        return self._known[key]

    def _left(self, untested: Iterable[Guard]) -> float:
        found = set(untested)
        parts = [
            math.prod(self._shares[guard] for guard in (own | self._cuts.keys()) & found)
            for own in self._separable.values()
        ]
        return sum(parts) / len(parts)

    def _ends(self, apart: Iterable[Guard]) -> float:
        axis = self._loops[-1] if self._loops else None
        if axis is None:
            return 0.0
        return sum(2 / hint(axis.extent) for guard in apart if axis in guard.index.terms)


def _share(guard: Guard) -> float:
    """The part of the points of its axes at which a guard holds."""
    places = np.full(1, hint(guard.index.constant))
    for axis, factor in guard.index.terms.items():
        moved = hint(factor) * np.arange(hint(axis.extent))
        places = np.add.outer(places, moved).ravel()
        if places.size > _MOST_PLACES:
            return 1.0
    inside = (places >= 0) & (places < hint(guard.extent))
    return float(inside.mean()) if places.size else 1.0
