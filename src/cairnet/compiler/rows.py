"""Results that lie side by side, where the lanes of a walk have been folded.

A walk with the lanes along a folded axis holds several results, each in a register of its own. When
their lanes have been added, the results themselves fill the lanes of one register, if they are
neighbours: what is done with them afterwards is then done for all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from cairnet.compiler.loops import Axis, Load, Nest, expressions

__all__ = ["row_of"]


def row_of(nest: Nest, tile: Mapping[Axis, int], lanes: int) -> Axis | None:
    """The axis along which the results of a block are neighbours, if they are and fill lanes."""
    held = [(axis, count) for axis, count in tile.items() if count > 1]
    if len(held) != 1:
        return None
    ((axis, count),) = held
    if count > lanes or count & (count - 1):
        return None
    if any(store.computed or store.offset.coefficient(axis) != 1 for store in nest.stores):
        return None
    loads = [
        item for item in expressions(store.value for store in nest.stores) if isinstance(item, Load)
    ]
    near = all(not load.computed and load.offset.coefficient(axis) in (0, 1) for load in loads)
    return axis if near else None
