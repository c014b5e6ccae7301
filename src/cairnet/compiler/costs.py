"""What elementwise work costs: instructions for one vector, roughly."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.compiler.loops import (
    Axis,
    Compute,
    Coordinate,
    Expression,
    Guarded,
    Load,
    expressions,
)

__all__ = [
    "COSTLY",
    "SERIAL_CYCLES",
    "SLOW",
    "TURN_CYCLES",
    "arithmetic",
    "instructions",
    "weight",
]

#: Below this many cycles a nest is not worth a meeting of the threads: one thread does it alone.
SERIAL_CYCLES = 3000.0
#: The same within a loop, where what a thread reads stays in its caches from turn to turn: two
#: threads hold twice as much.
TURN_CYCLES = 2000.0

#: Primitives that are polynomials, loops or calls rather than an instruction or two.
COSTLY = dict.fromkeys(
    [
        "exp",
        "expm1",
        "log",
        "log1p",
        "sigmoid",
        "softplus",
        "erf",
        "tanh",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "asinh",
        "acosh",
        "atanh",
        "atan2",
        "power",
    ],
    14.0,
)
COSTLY |= {"floor_divide": 20.0, "remainder": 20.0, "threefry": 100.0}
#: Primitives that are one instruction, for which the next one has to wait.
SLOW = {"divide": 8.0, "sqrt": 8.0}


def instructions(name: str) -> float:
    """The cost of one elementwise primitive."""
    return COSTLY.get(name) or SLOW.get(name, 1.0)


def weight(roots: Sequence[Expression]) -> float:
    """The cost of the arithmetic in some expressions; what they share counts once."""
    return sum(cost for cost, _ in arithmetic(roots))


def arithmetic(roots: Sequence[Expression]) -> list[tuple[float, frozenset[Axis]]]:
    """The cost of every operation in some expressions, and the axes along which it changes.

    Indices by which rows are found do not count: each is worked out once for a whole row.
    """
    counted = {id(item) for item in expressions(roots, addresses=False)}
    along: dict[int, frozenset[Axis]] = {}
    found = []
    for item in expressions(roots):
        axes: set[Axis] = set().union(*(along[id(part)] for part in item.parts()))
        if isinstance(item, Load):
            axes.update(item.offset.terms)
        if isinstance(item, Load | Guarded):
            axes.update(*(guard.index.terms for guard in item.guards))
        if isinstance(item, Coordinate):
            axes.update(item.index.terms)
        along[id(item)] = frozenset(axes)
        if isinstance(item, Compute | Guarded) and id(item) in counted:
            cost = instructions(item.name) if isinstance(item, Compute) else 1.0
            found.append((cost, along[id(item)]))
    return found
