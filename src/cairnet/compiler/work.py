"""How much a nest computes and how much memory it has to touch: what its time is measured by.

    operations   one for each addition, multiplication, comparison or elementary function of
                 floating-point numbers, counted once for every point that its value depends on;
                 a multiplication and an addition of a product of matrices are two
    bytes        every element that is read, and every element that is written, once

A call of a routine counts as what it is known to take, and touches all of the memory it is handed.

Points at which a guard makes a sum take in nothing (taps of a window beyond the edge) do not
count. Both numbers are what the computation needs, however it is carried out: a kernel that reads
its operands ten times over moves more bytes, and its rate comes out the lower for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from cairnet.base.dtypes import is_floating
from cairnet.compiler.bounds import droppable_guards
from cairnet.compiler.calls import Call
from cairnet.compiler.loops import (
    Axis,
    Buffer,
    Compute,
    Expression,
    Guard,
    Load,
    Nest,
    Store,
    expressions,
)
from cairnet.compiler.shape import hint
from cairnet.compiler.variation import Variation, float_width
from cairnet.tensor.extent import Extent, Size, evaluate

__all__ = ["Work", "work_of"]

#: Guards over more points than this are not counted out; they are taken to hold everywhere.
_MOST_POINTS = 1 << 22


@dataclass(frozen=True)
class Work:
    """What one nest does.

    Attributes:
        operations: on floating-point numbers.
        bytes: read and written, each element once.
        width: bytes of the widest floating-point numbers that it computes with (see `float_width`);
            4 where it has none.
    """

    operations: int
    bytes: int
    width: int


def work_of(nest: Nest, bindings: Mapping[Extent, int], memory: Callable[[Buffer], Buffer]) -> Work:
    """The work of one nest.

    Args:
        nest: no loop.
        bindings: the sizes of unknown extents; where one is missing, a guess is taken.
        memory: for each buffer the buffer whose memory it is.
    """
    return _Counter(nest, bindings, memory).work()


class _Counter:
    def __init__(
        self, nest: Nest, bindings: Mapping[Extent, int], memory: Callable[[Buffer], Buffer]
    ) -> None:
        self.nest = nest
        self.memory = memory
        self._bindings = bindings
        self._extents = {axis: self._size(axis.extent) for axis in (*nest.axes, *nest.reduce)}
        self._variation = Variation(nest)

    def work(self) -> Work:
        nest = self.nest
        everywhere = self._points(self._extents)
        if isinstance(nest, Call):
            width = max(store.buffer.dtype.itemsize for store in nest.stores)
            return Work(everywhere * self._size(nest.work), self._bytes(), width)
        roots = [fold.value for fold in nest.folds]
        share = self._share(droppable_guards(nest))
        folding = sum(is_floating(value.dtype) for value in roots) * everywhere
        operations = share * (folding + self._arithmetic(expressions(roots)))
        done = {id(item) for item in expressions(roots)}
        values = expressions([store.value for store in nest.stores])
        operations += self._arithmetic(item for item in values if id(item) not in done)
        if nest.kind == "scatter":
            operations += everywhere * sum(is_floating(s.buffer.dtype) for s in nest.stores)
        return Work(round(operations), self._bytes(), float_width(nest) or 4)

    def _size(self, size: Size) -> int:
        return hint(evaluate(size, self._bindings))

    def _points(self, axes: Iterable[Axis]) -> int:
        return math.prod(self._extents.get(axis, 1) for axis in axes)

    def _arithmetic(self, items: Iterable[Expression]) -> int:
        return sum(
            self._points(self._variation.axes(item))
            for item in items
            if isinstance(item, Compute) and is_floating(item.dtype)
        )

    # -- guards --------------------------------------------------------------------------------

    def _share(self, guards: Iterable[Guard]) -> float:
        """The part of the points at which all guards hold."""
        share = 1.0
        for group in _connected(list(guards)):
            axes = sorted({axis for g in group for axis in g.index.terms}, key=lambda a: a.serial)
            points = self._points(axes)
            if 0 < points <= _MOST_POINTS:
                share *= float(self._holds(group, axes).sum()) / points
        return share

    def _holds(self, guards: list[Guard], axes: list[Axis]) -> np.ndarray:
        holds = np.ones([self._extents[axis] for axis in axes], bool)
        for guard in guards:
            index = np.asarray(self._size(guard.index.constant))
            for place, axis in enumerate(axes):
                shape = [1] * len(axes)
                shape[place] = self._extents[axis]
                factor = self._size(guard.index.coefficient(axis))
                index = index + factor * np.arange(self._extents[axis]).reshape(shape)
            holds &= (index >= 0) & (index < self._size(guard.extent))
        return holds

    # -- memory --------------------------------------------------------------------------------

    def _bytes(self) -> int:
        read: dict[Buffer, int] = {}
        written: dict[Buffer, int] = {}
        for load in self.nest.loads():
            home = self.memory(load.buffer)
            read[home] = read.get(home, 0) + self._touched(load)
        for store in self.nest.stores:
            home = self.memory(store.buffer)
            written[home] = written.get(home, 0) + self._touched(store)
            if self.nest.kind == "scatter":
                read[home] = read.get(home, 0) + self._touched(store)
        # Windows that overlap touch no more than there is.
        return sum(
            min(count, self._size(buffer.size)) * buffer.dtype.itemsize
            for table in (read, written)
            for buffer, count in table.items()
        )

    def _touched(self, access: Load | Store) -> int:
        """The elements that an access meets, at most."""
        if isinstance(self.nest, Call):
            return self._size(access.buffer.size)
        axes = set(access.offset.terms)
        for index, _, _ in access.computed:
            axes |= self._variation.axes(index)
        return self._points(axes)


def _connected(guards: list[Guard]) -> list[list[Guard]]:
    """Guards in groups that have no axis in common."""
    groups: list[list[Guard]] = []
    for guard in guards:
        joined = [guard]
        apart = []
        for group in groups:
            common = any(set(guard.index.terms) & set(other.index.terms) for other in group)
            if common:
                joined += group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups
