"""Sorting: a stable bottom-up merge sort of positions, one row at a time.

    order := 0, 1, 2, …
    for width = 1, 2, 4, …: merge neighbouring runs of that width into the other memory

The elements themselves never move: the positions are merged by the elements they stand for.
"""

from __future__ import annotations

from cairnet.backends.native.builder import Builder, Value, llvm_type
from cairnet.base.dtypes import is_floating
from cairnet.base.errors import CompileError
from cairnet.compiler.loops import Axis, Load, Nest
from cairnet.tensor.extent import Size

__all__ = ["emit_sort"]


class Row:
    """Where one row lies: the elements, and two memories for positions.

    Args:
        keys: address of the first element.
        order: address of the first position of the result.
        spare: address of as many positions again.
        key_stride: elements from one key to the next.
        order_stride: positions from one place to the next, in both memories.
        length: the number of elements.
    """

    def __init__(
        self,
        keys: Value,
        order: Value,
        spare: Value,
        key_stride: Value,
        order_stride: Value,
        length: Value,
    ) -> None:
        self.keys = keys
        self.order = order
        self.spare = spare
        self.key_stride = key_stride
        self.order_stride = order_stride
        self.length = length


def emit_sort(builder: Builder, nest: Nest, row: Row) -> None:
    """Write the sort of one row."""
    _Sort(builder, nest, row).write()


def sorted_axis(nest: Nest) -> tuple[Axis, Load, Size, Size]:
    """The axis, the load of the keys, and the strides of keys and positions along the axis."""
    (axis,) = nest.reduce
    load = nest.folds[0].value
    if not isinstance(load, Load):
        raise CompileError("a sort needs its keys in memory")
    return axis, load, load.offset.coefficient(axis), nest.stores[0].offset.coefficient(axis)


class _Sort:
    def __init__(self, builder: Builder, nest: Nest, row: Row) -> None:
        self.builder = builder
        self.row = row
        self.descending = nest.folds[0].kind == "descending"
        self.dtype = nest.folds[0].value.dtype
        self.zero, self.one = builder.integer(0), builder.integer(1)

    def write(self) -> None:
        builder, row = self.builder, self.row
        with builder.loop(self.zero, row.length, stem="first") as i:
            builder.store(i, self._place(row.order, i), 8)
        # ceil(log2(length)) passes; none for a length of 0 or 1.
        last = builder.binary("sub", row.length, self.one)
        last = builder.call("i64", "llvm.smax.i64", last, self.zero)
        zeros = builder.call("i64", "llvm.ctlz.i64", last, Value("i1", "false"))
        passes = builder.binary("sub", builder.integer(64), zeros)
        with builder.loop(self.zero, passes, stem="pass") as number:
            self._pass(number)
        odd = builder.convert("trunc", passes, "i1")
        with builder.when(odd), builder.loop(self.zero, row.length, stem="back") as i:
            builder.store(self._read(row.spare, i), self._place(row.order, i), 8)

    def _place(self, memory: Value, index: Value) -> Value:
        return self.builder.offset(
            memory, "i64", self.builder.binary("mul", index, self.row.order_stride)
        )

    def _read(self, memory: Value, index: Value) -> Value:
        return self.builder.load("i64", self._place(memory, index), 8)

    def _pass(self, number: Value) -> None:
        builder, row = self.builder, self.row
        width = builder.binary("shl", self.one, number)
        double = builder.binary("shl", width, self.one)
        odd = builder.convert("trunc", number, "i1")
        source = builder.select(odd, row.spare, row.order)
        target = builder.select(odd, row.order, row.spare)
        rounded = builder.binary("add", row.length, builder.binary("sub", double, self.one))
        runs = builder.binary("udiv", rounded, double)
        with builder.loop(self.zero, runs, stem="run") as run:
            low = builder.binary("mul", run, double)
            middle = self._at_most(builder.binary("add", low, width))
            high = self._at_most(builder.binary("add", low, double))
            self._merge(source, target, low, middle, high)

    def _at_most(self, value: Value) -> Value:
        return self.builder.call("i64", "llvm.smin.i64", value, self.row.length)

    def _merge(self, source: Value, target: Value, low: Value, middle: Value, high: Value) -> None:
        builder = self.builder
        left_slot, right_slot = builder.alloca("i64", 8), builder.alloca("i64", 8)
        builder.store(low, left_slot, 8)
        builder.store(middle, right_slot, 8)
        final = builder.binary("sub", self.row.length, self.one)
        with builder.loop(low, high, stem="out") as out:
            left, right = builder.load("i64", left_slot, 8), builder.load("i64", right_slot, 8)
            # Reads beyond a run's end are of some element of the row; their result is not used.
            first = self._read(source, builder.call("i64", "llvm.smin.i64", left, final))
            second = self._read(source, builder.call("i64", "llvm.smin.i64", right, final))
            left_ended = builder.compare("icmp sge", left, middle)
            right_left = builder.compare("icmp slt", right, high)
            earlier = self._before(self._key(second), self._key(first))
            chosen = builder.binary("and", right_left, builder.binary("or", left_ended, earlier))
            builder.store(builder.select(chosen, second, first), self._place(target, out), 8)
            moved = builder.convert("zext", chosen, "i64")
            builder.store(builder.binary("add", right, moved), right_slot, 8)
            stayed = builder.binary("sub", self.one, moved)
            builder.store(builder.binary("add", left, stayed), left_slot, 8)

    def _key(self, position: Value) -> Value:
        memory = "i8" if self.dtype.kind == "b" else llvm_type(self.dtype)
        index = self.builder.binary("mul", position, self.row.key_stride)
        return self.builder.load(
            memory, self.builder.offset(self.row.keys, memory, index), self.dtype.itemsize
        )

    def _before(self, second: Value, first: Value) -> Value:
        """Whether the second key comes strictly before the first; a NaN counts as the largest."""
        builder = self.builder
        if not is_floating(self.dtype):
            sign = "s" if self.dtype.kind == "i" else "u"
            return builder.compare(f"icmp {sign}{'gt' if self.descending else 'lt'}", second, first)
        order = builder.compare(f"fcmp {'ogt' if self.descending else 'olt'}", second, first)
        largest, other = (second, first) if self.descending else (first, second)
        is_nan = builder.compare("fcmp uno", largest, largest)
        is_number = builder.compare("fcmp ord", other, other)
        return builder.binary("or", order, builder.binary("and", is_nan, is_number))
