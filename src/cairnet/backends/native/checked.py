"""Kernels in which every load and store is tested before it happens.

With `cn.debug(bounds=True)`, or CAIRNET_BOUNDS=1 in the environment, kernels are written by the
builder of this module. It knows for every address the memory that it was derived from, and before
every access tests the address itself, lane by lane, so that a mistake in any pass shows, wherever
it was made:

    distance := address - start of its memory
    if distance < 0 or distance + size of the element > size of the memory:
        note kernel, memory, element and extent; leave the kernel

An address that comes from nowhere known is refused when the kernel is compiled. Whichever thread
notes something first is heard; no kernel begins after that, and the call raises what was noted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from cairnet.backends.native.addresses import ZEROS, ZEROS_BYTES
from cairnet.backends.native.builder import Builder, Value
from cairnet.base.errors import CompileError

__all__ = ["FAULT_WORDS", "STEP", "CheckedBuilder", "fault_ir"]

#: The parameter of a checked kernel that says which step of the program calls it.
STEP = ("i64", "step")
#: What the global @fault holds: whether anything was noted, the step, the parameter of the memory,
#: the element (or the index), the extent, and whether it is an index that the user gave.
FAULT_WORDS = 6

_BYTES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8, "ptr": 8}


class _Region(NamedTuple):
    """Memory: its first byte and its size as i64, and the parameter that it came in by (or -1)."""

    start: Value
    size: Value
    number: Value


class CheckedBuilder(Builder):
    """A builder of kernels that tests what it is asked to access.

    Args:
        name: the function's symbol.
        parameters: (type, name) of each parameter; `STEP` must be among them.
        attributes: text after the parameter list.
    """

    def __init__(
        self, name: str, parameters: Sequence[tuple[str, str]], attributes: str = "nounwind"
    ) -> None:
        super().__init__(name, parameters, attributes=attributes)
        self._regions: dict[str, _Region] = {}
        self._frames: dict[str, int] = {}
        self.bound(ZEROS, self.integer(ZEROS_BYTES), 1, -1)

    # -- what is known of addresses ------------------------------------------------------------

    def bound(self, pointer: Value, size: Value, element: int, number: int) -> None:
        """Say how much memory begins at an address.

        Args:
            pointer: the address.
            size: how many elements.
            element: bytes of one.
            number: what the memory is called in a report.
        """
        start = self._first("i64", f"ptrtoint ptr {pointer.name} to i64")
        total = self._first("i64", f"mul i64 {size.name}, {element}")
        self._regions[pointer.name] = _Region(start, total, self.integer(number))

    def _first(self, type_: str, text: str) -> Value:
        """A value worked out at the beginning of the function, where every block sees it."""
        name = f"%{self.fresh('m')}"
        self.entry.append(f"  {name} = {text}")
        return Value(type_, name)

    def alloca(self, type_: str, align: int = 64) -> Value:
        slot = super().alloca(type_, align)
        self._frames[slot.name] = _bytes(type_)
        return slot

    def offset(self, pointer: Value, element: str, index: Value) -> Value:
        moved = super().offset(pointer, element, index)
        self._regions[moved.name] = self._region(pointer)
        return moved

    def offsets(self, pointer: Value, element: str, indices: Value) -> Value:
        moved = super().offsets(pointer, element, indices)
        self._regions[moved.name] = self._region(pointer)
        return moved

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        chosen = super().select(condition, a, b)
        if a.type == "ptr":
            pairs = zip(self._region(a), self._region(b), strict=True)
            parts = (super(CheckedBuilder, self).select(condition, one, two) for one, two in pairs)
            self._regions[chosen.name] = _Region(*parts)
        return chosen

    def _region(self, pointer: Value) -> _Region:
        if pointer.name in self._frames and pointer.name not in self._regions:
            self.bound(pointer, self.integer(self._frames[pointer.name]), 1, -1)
        if pointer.name not in self._regions:
            raise CompileError(
                f"bounds: nothing is known of the memory behind the address {pointer.name}"
            )
        return self._regions[pointer.name]

    # -- accesses ------------------------------------------------------------------------------

    def load(self, type_: str, pointer: Value, align: int) -> Value:
        self._inside(type_, pointer, None)
        return super().load(type_, pointer, align)

    def store(self, value: Value, pointer: Value, align: int) -> None:
        self._inside(value.type, pointer, None)
        super().store(value, pointer, align)

    def masked_load(self, type_: str, pointer: Value, mask: Value, align: int) -> Value:
        self._inside(type_, pointer, mask)
        return super().masked_load(type_, pointer, mask, align)

    def masked_store(self, value: Value, pointer: Value, mask: Value, align: int) -> None:
        self._inside(value.type, pointer, mask)
        super().masked_store(value, pointer, mask, align)

    def gather(self, type_: str, pointers: Value, mask: Value, align: int) -> Value:
        self._inside(type_, pointers, mask)
        return super().gather(type_, pointers, mask, align)

    def scatter(self, value: Value, pointers: Value, mask: Value, align: int) -> None:
        self._inside(value.type, pointers, mask)
        super().scatter(value, pointers, mask, align)

    def _inside(self, type_: str, pointer: Value, mask: Value | None) -> None:
        """Test an access to as many elements as the type has lanes."""
        if self._frames.get(pointer.name, -1) >= _bytes(type_):
            return  # a slot in the frame, which stays a register as long as nobody asks where it is
        region = self._region(pointer)
        shape = Value(type_, "")
        lanes, element = shape.lanes, _BYTES[shape.element]
        address = self.emit(
            _words(lanes if pointer.lanes > 1 else 1),
            f"ptrtoint {pointer.type} {pointer.name} to {_words(pointer.lanes)}",
        )
        distance = self.binary(
            "sub", self._spread(address, lanes), self._spread(region.start, lanes)
        )
        if pointer.lanes == 1 and lanes > 1:
            steps = ", ".join(f"i64 {element * lane}" for lane in range(lanes))
            distance = self.binary("add", distance, Value(distance.type, f"<{steps}>"))
        last = self.binary("sub", region.size, self.integer(element))
        low = self.compare("icmp slt", distance, self.integer(0, distance.type))
        high = self.compare("icmp sgt", distance, self._spread(last, lanes))
        outside = self.binary("or", low, high)
        extent = self.binary("sdiv", region.size, self.integer(element))
        self._stop(outside, mask, distance, element, region.number, extent, 0)

    def expect_index(
        self, index: Value, extent: Value, active: Value | None, pointer: Value
    ) -> None:
        """Test that an index into memory, a value of the user's, is below the extent of its axis.

        Args:
            index: an i64 or a vector of them.
            extent: an i64.
            active: the lanes that matter; None for all.
            pointer: where the memory lies.
        """
        lanes = index.lanes
        if active is not None and active.lanes != lanes:
            if lanes > 1:
                active = self.splat(active, lanes)
            else:  # one index for all lanes: it matters if any of them reads
                name = f"llvm.vector.reduce.or.v{active.lanes}i1"
                active = self.call("i1", name, active)
        outside = self.compare("icmp uge", index, self._spread(extent, lanes))
        self._stop(outside, active, index, 1, self._region(pointer).number, extent, 1)

    def _spread(self, value: Value, lanes: int) -> Value:
        return value if value.lanes == lanes else self.splat(value, lanes)

    def _stop(
        self,
        outside: Value,
        mask: Value | None,
        distance: Value,
        element: int,
        number: Value,
        extent: Value,
        kind: int,
    ) -> None:
        """Leave the kernel if any active lane is outside, and note the first such lane."""
        lanes = outside.lanes
        if mask is not None:
            outside = self.binary("and", outside, self._spread(mask, lanes))
        anywhere = outside
        if lanes > 1:
            anywhere = self.call("i1", f"llvm.vector.reduce.or.v{lanes}i1", outside)
        fault, onward = self.fresh("fault"), self.fresh("inside")
        self.branch_if(anywhere, fault, onward)
        self.label(fault)
        where = distance
        if lanes > 1:
            bits = self.emit(f"i{lanes}", f"bitcast {outside.type} {outside.name} to i{lanes}")
            lane = self.call(bits.type, f"llvm.cttz.{bits.type}", bits, Value("i1", "true"))
            where = self.emit(
                "i64",
                f"extractelement {distance.type} {distance.name}, {lane.type} {lane.name}",
            )
        place = self.binary("sdiv", where, self.integer(element))
        told = (Value("i64", f"%{STEP[1]}"), number, place, extent, self.integer(kind))
        listed = ", ".join(f"i64 {value.name}" for value in told)
        self.line(f"call void @fault.note({listed})")
        self.line("ret void")
        self.label(onward)


def fault_ir() -> str:
    """The memory of the first fault, and the function that notes it."""
    names = ("step", "number", "place", "extent", "kind")
    builder = Builder("fault.note", [("i64", name) for name in names], attributes="nounwind cold")
    pair = builder.emit("{ i64, i1 }", "cmpxchg ptr @fault, i64 0, i64 1 acq_rel acquire")
    first = builder.emit("i1", f"extractvalue {{ i64, i1 }} {pair.name}, 1")
    with builder.when(first):
        for place in range(len(names)):
            slot = builder.offset(Value("ptr", "@fault"), "i64", builder.integer(place + 1))
            builder.store(builder.parameter(place), slot, 8)
    builder.line("ret void")
    memory = f"@fault = global [{FAULT_WORDS} x i64] zeroinitializer, align 64"
    return "\n".join([memory, builder.text().replace("define void", "define private void")])


def _words(lanes: int) -> str:
    return "i64" if lanes == 1 else f"<{lanes} x i64>"


def _bytes(type_: str) -> int:
    """The size of a type: of a number, of a vector, of an array of either."""
    array = re.fullmatch(r"\[(\d+) x (.+)\]", type_)
    if array:
        return int(array[1]) * _bytes(array[2])
    shape = Value(type_, "")
    return shape.lanes * _BYTES[shape.element]
