"""Walking the blocks of a nest: where a block lies, and the smaller ones at the edges.

A block is a register tile of results. Along an axis whose extent is no multiple of the tile, the
last block is smaller; along the vector axis it is masked. Each such variant is written out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cairnet.backends.native.builder import Builder, Value
from cairnet.compiler.loops import Axis
from cairnet.compiler.schedule import Schedule
from cairnet.tensor.extent import Extent, Size

__all__ = ["Blocks", "Tile", "constant_mask"]


@dataclass(frozen=True)
class Tile:
    """The size of a block: points along tiled axes, vectors, and the mask of the last vector."""

    sizes: dict[Axis, int]
    mask: Value | None
    vectors: int


class Blocks:
    """Writes the variants of the blocks of one nest.

    Args:
        builder: where to write.
        schedule: the order of the axes and the size of the tile.
        size: gives an extent as a value.
        body: writes one block, from its corner and its tile.
    """

    def __init__(
        self,
        builder: Builder,
        schedule: Schedule,
        size: Callable[[Size], Value],
        body: Callable[[Mapping[Axis, Value], Tile], None],
    ) -> None:
        self.builder = builder
        self.schedule = schedule
        self._size = size
        self._body = body
        self.steps = tuple((axis.extent, self.step(axis)) for axis in schedule.order)

    def step(self, axis: Axis) -> int:
        """How many points a whole block has along an axis."""
        return self.schedule.step(axis)

    def indices(self, number: Value) -> dict[Axis, Value]:
        """Which block along each axis, from the number of the block."""
        builder = self.builder
        result: dict[Axis, Value] = {}
        order = self.schedule.order
        for position in range(len(order) - 1, -1, -1):
            if position == 0:
                result[order[0]] = number
                continue
            count = self._count(*self.steps[position])
            result[order[position]] = builder.binary("urem", number, count)
            number = builder.binary("udiv", number, count)
        return result

    def _count(self, extent: Size, step: int) -> Value:
        if not isinstance(extent, Extent):
            return self.builder.integer(-(-extent // step))
        rounded = self.builder.binary("add", self._size(extent), self.builder.integer(step - 1))
        return self.builder.binary("udiv", rounded, self.builder.integer(step))

    def walk(self, indices: Mapping[Axis, Value]) -> None:
        """Split off the last, smaller block along each axis, then write each variant."""
        bases = {
            axis: self.builder.binary("mul", index, self.builder.integer(self.step(axis)))
            if self.step(axis) != 1
            else index
            for axis, index in indices.items()
        }
        self._variants(list(self.schedule.order), bases, Tile({}, None, 1))

    def _variants(self, axes: list[Axis], bases: dict[Axis, Value], tile: Tile) -> None:
        if not axes:
            self._body(bases, tile)
            return
        axis, rest = axes[0], axes[1:]
        step = self.step(axis)
        if step == 1:
            self._variants(rest, bases, tile)
            return
        if isinstance(axis.extent, Extent):
            self._dynamic_variants(axis, rest, bases, tile)
            return
        whole, left = divmod(axis.extent, step)
        if whole and left:
            is_whole = self.builder.compare(
                "icmp slt", bases[axis], self.builder.integer(whole * step)
            )
            self.either(
                is_whole,
                lambda: self._variants(rest, bases, self._with(tile, axis, step)),
                lambda: self._variants(rest, bases, self._with(tile, axis, left)),
            )
        else:
            self._variants(rest, bases, self._with(tile, axis, step if whole else left))

    def _dynamic_variants(
        self, axis: Axis, rest: list[Axis], bases: dict[Axis, Value], tile: Tile
    ) -> None:
        """A whole block, or what is left of the extent in single steps (the last one masked)."""
        builder = self.builder
        extent, step = self._size(axis.extent), self.step(axis)
        stop = builder.binary("add", bases[axis], builder.integer(step))
        is_whole = builder.compare("icmp sle", stop, extent)

        def remainder() -> None:
            stride = self.schedule.lanes if axis is self.schedule.vector else 1
            with builder.loop(bases[axis], extent, stride, stem="rest") as base:
                narrow = self._with(tile, axis, stride)
                if axis is self.schedule.vector:
                    narrow = Tile(narrow.sizes, self.tail_mask(base, extent), 1)
                self._variants(rest, {**bases, axis: base}, narrow)

        self.either(
            is_whole, lambda: self._variants(rest, bases, self._with(tile, axis, step)), remainder
        )

    def tail_mask(self, base: Value, extent: Value) -> Value:
        """Which lanes of a vector at `base` lie below the extent."""
        builder, lanes = self.builder, self.schedule.lanes
        if lanes == 1:
            return Value("i1", "true")
        left = builder.convert("trunc", builder.binary("sub", extent, base), "i32")
        return builder.compare("icmp slt", builder.lane_numbers(lanes), builder.splat(left, lanes))

    def _with(self, tile: Tile, axis: Axis, size: int) -> Tile:
        if axis is not self.schedule.vector:
            return Tile({**tile.sizes, axis: size}, tile.mask, tile.vectors)
        lanes = self.schedule.lanes
        vectors = -(-size // lanes)
        left = size - (vectors - 1) * lanes
        mask = None if left == lanes else constant_mask(lanes, left)
        return Tile(tile.sizes, mask, vectors)

    def either(self, condition: Value, yes: Callable[[], None], no: Callable[[], None]) -> None:
        builder = self.builder
        first, second, done = (builder.fresh(part) for part in ("yes", "no", "join"))
        builder.branch_if(condition, first, second)
        builder.label(first)
        yes()
        builder.branch(done)
        builder.label(second)
        no()
        builder.branch(done)
        builder.label(done)


def constant_mask(lanes: int, active: int) -> Value:
    """A mask whose first lanes are active."""
    bits = ", ".join(f"i1 {'true' if lane < active else 'false'}" for lane in range(lanes))
    return Value(f"<{lanes} x i1>", f"<{bits}>")
