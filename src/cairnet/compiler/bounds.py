"""Loops cut short instead of guards tested.

A tap of a window that reaches beyond the edge contributes nothing to a sum. Where a loop over taps
can be bounded so that it never visits such taps, nothing is tested and no zero is multiplied:

    for k in 0 … 5: total += x[i - k] if 0 <= i - k < 10 else 0
    →   for k in max(0, i - 9) … min(5, i + 1): total += x[i - k]
"""

from __future__ import annotations

from collections.abc import Collection

from cairnet.compiler.loops import Axis, Compute, Expression, Fold, Guard, Literal, Load, Nest

__all__ = ["bounding_axis", "droppable_guards"]


def droppable_guards(nest: Nest) -> frozenset[Guard]:
    """Guards without which no fold of the nest takes anything in."""
    if nest.kind != "map" or not nest.folds:
        return frozenset()
    return frozenset.intersection(*(_droppable(fold) for fold in nest.folds))


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
