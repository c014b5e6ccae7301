"""Along which axes of a nest the values of its expressions change.

A value that changes along no axis, such as a learning rate, is one number for the whole nest: it is
computed as a scalar and repeated in all lanes of whatever it meets.
"""

from __future__ import annotations

from cairnet.base.dtypes import is_floating
from cairnet.compiler.loops import (
    Axis,
    Coordinate,
    Expression,
    Guarded,
    Load,
    Nest,
    Result,
    expressions,
)

__all__ = ["Variation", "float_width"]


class Variation:
    """Knows for each expression of a nest the axes along which its value changes.

    Args:
        nest: whose expressions.
    """

    def __init__(self, nest: Nest) -> None:
        self._nest = nest
        self._axes: dict[int, frozenset[Axis]] = {}

    def axes(self, item: Expression) -> frozenset[Axis]:
        """The axes along which a value changes."""
        if id(item) not in self._axes:
            for part in expressions([item]):
                below = (self._axes[id(inner)] for inner in part.parts())
                self._axes[id(part)] = self._own(part).union(*below)
        return self._axes[id(item)]

    def _own(self, item: Expression) -> frozenset[Axis]:
        if isinstance(item, Result):
            return frozenset(self._nest.axes)
        found: set[Axis] = set()
        if isinstance(item, Load):
            found.update(item.offset.terms)
        if isinstance(item, Load | Guarded):
            for guard in item.guards:
                found.update(guard.index.terms)
        if isinstance(item, Coordinate):
            found.update(item.index.terms)
        return frozenset(found)


def float_width(nest: Nest) -> int:
    """Bytes of the widest floating-point numbers that a nest computes with, 0 where it has none.

    Values that are one number for the whole nest do not count, unless there are no others.
    """
    variation = Variation(nest)
    floats = [item for item in expressions(nest.roots()) if is_floating(item.dtype)]
    changing = [item.dtype.itemsize for item in floats if variation.axes(item)]
    return max(changing or [item.dtype.itemsize for item in floats], default=0)
