"""Writing LLVM IR as text: one function at a time, values with their types, structured loops.

The IR is written by hand-sized methods instead of through a library of instruction objects: it
is faster to make, and what `cn.explain(f, "llvm")` prints is exactly what was written here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Builder", "Value", "float_literal", "llvm_type", "mangled", "vector_of"]

_TYPES = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
    "float32": "float",
    "float64": "double",
}


class Value(NamedTuple):
    """An SSA value or a constant: its LLVM type and how it is written."""

    type: str
    name: str

    @property
    def lanes(self) -> int:
        """The number of elements of a vector, 1 for a scalar."""
        return _shape(self.type)[0]

    @property
    def element(self) -> str:
        """The type of one element."""
        return _shape(self.type)[1]


@cache
def _shape(type_: str) -> tuple[int, str]:
    """The number of elements and the type of one; asked for every instruction that is written."""
    if not type_.startswith("<"):
        return 1, type_
    lanes, element = type_[1:-1].split(" x ")
    return int(lanes), element


@cache
def llvm_type(dtype: np.dtype[Any]) -> str:
    """The type of a value of this dtype in a register (bool is i1; in memory it is a byte)."""
    return _TYPES[dtype.name]


def vector_of(element: str, lanes: int) -> str:
    """`lanes` elements as one type; a single lane is the scalar itself."""
    return element if lanes == 1 else f"<{lanes} x {element}>"


def float_literal(value: float, type_: str) -> str:
    """A float constant in LLVM's hexadecimal notation (a float is written as its double)."""
    exact = float(np.float32(value)) if type_ == "float" else float(value)
    return f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"


