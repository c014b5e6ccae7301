"""Accumulators: what a fold keeps in registers, how it takes a value in, how lanes are added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.backends.native import scalars
from cairnet.backends.native.builder import Builder, Value, llvm_type, vector_of
from cairnet.base.dtypes import is_floating
from cairnet.base.errors import CompileError
from cairnet.compiler.loops import Compute, Fold

if TYPE_CHECKING:
    from cairnet.backends.native.addresses import Place
    from cairnet.backends.native.evaluate import Evaluator

__all__ = ["Accumulator", "across_lanes", "side_by_side"]

_COMBINE = {
    "sum": "add",
    "running_sum": "add",
    "product": "multiply",
    "running_product": "multiply",
    "max": "maximum",
    "min": "minimum",
}


class Accumulator:
    """The registers of one fold at one point of the tile.

    They are written as stack slots; LLVM promotes them to registers.
    """

    def __init__(self, builder: Builder, fold: Fold, lanes: int) -> None:
        self.builder = builder
        self.fold = fold
        self.lanes = lanes
        self.dtype = fold.value.dtype
        self.type = vector_of(llvm_type(self.dtype), lanes)
        self.slot = builder.alloca(self.type)
        self.by_position = fold.kind in ("argmax", "argmin")
        builder.store(self._identity(), self.slot, 1)
        if self.by_position:
            self.position_type = vector_of("i32", lanes)
            self.position = builder.alloca(self.position_type)
            builder.store(builder.integer(-1, self.position_type), self.position, 1)

    def _identity(self) -> Value:
        scalar = scalars.literal(self.builder, _identity(self.fold.kind, self.dtype), self.dtype)
        return self.builder.splat(scalar, self.lanes)

    def take(self, evaluator: Evaluator, place: Place) -> None:
        """Combine the value at a place into the accumulator."""
        if self.by_position:
            self._take_position(evaluator, place)
            return
        builder, fold = self.builder, self.fold
        held = builder.load(self.type, self.slot, 1)
        active = evaluator.active(fold.guards, place)
        combined = self._combined(held, evaluator, place)
        for mask in (active, place.fold_mask):
            if mask is not None:
                wide = mask if mask.lanes == self.lanes else builder.splat(mask, self.lanes)
                combined = builder.select(wide, combined, held)
        builder.store(combined, self.slot, 1)

    def _combined(self, held: Value, evaluator: Evaluator, place: Place) -> Value:
        """The accumulator with one more value, as if every lane took it."""
        value = self.fold.value
        if (
            self.fold.kind == "sum"
            and isinstance(value, Compute)
            and value.name == "multiply"
            and is_floating(self.dtype)
        ):
            a, b = (self._wide(evaluator.value(part, place)) for part in value.arguments)
            return self.builder.intrinsic("fma", a, b, held)
        return self._combine(held, self._wide(evaluator.value(value, place)))

    def _wide(self, value: Value) -> Value:
        return value if value.lanes == self.lanes else self.builder.splat(value, self.lanes)

    def _combine(self, held: Value, value: Value) -> Value:
        name = _COMBINE.get(self.fold.kind)
        if name is None:
            raise CompileError(f"the native compiler has no fold of kind {self.fold.kind!r}")
        # The order of the operands decides which NaN wins; either is a NaN.
        return scalars.compute(self.builder, name, self.dtype, self.dtype, [held, value])

    def _take_position(self, evaluator: Evaluator, place: Place) -> None:
        builder = self.builder
        best = builder.load(self.type, self.slot, 1)
        where = builder.load(self.position_type, self.position, 1)
        value = self._wide(evaluator.value(self.fold.value, place))
        better = self._better(value, best)
        unset = builder.compare("icmp slt", where, builder.integer(0, self.position_type))
        better = builder.binary("or", better, unset)
        active = evaluator.active(self.fold.guards, place)
        if active is not None:
            better = builder.binary("and", better, self._wide(active))
        if self.fold.position is None:
            raise CompileError(f"fold {self.fold.kind} has no position")
        index = evaluator.index(self.fold.position, place)
        number = self._wide(builder.convert("trunc", index, "i32"))
        builder.store(builder.select(better, value, best), self.slot, 1)
        builder.store(builder.select(better, number, where), self.position, 1)

    def _better(self, value: Value, best: Value) -> Value:
        builder = self.builder
        largest = self.fold.kind == "argmax"
        if not is_floating(self.dtype):
            sign = "s" if self.dtype.kind == "i" else "u"
            return builder.compare(f"icmp {sign}{'gt' if largest else 'lt'}", value, best)
        better = builder.compare(f"fcmp {'ogt' if largest else 'olt'}", value, best)
        new_nan = builder.binary(
            "and",
            builder.compare("fcmp uno", value, value),
            builder.compare("fcmp ord", best, best),
        )
        return builder.binary("or", better, new_nan)

    def current(self) -> tuple[Value, Value | None]:
        """The value and the position held now."""
        value = self.builder.load(self.type, self.slot, 1)
        if not self.by_position:
            return value, None
        position = self.builder.load(self.position_type, self.position, 1)
        zero = self.builder.integer(0, position.type)
        return value, self.builder.intrinsic("smax", position, zero)

    def combine(self, first: Value, second: Value) -> Value:
        """Two partial results of this fold as one."""
        return self._combine(first, second)


def across_lanes(builder: Builder, accumulators: Sequence[Accumulator]) -> list[Value]:
    """The lanes of each accumulator combined into one value."""
    found: dict[int, Value] = {}
    for vector, owners in _folded(builder, accumulators):
        for lane, owner in enumerate(owners):
            if owner is not None:
                found[owner] = builder.extract(vector, lane) if vector.lanes > 1 else vector
    return [found[number] for number in range(len(accumulators))]


def side_by_side(builder: Builder, accumulators: Sequence[Accumulator]) -> Value:
    """The lanes of each accumulator combined; what no more accumulators than lanes give, in one."""
    ((vector, owners),) = _folded(builder, accumulators)
    places = [owners.index(number) for number in range(len(accumulators))]
    return builder.shuffle(vector, vector, places)


def _folded(
    builder: Builder, accumulators: Sequence[Accumulator]
) -> list[tuple[Value, list[int | None]]]:
    """Vectors with one lane for each accumulator, and which accumulator each lane belongs to.

    Every accumulator is folded in halves: lane i with lane i + 8, then i + 4, i + 2, i + 1. Two
    accumulators share each instruction: their lower halves make one vector, their upper halves
    another, and the combination holds both. So the number of vectors halves from step to step.
    """
    lanes = accumulators[0].lanes
    # Each vector with the accumulators that its equal groups of lanes belong to.
    vectors: list[tuple[Value, list[int | None]]] = [
        (builder.load(item.type, item.slot, 1), [number])
        for number, item in enumerate(accumulators)
    ]
    width = lanes
    while width > 1:
        half = width // 2
        halved = []
        for first in range(0, len(vectors), 2):
            left, owners = vectors[first]
            absent: list[int | None] = [None] * len(owners)
            right, others = (
                vectors[first + 1]
                if first + 1 < len(vectors)
                else (Value(left.type, "poison"), absent)
            )
            starts = [
                group * width + side * lanes for side in (0, 1) for group in range(len(owners))
            ]
            parts = [
                builder.shuffle(left, right, [s + h + i for s in starts for i in range(half)])
                for h in (0, half)
            ]
            halved.append((accumulators[0].combine(*parts), owners + others))
        vectors, width = halved, half
    return vectors


def _identity(kind: str, dtype: np.dtype[Any]) -> Any:
    """The value that changes nothing when it is combined."""
    if kind in ("sum", "running_sum"):
        return 0
    if kind in ("product", "running_product"):
        return 1
    lowest = kind in ("max", "argmax")
    if dtype == np.bool_:
        return 0 if lowest else 1
    if is_floating(dtype):
        return -np.inf if lowest else np.inf
    limits = np.iinfo(dtype)
    return limits.min if lowest else limits.max
