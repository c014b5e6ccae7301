"""Extents: the sizes of axes, known numbers or formulas in sizes that are not known yet.

`cn.input((None, 784))` gives the first axis a fresh symbol `n`. Every shape rule then computes
with it as if it were a number: flattening (n, 4, 4) gives 16·n, concatenating gives n + m. An
extent is a polynomial with integer coefficients over *atoms*; an atom is a symbol, or a floor
division, minimum or maximum that does not simplify. Equal formulas are equal objects, so that
shapes can be compared, hashed and, once the symbols are bound, evaluated.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from functools import total_ordering
from numbers import Integral
from typing import Any, TypeAlias

__all__ = [
    "Extent",
    "Size",
    "evaluate",
    "from_atom",
    "is_symbol",
    "maximum",
    "minimum",
    "same",
    "symbol",
    "symbols_of",
]

Size: TypeAlias = "int | Extent"
_Monomial: TypeAlias = "tuple[_Atom, ...]"
_serial = itertools.count()


@total_ordering
class _Atom:
    """A factor of a monomial: a symbol, or an operation on extents that does not simplify."""

    __slots__ = ("arguments", "key", "kind", "label")

    def __init__(self, kind: str, arguments: tuple[Size, ...], label: str) -> None:
        self.kind = kind
        self.arguments = arguments
        self.label = label
        self.key = (kind, label)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Atom) and self.key == other.key

    def __lt__(self, other: _Atom) -> bool:
        return self.key < other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def evaluate(self, bindings: Mapping[Extent, Size]) -> Size:
        if self.kind == "symbol":
            return bindings.get(from_atom(self), from_atom(self))
        first, second = (evaluate(argument, bindings) for argument in self.arguments)
        operation = {"floor": _floor_divide, "max": maximum, "min": minimum}[self.kind]
        return operation(first, second)


class Extent:
    """An integer formula over unknown sizes; made by `symbol` and by arithmetic on extents."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[_Monomial, int]) -> None:
        kept = {monomial: factor for monomial, factor in terms.items() if factor}
        self.terms = tuple(sorted(kept.items(), key=lambda item: (len(item[0]), item[0])))
        self._hash = hash(self.terms)

    def __add__(self, other: Size) -> Size:
        if not _is_size(other):
            return NotImplemented
        total = dict(self.terms)
        for monomial, factor in _terms(other):
            total[monomial] = total.get(monomial, 0) + factor
        return _simplify(total)

    __radd__ = __add__

    def __mul__(self, other: Size) -> Size:
        if not _is_size(other):
            return NotImplemented
        total: dict[_Monomial, int] = {}
        for left, first in self.terms:
            for right, second in _terms(other):
                monomial = tuple(sorted((*left, *right)))
                total[monomial] = total.get(monomial, 0) + first * second
        return _simplify(total)

    __rmul__ = __mul__

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return self + -other

    def __rsub__(self, other: int) -> Size:
        return -self + other

    def __floordiv__(self, other: Size) -> Size:
        return _floor_divide(self, other) if _is_size(other) else NotImplemented

    def __rfloordiv__(self, other: int) -> Size:
        return _floor_divide(other, self)

    def __mod__(self, other: Size) -> Size:
        return self - self // other * other if _is_size(other) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extent) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return " + ".join(_print_term(*term) for term in reversed(self.terms)).replace("+ -", "- ")


def symbol(name: str) -> Extent:
    """A fresh unknown size. Two symbols with one name stay different."""
    return from_atom(_Atom("symbol", (), f"{name}#{next(_serial)}"))


def is_symbol(value: Extent) -> bool:
    """Whether a formula is one symbol and nothing else."""
    return next(symbols_of(value), None) == value


def same(first: Size, second: Size) -> bool:
    """Whether two sizes are equal whatever the unknown sizes turn out to be."""
    return first == second


def maximum(first: Size, second: Size) -> Size:
    """The larger of two sizes."""
    return _extreme("max", max, first, second)


def minimum(first: Size, second: Size) -> Size:
    """The smaller of two sizes."""
    return _extreme("min", min, first, second)