class Builder:
    """One LLVM function being written.

    Args:
        name: the function's symbol.
        parameters: (type, name) of each parameter, names without "%".
        result: the return type.
        attributes: text after the parameter list.
    """

    def __init__(
        self,
        name: str,
        parameters: Sequence[tuple[str, str]],
        result: str = "void",
        attributes: str = "nounwind",
    ) -> None:
        self.name = name
        self.parameters = list(parameters)
        self.result = result
        self.attributes = attributes
        self.entry: list[str] = []
        self.lines: list[str] = []
        self.declarations: set[str] = set()
        self.block = "entry"
        self._count = 0

    # -- names, lines, blocks ------------------------------------------------------------------

    def parameter(self, index: int) -> Value:
        """The parameter at a position."""
        type_, name = self.parameters[index]
        return Value(type_, f"%{name}")

    def fresh(self, stem: str = "v") -> str:
        """A name that is not used yet, without "%"."""
        self._count += 1
        return f"{stem}{self._count}"

    def line(self, text: str) -> None:
        """Write an instruction that has no result."""
        self.lines.append(f"  {text}")

    def emit(self, type_: str, text: str) -> Value:
        """Write an instruction and name its result."""
        name = f"%{self.fresh()}"
        self.lines.append(f"  {name} = {text}")
        return Value(type_, name)

    def comment(self, text: str) -> None:
        """Write a comment line."""
        self.lines.append(f"  ; {text}")

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    def branch(self, target: str) -> None:
        """Jump."""
        self.line(f"br label %{target}")

    def branch_if(self, condition: Value, yes: str, no: str) -> None:
        """Jump one way or the other."""
        self.line(f"br i1 {condition.name}, label %{yes}, label %{no}")

    def text(self) -> str:
        """The whole function."""
        parameters = ", ".join(f"{type_} %{name}" for type_, name in self.parameters)
        body = "\n".join(["entry:", *self.entry, *self.lines])
        return f"define {self.result} @{self.name}({parameters}) {self.attributes} {{\n{body}\n}}\n"

    # -- constants -----------------------------------------------------------------------------

    def integer(self, value: int, type_: str = "i64") -> Value:
        """An integer constant, of a vector type too."""
        return self._constant(str(int(value)), type_)

    def real(self, value: float, type_: str) -> Value:
        """A float constant, of a vector type too."""
        element = Value(type_, "").element
        return self._constant(float_literal(value, element), type_)

    def _constant(self, text: str, type_: str) -> Value:
        shape = Value(type_, "")
        if shape.lanes == 1:
            return Value(type_, text)
        return Value(type_, f"splat ({shape.element} {text})")

    def lane_numbers(self, lanes: int, type_: str = "i32") -> Value:
        """The constant vector 0, 1, 2, …"""
        return Value(
            vector_of(type_, lanes), "<" + ", ".join(f"{type_} {i}" for i in range(lanes)) + ">"
        )

    # -- instructions --------------------------------------------------------------------------

    def binary(self, operation: str, a: Value, b: Value) -> Value:
        """A two-operand instruction: fadd, fmul, add, and, shl, …"""
        return self.emit(a.type, f"{operation} {a.type} {a.name}, {b.name}")

    def compare(self, operation: str, a: Value, b: Value) -> Value:
        """A comparison: "fcmp olt", "icmp eq", …"""
        return self.emit(vector_of("i1", a.lanes), f"{operation} {a.type} {a.name}, {b.name}")

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        """`a` where the condition holds, `b` elsewhere, lane by lane."""
        return self.emit(
            a.type,
            f"select {condition.type} {condition.name}, {a.type} {a.name}, {b.type} {b.name}",
        )

    def convert(self, operation: str, a: Value, element: str) -> Value:
        """A conversion: fptrunc, sitofp, zext, bitcast, … to another element type."""
        type_ = vector_of(element, a.lanes)
        return self.emit(type_, f"{operation} {a.type} {a.name} to {type_}")

    def negate(self, a: Value) -> Value:
        """-a for floats (flips the sign bit)."""
        return self.emit(a.type, f"fneg {a.type} {a.name}")

    def call(self, result: str, function: str, *arguments: Value) -> Value:
        """Call a function or an intrinsic, declaring it."""
        listed = ", ".join(f"{a.type} {a.name}" for a in arguments)
        self.declare(result, function, [a.type for a in arguments])
        if result == "void":
            self.line(f"call void @{function}({listed})")
            return Value("void", "")
        return self.emit(result, f"call {result} @{function}({listed})")

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """An LLVM intrinsic overloaded on its argument type, as "fma", "sqrt", "maximum"."""
        type_ = arguments[0].type
        return self.call(type_, f"llvm.{name}.{mangled(type_)}", *arguments)

    def declare(self, result: str, function: str, types: Sequence[str]) -> None:
        """Note that the module needs this declaration."""
        self.declarations.add(f"declare {result} @{function}({', '.join(types)})")

    def shuffle(self, first: Value, second: Value, order: Sequence[int]) -> Value:
        """Chosen lanes of two vectors, which count as one long one."""
        lanes = ", ".join(f"i32 {lane}" for lane in order)
        return self.emit(
            vector_of(first.element, len(order)),
            f"shufflevector {first.type} {first.name}, {second.type} {second.name}, "
            f"<{len(order)} x i32> <{lanes}>",
        )

    def splat(self, a: Value, lanes: int) -> Value:
        """A scalar in every lane."""
        if lanes == 1:
            return a
        if not a.name.startswith("%"):
            return self._constant(a.name, vector_of(a.type, lanes))
        type_ = vector_of(a.type, lanes)
        first = self.emit(type_, f"insertelement {type_} poison, {a.type} {a.name}, i32 0")
        zeros = f"<{lanes} x i32> zeroinitializer"
        return self.emit(type_, f"shufflevector {type_} {first.name}, {type_} poison, {zeros}")

    def extract(self, a: Value, lane: int) -> Value:
        """One lane of a vector."""
        return self.emit(a.element, f"extractelement {a.type} {a.name}, i32 {lane}")

    def insert(self, a: Value, value: Value, lane: int) -> Value:
        """A vector with one lane replaced."""
        return self.emit(
            a.type, f"insertelement {a.type} {a.name}, {value.type} {value.name}, i32 {lane}"
        )

    def per_lane(self, result_element: str, function: str, *arguments: Value) -> Value:
        """Call a scalar function on every lane (for functions that are seldom hot)."""
        lanes = arguments[0].lanes
        if lanes == 1:
            return self.call(result_element, function, *arguments)
        result = Value(vector_of(result_element, lanes), "poison")
        for lane in range(lanes):
            scalars = [self.extract(a, lane) for a in arguments]
            result = self.insert(result, self.call(result_element, function, *scalars), lane)
        return result

    # -- memory --------------------------------------------------------------------------------

    def alloca(self, type_: str, align: int = 64) -> Value:
        """Room for a value in the frame (promoted to a register by LLVM where it can be)."""
        name = f"%{self.fresh('a')}"
        self.entry.append(f"  {name} = alloca {type_}, align {align}")
        return Value("ptr", name)

    def load(self, type_: str, pointer: Value, align: int) -> Value:
        """Read memory."""
        return self.emit(type_, f"load {type_}, ptr {pointer.name}, align {align}")

    def store(self, value: Value, pointer: Value, align: int) -> None:
        """Write memory."""
        self.line(f"store {value.type} {value.name}, ptr {pointer.name}, align {align}")

    def offset(self, pointer: Value, element: str, index: Value) -> Value:
        """The address `index` elements further on."""
        if index.name == "0":
            return pointer
        return self.emit(
            "ptr", f"getelementptr {element}, ptr {pointer.name}, {index.type} {index.name}"
        )

    def offsets(self, pointer: Value, element: str, indices: Value) -> Value:
        """A vector of addresses, one for each of a vector of indices."""
        return self.emit(
            vector_of("ptr", indices.lanes),
            f"getelementptr {element}, ptr {pointer.name}, {indices.type} {indices.name}",
        )

    def masked_load(self, type_: str, pointer: Value, mask: Value, align: int) -> Value:
        """Read the active lanes of a vector; the others are zero."""
        return self.call(
            type_,
            f"llvm.masked.load.{mangled(type_)}.p0",
            Value(f"ptr align {align}", pointer.name),
            mask,
            Value(type_, "zeroinitializer"),
        )

    def masked_store(self, value: Value, pointer: Value, mask: Value, align: int) -> None:
        """Write the active lanes of a vector."""
        self.call(
            "void",
            f"llvm.masked.store.{mangled(value.type)}.p0",
            value,
            Value(f"ptr align {align}", pointer.name),
            mask,
        )

    def gather(self, type_: str, pointers: Value, mask: Value, align: int) -> Value:
        """Read the active lanes of a vector from an address each; the others are zero."""
        return self.call(
            type_,
            f"llvm.masked.gather.{mangled(type_)}.v{pointers.lanes}p0",
            Value(f"{pointers.type} align {align}", pointers.name),
            mask,
            Value(type_, "zeroinitializer"),
        )

    def scatter(self, value: Value, pointers: Value, mask: Value, align: int) -> None:
        """Write the active lanes of a vector to an address each."""
        self.call(
            "void",
            f"llvm.masked.scatter.{mangled(value.type)}.v{pointers.lanes}p0",
            value,
            Value(f"{pointers.type} align {align}", pointers.name),
            mask,
        )

    # -- loops ---------------------------------------------------------------------------------

    @contextmanager
    def loop(self, start: Value, stop: Value, step: int = 1, stem: str = "i") -> Iterator[Value]:
        """for (i = start; i < stop; i += step); the counter is an i64."""
        counter = f"%{self.fresh(stem)}"
        head, body, latch, done = (
            f"{self.fresh(stem)}.{part}" for part in ("head", "body", "latch", "done")
        )
        before = self.block
        self.branch(head)
        self.label(head)
        place = len(self.lines)
        self.lines.append("")  # the phi, written below once the latch has a name
        inside = self.compare("icmp slt", Value("i64", counter), stop)
        self.branch_if(inside, body, done)
        self.label(body)
        yield Value("i64", counter)
        self.branch(latch)
        self.label(latch)
        following = self.emit("i64", f"add nsw i64 {counter}, {step}")
        self.branch(head)
        self.lines[place] = (
            f"  {counter} = phi i64 [ {start.name}, %{before} ], [ {following.name}, %{latch} ]"
        )
        self.label(done)

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Run the body only where a scalar condition holds."""
        yes, done = self.fresh("then"), self.fresh("done")
        self.branch_if(condition, yes, done)
        self.label(yes)
        yield
        self.branch(done)
        self.label(done)


def mangled(type_: str) -> str:
    """How LLVM writes a type in the name of an intrinsic: "v16f32" for <16 x float>."""
    value = Value(type_, "")
    element = {"float": "f32", "double": "f64"}.get(value.element, value.element)
    return element if value.lanes == 1 else f"v{value.lanes}{element}"
