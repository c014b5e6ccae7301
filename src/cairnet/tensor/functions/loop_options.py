"""What a scan may be told about its gradient: where to cut it, and what to store for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_integer
from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Input, Tensor, apply, constant
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.searching import where
from cairnet.tensor.functions.structures import map_structure
from cairnet.tensor.primitives import CONCATENATE, RESHAPE, SLICE, STOP_GRADIENT
from cairnet.tensor.primitives.loops import Body, scan_node
from cairnet.tensor.source import here

__all__ = ["checked_count", "in_chunks", "truncated"]

Step = Callable[..., Any]


def checked_count(name: str, value: Any) -> int | None:
    """A number of steps, 1 or more, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(
            f"scan, at {here()}: {name} must be a whole number of steps, 1 or more, got {value!r}"
        )
    return int(value)


def truncated(step: Step, initial_state: Any, every: int) -> tuple[Step, Any]:
    """A step through whose state no gradient flows wherever `every` steps are done.

    Returns:
        The step, and its initial state, which is the pair of a counter and the initial state.
    """

    def counted(items: Any, carried: Any, *others: Any) -> tuple[Any, Any]:
        count, state = carried
        cut = (count > 0) & (count % every == 0)
        outputs, new = step(items, map_structure(lambda s: _cut(cut, s), state), *others)
        return outputs, (count + 1, new)

    return counted, (constant(0), initial_state)


def _cut(cut: Tensor, state: Tensor) -> Tensor:
    if is_integer(state.dtype) or state.dtype.kind == "b":
        return state
    return where(cut, apply(STOP_GRADIENT, state), state)


def in_chunks(
    arguments: Sequence[Tensor], body: Body, length: Size, reverse: bool, every: int
) -> list[Tensor]:
    """All outputs of a scan that is walked in chunks of `every` steps, each a scan in a scan.

    Back-propagation stores the states at the beginnings of the chunks, and goes through the steps
    of a chunk once more when it comes to it. What is left over is a chunk of its own, at the end
    of the sequences.
    """
    carries, after = body.carries, body.carries + body.sequences
    state, sequences, captured = (
        arguments[:carries],
        arguments[carries:after],
        arguments[after:],
    )
    count = length // every
    done = count * every
    chunk = _chunk(body, reverse, every)
    rows = [_grouped(_part(item, 0, done), count, every) for item in sequences]
    rest = [_part(item, done, length - done) for item in sequences]

    def whole(begin: Sequence[Tensor]) -> list[Tensor]:
        given = [*begin, *rows, *captured]
        found = [scan_node(given, chunk, i, count, reverse) for i in range(len(chunk.outputs))]
        return [*found[:carries], *(_flat(item, done) for item in found[carries:])]

    def left_over(begin: Sequence[Tensor]) -> list[Tensor]:
        given = [*begin, *rest, *captured]
        total = length - done
        return [scan_node(given, body, i, total, reverse) for i in range(len(body.outputs))]

    if reverse:
        second = left_over(state)
        first = whole(second[:carries])
        last = first
    else:
        first = whole(state)
        second = left_over(first[:carries])
        last = second
    stacks = zip(first[carries:], second[carries:], strict=True)
    return [*last[:carries], *(apply(CONCATENATE, one, two, axis=0) for one, two in stacks)]


def _chunk(body: Body, reverse: bool, every: int) -> Body:
    """Several steps as one: the body of the outer loop."""
    after = body.carries + body.sequences
    inputs = [
        Input(
            (every, *item.extents) if body.carries <= place < after else item.extents,
            item.dtype,
            item.name,
        )
        for place, item in enumerate(body.inputs)
    ]
    outputs = [scan_node(inputs, body, i, every, reverse) for i in range(len(body.outputs))]
    return Body(inputs, outputs, body.carries, body.sequences)


def _part(x: Tensor, start: Size, size: Size) -> Tensor:
    if start == 0 and size == x.extents[0]:
        return x
    rest = x.extents[1:]
    return apply(
        SLICE, x, starts=(start, *(0 for _ in rest)), sizes=(size, *rest), steps=(1,) * x.ndim
    )


def _grouped(x: Tensor, count: Size, every: int) -> Tensor:
    return apply(RESHAPE, x, shape=(count, every, *x.extents[1:]))


def _flat(x: Tensor, size: Size) -> Tensor:
    return apply(RESHAPE, x, shape=(size, *x.extents[2:]))
