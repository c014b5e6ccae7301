"""What an affine index can be: its least and greatest value under guards, and whether it repeats.

Both are exact where all extents are numbers. Guards tie axes together; axes that no guard ties
to each other are independent, so each group is counted out on its own and the results are added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cairnet.compiler.loops import Affine, Axis, Guard
from cairnet.tensor.extent import Extent

__all__ = ["is_injective", "reach"]

#: Groups with more points than this are not counted out.
_MOST_POINTS = 1 << 20


def reach(index: Affine, guards: Sequence[Guard] = ()) -> tuple[int, int] | None:
    """The least and greatest value of an index over the points where all guards hold.

    Returns:
        The two values; (0, -1) where there is no such point; None where it cannot be told,
        because an extent or a factor is not a number or a guard ties too many points together.

    >>> i = Axis("i", 5)
    >>> reach(Affine(-2, {i: 1}), [Guard(Affine(-2, {i: 1}), 28)])
    (0, 2)
    """
    groups = _groups(index, guards)
    if isinstance(index.constant, Extent) or groups is None:
        return None
    low = high = index.constant
    for axes, tied in groups:
        found = _reach_of_group({axis: index.coefficient(axis) for axis in axes}, axes, tied)
        if found is None:
            return None
        if found[0] > found[1]:
            return 0, -1
        low, high = low + found[0], high + found[1]
    return low, high


def is_injective(index: Affine, axes: Iterable[Axis]) -> bool | None:
    """Whether different points give different values; None where it cannot be told."""
    sizes = []
    for axis in axes:
        factor = index.coefficient(axis)
        if isinstance(axis.extent, Extent) or isinstance(factor, Extent):
            return None
        if axis.extent == 0:
            return True
        if axis.extent > 1:
            sizes.append((abs(factor), axis.extent))
    covered = 0
    for factor, extent in sorted(sizes):
        if factor <= covered:
            return _all_different(sizes)
        covered += factor * (extent - 1)
    return True


def _all_different(sizes: Sequence[tuple[int, int]]) -> bool | None:
    points = math.prod(extent for _, extent in sizes)
    if points > _MOST_POINTS:
        return None
    values = np.zeros(1, np.int64)
    for factor, extent in sizes:
        values = np.add.outer(values, factor * np.arange(extent)).reshape(-1)
    return bool(np.unique(values).size == points)


def _groups(
    index: Affine, guards: Sequence[Guard]
) -> list[tuple[tuple[Axis, ...], list[Guard]]] | None:
    """Independent groups of axes, each with the guards over them."""
    group_of: dict[Axis, set[Axis]] = {axis: {axis} for axis in index.terms}
    for guard in guards:
        merged: set[Axis] = set(guard.index.terms)
        for axis in guard.index.terms:
            merged |= group_of.get(axis, {axis})
        for axis in merged:
            group_of[axis] = merged
    found: dict[int, tuple[tuple[Axis, ...], list[Guard]]] = {}
    for group in group_of.values():
        tied = [guard for guard in guards if not group.isdisjoint(guard.index.terms)]
        found[id(group)] = (tuple(sorted(group, key=lambda axis: axis.serial)), tied)
    constant = [guard for guard in guards if not guard.index.terms]
    found[-1] = ((), constant)
    for axes, tied in found.values():
        sizes = [axis.extent for axis in axes] + [guard.extent for guard in tied]
        factors = [f for guard in tied for f in (guard.index.constant, *guard.index.terms.values())]
        if any(isinstance(size, Extent) for size in (*sizes, *factors)):
            return None
    return list(found.values())


def _reach_of_group(
    factors: Mapping[Axis, int | Extent], axes: Sequence[Axis], guards: Sequence[Guard]
) -> tuple[int, int] | None:
    extents = [int(str(axis.extent)) for axis in axes]
    if not guards and len(axes) == 1:
        factor, extent = factors[axes[0]], extents[0]
        if isinstance(factor, Extent):
            return None
        ends = (0, factor * (extent - 1))
        return (min(ends), max(ends)) if extent else (0, -1)
    if math.prod(extents) > _MOST_POINTS or any(isinstance(f, Extent) for f in factors.values()):
        return None
    holds = np.ones(extents, bool)
    for guard in guards:
        values = _grid(axes, extents, guard.index.terms) + guard.index.constant
        holds &= (values >= 0) & (values < guard.extent)
    values = np.broadcast_to(_grid(axes, extents, factors), extents)[holds]
    return (int(values.min()), int(values.max())) if values.size else (0, -1)


def _grid(
    axes: Sequence[Axis], extents: Sequence[int], factors: Mapping[Axis, int | Extent]
) -> np.ndarray:
    """sum of factor · axis at every point, as an array that broadcasts over the axes."""
    total = np.zeros([1] * len(axes), np.int64)
    for position, (axis, extent) in enumerate(zip(axes, extents, strict=True)):
        factor = factors.get(axis, 0)
        shape = [extent if i == position else 1 for i in range(len(axes))]
        total = total + (np.arange(extent) * int(str(factor))).reshape(shape)
    return total
