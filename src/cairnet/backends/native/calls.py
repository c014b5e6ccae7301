"""Writing calls of LAPACK and BLAS into kernels.

A routine is a function like any other to LLVM, under a symbol that is bound to an address when the
object code is mapped into memory (`outside`). Every argument is a pointer, as Fortran has it, and
integers have 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable

from cairnet.backends.native.addresses import Addresses
from cairnet.backends.native.builder import Builder, Value, float_literal, llvm_type, vector_of
from cairnet.backends.native.outside import PREFIX
from cairnet.base.errors import CompileError
from cairnet.compiler.calls import Argument, Call, Operand, Target
from cairnet.compiler.loops import Load
from cairnet.tensor.extent import Extent, Size

__all__ = ["emit_call"]

#: For real numbers, and for complex ones.
_LETTERS = {"float32": "sc", "float64": "dz"}


def emit_call(
    builder: Builder, nest: Call, addresses: Addresses, size: Callable[[Size], Value]
) -> None:
    """Write the call for one point of the nest."""
    _CallWriter(builder, nest, addresses, size).write()


class _CallWriter:
    def __init__(
        self, builder: Builder, nest: Call, addresses: Addresses, size: Callable[[Size], Value]
    ) -> None:
        self.builder = builder
        self.nest = nest
        self.addresses = addresses
        self.size = size
        self.dtype = next(s.buffer.dtype for s in nest.stores if s.buffer.dtype.kind == "f")

    def write(self) -> None:
        builder, nest = self.builder, self.nest
        handed = [self._pointer(argument) for argument in nest.arguments]
        report = self._slot(builder.integer(0, "i32")) if nest.reports else None
        if report is not None:
            handed.append(report)
        symbol = f"{PREFIX}{_LETTERS[self.dtype.name][nest.pairs]}{nest.routine}"
        builder.call("void", symbol, *handed)
        if report is not None and nest.spoiled:
            failed = builder.compare(
                "icmp ne", builder.load("i32", report, 4), builder.integer(0, "i32")
            )
            with builder.when(failed):
                for number, count in nest.spoiled:
                    self._spoil(self._pointer(Target(number)), count)

    def _pointer(self, argument: Argument) -> Value:
        builder, nest = self.builder, self.nest
        if isinstance(argument, Target):
            store = nest.stores[argument.store]
            return self.addresses.address(store.buffer, store.offset)
        if isinstance(argument, Operand):
            load = nest.folds[argument.fold].value
            if not isinstance(load, Load):
                raise CompileError(f"{nest.routine} needs its operands in memory")
            return self.addresses.address(load.buffer, load.offset)
        if isinstance(argument, str):
            return self._slot(builder.integer(ord(argument), "i8"))
        if isinstance(argument, float):
            return self._number(argument)
        if isinstance(argument, Extent):
            return self._slot(builder.convert("trunc", self.size(argument), "i32"))
        return self._slot(builder.integer(argument, "i32"))

    def _slot(self, value: Value) -> Value:
        """The address of a value in the frame."""
        slot = self.builder.alloca(value.type, 8)
        self.builder.store(value, slot, 8)
        return slot

    def _number(self, value: float) -> Value:
        """The address of a number, or of a complex one whose imaginary part is zero."""
        type_ = llvm_type(self.dtype)
        if not self.nest.pairs:
            return self._slot(self.builder.real(value, type_))
        parts = ", ".join(f"{type_} {float_literal(part, type_)}" for part in (value, 0.0))
        return self._slot(Value(vector_of(type_, 2), f"<{parts}>"))

    def _spoil(self, memory: Value, count: Size) -> None:
        builder, type_ = self.builder, llvm_type(self.dtype)
        nothing = builder.real(float("nan"), type_)
        with builder.loop(builder.integer(0), self.size(count), stem="spoiled") as place:
            builder.store(nothing, builder.offset(memory, type_, place), self.dtype.itemsize)
