"""Pooling in registers: windows side by side fold results of the nest that computes them.

    for i, o:    b[i, o] := f(sum over k of …)
    for q, o:    p[q, o] := max over r < 2 of b[2·q + r, o]
    →
    for q, o:    p[q, o] := max(f(sum over k of … at i = 2·q), f(sum over k of … at i = 2·q + 1))

Every result is looked at by one window, so nothing is computed twice, and b needs no memory. It
would be the largest of a network, written once and read once: the feature maps before a pooling.
What they are folded from is loaded once for neighbours, as they are computed side by side.

Only where nobody else reads b, and windows are small: each result takes registers of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, is_floating
from cairnet.compiler.dependence import NestOrder
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Compute,
    Expression,
    Fold,
    Literal,
    Load,
    Nest,
    Result,
)
from cairnet.compiler.reach import is_injective
from cairnet.compiler.rebuild import rewrite_nest
from cairnet.tensor.extent import Extent

__all__ = ["pool_in_registers"]

#: Windows of more results than this leave too few registers for each of them.
_MOST_RESULTS = 4
_COMBINE = {"sum": "add", "max": "maximum", "min": "minimum"}

_Point = Mapping[Axis, Affine]


def pool_in_registers(order: NestOrder) -> None:
    """Let every pooling whose windows lie side by side take up the nest that it reads."""
    for pooling in list(order.nests):
        producer = _producer(order, pooling)
        if producer is None:
            continue
        points = _points(producer, pooling)
        if points is not None:
            order.join(producer, pooling, _joined(producer, pooling, points))


def _producer(order: NestOrder, pooling: Nest) -> Nest | None:
    """The nest that computes what only this pooling reads, and nothing else."""
    if pooling.kind != "map" or len(pooling.folds) != 1:
        return None
    (fold,) = pooling.folds
    if fold.guards or not isinstance(fold.value, Load) or fold.value.guards or fold.value.computed:
        return None
    if fold.kind not in (*_COMBINE, "argmax", "argmin"):
        return None
    extents = [axis.extent for axis in pooling.reduce]
    if any(isinstance(extent, Extent) for extent in extents):
        return None
    if not 1 < math.prod(int(str(extent)) for extent in extents) <= _MOST_RESULTS:
        return None
    buffer = fold.value.buffer
    producer = order.only_writer(buffer)
    if producer is None or producer.kind != "map" or len(producer.stores) != 1:
        return None
    alone = buffer.kind == "arena" and order.readers(buffer) == [pooling]
    once = sum(load.buffer is buffer for load in pooling.loads()) == 1
    plain = all(f.kind in (*_COMBINE, "product") for f in producer.folds)
    return producer if alone and once and plain else None


def _points(producer: Nest, pooling: Nest) -> list[_Point] | None:
    """For each tap of a window the producer's axes as the pooling's, if windows are apart."""
    load = pooling.folds[0].value
    if not isinstance(load, Load):
        return None
    places = _places(producer, load.offset)
    if places is None:
        return None
    for axis, place in places.items():
        terms = [(other.extent, factor) for other, factor in place.terms.items()]
        if terms == [(axis.extent, 1)]:
            continue
        bounds = place.bounds()
        inside = bounds is not None and isinstance(axis.extent, int) and bounds[1] < axis.extent
        if not inside or is_injective(place, place.terms) is not True:
            return None
    used = {axis for place in places.values() for axis in place.terms}
    if not used >= {*pooling.axes, *pooling.reduce}:
        return None
    taps = itertools.product(*(range(int(str(axis.extent))) for axis in pooling.reduce))
    return [
        {axis: place.substitute(_fixed(pooling, tap)) for axis, place in places.items()}
        for tap in taps
    ]


def _fixed(pooling: Nest, tap: tuple[int, ...]) -> dict[Axis, Affine]:
    return {axis: Affine(number) for axis, number in zip(pooling.reduce, tap, strict=True)}


def _places(producer: Nest, offset: Affine) -> dict[Axis, Affine] | None:
    """Each axis of the producer as a formula, so that it stores at an offset."""
    stored = producer.stores[0].offset
    if stored.constant != offset.constant or any(s < 0 for s in _known(stored)):
        return None
    places = {axis: Affine() for axis in producer.axes}
    strides = [(stride, axis) for axis, stride in stored.terms.items()]
    if len(strides) != len(places) or not all(isinstance(stride, int) for stride, _ in strides):
        return None
    strides.sort(key=lambda pair: -int(str(pair[0])))
    for axis, factor in offset.terms.items():
        if not isinstance(factor, int) or factor <= 0:
            return None
        for stride, own in strides:
            if factor % int(str(stride)) == 0:
                places[own] = places[own] + Affine(0, {axis: factor // int(str(stride))})
                break
        else:
            return None
    return places


def _known(formula: Affine) -> list[int]:
    return [factor for factor in formula.terms.values() if isinstance(factor, int)]


def _joined(producer: Nest, pooling: Nest, points: list[_Point]) -> Nest:
    """One nest that computes all results of a window, then folds them."""
    share = _shared_loads()
    folds: list[Fold] = []
    values: list[Expression] = []
    for point in points:
        part = Nest(producer.axes, producer.reduce, producer.folds, producer.stores, ())
        rewrite_nest(part, point, share, partial(_later, len(folds)))
        folds.extend(part.folds)
        values.append(part.stores[0].value)
    results = _folded(pooling, values)
    ends = Nest(pooling.axes, (), (), pooling.stores, ())
    rewrite_nest(ends, {}, None, lambda item: results[item.position](item))
    tensors = tuple(dict.fromkeys((*producer.tensors, *pooling.tensors)))
    return Nest(pooling.axes, producer.reduce, tuple(folds), ends.stores, tensors)


def _later(count: int, result: Result) -> Result:
    """The result of a fold that has so many others before it."""
    return replace(result, fold=result.fold + count)


def _shared_loads() -> Callable[[Load, Load], Expression]:
    """Equal loads of several points as one."""
    known: dict[tuple[Any, ...], Load] = {}

    def share(_: Load, load: Load) -> Expression:
        guards = tuple((guard.index.key, guard.extent) for guard in load.guards)
        computed = tuple((id(item), extent, stride) for item, extent, stride in load.computed)
        return known.setdefault((load.buffer, load.offset.key, guards, computed), load)

    return share


def _folded(pooling: Nest, values: list[Expression]) -> dict[bool, Callable[[Result], Expression]]:
    """What takes the place of the pooling's value and of the position that won."""
    (fold,) = pooling.folds
    if fold.kind in _COMBINE:
        total = Literal(fold.value.dtype, 0) if fold.kind == "sum" else values.pop(0)
        for value in values:
            total = Compute(fold.value.dtype, _COMBINE[fold.kind], (total, value))
        return {False: lambda _: total}
    taps = itertools.product(*(range(int(str(axis.extent))) for axis in pooling.reduce))
    numbers = [_number(fold, _fixed(pooling, tap)) for tap in taps]
    best = values[0]
    won: list[tuple[Expression, int]] = []
    for value, number in zip(values[1:], numbers[1:], strict=True):
        better = _better(fold.kind, value, best)
        best = _where(better, value, best)
        won.append((better, number))

    def position(item: Result) -> Expression:
        place: Expression = Literal(item.dtype, np.asarray(numbers[0], item.dtype))
        for better, number in won:
            place = _where(better, Literal(item.dtype, np.asarray(number, item.dtype)), place)
        return place

    return {False: lambda _: best, True: position}


def _number(fold: Fold, tap: Mapping[Axis, Affine]) -> int:
    """The position that a fold notes at a tap."""
    formula = Affine() if fold.position is None else fold.position.substitute(tap)
    return int(str(formula.constant))


def _better(kind: str, value: Expression, best: Expression) -> Expression:
    """Whether a value beats the best so far: it is beyond it, or the first NaN."""
    pair = (value, best) if kind == "argmax" else (best, value)
    within = Compute(bool_, "bitwise_not", (Compute(bool_, "less_equal", pair),))
    if not is_floating(value.dtype):
        return within
    return Compute(bool_, "bitwise_and", (within, Compute(bool_, "equal", (best, best))))


def _where(condition: Expression, first: Expression, second: Expression) -> Expression:
    return Compute(first.dtype, "where", (condition, first, second))
