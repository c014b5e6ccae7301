"""Loads and stores as the cost model sees them."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.compiler.loops import Axis, Coordinate, Expression, Load, Store, expressions
from cairnet.tensor.extent import Size

__all__ = ["GATHERED_LANE", "TURNED", "Access", "store_cost"]

#: Cycles that a gathered or scattered lane takes, in units of a whole vector load.
GATHERED_LANE = 6.0
#: Cycles that a vector takes whose elements lie apart, when as many such vectors as there are
#: lanes are loaded along the memory and turned in registers: a load and four shuffles.
TURNED = 5.0


class Access:
    """A load as the cost model sees it: the axes that move it, and how."""

    def __init__(self, load: Load) -> None:
        self.strides: dict[Axis, Size] = dict(load.offset.terms)
        self.gathered = _axes_of(load.parts())
        self.axes = frozenset((*self.strides, *self.gathered))
        self.guards = load.guards
        self.itemsize = load.buffer.dtype.itemsize

    def turns(self, vector: Axis | None, across: Axis | None) -> bool:
        """Whether it moves by one element along another axis than that of the lanes."""
        return (
            vector in self.strides
            and across in self.strides
            and self.strides[across] == 1
            and self.gathered.isdisjoint((vector, across))
            and self.strides[vector] not in (1, -1)
        )

    def cost(self, vector: Axis | None, lanes: int, across: Axis | None = None) -> float:
        """The cost of one (vector) load, in units of a plain one.

        Args:
            vector: the axis along the lanes.
            lanes: points per vector.
            across: an axis of which a block holds as many points as there are lanes.
        """
        if vector is None or vector not in self.axes:
            return 1.0
        if self.turns(vector, across):
            return TURNED
        if vector in self.gathered or self.strides.get(vector) not in (1, -1):
            return GATHERED_LANE * lanes
        return 1.0


def _axes_of(roots: Sequence[Expression]) -> set[Axis]:
    """The axes along which the values of these expressions may change."""
    found: set[Axis] = set()
    for item in expressions(roots):
        if isinstance(item, Load):
            found.update(item.offset.terms)
        elif isinstance(item, Coordinate):
            found.update(item.index.terms)
    return found


def store_cost(store: Store, vector: Axis | None, lanes: int) -> float:
    """The cost of one (vector) store, in units of a plain load."""
    scattered = vector in _axes_of([index for index, _, _ in store.computed])
    if vector is None or (store.offset.coefficient(vector) == 1 and not scattered):
        return 2.0
    return 1.5 * GATHERED_LANE * lanes
