"""Where an element lies and whether it may be touched: addresses, indices and guards as values.

Each loop moves the addresses that depend on its counter along, so that inside the innermost loop
an address is a pointer and a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cairnet.backends.native.builder import Builder, Value, llvm_type
from cairnet.compiler.loops import Affine, Axis, Buffer, Guard
from cairnet.tensor.extent import Size

__all__ = [
    "ZEROS",
    "ZEROS_BYTES",
    "Addresses",
    "Parameters",
    "Place",
    "group_of",
    "memory_type",
]

#: Where a load goes whose guard fails: a global of the module, longer than any vector.
ZEROS = Value("ptr", "@zeros")
#: The bytes of that global.
ZEROS_BYTES = 512


@dataclass(frozen=True)
class Place:
    """A point of the tile: constant offsets along axes, the active lanes, the lanes that fold."""

    offsets: Mapping[Axis, int]
    mask: Value | None = None
    fold_mask: Value | None = None

    def moved(self, taps: Mapping[Axis, int], mask: Value | None) -> Place:
        """The same point at a tap of the written-out reduce axes."""
        if not taps and mask is None:
            return self
        return Place({**self.offsets, **taps}, self.mask if mask is None else mask, mask)


class Parameters(Protocol):
    """What the evaluator asks of the function that is being written."""

    guards: tuple[Guard, ...]
    settled: frozenset[Guard]

    def pointer(self, buffer: Buffer) -> Value:
        """Where a buffer lies."""

    def size(self, size: Size) -> Value:
        """An extent as an i64."""


class Addresses:
    """Addresses at one depth of the loops.

    Args:
        builder: where to write.
        parameters: the function's buffers and extents.
        vector: the axis along the lanes, or None.
        lanes: how many lanes there are.
        bases: the counters of all open loops.
        guarded: whether the guards that hold for most whole blocks are tested.
    """

    def __init__(
        self,
        builder: Builder,
        parameters: Parameters,
        vector: Axis | None,
        lanes: int,
        bases: Mapping[Axis, Value],
        guarded: bool,
    ) -> None:
        self.builder = builder
        self.parameters = parameters
        self.vector = vector
        self.lanes = lanes
        self.bases = dict(bases)
        self.guarded = guarded
        self.pointers: dict[tuple[Any, ...], Value] = {}
        self._tests: dict[tuple[Any, ...], Value] = {}

    # -- addresses -----------------------------------------------------------------------------

    def base_pointer(self, buffer: Buffer, offset: Affine) -> Value:
        terms = {axis: f for axis, f in offset.terms.items() if axis in self.bases}
        return self.advance(self.parameters.pointer(buffer), buffer, terms)

    def advance(self, pointer: Value, buffer: Buffer, terms: Mapping[Axis, Size]) -> Value:
        total: Value | None = None
        for axis, factor in terms.items():
            moved = self._scaled(self.bases[axis], factor)
            total = moved if total is None else self.builder.binary("add", total, moved)
        if total is None:
            return pointer
        return self.builder.offset(pointer, memory_type(buffer.dtype), total)

    def _scaled(self, value: Value, factor: Size) -> Value:
        if factor == 1:
            return value
        return self.builder.binary("mul", value, self.parameters.size(factor))

    def address(self, buffer: Buffer, offset: Affine) -> Value:
        """The address of an element under the open loops."""
        return self.pointer(buffer, offset, Place({}))

    def pointer(self, buffer: Buffer, offset: Affine, place: Place) -> Value:
        """The address of the element at a place (of its first lane)."""
        key = group_of(buffer, offset)
        if key not in self.pointers:
            self.pointers[key] = self.base_pointer(buffer, offset)
        constant = self.constant(offset, place)
        if constant == 0:
            return self.pointers[key]
        index = self.parameters.size(constant)
        return self.builder.offset(self.pointers[key], memory_type(buffer.dtype), index)

    def constant(self, offset: Affine, place: Place) -> Size:
        """The part of an affine index that the tile and the taps fix."""
        total = offset.constant
        for axis, factor in offset.terms.items():
            moved = place.offsets.get(axis, 0)
            if moved:
                total = factor * moved + total
        return total

    def index(self, index: Affine, place: Place) -> Value:
        """An affine index as an i64 (of the first lane)."""
        total = self.parameters.size(self.constant(index, place))
        for axis, factor in index.terms.items():
            if axis in self.bases:
                total = self.builder.binary("add", total, self._scaled(self.bases[axis], factor))
        return total

    def varies(self, index: Affine) -> bool:
        return self.vector is not None and self.lanes > 1 and index.coefficient(self.vector) != 0

    def lane_offsets(self, stride: Size) -> Value:
        """stride · (0, 1, 2, …) as i64."""
        numbers = self.builder.lane_numbers(self.lanes, "i64")
        if stride == 1:
            return numbers
        scale = self.builder.splat(self.parameters.size(stride), self.lanes)
        return self.builder.binary("mul", numbers, scale)

    # -- guards --------------------------------------------------------------------------------

    def active(self, guards: Sequence[Guard], place: Place) -> Value | None:
        """Whether all guards hold: an i1, a vector of them, or None where nothing is tested."""
        result: Value | None = None
        for guard in guards:
            if guard in self.parameters.settled:
                continue
            if not self.guarded and guard in self.parameters.guards:
                continue
            result = self.both(result, self._holds(guard, place))
        return result

    def _holds(self, guard: Guard, place: Place) -> Value:
        key = (guard.index.key, guard.extent, self.constant(guard.index, place))
        if key not in self._tests:
            position, extent = self.index(guard.index, place), self.parameters.size(guard.extent)
            if self.varies(guard.index) and self.vector is not None:
                offsets = self.lane_offsets(guard.index.coefficient(self.vector))
                position = self.builder.binary(
                    "add", self.builder.splat(position, self.lanes), offsets
                )
                extent = self.builder.splat(extent, self.lanes)
            self._tests[key] = self.builder.compare("icmp ult", position, extent)
        return self._tests[key]

    def both(self, first: Value | None, second: Value | None) -> Value | None:
        if first is None or second is None:
            return first if second is None else second
        if first.lanes != second.lanes:
            first, second = (self.spread(value) for value in (first, second))
        return self.builder.binary("and", first, second)

    def spread(self, value: Value) -> Value:
        return self.builder.splat(value, self.lanes) if value.lanes == 1 else value


def group_of(buffer: Buffer, offset: Affine) -> tuple[Any, ...]:
    """What loads have in common that differ only by a constant."""
    return (id(buffer), tuple(sorted((axis.serial, f) for axis, f in offset.terms.items())))


def memory_type(dtype: np.dtype[Any]) -> str:
    """The type of an element in memory: a bool is a byte there."""
    return "i8" if dtype == np.bool_ else llvm_type(dtype)
