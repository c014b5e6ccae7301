"""Taps beyond the edge left out instead of guards tested.

A tap of a window that reaches beyond the edge contributes nothing to a sum. Where a loop over taps
can be bounded so that it never visits such taps, nothing is tested and no zero is multiplied:

    for k in 0 … 5: total += x[i - k] if 0 <= i - k < 10 else 0
    →   for k in max(0, i - 9) … min(5, i + 1): total += x[i - k]

Where a block holds several points along i, or where taps are written out, one bound does not serve
all of them. Then blocks at the edge and turns of a loop near it are written apart: each is known to
be where it is, and so are the taps that it leaves out.

    for i in 0 … 10: for k in 0, 1, 2: total[k] += g[i] · x[i + k - 1]
    →   i = 0: k in 1, 2;   for i in 1 … 9: k in 0, 1, 2;   i = 9: k in 0, 1
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from cairnet.compiler.loops import (
    Axis,
    Compute,
    Expression,
    Fold,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    expressions,
)
from cairnet.tensor.extent import Extent

__all__ = [
    "Range",
    "bounding_axis",
    "can_be_apart",
    "droppable_guards",
    "edges",
    "holds",
    "separable_guards",
    "stretches",
    "written_apart",
]

#: The least and the greatest value of an axis.
Range = tuple[int, int]
#: So many multiplications may be written out for blocks and turns at the edge, all together.
_MOST_WRITTEN = 640


def droppable_guards(nest: Nest) -> frozenset[Guard]:
    """Guards without which no fold of the nest takes anything in."""
    if nest.kind != "map" or not nest.folds:
        return frozenset()
    return frozenset.intersection(*(_droppable(fold) for fold in nest.folds))


def separable_guards(nest: Nest) -> dict[Fold, frozenset[Guard]]:
    """For each fold the guards without which it takes nothing in.

    Those that some other fold has to test all the same are left out.
    """
    if nest.kind != "map":
        return {fold: frozenset() for fold in nest.folds}
    tested: set[Guard] = set()
    for fold in nest.folds:
        guarded = [i for i in expressions([fold.value]) if isinstance(i, Load | Guarded)]
        tested |= {guard for item in guarded for guard in item.guards} - _droppable(fold)
    return {fold: _droppable(fold) - tested for fold in nest.folds}


def _droppable(fold: Fold) -> frozenset[Guard]:
    found = frozenset(fold.guards)
    return found | _zero_without(fold.value) if fold.kind == "sum" else found


def _zero_without(value: Expression) -> frozenset[Guard]:
    """Guards without which an expression is zero."""
    if isinstance(value, Load):
        return frozenset(value.guards)
    if isinstance(value, Compute) and value.name == "multiply":
        return frozenset().union(*(_zero_without(part) for part in value.arguments))
    if isinstance(value, Compute) and value.name == "where":
        _, chosen, other = value.arguments
        if isinstance(other, Literal) and other.value == 0:
            return _zero_without(chosen)
    return frozenset()


def bounding_axis(
    guard: Guard,
    nest: Nest,
    loops: Collection[Axis],
    tiled: Collection[Axis],
    vector: Axis | None,
) -> Axis | None:
    """The reduce axis whose loop can be cut short to where a droppable guard holds, if any.

    That is so where everything else in the guard is fixed within a block.

    Args:
        guard: one of `droppable_guards`.
        nest: whose guard it is.
        loops: the reduce axes that are loops and not written out.
        tiled: the parallel axes of which a block has several points.
        vector: the axis along the lanes.
    """
    within = [axis for axis in guard.index.terms if axis in nest.reduce]
    if len(within) != 1 or within[0] not in loops or within[0] is vector:
        return None
    if not isinstance(guard.index.terms[within[0]], int):
        return None
    if any(axis in tiled or axis is vector for axis in guard.index.terms):
        return None
    return within[0]


def can_be_apart(guard: Guard, vector: Axis | None) -> bool:
    """Whether blocks and turns at which a guard fails can be told when code is written."""
    sizes = [guard.extent, guard.index.constant, *guard.index.terms.values()]
    sizes += [axis.extent for axis in guard.index.terms]
    return vector not in guard.index.terms and not any(isinstance(n, Extent) for n in sizes)


def holds(guard: Guard, constant: int, known: Mapping[Axis, Range]) -> bool | None:
    """Whether a guard of numbers holds: everywhere, nowhere, or (None) here and there.

    Args:
        guard: one that `can_be_apart`.
        constant: its index at the corner of the axes.
        known: between which values axes lie; one that is missing does not move.
    """
    low = high = constant
    for axis, factor in guard.index.terms.items():
        first, last = known.get(axis, (0, 0))
        ends = int(str(factor)) * first, int(str(factor)) * last
        low, high = low + min(ends), high + max(ends)
    extent = int(str(guard.extent))
    if low >= 0 and high < extent:
        return True
    return False if high < 0 or low >= extent else None


def edges(axis: Axis, step: int, guards: Iterable[Guard]) -> list[int]:
    """Where the blocks of so many points begin at which one of some guards may fail.

    Args:
        axis: a parallel axis.
        step: the points of a whole block.
        guards: guards that `can_be_apart`.
    """
    extent = int(str(axis.extent))
    found = []
    moving = [guard for guard in guards if axis in guard.index.terms]
    for base in range(0, extent, step):
        within = base, min(base + step, extent) - 1
        if not all(_holds_around(guard, axis, within) for guard in moving):
            found.append(base)
    return found


def written_apart(
    guards: Iterable[Guard], steps: Mapping[Axis, int], loops: Collection[Axis], each: int
) -> tuple[frozenset[Guard], int]:
    """Guards for which blocks and turns at the edge are written apart, as far as that is not much.

    Args:
        guards: guards that `can_be_apart`.
        steps: the points of a whole block along every parallel axis.
        loops: the reduce axes that are loops.
        each: multiplications in one turn of the innermost loop.

    Returns:
        The guards, and how often the loops are written.
    """
    chosen: list[Guard] = []
    times = 1
    for guard in guards:
        count = _times([*chosen, guard], steps, loops)
        if count * each <= _MOST_WRITTEN:
            chosen.append(guard)
            times = count
    return frozenset(chosen), times


def _times(guards: Sequence[Guard], steps: Mapping[Axis, int], loops: Collection[Axis]) -> int:
    times = 1
    everywhere = {a: (0, int(str(a.extent)) - 1) for guard in guards for a in guard.index.terms}
    for axis in everywhere:
        if axis in steps:
            apart = len(edges(axis, steps[axis], guards))
            times *= min(apart + 1, math.ceil(int(str(axis.extent)) / steps[axis]))
        elif axis in loops:
            cases = [(g, int(str(g.index.constant))) for g in guards if axis in g.index.terms]
            times *= len(stretches(axis, cases, everywhere))
    return times


def _holds_around(guard: Guard, axis: Axis, within: Range) -> bool:
    """Whether a guard holds wherever the other axes are."""
    known = {other: (0, int(str(other.extent)) - 1) for other in guard.index.terms}
    constant = int(str(guard.index.constant))
    return bool(holds(guard, constant, {**known, axis: within}))


def stretches(
    axis: Axis, cases: Sequence[tuple[Guard, int]], known: Mapping[Axis, Range]
) -> list[Range]:
    """The turns of a loop in stretches in which the same guards hold.

    Args:
        axis: the axis of the loop.
        cases: guards that `can_be_apart`, with their indices at the corner of the axes.
        known: between which values the other axes lie.
    """

    def state(value: int) -> tuple[bool | int, ...]:
        verdicts = (holds(g, constant, {**known, axis: (value, value)}) for g, constant in cases)
        # Where nothing is known yet, a turn is a stretch of its own.
        return tuple(-2 - value if verdict is None else verdict for verdict in verdicts)

    values = range(int(str(axis.extent)))
    groups = (list(group) for _, group in itertools.groupby(values, state))
    return [(group[0], group[-1]) for group in groups]
