"""Copies of samples that are read often, so that they too can lie in batch lanes.

What the user hands in lies in row-major order, and a convolution reads every element of it many
times. A nest that copies it into memory of the program costs little beside that, and the copy can
be laid out anew. Rows that an index chooses are gathered by the way.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from cairnet.compiler.grouping import accesses, samples_of
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Expression,
    Literal,
    Load,
    Nest,
    Store,
    expressions,
)
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.compiler.shape import hint

__all__ = ["with_packed_samples"]

#: A copy is worth a look when every element is read at least so often.
_READ_OFTEN = 8


@dataclass(frozen=True)
class _Rows:
    """Samples that a load reads: of which memory, in which order.

    Attributes:
        source: where they lie.
        order: what the row of each sample is computed from, or None where sample n is row n.
        count: how many there are.
    """

    source: Buffer
    order: Hashable | None
    count: int


def with_packed_samples(nests: Sequence[Nest]) -> list[Nest]:
    """The nests with copies of what they read often, or the same list where there is nothing.

    Nests that change are replaced by others; those given stay as they are.
    """
    written = {buffer for nest in nests for buffer in nest.written()}
    packed: dict[_Rows, Buffer] = {}
    result: list[Nest] = []
    for nest in nests:
        found = _often_read(nest, written)
        if not found:
            result.append(nest)
            continue
        for load, rows in found.items():
            if rows not in packed:
                extents = (rows.count, *rows.source.extents[1:])
                packed[rows] = replace(
                    rows.source, name=f"{rows.source.name}_packed", extents=extents, kind="arena"
                )
                result.append(_copy(load, rows, packed[rows]))
        result.append(_reading(nest, found, packed))
    return result


def _often_read(nest: Nest, written: set[Buffer]) -> dict[Load, _Rows]:
    """The loads of a nest's folds that read the same samples again and again."""
    if nest.kind != "map" or not nest.folds:
        return {}
    points = math.prod(hint(axis.extent) for axis in (*nest.axes, *nest.reduce))
    shared = {
        samples_of(access)
        for access in accesses(nest)
        if access.buffer in written and len(access.buffer.extents) > 2
    }
    found: dict[Load, _Rows] = {}
    for item in expressions([fold.value for fold in nest.folds]):
        if not isinstance(item, Load) or item.buffer in written:
            continue
        rows, axis = _rows_of(item)
        if rows is None or axis not in shared:
            continue
        size = rows.count * math.prod(hint(extent) for extent in rows.source.extents[1:])
        if points >= _READ_OFTEN * size:
            found[item] = rows
    return found


def _rows_of(load: Load) -> tuple[_Rows | None, Axis | None]:
    """Which samples a load reads, and the axis that counts them; images have three axes or more."""
    buffer = load.buffer
    if len(buffer.extents) < 3 or not all(isinstance(e, int) and e for e in buffer.extents):
        return None, None
    if not load.computed:
        return _Rows(buffer, None, int(str(buffer.extents[0]))), samples_of(load)
    if len(load.computed) > 1 or load.computed[0][2] != buffer.strides[0]:
        return None, None
    index = load.computed[0][0]
    axis = _counting(index)
    if axis is None or axis in load.offset.terms or not isinstance(axis.extent, int):
        return None, None
    return _Rows(buffer, _formula(index), axis.extent), axis


def _counting(index: Expression) -> Axis | None:
    """The axis n where an index is computed from order[n] and from numbers alone."""
    axes: set[Axis] = set()
    for item in expressions([index]):
        if isinstance(item, Load):
            axis = _counted_along(item)
            if axis is None:
                return None
            axes.add(axis)
        elif not isinstance(item, Compute | Literal):
            return None
    return axes.pop() if len(axes) == 1 else None


def _counted_along(load: Load) -> Axis | None:
    """The axis n where a load reads order[n]."""
    if load.guards or load.computed:
        return None
    if len(load.buffer.extents) != 1 or load.offset.constant != 0:
        return None
    terms = list(load.offset.terms.items())
    (axis, factor) = terms[0] if len(terms) == 1 else (None, 0)
    fits = axis is not None and factor == 1 and axis.extent == load.buffer.extents[0]
    return axis if fits else None


def _formula(index: Expression) -> Hashable:
    """What an index is computed from, whatever the axis is called."""
    if isinstance(index, Load):
        return index.buffer
    own = index.value if isinstance(index, Literal) else None
    if isinstance(index, Compute):
        own = index.name, index.word
    return index.dtype, own, tuple(_formula(part) for part in index.parts())


def _copy(load: Load, rows: _Rows, packed: Buffer) -> Nest:
    """The nest that fills a copy."""
    axes = tuple(Axis(f"i{number}", extent) for number, extent in enumerate(packed.extents))
    samples, within = Affine.of(axes[0]), Affine()
    for axis, stride in zip(axes[1:], packed.strides[1:], strict=True):
        within = within + Affine.of(axis) * stride
    stride = packed.strides[0]
    if rows.order is None:
        value = Load(load.dtype, rows.source, within + samples * stride)
    else:
        ((index, extent, _),) = load.computed
        value = Load(load.dtype, rows.source, within, (), ((index, extent, stride),))
    store = Store(packed, within + samples * stride, value)
    kept = tuple(axis for axis in axes if axis.extent != 1)
    nest = Nest(kept, (), (), (store,), (rows.source.tensor,))
    if load.computed:
        counted = _counting(load.computed[0][0])
        if counted is not None:
            rewrite_nest(nest, {counted: samples})
    return nest


def _reading(nest: Nest, found: dict[Load, _Rows], packed: dict[_Rows, Buffer]) -> Nest:
    """The same nest with the copies in place of what they are copies of."""
    copy = Nest(nest.axes, nest.reduce, nest.folds, nest.stores, nest.tensors)

    def load(old: Load, new: Load) -> Load:
        if old not in found:
            return new
        offset = new.offset
        if new.computed:
            axis = _counting(new.computed[0][0])
            if axis is not None:
                offset = offset + Affine.of(axis) * packed[found[old]].strides[0]
        return replace(new, buffer=packed[found[old]], offset=offset, computed=())

    rewrite_nest(copy, {}, load)
    return copy
