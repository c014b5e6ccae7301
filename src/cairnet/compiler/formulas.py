"""Expressions of the loop IR as formulas that a person would write.

    Load      weights[i0, k0]                  the offset is taken apart into one index an axis
              image[n, i1i2]                   an index that counts through two axes at once
              image[n, y + k - 2; 0 outside]   zero beyond its edges
    Compute   max(total + bias[o], 0)
    Guarded   (a if 0 <= i - 2 < 28 else b)

A value that is used twice, or whose formula grows long, gets a name and a line of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cairnet.base.errors import CompileError
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Coordinate,
    Expression,
    Guard,
    Guarded,
    Literal,
    Load,
    Number,
    Result,
    expressions,
)
from cairnet.tensor.extent import Extent, Size

__all__ = ["Formulas", "affine_text", "guard_text"]

_INFIX = {
    "bitwise_or": (" | ", 1),
    "bitwise_xor": (" ^ ", 2),
    "bitwise_and": (" & ", 3),
    "equal": (" == ", 4),
    "less": (" < ", 4),
    "less_equal": (" <= ", 4),
    "shift_left": (" << ", 5),
    "shift_right": (" >> ", 5),
    "add": (" + ", 6),
    "subtract": (" - ", 6),
    "multiply": (" · ", 7),
    "divide": (" / ", 7),
    "floor_divide": (" // ", 7),
    "remainder": (" % ", 7),
    "power": ("**", 9),
}
_PREFIX = {"negative": ("-", 8), "bitwise_not": ("~", 8)}
_SHORT = {"maximum": "max", "minimum": "min", "absolute": "abs"}
_TERNARY, _ATOM = 0, 10
#: A part of a formula that is longer than this gets a line of its own.
_LONGEST_PART = 56

#: Writes an element: a buffer and "[i, j]" (nothing for a scalar) become "weights[i, j]".
Element = Callable[[Buffer, str], str]
#: (index expression, extent, stride) of the axes that are indexed by values.
Computed = Sequence[tuple[Expression, Size, Size]]


class Formulas:
    """Writes the expressions of one nest; the names of values given so far are kept.

    Args:
        element: the name of an element of a buffer.
        axes: the names of the nest's axes.
        results: for each fold the names of its value and of its position.
        held: guards that hold wherever the expressions are evaluated, and are not repeated.
    """

    def __init__(
        self,
        element: Element,
        axes: Mapping[Axis, str],
        results: Sequence[tuple[str, str]],
        held: Sequence[Guard] = (),
    ) -> None:
        self.element = element
        self.axes = axes
        self.results = results
        self.lines: list[str] = []
        self._named: dict[int, str] = {}
        self._shared: set[int] = set()
        self._held = frozenset(held)
        self._lines: dict[str, str] = {}

    def share(self, roots: Iterable[Expression]) -> None:
        """Give a name to every computed value that these expressions use more than once."""
        kept = list(roots)
        uses: dict[int, int] = {}
        items = expressions(kept)
        for part in (*kept, *(part for item in items for part in item.parts())):
            uses[id(part)] = uses.get(id(part), 0) + 1
        self._shared = {
            id(item) for item in items if uses[id(item)] > 1 and isinstance(item, Compute | Guarded)
        }

    def is_shared(self, item: Expression) -> bool:
        """Whether a value is used more than once, and so has a name."""
        return id(item) in self._shared

    def name(self, item: Expression) -> str:
        """Give a value a line and a name of its own."""
        return self._named.get(id(item)) or self._line(item, self._formula(item)[0])

    def text(self, item: Expression, least: int = _TERNARY) -> str:
        """The formula, in brackets if it binds less tightly than `least`.

        Values that get lines of their own are appended to `lines`, as "name = formula".
        """
        for part in expressions([item])[:-1]:
            if id(part) in self._shared and id(part) not in self._named:
                self.name(part)
        if id(item) in self._shared and id(item) not in self._named:
            self.name(item)
        return self._part(item, least, whole=True)

    def _line(self, item: Expression, text: str) -> str:
        # Different expressions may come out as one formula: then they have one value.
        if text not in self._lines:
            self._lines[text] = f"t{len(self._lines) + 1}"
            self.lines.append(f"{self._lines[text]} = {text}")
        name = self._named[id(item)] = self._lines[text]
        return name

    def _part(self, item: Expression, least: int, whole: bool = False) -> str:
        if id(item) in self._named:
            return self._named[id(item)]
        text, level = self._formula(item)
        if len(text) > _LONGEST_PART and not whole and isinstance(item, Compute | Guarded):
            return self._line(item, text)
        return text if level >= least else f"({text})"

    def _formula(self, item: Expression) -> tuple[str, int]:
        if isinstance(item, Compute):
            return self._compute(item)
        if isinstance(item, Load):
            return self._load(item)
        if isinstance(item, Guarded):
            condition = " and ".join(guard_text(guard, self.axes) for guard in item.guards)
            with self._holding(item.guards):
                inside = self._part(item.inside, 1)
            return f"{inside} if {condition} else {self._part(item.outside, 1)}", _TERNARY
        if isinstance(item, Literal):
            text = _number(item)
            return text, _ATOM if not text.startswith("-") else 8
        if isinstance(item, Coordinate):
            text = affine_text(item.index, self.axes)
            return text, _affine_level(text)
        if isinstance(item, Number):
            return str(item.size), _affine_level(str(item.size))
        if isinstance(item, Result):
            return self.results[item.fold][int(item.position)], _ATOM
        raise CompileError(f"the listing has no form for {type(item).__name__}")

    def _compute(self, item: Compute) -> tuple[str, int]:
        if item.name in _INFIX:
            sign, level = _INFIX[item.name]
            first, second = item.arguments
            # The order of operations is part of the meaning: a + (b + c) keeps its brackets.
            return f"{self._part(first, level)}{sign}{self._part(second, level + 1)}", level
        if item.name in _PREFIX:
            sign, level = _PREFIX[item.name]
            return f"{sign}{self._part(item.arguments[0], level)}", level
        if item.name == "where":
            condition, inside, outside = item.arguments
            parts = self._part(inside, 1), self._part(condition, 1), self._part(outside, 1)
            return "{} if {} else {}".format(*parts), _TERNARY
        name = _SHORT.get(item.name, item.name)
        if name in ("cast", "bitcast"):
            name = item.dtype.name if name == "cast" else f"bits_as_{item.dtype.name}"
        least = 1 if len(item.arguments) > 1 else _TERNARY
        listed = ", ".join(self._part(part, least) for part in item.arguments)
        text = f"{name}({listed})"
        return (f"{text}.word{item.word}" if item.name == "threefry" else text), _ATOM

    def _load(self, item: Load) -> tuple[str, int]:
        guards = [guard for guard in item.guards if guard not in self._held]
        with self._holding(guards):
            place, edges = self._subscript(item.buffer, item.offset, item.computed, item.guards)
        if guards and edges:
            return self.element(item.buffer, f"{place[:-1]}; 0 outside]"), _ATOM
        text = self.element(item.buffer, place)
        if not guards:
            return text, _ATOM
        condition = " and ".join(guard_text(guard, self.axes) for guard in guards)
        return f"{text} if {condition} else 0", _TERNARY

    @contextmanager
    def _holding(self, guards: Iterable[Guard]) -> Iterator[None]:
        before = self._held
        self._held = before.union(guards)
        yield
        self._held = before

    def place(self, buffer: Buffer, offset: Affine, computed: Computed) -> str:
        """An element that is written."""
        return self.element(buffer, self._subscript(buffer, offset, computed, ())[0])

    def _subscript(
        self, buffer: Buffer, offset: Affine, computed: Computed, guards: Sequence[Guard]
    ) -> tuple[str, bool]:
        indices = [(self._part(index, _TERNARY), size, step) for index, size, step in computed]
        return subscript(buffer, offset, guards, indices, self.axes)


def _number(item: Literal) -> str:
    value = np.asarray(item.value, item.dtype)[()]
    return str(value.item() if item.dtype.kind in "biu" else value)


def _affine_level(text: str) -> int:
    return 6 if " " in text else 7 if "·" in text else _ATOM


def affine_text(index: Affine, names: Mapping[Axis, str]) -> str:
    """An affine formula: "2·i0 + k0 - 1"."""
    parts = [
        names[axis] if factor == 1 else f"{_factor(factor)}·{names[axis]}"
        for axis, factor in index.terms.items()
    ]
    # A formula begins with a positive term where it has one.
    parts.sort(key=lambda part: part.startswith("-"))
    if index.constant != 0 or not parts:
        parts.append(str(index.constant))
    return " + ".join(parts).replace("+ -", "- ").replace("-1·", "-").replace("- 1·", "- ")


def _factor(factor: Size) -> str:
    text = str(factor)
    return f"({text})" if " " in text else text


def guard_text(guard: Guard, names: Mapping[Axis, str]) -> str:
    """A guard as a chain of comparisons; the half that always holds is left out."""
    index = affine_text(guard.index, names)
    bounds = guard.index.bounds()
    if bounds is not None and bounds[0] >= 0:
        return f"{index} < {guard.extent}"
    if bounds is not None and isinstance(guard.extent, int) and bounds[1] < guard.extent:
        return f"{index} >= 0"
    return f"0 <= {index} < {guard.extent}"


# -- from offsets to indices ----------------------------------------------------------------------


def subscript(
    buffer: Buffer,
    offset: Affine,
    guards: Sequence[Guard],
    computed: Sequence[tuple[str, Size, Size]],
    names: Mapping[Axis, str],
) -> tuple[str, bool]:
    """An offset as indices in brackets, and whether the guards are just the edges of the buffer.

    Where the offset does not tell neighbouring axes apart, one index counts through all of them.

    Args:
        buffer: what is accessed.
        offset: the place, in elements from its beginning.
        guards: of the access.
        computed: indices that are values: (formula, extent, stride) of each.
        names: of the axes.
    """
    if not buffer.extents:
        return "", not guards
    for groups in _groupings(len(buffer.extents)):
        extents = [_product(buffer.extents[start:stop]) for start, stop in groups]
        placed = _places(extents, offset, guards, computed, names)
        if placed is not None:
            return f"[{', '.join(placed[0])}]", placed[1]
    moved = [f"{_factor(stride)}·({text})" for text, _, stride in computed]
    return f".flat[{' + '.join([affine_text(offset, names), *moved])}]", False


def _groupings(rank: int) -> Iterator[list[tuple[int, int]]]:
    """Every way to cut axes into runs of neighbours, the finest first."""
    for count in range(rank - 1, -1, -1):
        for cuts in itertools.combinations(range(1, rank), count):
            yield list(itertools.pairwise((0, *cuts, rank)))


def _places(
    extents: Sequence[Size],
    offset: Affine,
    guards: Sequence[Guard],
    computed: Sequence[tuple[str, Size, Size]],
    names: Mapping[Axis, str],
) -> tuple[list[str], bool] | None:
    """One index for each extent that together make the offset, or None where there are none."""
    strides = _strides(extents)
    texts: list[str | None] = [None] * len(extents)
    for text, size, stride in computed:
        free = [i for i, own in enumerate(strides) if texts[i] is None and own == stride]
        chosen = next((i for i in free if extents[i] == size), None)
        if chosen is None:
            return None
        texts[chosen] = text
    open_axes = [i for i in range(len(extents)) if texts[i] is None and extents[i] != 1]
    found = _split(offset, strides, open_axes, extents, guards)
    if found is None:
        return None
    used: set[Guard] = set()
    for position, i in enumerate(open_axes):
        guard = next((g for g in guards if g.index == found[i] and g.extent == extents[i]), None)
        if guard is not None:
            used.add(guard)
        elif not (position == 0 or _fits(found[i], extents[i])):
            return None
        texts[i] = affine_text(found[i], names)
    return [text if text is not None else "0" for text in texts], used == set(guards)


def _split(
    offset: Affine,
    strides: Sequence[Size],
    axes: Sequence[int],
    extents: Sequence[Size],
    guards: Sequence[Guard],
) -> dict[int, Affine] | None:
    places = {i: Affine() for i in axes}
    for axis, factor in offset.terms.items():
        for i in axes:
            quotient = _exact_quotient(factor, strides[i])
            if quotient is not None:
                places[i] = places[i] + Affine(0, {axis: quotient})
                break
        else:
            return None
    rest = offset.constant
    for i in axes:
        wanted = next(
            (
                guard.index.constant
                for guard in guards
                if guard.extent == extents[i] and guard.index.terms == places[i].terms
            ),
            None,
        )
        if wanted is not None:
            places[i] = places[i] + wanted
            rest = rest - wanted * strides[i]
    for i in axes:
        stride = strides[i]
        if rest == 0:
            break
        if isinstance(rest, Extent) or isinstance(stride, Extent):
            quotient = _exact_quotient(rest, stride)
        else:
            quotient = rest // stride if rest > 0 else -(-rest // stride)
        if quotient is not None and not _is_decided(places[i], extents[i], guards):
            places[i] = places[i] + quotient
            rest = rest - quotient * stride
    return places if rest == 0 else None


def _is_decided(place: Affine, extent: Size, guards: Sequence[Guard]) -> bool:
    return any(guard.index == place and guard.extent == extent for guard in guards)


def _fits(place: Affine, extent: Size) -> bool:
    if Guard(place, extent).always():
        return True
    terms = [(axis.extent, factor) for axis, factor in place.terms.items()]
    return place.constant == 0 and terms in ([], [(extent, 1)])


def _strides(extents: Sequence[Size]) -> list[Size]:
    result: list[Size] = []
    total: Size = 1
    for size in reversed(extents):
        result.append(total)
        total = size * total
    return result[::-1]


def _product(extents: Sequence[Size]) -> Size:
    total: Size = 1
    for size in extents:
        total = size * total
    return total


def _exact_quotient(value: Any, divisor: Any) -> Size | None:
    if divisor == 0:
        return None
    quotient = value // divisor
    return quotient if quotient != 0 and quotient * divisor == value else None
