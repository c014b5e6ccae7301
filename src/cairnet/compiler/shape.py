"""Reshaping nests before they are tiled: merging axes, splitting long sums.

    coalesce  for i: for j: … s·n·i + s·j …   →   for k in 0 … m·n: … s·k …
    split     for few results: fold over many →   fold in fixed chunks, then fold the chunks

A fold is split for one of two reasons: it has so few results that threads could not share the
work, or what all of it reads does not fit into the caches, while what one chunk reads does.

The number of chunks depends on the extents and the machine, never on the number of threads: so the
order of every sum, and with it every bit of the result, is the same for any number of threads.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from cairnet.compiler.costs import TURN_CYCLES
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Coordinate,
    Fold,
    Guard,
    Guarded,
    Load,
    Nest,
    Result,
    Store,
    expressions,
)
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.tensor.extent import Extent, Size, evaluate, symbols_of

__all__ = ["HINT", "coalesce", "hint", "split_folds"]

#: What an unknown extent of an input is taken for when costs are estimated.
HINT = 64
_CHUNKS = 16
_FEWEST = 4
_FEW_RESULTS = 256
_LONG_FOLD = 16384
#: So many results are about one block of them, which a thread computes alone; where that takes
#: more than so many cycles, two threads are worth a meeting.
_ONE_BLOCK = 400
_SHAREABLE = 10_000.0
#: Within a loop in so many chunks: two for each of two threads, so that a walk that turns back at
#: every second turn finds the nearer one in the first-level cache.
_TURNED = 4
#: Split for the sake of the caches: into at most so many chunks of so many elements, work that
#: takes so many cycles, when that leaves no more than this part of them.
_MOST_CHUNKS = 64
_WORTH_A_LOOK = 50_000.0
_LONG_CHUNK = 128
_CLEARLY_LESS = 0.9
#: Work that takes so many cycles may also be split into so many parts of each such chunk.
_LARGE = 4_000_000.0
_PARTS = (2, 4)
#: or into stretches along the longest axis that have at least so many elements.
_STRETCH = 512


def hint(size: Size) -> int:
    """The size, or a typical number where it is not known."""
    return _typical(size) if isinstance(size, Extent) else size


@lru_cache(maxsize=4096)
def _typical(size: Extent) -> int:
    return max(int(evaluate(size, dict.fromkeys(symbols_of(size), HINT))), 1)


def coalesce(nest: Nest) -> None:
    """Merge axes that every access walks as if they were one."""
    if nest.kind in ("sort", "call"):
        return
    changed = True
    while changed:
        changed = False
        groups = [nest.axes] if nest.kind != "map" else [nest.axes, nest.reduce]
        for group in groups:
            pair = _mergeable(nest, group)
            if pair is not None:
                _merge(nest, *pair)
                changed = True
                break


def _affines(nest: Nest) -> Iterator[Affine]:
    for item in expressions(nest.roots()):
        if isinstance(item, Load):
            yield item.offset
        if isinstance(item, Load | Guarded):
            for guard in item.guards:
                yield guard.index
        if isinstance(item, Coordinate):
            yield item.index
    for fold in nest.folds:
        if fold.position is not None:
            yield fold.position
        for guard in fold.guards:
            yield guard.index
    for store in nest.stores:
        yield store.offset


def _mergeable(nest: Nest, group: tuple[Axis, ...]) -> tuple[Axis, Axis] | None:
    formulas = list(_affines(nest))
    for outer, inner in itertools.permutations(group, 2):
        if outer.outside or inner.outside:
            continue
        if all(
            formula.coefficient(outer) == inner.extent * formula.coefficient(inner)
            for formula in formulas
        ):
            return outer, inner
    return None


def _merge(nest: Nest, outer: Axis, inner: Axis) -> None:
    merged = Axis(f"{outer.name}{inner.name}", outer.extent * inner.extent)
    rewrite_nest(nest, {outer: Affine(), inner: Affine.of(merged)})

    def replaced(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        kept = (merged if axis is inner else axis for axis in axes if axis is not outer)
        return tuple(axis for axis in kept if axis.extent != 1)

    nest.axes, nest.reduce = replaced(nest.axes), replaced(nest.reduce)


def split_folds(
    nest: Nest,
    cost: Callable[[Nest], float],
    blocks: Callable[[Nest], int],
    repeated: bool = False,
) -> list[Nest]:
    """Fold in fixed chunks where that is better.

    Args:
        nest: any nest.
        cost: the cycles that a nest is expected to take.
        blocks: in how many blocks it is expected to be walked.
        repeated: whether it is part of a loop.
    """
    if nest.kind != "map" or not nest.folds:
        return [nest]
    if not all(fold.kind in ("sum", "product", "max", "min") for fold in nest.folds):
        return [nest]
    results = math.prod(hint(axis.extent) for axis in nest.axes)
    length = math.prod(hint(axis.extent) for axis in nest.reduce)
    longest = max(nest.reduce, key=lambda axis: hint(axis.extent), default=Axis("none", 1))
    if results <= _FEW_RESULTS and length >= max(_LONG_FOLD, 64 * results):
        # The outermost axis may be the better one: the longest may lie along the lanes.
        axes = dict.fromkeys((longest, *(a for a in nest.reduce[:1] if hint(a.extent) >= _FEWEST)))
        choices = [_split(nest, {axis: _chunk_count(axis.extent)}) for axis in axes]
        return min(choices, key=lambda parts: sum(map(cost, parts)))
    if results <= _ONE_BLOCK and hint(longest.extent) >= _LONG_CHUNK:
        turned = repeated and blocks(nest) == 1
        if cost(nest) > (TURN_CYCLES if turned else _SHAREABLE):
            return _split(nest, {longest: _TURNED if turned else 2})
    turns, stretches = _turns(nest, length), _stretches(longest)
    if not turns and not stretches:
        return [nest]
    whole = cost(nest)
    if whole < _WORTH_A_LOOK or (whole < _LARGE and not turns):
        return [nest]
    counts = [*turns, *_finer(nest, turns, length), *stretches] if whole >= _LARGE else turns
    choices = [_split(nest, each) for each in counts]
    expected = [sum(map(cost, parts)) for parts in choices]
    cycles, parts = min(zip(expected, choices, strict=True), key=lambda choice: choice[0])
    return parts if cycles < _CLEARLY_LESS * whole else [nest]


#: In how many chunks to fold along each of some axes.
_Counts = Mapping[Axis, int]


def _turns(nest: Nest, length: int) -> list[_Counts]:
    """A chunk for each turn of the outermost of several reduce axes, such as for each sample.

    Where those are more than there may be chunks, a chunk is several of them.
    """
    outermost = nest.reduce[0].extent if len(nest.reduce) > 1 else 1
    if isinstance(outermost, Extent) or outermost < 2:
        return []
    dividing = (n for n in range(min(outermost, _MOST_CHUNKS), 1, -1) if outermost % n == 0)
    count = next(dividing, 1)
    fits = count >= min(outermost, _FEWEST) and length >= _LONG_CHUNK * count
    return [{nest.reduce[0]: count}] if fits else []


def _finer(nest: Nest, turns: Sequence[_Counts], length: int) -> Iterator[_Counts]:
    """Chunks that are parts of such a turn, such as some rows of an image."""
    for turn in turns:
        inner = nest.reduce[1]
        for count in _PARTS:
            chunks = count * math.prod(turn.values())
            fits = chunks <= _MOST_CHUNKS and length >= _LONG_CHUNK * chunks
            if fits and isinstance(inner.extent, int) and inner.extent % count == 0:
                yield {**turn, inner: count}


def _stretches(axis: Axis) -> list[_Counts]:
    """Equal stretches of a long axis, such as of all rows of a batch at all times."""
    if isinstance(axis.extent, Extent):
        return []
    counts = range(2, min(axis.extent // _STRETCH, _MOST_CHUNKS) + 1)
    fitting = (n for n in counts if axis.extent % n == 0 and axis.extent // n <= 2 * _STRETCH)
    return [{axis: count} for count in itertools.islice(fitting, 1)]


def _split(nest: Nest, counts: _Counts) -> list[Nest]:
    """Fold in so many chunks along each of some axes, then fold the chunks."""
    halves = {
        axis: (
            Axis("chunk", count, outside=True),
            Axis(axis.name, (axis.extent + (count - 1)) // count),
        )
        for axis, count in counts.items()
    }
    places = {
        axis: Affine.of(chunk) * within.extent + Affine.of(within)
        for axis, (chunk, within) in halves.items()
    }
    guards = {
        axis: Guard(places[axis], axis.extent)
        for axis, count in counts.items()
        if isinstance(axis.extent, Extent) or axis.extent % count != 0
    }
    chunks = tuple(chunk for chunk, _ in halves.values())

    def guarded(old: Load, load: Load) -> Load:
        extra = tuple(guard for axis, guard in guards.items() if old.offset.coefficient(axis))
        return replace(load, guards=load.guards + extra) if extra else load

    within = (halves[axis][1] if axis in halves else axis for axis in nest.reduce)
    partial = Nest(
        (*chunks, *nest.axes),
        tuple(axis for axis in within if axis.extent != 1),
        nest.folds,
        (),
        nest.tensors,
    )
    stores, folds = [], []
    for number, fold in enumerate(nest.folds):
        extents = tuple(each.extent for each in partial.axes)
        dtype = fold.value.dtype
        buffer = Buffer(f"partial{number}", dtype, extents, nest.tensors[0], "arena")
        offset = Affine()
        for each, stride in zip(partial.axes, buffer.strides, strict=True):
            offset = offset + Affine.of(each) * stride
        stores.append(Store(buffer, offset, Result(dtype, number)))
        folds.append(Fold(fold.kind, Load(dtype, buffer, offset)))
    rewrite_nest(partial, places, guarded)
    partial.folds = tuple(
        Fold(fold.kind, fold.value, (*fold.guards, *guards.values()), fold.position)
        for fold in partial.folds
    )
    partial.stores = tuple(stores)
    whole = Nest(nest.axes, chunks, tuple(folds), nest.stores, nest.tensors)
    return [partial, whole]


def _chunk_count(extent: Size) -> int:
    if isinstance(extent, int):
        for count in range(_CHUNKS, _FEWEST - 1, -1):
            if extent % count == 0:
                return count
    return _CHUNKS