def evaluate(value: Any, bindings: Mapping[Extent, Size]) -> Any:
    """Replace bound symbols in an extent, or in every extent inside nested tuples."""
    if isinstance(value, tuple):
        return tuple(evaluate(item, bindings) for item in value)
    if not isinstance(value, Extent):
        return value
    total: Size = 0
    for monomial, factor in value.terms:
        product: Size = factor
        for atom in monomial:
            product = product * atom.evaluate(bindings)
        total = total + product
    return total


def symbols_of(value: Any) -> Iterator[Extent]:
    """Every symbol in an extent, or in nested tuples of extents (repeats are possible)."""
    if isinstance(value, tuple):
        for item in value:
            yield from symbols_of(item)
    elif isinstance(value, Extent):
        for monomial, _ in value.terms:
            for atom in monomial:
                if atom.kind == "symbol":
                    yield from_atom(atom)
                else:
                    yield from symbols_of(atom.arguments)


def from_atom(atom: _Atom) -> Extent:
    """The formula that is one factor."""
    return Extent({(atom,): 1})


def _is_size(value: object) -> bool:
    """Whether this is a size to compute with; tensors that meet an extent know what to do."""
    return isinstance(value, int | Extent | Integral)


def _terms(value: Size) -> tuple[tuple[_Monomial, int], ...]:
    return value.terms if isinstance(value, Extent) else (((), value),)


def _simplify(terms: Mapping[_Monomial, int]) -> Size:
    kept = {monomial: factor for monomial, factor in terms.items() if factor}
    if not kept:
        return 0
    if set(kept) == {()}:
        return kept[()]
    return Extent(kept)


def _operation(kind: str, first: Size, second: Size) -> Extent:
    label = f"{kind}({_full(first)}, {_full(second)})"
    return from_atom(_Atom(kind, (first, second), label))


def _floor_divide(first: Size, second: Size) -> Size:
    if isinstance(first, int) and isinstance(second, int):
        return first // second
    if second == 1:
        return first
    if first == second:
        return 1
    if isinstance(second, int) and isinstance(first, Extent):
        whole = {m: factor // second for m, factor in first.terms if factor % second == 0}
        rest = {m: factor for m, factor in first.terms if factor % second != 0}
        if not rest:
            return _simplify(whole)
        if set(rest) == {()}:
            # k·n + r divided by k is n + r//k exactly, since k·n is a multiple of k.
            return _simplify(whole) + rest[()] // second
        if whole:
            return _simplify(whole) + _operation("floor", _simplify(rest), second)
    if isinstance(first, Extent) and isinstance(second, Extent) and len(second.terms) == 1:
        quotient = _divide_by_term(first, *second.terms[0])
        if quotient is not None:
            return quotient
    return _operation("floor", first, second)


def _divide_by_term(value: Extent, divisor: _Monomial, factor: int) -> Size | None:
    """Divide every term by one monomial, or None where a term is not a multiple of it."""
    result: dict[_Monomial, int] = {}
    for monomial, own in value.terms:
        rest = list(monomial)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if own % factor:
            return None
        result[tuple(rest)] = own // factor
    return _simplify(result)


def _extreme(kind: str, choose: Any, first: Size, second: Size) -> Size:
    if isinstance(first, int) and isinstance(second, int):
        return int(choose(first, second))
    difference = first - second
    if _never_negative(difference):
        return first if kind == "max" else second
    if _never_negative(-difference):
        return second if kind == "max" else first
    return _operation(kind, *sorted((first, second), key=_full))


def _never_negative(value: Size) -> bool:
    """Whether a size cannot be negative; symbols stand for sizes, which are 0 or more."""
    if isinstance(value, int):
        return value >= 0
    return all(
        factor >= 0 and all(atom.kind == "symbol" for atom in monomial)
        for monomial, factor in value.terms
    )


def _full(value: Size) -> str:
    """The formula with the serial numbers of its symbols, so that it names exactly one value."""
    if isinstance(value, int):
        return str(value)
    return "+".join(
        "*".join([str(factor), *(atom.label for atom in monomial)])
        for monomial, factor in value.terms
    )


def _print_term(monomial: _Monomial, factor: int) -> str:
    names = [re.sub(r"#\d+", "", atom.label).replace("+-", "-") for atom in monomial]
    if factor != 1 or not names:
        names.insert(0, str(factor))
    return "·".join(names)
