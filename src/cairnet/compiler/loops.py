"""The loop IR: the whole grammar of what the compiler emits, on one page.

    program  = (nest | loop | call)*
    loop     = program, run length times, over memory that moves on at every turn
    call     = for parallel axes: a routine from outside on pieces of memory (see `calls`)
    nest     = for parallel axes: fold over reduce axes, then stores
    axis     = a named counter 0 … extent - 1
    affine   = constant + sum of coefficient · axis
    guard    = 0 <= affine < extent
    store    = buffer[affine] := expression
    fold     = combine the values of an expression over the reduce axes
    expression =
        Literal            a number
      | Coordinate         an affine index as a number (0, 1, 2, … along an axis)
      | Number             an extent as a number
      | Load               buffer[affine + sum of stride · expression], zero where a guard fails
      | Guarded            one expression where the guards hold, another elsewhere
      | Compute            an elementwise primitive of expressions
      | Result             what a fold gave (its value, or the position that won)

Matrix products, convolutions and both their gradients, pooling, reductions and elementwise work
are all nests. An expression is a graph: nodes that are the same object are computed once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Extent, Size

__all__ = [
    "Affine",
    "Axis",
    "Buffer",
    "Compute",
    "Coordinate",
    "Expression",
    "Fold",
    "Following",
    "Guard",
    "Guarded",
    "Literal",
    "Load",
    "Loop",
    "Moving",
    "Nest",
    "Number",
    "Result",
    "Store",
    "expressions",
]

_serial = itertools.count()


@dataclass(frozen=True, eq=False)
class Axis:
    """A loop counter that runs from 0 to extent - 1; two axes are the same only as objects.

    Attributes:
        name: shown in printed loops.
        extent: how many values it has.
        outside: whether its points are to be computed one after the other or by several threads,
            but never side by side in registers.
    """

    name: str
    extent: Size
    outside: bool = False
    serial: int = field(default_factory=lambda: next(_serial))

    def __repr__(self) -> str:
        return self.name


class Affine:
    """constant + sum of coefficient · axis; immutable, compared by value."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: Size = 0, terms: Mapping[Axis, Size] | None = None) -> None:
        self.constant = constant
        self.terms = {axis: factor for axis, factor in (terms or {}).items() if factor != 0}

    @staticmethod
    def of(axis: Axis) -> Affine:
        """The axis itself (0 where it has but one value)."""
        return Affine(0, {} if axis.extent == 1 else {axis: 1})

    def __add__(self, other: Affine | Size) -> Affine:
        if not isinstance(other, Affine):
            return Affine(other + self.constant, self.terms)
        terms = dict(self.terms)
        for axis, factor in other.terms.items():
            terms[axis] = factor + terms.get(axis, 0)
        return Affine(self.constant + other.constant, terms)

    def __mul__(self, factor: Size) -> Affine:
        return Affine(
            factor * self.constant, {axis: factor * own for axis, own in self.terms.items()}
        )

    def coefficient(self, axis: Axis) -> Size:
        """How far the value moves when the axis moves by one."""
        return self.terms.get(axis, 0)

    def substitute(self, replacements: Mapping[Axis, Affine]) -> Affine:
        """The same formula with axes replaced by formulas."""
        if not any(axis in replacements for axis in self.terms):
            return self
        constant = self.constant
        terms: dict[Axis, Size] = {}
        for axis, factor in self.terms.items():
            formula = replacements.get(axis)
            if formula is None:
                terms[axis] = factor + terms.get(axis, 0)
                continue
            constant = constant + factor * formula.constant
            for other, own in formula.terms.items():
                terms[other] = factor * own + terms.get(other, 0)
        return Affine(constant, terms)

    def bounds(self) -> tuple[int, int] | None:
        """The least and greatest value, or None where an extent or a factor is not known."""
        low = high = self.constant
        for axis, factor in self.terms.items():
            if isinstance(axis.extent, Extent) or isinstance(factor, Extent):
                return None
            reach = factor * max(axis.extent - 1, 0)
            low, high = low + min(reach, 0), high + max(reach, 0)
        return None if isinstance(low, Extent) or isinstance(high, Extent) else (low, high)

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two formulas equal."""
        return self.constant, tuple(sorted((a.serial, f) for a, f in self.terms.items()))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Affine)
            and self.constant == other.constant
            and self.terms == other.terms
        )

    def __hash__(self) -> int:
        return hash((self.constant, frozenset(self.terms.items())))

    def __repr__(self) -> str:
        parts = [f"{f}·{a}" if f != 1 else f"{a}" for a, f in self.terms.items()]
        if self.constant != 0 or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")


@dataclass(frozen=True)
class Guard:
    """0 <= index < extent."""

    index: Affine
    extent: Size

    def always(self) -> bool:
        """Whether it holds for every value of the axes."""
        terms = [(axis.extent, factor) for axis, factor in self.index.terms.items()]
        if self.index.constant == 0 and terms == [(self.extent, 1)]:
            return True
        bounds = self.index.bounds()
        if bounds is None or isinstance(self.extent, Extent):
            return False
        return bounds[0] >= 0 and bounds[1] < self.extent

    def __repr__(self) -> str:
        return f"0 <= {self.index} < {self.extent}"


@dataclass(eq=False)
class Buffer:
    """A piece of memory for one tensor in row-major order.

    Attributes:
        name: shown in printed loops.
        dtype: element type.
        extents: the shape of the tensor it holds.
        tensor: that tensor.
        kind: "input", "variable", "constant", "output" or "arena" (memory of the program).
        spare: how many elements nobody looks at, at its end or in gaps.
    """

    name: str
    dtype: np.dtype[Any]
    extents: tuple[Size, ...]
    tensor: Tensor
    kind: str
    spare: int = 0

    @property
    def strides(self) -> tuple[Size, ...]:
        """How many elements apart neighbours along each axis are."""
        result: list[Size] = []
        total: Size = 1
        for size in reversed(self.extents):
            result.append(total)
            total = size * total
        return tuple(reversed(result))

    @property
    def size(self) -> Size:
        """The number of elements."""
        total: Size = 1
        for size in self.extents:
            total = size * total
        return total

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Expression:
    """A scalar value at one point of the axes."""

    dtype: np.dtype[Any]

    def parts(self) -> tuple[Expression, ...]:
        """The expressions it is made of."""
        return ()


@dataclass(frozen=True, eq=False)
class Literal(Expression):
    """A number."""

    value: Any


@dataclass(frozen=True, eq=False)
class Coordinate(Expression):
    """An affine index as a number."""

    index: Affine


@dataclass(frozen=True, eq=False)
class Number(Expression):
    """An extent as a number."""

    size: Size


@dataclass(frozen=True, eq=False)
class Load(Expression):
    """buffer[offset + sum of stride · index], zero of the dtype where a guard fails.

    `computed` holds (index expression, extent, stride) of the axes that are indexed by values.
    """

    buffer: Buffer
    offset: Affine
    guards: tuple[Guard, ...] = ()
    computed: tuple[tuple[Expression, Size, Size], ...] = ()

    def parts(self) -> tuple[Expression, ...]:
        return tuple(index for index, _, _ in self.computed)


@dataclass(frozen=True, eq=False)
class Guarded(Expression):
    """`inside` where all guards hold, `outside` elsewhere."""

    guards: tuple[Guard, ...]
    inside: Expression
    outside: Expression

    def parts(self) -> tuple[Expression, ...]:
        return (self.inside, self.outside)


@dataclass(frozen=True, eq=False)
class Compute(Expression):
    """An elementwise primitive applied to expressions."""

    name: str
    arguments: tuple[Expression, ...]
    word: int = 0

    def parts(self) -> tuple[Expression, ...]:
        return self.arguments


@dataclass(frozen=True, eq=False)
class Result(Expression):
    """What fold number `fold` gave: its value, or the position that won."""

    fold: int
    position: bool = False


@dataclass(frozen=True, eq=False)
class Fold:
    """The values of an expression over the reduce axes, combined by `kind`.

    kind: "sum", "product", "max", "min"; "argmax", "argmin" (the first extreme wins; its value
    and `position` are kept); "running_sum", "running_product" (stored at every step).
    Points where a guard fails take no part.
    """

    kind: str
    value: Expression
    guards: tuple[Guard, ...] = ()
    position: Affine | None = None


@dataclass(frozen=True, eq=False)
class Store:
    """buffer[offset + computed] := value (or += value in a nest of kind "scatter")."""

    buffer: Buffer
    offset: Affine
    value: Expression
    computed: tuple[tuple[Expression, Size, Size], ...] = ()


@dataclass(eq=False)
class Nest:
    """For every point of the parallel axes: the folds over the reduce axes, then the stores.

    Attributes:
        axes: the parallel axes; their points may be computed in any order.
        reduce: the axes that are folded, in order.
        folds: what is folded.
        stores: what is written, once for each point of the parallel axes.
        tensors: the graph nodes that this nest computes, for explanations.
        kind: "map" (as above), "running" (stores happen at every step of the reduce axes),
            "scatter" (stores add to what is there, at every step of the reduce axes, in order),
            "sort" (the positions along the reduce axis in the order of the fold's values),
            "loop" (see `Loop`) or "call" (see `cairnet.compiler.calls.Call`).
    """

    axes: tuple[Axis, ...]
    reduce: tuple[Axis, ...]
    folds: tuple[Fold, ...]
    stores: tuple[Store, ...]
    tensors: tuple[Tensor, ...]
    kind: str = "map"
    _found: tuple[Any, ...] = field(default=(), init=False, repr=False)

    def roots(self) -> Iterator[Expression]:
        """Every expression that the nest evaluates at its top."""
        for fold in self.folds:
            yield fold.value
        for store in self.stores:
            yield store.value
            for index, _, _ in store.computed:
                yield index

    def loads(self) -> tuple[Load, ...]:
        """Every load, each object once."""
        return self._search()[2]

    def reads(self) -> tuple[Buffer, ...]:
        """The buffers it loads from, each once."""
        return self._search()[3]

    def _search(self) -> tuple[Any, ...]:
        """The loads and the buffers; passes ask often, so both are kept until the nest changes."""
        if not self._found or self._found[0] is not self.folds or self._found[1] is not self.stores:
            loads = tuple(i for i in expressions(self.roots()) if isinstance(i, Load))
            buffers = tuple(dict.fromkeys(load.buffer for load in loads))
            self._found = (self.folds, self.stores, loads, buffers)
        return self._found

    def written(self) -> list[Buffer]:
        """The buffers it stores to."""
        return [store.buffer for store in self.stores]


@dataclass(eq=False)
class Moving:
    """Memory that a loop walks: `inner` is one element of `outer`, the next at every turn."""

    inner: Buffer
    outer: Buffer
    stride: Size


@dataclass(eq=False)
class Following:
    """Memory that a turn reads where the turn before has written it.

    `inner` is `first` at the first turn of a loop, and after that what `written`, an element of
    memory that the loop walks, was at the turn before.
    """

    inner: Buffer
    first: Buffer
    written: Buffer


@dataclass(eq=False)
class Loop(Nest):
    """Nests that run `length` times, one turn after another: a scan.

    `stores` names the memory outside it that the loop writes (carries included), `read` what it
    reads. `body` and `in_place` are those of a program of its own, whose inputs and outputs are
    moving memory, whose variables are the carries; of those, `following` need no memory of their
    own.
    """

    length: Size = 0
    reverse: bool = False
    body: tuple[Nest, ...] = ()
    in_place: dict[Buffer, Buffer] = field(default_factory=dict)
    moving: tuple[Moving, ...] = ()
    following: tuple[Following, ...] = ()
    read: tuple[Buffer, ...] = ()

    def reads(self) -> tuple[Buffer, ...]:
        """The memory outside the loop that it reads."""
        return self.read


def expressions(roots: Iterable[Expression], addresses: bool = True) -> list[Expression]:
    """Every expression below the roots, parts before wholes, each object once.

    Args:
        roots: where to begin.
        addresses: whether to go on below loads, to the indices by which they are found.
    """
    done: set[int] = set()
    order: list[Expression] = []
    stack = list(roots)[::-1]
    while stack:
        item = stack[-1]
        parts = item.parts() if addresses or not isinstance(item, Load) else ()
        waiting = [part for part in parts if id(part) not in done]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        if id(item) not in done:
            done.add(id(item))
            order.append(item)
    return order
