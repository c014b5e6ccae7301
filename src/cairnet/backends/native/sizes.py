"""Sizes as plain data: formulas over numbered symbols, which a file can hold.

A size is a whole number, or a sum of terms. A term is a list: its factor, then what it is
multiplied by, each the number of a symbol or a list (kind, size, size) for a floor division, a
minimum or a maximum:

    784                              784
    16·n + n·m                       [[16, 0], [1, 0, 1]]
    (n + 1) // 2                     [[1, ["floor", [[1], [1, 0]], 2]]]

Symbols have names and serial numbers that differ from process to process; here they are numbers
that the graph alone decides. So equal formulas of equal graphs are equal data everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from cairnet.tensor.extent import Extent, Size, from_atom

__all__ = ["PlainSize", "plain", "value"]

PlainSize: TypeAlias = "int | Sequence[Any]"

_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "floor": lambda a, b: a // b,
    "max": max,
    "min": min,
}


def plain(size: Size, number: Callable[[Extent], int]) -> PlainSize:
    """A size as plain data.

    Args:
        size: a number or a formula.
        number: the number of a symbol.
    """
    if not isinstance(size, Extent):
        return size
    terms = []
    for atoms, factor in size.terms:
        factors: list[Any] = []
        for atom in atoms:
            if atom.kind == "symbol":
                factors.append(number(from_atom(atom)))
                continue
            arguments = [plain(argument, number) for argument in atom.arguments]
            if atom.kind != "floor":
                arguments.sort(key=repr)
            factors.append((atom.kind, *arguments))
        terms.append((factor, *sorted(factors, key=repr)))
    return tuple(sorted(terms, key=repr))


def value(size: PlainSize, symbols: Sequence[int]) -> int:
    """What a size is where the symbols have these values, in the order of their numbers."""
    if isinstance(size, int):
        return size
    return sum(factor * math.prod(_factor(f, symbols) for f in rest) for factor, *rest in size)


def _factor(factor: int | Sequence[Any], symbols: Sequence[int]) -> int:
    if isinstance(factor, int):
        return symbols[factor]
    kind, first, second = factor
    return _OPERATIONS[kind](value(first, symbols), value(second, symbols))
