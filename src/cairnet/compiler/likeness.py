"""Nests that are alike: the same computation over other memory.

A deep network repeats its layers, so most of its nests differ only in the buffers they touch. What
is worked out for one, its schedule and its code, is then carried over to the others.

    form_of(nest)   →   key        equal for nests that are alike
                        parts      its axes and buffers, in the order in which the key counts them
    carried(x, a, b) →  x with the axes and buffers of form a replaced by those of form b
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from cairnet.compiler.calls import Call
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Compute,
    Coordinate,
    Expression,
    Fold,
    Guard,
    Guarded,
    Literal,
    Load,
    Nest,
    Number,
    Result,
    Store,
    expressions,
)

__all__ = ["Form", "carried", "form_of", "plain_form"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Form:
    """What a nest computes, without saying where.

    Attributes:
        key: equal for nests that are alike.
        parts: the axes and buffers, each with its number.
    """

    key: Hashable
    parts: Mapping[Axis | Buffer, int]


def form_of(nest: Nest, memory: Callable[[Buffer], Buffer]) -> Form:
    """The form of a nest.

    Args:
        nest: no loop.
        memory: for each buffer the buffer whose memory it is: buffers that share memory count as
            one.
    """
    return _Writer(nest, memory).form()


def carried(value: _T, source: Form, target: Form) -> _T:
    """A schedule, or whatever else holds axes and buffers of one nest, for a nest that is alike."""
    there = list(target.parts)
    result: _T = _replaced(value, {part: there[n] for part, n in source.parts.items()})
    return result


def plain_form(value: Any, form: Form) -> Hashable:
    """A value that holds axes and buffers of a nest, with their numbers in their place."""
    plain: Hashable = _replaced(value, form.parts, plain=True)
    return plain


def _replaced(value: Any, parts: Mapping[Axis | Buffer, Any], plain: bool = False) -> Any:
    if isinstance(value, Axis | Buffer):
        return parts[value]
    if isinstance(value, tuple):
        return tuple(_replaced(item, parts, plain) for item in value)
    if isinstance(value, dict):
        items = [tuple(_replaced(item, parts, plain) for item in pair) for pair in value.items()]
        return tuple(items) if plain else dict(items)
    if is_dataclass(value) and not isinstance(value, type):
        found = {f.name: _replaced(getattr(value, f.name), parts, plain) for f in fields(value)}
        return tuple(found.values()) if plain else replace(value, **found)
    return value


class _Writer:
    """Writes a nest as nested tuples, numbering axes, buffers and expressions as they come."""

    def __init__(self, nest: Nest, memory: Callable[[Buffer], Buffer]) -> None:
        self.nest = nest
        self.memory = memory
        self.parts: dict[Axis | Buffer, int] = {}
        self.known: list[Hashable] = []
        self.places: dict[int, int] = {}

    def form(self) -> Form:
        """The whole nest."""
        nest = self.nest
        axes = tuple(
            tuple(self._axis(axis) for axis in group) for group in (nest.axes, nest.reduce)
        )
        nodes = []
        for number, item in enumerate(expressions(nest.roots())):
            nodes.append(self._expression(item))
            self.places[id(item)] = number
        folds = tuple(self._fold(fold) for fold in nest.folds)
        stores = tuple(self._store(store) for store in nest.stores)
        kind: Hashable = nest.kind
        if isinstance(nest, Call):
            kind = (nest.routine, nest.arguments, nest.spoiled, nest.reports, nest.pairs, nest.work)
        return Form((kind, axes, tuple(nodes), folds, stores, tuple(self.known)), self.parts)

    def _part(self, part: Axis | Buffer, *description: Hashable) -> int:
        if part not in self.parts:
            self.parts[part] = len(self.parts)
            self.known.append(description)
        return self.parts[part]

    def _axis(self, axis: Axis) -> int:
        return self._part(axis, "axis", axis.extent)

    def _buffer(self, buffer: Buffer) -> tuple[Hashable, ...]:
        home = self.memory(buffer)
        number = self._part(home, home.kind, home.dtype, home.extents)
        return (number, buffer.dtype, buffer.extents)

    def _affine(self, index: Affine) -> Hashable:
        # In the order of the terms, which is the order in which they are added up.
        terms = ((self._axis(axis), factor) for axis, factor in index.terms.items())
        return (index.constant, *terms)

    def _guards(self, guards: tuple[Guard, ...]) -> Hashable:
        return tuple((self._affine(guard.index), guard.extent) for guard in guards)

    def _computed(self, computed: tuple[tuple[Expression, Any, Any], ...]) -> Hashable:
        return tuple((self.places[id(item)], extent, stride) for item, extent, stride in computed)

    def _fold(self, fold: Fold) -> Hashable:
        position = None if fold.position is None else self._affine(fold.position)
        return (fold.kind, self.places[id(fold.value)], self._guards(fold.guards), position)

    def _store(self, store: Store) -> Hashable:
        return (
            self._buffer(store.buffer),
            self._affine(store.offset),
            self.places[id(store.value)],
            self._computed(store.computed),
        )

    def _expression(self, item: Expression) -> Hashable:
        return (type(item).__name__, item.dtype, *self._contents(item))

    def _contents(self, item: Expression) -> tuple[Hashable, ...]:
        parts = tuple(self.places[id(part)] for part in item.parts())
        if isinstance(item, Load):
            place = self._buffer(item.buffer), self._affine(item.offset)
            return (*place, self._guards(item.guards), self._computed(item.computed))
        if isinstance(item, Compute):
            return (item.name, item.word, parts)
        if isinstance(item, Guarded):
            return (self._guards(item.guards), parts)
        if isinstance(item, Coordinate):
            return (self._affine(item.index),)
        if isinstance(item, Literal):
            # By its bytes: 0.0 is equal to -0.0, and a NaN not even to itself.
            return (np.asarray(item.value, item.dtype).tobytes(),)
        if isinstance(item, Number):
            return (item.size,)
        if isinstance(item, Result):
            return (item.fold, item.position)
        raise TypeError(f"an expression of type {type(item).__name__} has no form")
