"""Nests over stacks of matrices: what calls of routines are made of, and what stands around them.

The leading axes of a stack are parallel axes of every nest; the last two are those of a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, int64
from cairnet.base.errors import CompileError
from cairnet.compiler.calls import Argument, Call, Operand, Target
from cairnet.compiler.folding import fold
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Expression,
    Fold,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.nest import Lowering
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives.linalg_matrices import LARGE

__all__ = ["INT32", "Index", "Stack", "Value"]

INT32 = np.dtype(np.int32)

Index = tuple[Affine, ...]
#: An element of a matrix, from the place of the matrix in the stack, its row and its column.
Value = Callable[[Index, Affine, Affine], Expression]


class Stack:
    """Nests over a stack of matrices: its leading axes are the parallel axes of all of them.

    Args:
        lowering: of the graph.
        tensor: the node, or the first of the nodes of a joint computation.
        a: a stack of matrices that it is computed from.
    """

    def __init__(self, lowering: Lowering, tensor: Tensor, a: Tensor) -> None:
        self.lowering = lowering
        self.tensor = tensor
        self.lead = a.extents[:-2]
        self.dtype = a.dtype
        if a.dtype.kind != "f":
            raise CompileError(f"{tensor.primitive.name} of {a.dtype.name} is not compiled")

    def memory(self, name: str, *extents: Size, dtype: np.dtype[Any] | None = None) -> Buffer:
        """Memory of the program for every matrix of the stack."""
        return Buffer(name, dtype or self.dtype, (*self.lead, *extents), self.tensor, "arena")

    def axes(self) -> tuple[Axis, ...]:
        """Fresh axes over the stack."""
        return tuple(Axis(f"i{number}", size) for number, size in enumerate(self.lead))

    def place(self, buffer: Buffer, index: Sequence[Affine]) -> Affine:
        """Where the element lies, or the first of those whose index begins so."""
        offset = Affine()
        for position, stride in zip(index, buffer.strides, strict=False):
            offset = offset + position * stride
        return offset

    def load(self, buffer: Buffer, *index: Affine, guards: Sequence[Guard] = ()) -> Load:
        """An element of memory, zero where a guard fails."""
        kept = tuple(guard for guard in guards if not guard.always())
        return Load(buffer.dtype, buffer, self.place(buffer, index), kept)

    def fill(self, buffer: Buffer, value: Value) -> Nest:
        """A nest that gives every element of matrices in memory its value."""
        rows, columns = Axis("r", buffer.extents[-2]), Axis("c", buffer.extents[-1])
        lead = self.axes()
        index = tuple(map(Affine.of, lead))
        row, column = Affine.of(rows), Affine.of(columns)
        store = Store(buffer, self.place(buffer, (*index, row, column)), value(index, row, column))
        kept = tuple(axis for axis in (*lead, rows, columns) if axis.extent != 1)
        return Nest(kept, (), (), (store,), (self.tensor,))

    def folded(self, kind: str, tensor: Tensor, size: Size, value: Any) -> Nest:
        """A nest that folds the values along diagonals of that size into a tensor."""
        lead, axis = self.axes(), Axis("k", size)
        index = tuple(map(Affine.of, lead))
        return self.lowering.nest(
            lead,
            tensor,
            index,
            Result(tensor.dtype, 0),
            reduce=(axis,),
            folds=[fold(kind, value(index, Affine.of(axis)))],
        )

    def summed(
        self, tensor: Tensor, size: Size, term: Callable[[Index, Affine, Affine, Affine], Any]
    ) -> Nest:
        """A nest whose elements are sums of so many terms, as of a product of matrices."""
        rows, columns, axis = (
            Axis(name, extent)
            for name, extent in zip("rck", (*tensor.extents[-2:], size), strict=True)
        )
        lead = self.axes()
        index = tuple(map(Affine.of, lead))
        row, column = Affine.of(rows), Affine.of(columns)
        return self.lowering.nest(
            (*lead, rows, columns),
            tensor,
            (*index, row, column),
            Result(tensor.dtype, 0),
            reduce=(axis,),
            folds=[fold("sum", term(index, row, column, Affine.of(axis)))],
        )

    def call(
        self,
        routine: str,
        *arguments: str | Size | float | Buffer,
        on: Sequence[Buffer] = (),
        gives: Sequence[Buffer] = (),
        spoiled: Sequence[Buffer] = (),
        reports: bool = True,
        pairs: bool = False,
        work: Size = 0,
    ) -> list[Nest]:
        """A call for every matrix of the stack; none where there is nothing to compute with.

        Args:
            routine: its name without the letter of the dtype.
            arguments: in order; memory stands for the piece of it that belongs to the matrix.
            on: memory that it reads and writes.
            gives: memory that it writes. All other memory it reads.
            spoiled: memory that is NaN where it fails.
            reports: whether it says so.
            pairs: whether its numbers are complex.
            work: about how many operations it takes.
        """
        memories = [item for item in dict.fromkeys(arguments) if isinstance(item, Buffer)]
        if any(self._piece(item) == 0 for item in memories):
            return []
        written = [*on, *gives]
        read = [item for item in memories if item not in gives]

        def handed(item: str | Size | float | Buffer) -> Argument:
            if not isinstance(item, Buffer):
                return item
            return Target(written.index(item)) if item in written else Operand(read.index(item))

        lead = self.axes()
        index = tuple(map(Affine.of, lead))
        call = Call(
            tuple(axis for axis in lead if axis.extent != 1),
            (),
            tuple(Fold("operand", self.load(item, *index)) for item in read),
            tuple(Store(item, self.place(item, index), Literal(item.dtype, 0)) for item in written),
            (self.tensor,),
            "call",
            routine=routine,
            arguments=tuple(map(handed, arguments)),
            reports=reports,
            spoiled=tuple((written.index(item), self._piece(item)) for item in spoiled),
            pairs=pairs,
            work=work,
        )
        return [call]

    def _piece(self, buffer: Buffer) -> Size:
        total: Size = 1
        for size in buffer.extents[len(self.lead) :]:
            total = size * total
        return total

    def read(self, x: Tensor) -> Value:
        """The elements of a tensor."""
        return lambda lead, row, column: self.lowering.read(x, (*lead, row, column))

    def turned(self, value: Value) -> Value:
        """The transposed matrices."""
        return lambda lead, row, column: value(lead, column, row)

    def held(self, buffer: Buffer) -> Value:
        """The elements of memory."""
        return lambda lead, row, column: self.load(buffer, *lead, row, column)

    def lower(self, value: Value, size: Size) -> Value:
        """The lower triangle, of matrices with so many rows."""

        def element(lead: Index, row: Affine, column: Affine) -> Expression:
            guard = Guard(row + column * -1, size)
            zero = Literal(self.dtype, 0)
            return Guarded(self.dtype, (guard,), value(lead, row, column), zero)

        return element

    def unit(self, lead: Index, row: Affine, column: Affine) -> Expression:
        """The elements of identity matrices."""
        one, zero = Literal(self.dtype, 1), Literal(self.dtype, 0)
        return Guarded(self.dtype, (Guard(row + column * -1, 1),), one, zero)

    def columns_times(
        self, value: Value, factors: Buffer, count: Size | None = None, others: Buffer | None = None
    ) -> Value:
        """Each column times a factor: the first so many by `factors`, the rest by `others`."""

        def element(lead: Index, row: Affine, column: Affine) -> Expression:
            factor: Expression = self.load(factors, *lead, column)
            if others is not None and count is not None:
                guards = (Guard(column, count),)
                inside = self.load(factors, *lead, column, guards=guards)
                outside = self.load(others, *lead, column)
                factor = Guarded(self.dtype, guards, inside, outside)
            return Compute(self.dtype, "multiply", (value(lead, row, column), factor))

        return element

    def settled(self, value: Value, rows: Size, columns: Size) -> tuple[Buffer, list[Nest]]:
        """The signs that make the first large element of each column positive.

        Returns:
            Memory for the signs, and the nests that fill it.
        """
        dtype = self.dtype

        def size_of(*index: Any) -> Expression:
            return Compute(dtype, "absolute", (value(*index),))

        most = self.memory("most", columns)
        places, signs = self.memory("places", columns, dtype=int64), self.memory("signs", columns)

        def is_large(lead: Index, row: Affine, column: Affine) -> Expression:
            limit = (self.load(most, *lead, column), Literal(dtype, LARGE))
            compared = (Compute(dtype, "multiply", limit), size_of(lead, row, column))
            yes, no = Literal(dtype, 1), Literal(dtype, 0)
            return Compute(dtype, "where", (Compute(bool_, "less", compared), yes, no))

        def sign(lead: Index, column: Affine) -> Expression:
            # The row is a value here: the stride along rows is what the element of row 1 moves by.
            chosen = self._at_row(value, lead, column, self.load(places, *lead, column), rows)
            return Compute(dtype, "sign", (chosen,))

        return signs, [
            self._by_column(most, rows, "max", size_of),
            self._by_column(places, rows, "argmax", is_large),
            self._by_column(signs, 1, "", lambda lead, row, column: sign(lead, column)),
        ]

    def _at_row(
        self, value: Value, lead: Index, column: Affine, place: Expression, rows: Size
    ) -> Load:
        axis = Axis("r", rows)
        load = value(lead, Affine.of(axis), column)
        if not isinstance(load, Load):
            raise CompileError("signs are settled in memory")
        stride = load.offset.coefficient(axis)
        offset = load.offset.substitute({axis: Affine()})
        return Load(load.dtype, load.buffer, offset, (), ((place, rows, stride),))

    def _by_column(self, buffer: Buffer, rows: Size, kind: str, value: Value) -> Nest:
        """A nest that folds columns into vectors in memory; one without rows computes them."""
        lead, axis, columns = self.axes(), Axis("r", rows), Axis("c", buffer.extents[-1])
        index, row, column = tuple(map(Affine.of, lead)), Affine.of(axis), Affine.of(columns)
        item = value(index, row, column)
        folds: tuple[Fold, ...] = ()
        if kind:
            place = row if kind == "argmax" else None
            folds = (fold(kind, item, position=place),)
            item = Result(buffer.dtype, 0, position=place is not None)
        return Nest(
            tuple(each for each in (*lead, columns) if each.extent != 1),
            (axis,) if kind and axis.extent != 1 else (),
            folds,
            (Store(buffer, self.place(buffer, (*index, column)), item),),
            (self.tensor,),
        )
