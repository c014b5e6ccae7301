"""Rows that the next step will read are fetched while this one computes.

Shuffled rows of a data set larger than the caches have to come from memory, and no processor can
guess which. But a run of steps is one call, and the rows of the step after this one are known:

    x[rows[i], j]      with the `rows` of the next step, line by line, for every i

So the program asks for those lines in between the blocks of a long nest, and finds them in the
second-level cache when it needs them. Asking computes nothing and can fail in nothing; it is only
worth it if the lines of a step stay in the cache until then, and the data set would not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cairnet.compiler.loops import Affine, Axis, Buffer, Fold, Load, Nest, expressions
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.compiler.schedule import Schedule, Target
from cairnet.compiler.shape import hint
from cairnet.compiler.traffic import LINE
from cairnet.tensor.extent import Extent

__all__ = ["FETCH", "Walked", "fetches"]

#: The kind of a nest that asks for the line of memory which its load reads, at every point.
FETCH = "fetch"

#: A nest and how it is walked.
Walked = tuple[Nest, Schedule]

#: The part of the second-level cache that the rows of one step may take.
_SHARE = 0.5
#: Lines of one row that are asked for together.
_TOGETHER = range(8, 3, -1)


def fetches(nests: Sequence[Walked], written: set[Buffer], target: Target) -> list[Walked]:
    """The nests that ask for rows of the next step, with how they are walked.

    Args:
        nests: those that run once in a step, in order, and how they are walked.
        written: the memory that changes from step to step.
        target: the machine.
    """
    found: dict[tuple[Buffer, ...], Walked] = {}
    taken = 0
    for nest, schedule in nests:
        for load in _loads_of_rows(nest):
            indices = _indices(load)
            key = (load.buffer, *(index.buffer for index in indices))
            if key in found or not _known_before(load, indices, written, target):
                continue
            rows = list(dict.fromkeys(axis for index in indices for axis in index.offset.terms))
            row = hint(load.computed[0][2]) * load.buffer.dtype.itemsize
            taken += row * math.prod(hint(axis.extent) for axis in rows)
            if taken > _SHARE * target.l2_bytes:
                return list(found.values())
            outermost = schedule.order[0] if schedule.order else None
            found[key] = _fetch(load, rows, outermost in rows)
    return list(found.values())


def _loads_of_rows(nest: Nest) -> Iterator[Load]:
    """The loads of rows: those found by computed indices."""
    if nest.kind == "map":
        yield from (load for load in nest.loads() if load.computed)


def _indices(load: Load) -> list[Load]:
    """What the indices of a load are computed from."""
    below = expressions(index for index, _, _ in load.computed)
    return [item for item in below if isinstance(item, Load)]


def _known_before(
    load: Load, indices: Sequence[Load], written: set[Buffer], target: Target
) -> bool:
    """Whether whole rows are read, from more memory than a cache holds, by rows that are given."""
    if len(load.computed) != 1 or not indices:
        return False
    ((_, _, row),) = load.computed
    bounds = load.offset.bounds()
    if isinstance(row, Extent) or bounds is None or not 0 <= bounds[0] <= bounds[1] < row:
        return False
    size = load.buffer.size
    # Of how many rows there are nobody may know; asking in vain costs little.
    if isinstance(size, int) and size * load.buffer.dtype.itemsize <= target.l2_bytes:
        return False
    if load.buffer.kind not in ("variable", "constant", "input") or load.buffer in written:
        return False
    return all(index.buffer.kind == "input" and not index.computed for index in indices)


def _fetch(load: Load, rows: Sequence[Axis], rows_first: bool) -> Walked:
    """Ask for every line of the rows, in groups of a few lines of one row."""
    ((_, _, row),) = load.computed
    elements = LINE // load.buffer.dtype.itemsize
    # A row that does not fill its lines may begin in the middle of one.
    lines = math.ceil(hint(row) / elements) + (1 if hint(row) % elements else 0)
    together = min(_TOGETHER, key=lambda count: -(-lines // count) * count)
    line = Axis("line", min(together, lines))
    group = Axis("group", -(-lines // together))
    place = Affine.of(group) * (together * elements) + Affine.of(line) * elements
    fresh = {axis: Axis(axis.name, axis.extent) for axis in rows}
    fold = Fold(FETCH, replace(load, offset=place, guards=()))
    # The threads divide what they ask for as the reader divides what it reads.
    axes = (*fresh.values(), group) if rows_first else (group, *fresh.values())
    nest = Nest(axes, (line,), (fold,), (), (), FETCH)
    rewrite_nest(nest, {axis: Affine.of(new) for axis, new in fresh.items()}, lambda _, item: item)
    return nest, Schedule(1, None, order=axes, unrolled=(line,))
