"""Memory that the stores of a block will read is asked for while its sums are computed.

    for i, j:
        total = sum over k of x[k, i] · dz[k, j]
        m[i, j] := 0.9 · m[i, j] + 0.1 · total;  w[i, j] := w[i, j] - 0.001 · m[i, j]

The moments and the weights are read once in a step, at the end of a block, and by then they have
left the caches: the processor would wait for them with no multiplication left to do. So the sum is
taken in as many parts as the tile has rows, and before each part the lines of one row are asked
for. By the end of the sum they are there. All at once would be more lines than can be under way
together, and what the sum reads would wait behind them.

No sum changes its order: the parts follow each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from cairnet.backends.native.addresses import Place
from cairnet.backends.native.blocks import Tile
from cairnet.backends.native.builder import Value
from cairnet.backends.native.evaluate import Evaluator
from cairnet.compiler.loops import Load, Nest, expressions
from cairnet.compiler.schedule import Schedule
from cairnet.compiler.shape import hint
from cairnet.compiler.traffic import LINE

__all__ = ["emit_parts", "loads_ahead"]

#: Smaller arrays are found in the second-level cache, near enough.
_LARGE = 256 << 10
#: Turns of a sum, at the least, for each row that is asked for.
_TURNS = 8


def loads_ahead(nest: Nest, schedule: Schedule) -> list[Load]:
    """What the stores read of large arrays, each element once, if the sums before are long."""
    if nest.kind != "map" or schedule.vector not in nest.axes or not schedule.reduce:
        return []
    turns = math.prod(hint(axis.extent) for axis in schedule.reduce)
    if turns < _TURNS * max(schedule.tile.values(), default=1):
        return []
    return [
        item
        for item in expressions([store.value for store in nest.stores])
        if isinstance(item, Load)
        and not item.computed
        and item.offset.coefficient(schedule.vector) == 1
        and all(item.offset.coefficient(axis) != 0 for axis in nest.axes)
        and hint(item.buffer.size) * item.dtype.itemsize >= _LARGE
    ]


def emit_parts(
    evaluator: Evaluator,
    loads: Sequence[Load],
    tile: Tile,
    points: Sequence[Place],
    extent: Value,
    turns: Callable[[Value, Value], None],
) -> None:
    """Ask for a row of the tile and take a part of the sum, until all is asked for and summed.

    Args:
        evaluator: at the block.
        loads: what to ask for.
        tile: the size of the block.
        points: its points.
        extent: how many turns the outermost loop of the sum has.
        turns: writes the turns from one number to another.
    """
    builder = evaluator.builder
    axis = max(tile.sizes, key=lambda axis: tile.sizes[axis], default=None)
    if axis is None or tile.sizes[axis] == 1:
        _ask(evaluator, loads, points)
        turns(builder.integer(0), extent)
        return
    count = builder.integer(tile.sizes[axis])
    first = [point for point in points if not point.offsets.get(axis, 0)]
    with builder.loop(builder.integer(0), count, stem="part") as part:
        row = builder.binary("add", evaluator.bases[axis], part)
        _ask(evaluator.scope({axis: row}), loads, first)
        following = builder.binary("add", part, builder.integer(1))
        begin, end = (
            builder.binary("udiv", builder.binary("mul", number, extent), count)
            for number in (part, following)
        )
        turns(begin, end)


def _ask(evaluator: Evaluator, loads: Sequence[Load], points: Sequence[Place]) -> None:
    """Ask for every line once, as if each array began with a line."""
    asked = set()
    for load in loads:
        for point in points:
            start = hint(evaluator.constant(load.offset, point)) * load.dtype.itemsize
            line = (load.buffer, start // LINE)
            if line not in asked:
                asked.add(line)
                evaluator.fetch(load, point)
