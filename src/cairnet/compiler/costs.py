"""What elementwise work costs: instructions for one vector, roughly."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.compiler.loops import Compute, Expression, Guarded, expressions

__all__ = ["COSTLY", "instructions", "weight"]

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
_SLOW = {"divide": 8.0, "sqrt": 8.0}


def instructions(name: str) -> float:
    """The cost of one elementwise primitive."""
    return COSTLY.get(name) or _SLOW.get(name, 1.0)


def weight(roots: Sequence[Expression]) -> float:
    """The cost of the arithmetic in some expressions; what they share counts once."""
    total = 0.0
    for item in expressions(roots):
        if isinstance(item, Compute):
            total += instructions(item.name)
        elif isinstance(item, Guarded):
            total += 1.0
    return total
