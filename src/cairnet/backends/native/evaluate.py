"""Expressions of the loop IR as LLVM values: loads, arithmetic, stores.

A value that does not change along the vector axis stays a scalar until it meets a vector. Equal
loads and equal subexpressions at different points of a tile are written once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.backends.native import scalars
from cairnet.backends.native.addresses import (
    ZEROS,
    Addresses,
    Parameters,
    Place,
    group_of,
    memory_type,
)
from cairnet.backends.native.builder import Builder, Value, llvm_type, vector_of
from cairnet.backends.native.checked import CheckedBuilder
from cairnet.backends.native.turning import turned
from cairnet.base.dtypes import is_floating
from cairnet.base.errors import CompileError
from cairnet.compiler.loops import (
    Axis,
    Compute,
    Coordinate,
    Expression,
    Guarded,
    Literal,
    Load,
    Nest,
    Number,
    Result,
    Store,
    expressions,
)

__all__ = ["Evaluator"]

DType = np.dtype[Any]

#: Of a prefetch: for reading, to be kept in the second-level cache, data.
_FETCH_OPTIONS = (0, 2, 1)


class Evaluator(Addresses):
    """Writes values at one depth of the loops; `scope` makes one for a deeper loop.

    Args:
        builder: where to write.
        parameters: the function's buffers and extents.
        vector: the axis along the lanes, or None.
        lanes: how many lanes there are.
        bases: the counters of all open loops.
        nest: what is being computed.
        guarded: whether the guards that hold for most whole blocks are tested.
        across: an axis of which every block holds whole groups of as many points as there are
            lanes; loads that move by one element along it are turned in registers.
    """

    def __init__(
        self,
        builder: Builder,
        parameters: Parameters,
        vector: Axis | None,
        lanes: int,
        bases: Mapping[Axis, Value],
        nest: Nest,
        guarded: bool,
        across: Axis | None = None,
    ) -> None:
        super().__init__(builder, parameters, vector, lanes, bases, guarded)
        self.nest = nest
        self.across = across
        self._squares: dict[tuple[Any, ...], list[Value]] = {}
        self.results: Sequence[tuple[Value, Value | None]] = ()
        self._generation = 0
        self._memo: dict[tuple[Any, ...], Value] = {}
        self._dependence: dict[int, tuple[tuple[Axis, ...], bool]] = {}

    def scope(
        self,
        counters: Mapping[Axis, Value],
        loads: Sequence[Load] = (),
        *,
        guarded: bool | None = None,
        scalar: bool = False,
    ) -> Evaluator:
        """An evaluator inside further loops; the addresses of `loads` are moved along here.

        Args:
            counters: the counters of the further loops.
            loads: whose addresses are worked out now.
            guarded: whether guards are tested inside; default: as here.
            scalar: whether the values inside have no lanes.
        """
        inner = Evaluator(
            self.builder,
            self.parameters,
            None if scalar else self.vector,
            1 if scalar else self.lanes,
            {**self.bases, **counters},
            self.nest,
            self.guarded if guarded is None else guarded,
            None if scalar else self.across,
        )
        inner._dependence = self._dependence
        for load in loads:
            key = group_of(load.buffer, load.offset)
            if key in inner.pointers:
                continue
            if key in self.pointers:
                moved = {axis: f for axis, f in load.offset.terms.items() if axis in counters}
                inner.pointers[key] = inner.advance(self.pointers[key], load.buffer, moved)
            else:
                inner.pointers[key] = inner.base_pointer(load.buffer, load.offset)
        return inner

    def forget_results(self) -> None:
        """The results of the folds are now those of another point."""
        self._generation += 1

    # -- values --------------------------------------------------------------------------------

    def value(self, expression: Expression, place: Place) -> Value:
        """The expression at a place: a scalar, or a vector if it varies along the lanes."""
        key = self._key(expression, place)
        if key not in self._memo:
            self._memo[key] = self._write(expression, place)
        return self._memo[key]

    def _key(self, expression: Expression, place: Place) -> tuple[Any, ...]:
        axes, from_results = self._depends(expression)
        mask = place.mask.name if place.mask is not None else ""
        if isinstance(expression, Load) and not expression.computed:
            guards = tuple(
                (guard.index.key, guard.extent, self.constant(guard.index, place))
                for guard in expression.guards
            )
            group = group_of(expression.buffer, expression.offset)
            return (*group, self.constant(expression.offset, place), guards, mask)
        offsets = tuple(place.offsets.get(axis, 0) for axis in axes)
        return (id(expression), offsets, mask, self._generation if from_results else 0)

    def _depends(self, expression: Expression) -> tuple[tuple[Axis, ...], bool]:
        """The axes an expression moves along, and whether it contains the result of a fold."""
        if id(expression) not in self._dependence:
            for item in expressions([expression]):
                if id(item) not in self._dependence:
                    self._dependence[id(item)] = self._own_dependence(item)
        return self._dependence[id(expression)]

    def _own_dependence(self, item: Expression) -> tuple[tuple[Axis, ...], bool]:
        axes: set[Axis] = set()
        from_results = isinstance(item, Result)
        if isinstance(item, Load):
            axes.update(item.offset.terms)
        if isinstance(item, Load | Guarded):
            for guard in item.guards:
                axes.update(guard.index.terms)
        if isinstance(item, Coordinate):
            axes.update(item.index.terms)
        for part in item.parts():
            below, results = self._dependence[id(part)]
            axes.update(below)
            from_results = from_results or results
        return tuple(sorted(axes, key=lambda axis: axis.serial)), from_results

    def _write(self, expression: Expression, place: Place) -> Value:
        builder = self.builder
        if isinstance(expression, Load):
            return self._load(expression, place)
        if isinstance(expression, Compute):
            arguments = self._alike([self.value(part, place) for part in expression.arguments])
            operand = expression.arguments[-1].dtype
            return scalars.compute(
                builder, expression.name, expression.dtype, operand, arguments, expression.word
            )
        if isinstance(expression, Literal):
            return scalars.literal(builder, expression.value, expression.dtype)
        if isinstance(expression, Result):
            value, position = self.results[expression.fold]
            if not expression.position or position is None:
                return value
            return scalars.convert(builder, position, np.dtype("int32"), expression.dtype)
        if isinstance(expression, Guarded):
            condition = self.active(expression.guards, place)
            inside = self.value(expression.inside, place)
            if condition is None:
                return inside
            outside = self.value(expression.outside, place)
            return builder.select(*self._alike([condition, inside, outside]))
        if isinstance(expression, Coordinate):
            return self._coordinate(expression, place)
        if isinstance(expression, Number):
            size = self.parameters.size(expression.size)
            return scalars.convert(builder, size, np.dtype("int64"), expression.dtype)
        raise CompileError(f"the native compiler has no rule for {type(expression).__name__}")

    def _alike(self, values: list[Value]) -> list[Value]:
        if all(value.lanes == 1 for value in values):
            return values
        return [self.spread(value) for value in values]

    def _coordinate(self, expression: Coordinate, place: Place) -> Value:
        builder, int64 = self.builder, np.dtype("int64")
        first = self.index(expression.index, place)
        if not self.varies(expression.index) or self.vector is None:
            return scalars.convert(builder, first, int64, expression.dtype)
        stride = expression.index.coefficient(self.vector)
        if is_floating(expression.dtype) or not isinstance(stride, int):
            offsets = self.lane_offsets(stride)
            whole = builder.binary("add", builder.splat(first, self.lanes), offsets)
            return scalars.convert(builder, whole, int64, expression.dtype)
        element = llvm_type(expression.dtype)
        base = builder.splat(scalars.convert(builder, first, int64, expression.dtype), self.lanes)
        steps = ", ".join(
            f"{element} {_wrapped(lane * stride, expression.dtype)}" for lane in range(self.lanes)
        )
        return builder.binary("add", base, Value(base.type, f"<{steps}>"))

    # -- loads ---------------------------------------------------------------------------------

    def _load(self, load: Load, place: Place) -> Value:
        memory = memory_type(load.buffer.dtype)
        pointer = self.pointer(load.buffer, load.offset, place)
        active = self.active(load.guards, place)
        moved = self._computed(load, place, self.both(active, place.mask))
        if moved is not None and moved.lanes == 1:
            pointer = self.builder.offset(pointer, memory, moved)
            moved = None
        if moved is None and not self.varies(load.offset):
            value = self._scalar_load(memory, pointer, active)
        else:
            value = self._vector_load(
                load, memory, pointer, moved, self.both(active, place.mask), place
            )
        if load.dtype == np.bool_:
            return self.builder.compare("icmp ne", value, self.builder.integer(0, value.type))
        return value

    def fetch(self, load: Load, place: Place) -> None:
        """Bring the line in which an element lies into the second-level cache."""
        builder = self.builder
        pointer = self.pointer(load.buffer, load.offset, place)
        moved = self._computed(load, place, None)
        if moved is not None:
            pointer = builder.offset(pointer, memory_type(load.buffer.dtype), moved)
        options = (builder.integer(option, "i32") for option in _FETCH_OPTIONS)
        builder.call("void", "llvm.prefetch.p0", pointer, *options)

    def _scalar_load(self, memory: str, pointer: Value, active: Value | None) -> Value:
        align = _alignment(memory)
        if active is None or active.lanes == 1:
            if active is not None:
                pointer = self.builder.select(active, pointer, ZEROS)
            return self.builder.load(memory, pointer, align)
        # One element for all lanes, of which some may not read it: then none needs another.
        anyone = self.builder.call("i1", f"llvm.vector.reduce.or.v{active.lanes}i1", active)
        safe = self.builder.select(anyone, pointer, ZEROS)
        value = self.spread(self.builder.load(memory, safe, align))
        zero = Value(value.type, "zeroinitializer")
        return self.builder.select(active, value, zero)

    def _vector_load(
        self,
        load: Load,
        memory: str,
        pointer: Value,
        moved: Value | None,
        mask: Value | None,
        place: Place,
    ) -> Value:
        builder, align = self.builder, _alignment(memory)
        type_ = vector_of(memory, self.lanes)
        stride = load.offset.coefficient(self.vector) if self.vector is not None else 0
        if moved is None and stride in (1, -1):
            if mask is not None and mask.lanes == 1:
                if stride == 1:
                    pointer = builder.select(mask, pointer, ZEROS)
                    return builder.load(type_, pointer, align)
                mask = self.spread(mask)
            return self._contiguous_load(type_, memory, pointer, mask, stride == -1)
        if moved is None and mask is None and self._turns(load):
            return self._turned_load(load, type_, align, place)
        offsets = None if stride == 0 else self.lane_offsets(stride)
        if moved is not None:
            offsets = moved if offsets is None else builder.binary("add", offsets, moved)
        if offsets is None:
            raise CompileError("a vector load needs an address that varies along the lanes")
        pointers = builder.offsets(pointer, memory, offsets)
        return builder.gather(type_, pointers, self._mask(mask), align)

    def _turns(self, load: Load) -> bool:
        """Whether a load moves by one element along the axis across the lanes."""
        return self.across is not None and load.offset.coefficient(self.across) == 1

    def _turned_load(self, load: Load, type_: str, align: int, place: Place) -> Value:
        """The vector at a place, out of as many loads across the lanes as there are lanes."""
        if self.across is None or self.vector is None:
            raise CompileError("only vectors are turned")
        group, lane = divmod(place.offsets.get(self.across, 0), self.lanes)
        offsets = {**place.offsets, self.across: group * self.lanes}
        corner = self.constant(load.offset, Place(offsets))
        key = (*group_of(load.buffer, load.offset), corner)
        if key not in self._squares:
            first = place.offsets.get(self.vector, 0)
            rows = []
            for row in range(self.lanes):
                start = Place({**offsets, self.vector: first + row})
                pointer = self.pointer(load.buffer, load.offset, start)
                rows.append(self.builder.load(type_, pointer, align))
            self._squares[key] = turned(self.builder, rows)
        return self._squares[key][lane]

    def _contiguous_load(
        self, type_: str, memory: str, pointer: Value, mask: Value | None, backwards: bool
    ) -> Value:
        builder, align = self.builder, _alignment(memory)
        if backwards:
            pointer = builder.offset(pointer, memory, builder.integer(1 - self.lanes))
            mask = None if mask is None else self._reversed(mask)
        if mask is None:
            value = builder.load(type_, pointer, align)
        else:
            value = builder.masked_load(type_, pointer, mask, align)
        return self._reversed(value) if backwards else value

    def _reversed(self, value: Value) -> Value:
        order = ", ".join(f"i32 {lane}" for lane in reversed(range(self.lanes)))
        return self.builder.emit(
            value.type,
            f"shufflevector {value.type} {value.name}, {value.type} poison, "
            f"<{self.lanes} x i32> <{order}>",
        )

    def _mask(self, mask: Value | None) -> Value:
        if mask is None:
            bits = ", ".join(["i1 true"] * self.lanes)
            return Value(f"<{self.lanes} x i1>", f"<{bits}>")
        return self.spread(mask)

    def _computed(self, access: Load | Store, place: Place, active: Value | None) -> Value | None:
        """The part of an address that comes from index values; each is clamped to its extent.

        Args:
            access: what is to be read or written.
            place: where.
            active: where it is read or written at all; None for everywhere.
        """
        builder = self.builder
        total: Value | None = None
        for expression, size, stride in access.computed:
            index = self.value(expression, place)
            wide = scalars.convert(builder, index, expression.dtype, np.dtype("int64"))
            extent = self.parameters.size(size)
            if isinstance(builder, CheckedBuilder):
                builder.expect_index(wide, extent, active, self.parameters.pointer(access.buffer))
            last = builder.binary("sub", extent, builder.integer(1))
            limit = builder.splat(last, wide.lanes)
            clamped = builder.intrinsic("umin", wide, limit)
            if stride != 1:
                scale = builder.splat(self.parameters.size(stride), wide.lanes)
                clamped = builder.binary("mul", clamped, scale)
            if total is None:
                total = clamped
            else:
                total = builder.binary("add", *self._alike([total, clamped]))
        return total

    # -- stores --------------------------------------------------------------------------------

    def store(self, store: Store, value: Value, place: Place, add: bool) -> None:
        """Write a value at a place, or add it to what is there."""
        builder = self.builder
        dtype = store.buffer.dtype
        memory = memory_type(dtype)
        align = _alignment(memory)
        pointer = self.pointer(store.buffer, store.offset, place)
        moved = self._computed(store, place, place.mask)
        if moved is not None and moved.lanes == 1:
            pointer = builder.offset(pointer, memory, moved)
            moved = None
        if moved is not None:
            raise CompileError("a scatter needs one address for all lanes")
        if dtype == np.bool_:
            value = builder.convert("zext", value, "i8")
        if not self.varies(store.offset) or self.vector is None:
            if value.lanes > 1:
                raise CompileError("a vector meets a store of one element")
            if add:
                held = builder.load(memory, pointer, align)
                value = scalars.compute(builder, "add", dtype, dtype, [held, value])
            builder.store(value, pointer, align)
            return
        value = self.spread(value)
        stride = store.offset.coefficient(self.vector)
        if stride == 1:
            if add:
                held = self._contiguous_load(value.type, memory, pointer, place.mask, False)
                value = scalars.compute(builder, "add", dtype, dtype, [held, value])
            if place.mask is None:
                builder.store(value, pointer, align)
            else:
                builder.masked_store(value, pointer, place.mask, align)
            return
        self._scatter(store, value, pointer, place, add)

    def _scatter(self, store: Store, value: Value, pointer: Value, place: Place, add: bool) -> None:
        """Store lanes that lie apart."""
        builder, dtype = self.builder, store.buffer.dtype
        memory = memory_type(dtype)
        stride = store.offset.coefficient(self.vector) if self.vector is not None else 0
        pointers = builder.offsets(pointer, memory, self.lane_offsets(stride))
        mask, align = self._mask(place.mask), _alignment(memory)
        if add:
            held = builder.gather(value.type, pointers, mask, align)
            value = scalars.compute(builder, "add", dtype, dtype, [held, value])
        builder.scatter(value, pointers, mask, align)


def _alignment(memory: str) -> int:
    return {"i8": 1, "i16": 2, "i32": 4, "float": 4, "i64": 8, "double": 8}[memory]


def _wrapped(value: int, dtype: DType) -> int:
    """The value modulo the width of an integer dtype, as LLVM writes it."""
    if dtype == np.bool_:
        return value & 1
    bits = dtype.itemsize * 8
    wrapped = value % (1 << bits)
    return wrapped - (1 << bits) if wrapped >= 1 << (bits - 1) else wrapped
