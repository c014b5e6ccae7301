"""Pooling: folds over the taps of a window, and back from a result to the taps that gave it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cairnet.base.dtypes import bool_
from cairnet.compiler.folding import fold, untested
from cairnet.compiler.geometry import reach, residues
from cairnet.compiler.loops import (
    Affine,
    Axis,
    Compute,
    Coordinate,
    Expression,
    Guard,
    Guarded,
    Literal,
    Nest,
    Result,
    Store,
)
from cairnet.compiler.nest import Lowering
from cairnet.tensor.core import Tensor

__all__ = ["put_from", "window_argmax", "window_put", "window_sum", "window_take"]


def _windows(
    lowering: Lowering, tensor: Tensor, x: Tensor
) -> tuple[list[Axis], list[Axis], list[Affine], tuple[Guard, ...], Affine]:
    """Axes, tap axes, the places read, their guards, and the number of the tap."""
    p = tensor.parameters
    axes = list(lowering.axes(tensor))
    taps = [Axis(f"k{i}", size) for i, size in enumerate(p["window"])]
    space = [Affine.of(axis) for axis in axes]
    places, guards = reach(x.extents, space, taps, p["strides"], p["padding"], p["dilation"])
    return axes, taps, places, guards, _tap_number(p["window"], [Affine.of(k) for k in taps])


def _tap_number(window: Sequence[int], taps: Sequence[Affine]) -> Affine:
    number = Affine()
    for size, tap in zip(window, taps, strict=True):
        number = number * size + tap
    return number


def window_sum(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """The sum over the taps, nothing outside the input."""
    (x,) = tensor.inputs
    axes, taps, places, guards, _ = _windows(lowering, tensor, x)
    value = lowering.read(x, tuple(places), guards)
    return [
        lowering.nest(
            axes,
            tensor,
            tuple(map(Affine.of, axes)),
            Result(tensor.dtype, 0),
            reduce=taps,
            folds=[fold("sum", value, guards)],
        )
    ]


def window_argmax(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """The first largest tap, and with it the window_take that reads there, if there is one."""
    (x,) = tensor.inputs
    axes, taps, places, guards, number = _windows(lowering, tensor, x)
    value = lowering.read(x, tuple(places), guards)
    index = tuple(map(Affine.of, axes))
    nest = lowering.nest(
        axes,
        tensor,
        index,
        Result(tensor.dtype, 0, position=True),
        reduce=taps,
        folds=[fold("argmax", value, guards, number)],
    )
    taken = lowering.companions.get(tensor)
    if taken is not None:
        store = Store(lowering.buffer(taken), lowering.offset(taken, index), Result(x.dtype, 0))
        nest.stores = (*nest.stores, store)
        nest.tensors = (*nest.tensors, taken)
    return [nest]


def window_take(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """The tap whose number is the position: a sum of which one term is not zero."""
    x, position = tensor.inputs
    if lowering.companions.get(position) is tensor:
        return []
    axes, taps, places, guards, number = _windows(lowering, tensor, x)
    index = tuple(map(Affine.of, axes))
    chosen = _selected(
        lowering.read(position, index), number, lowering.read(x, tuple(places), guards)
    )
    return [
        lowering.nest(
            axes,
            tensor,
            index,
            Result(tensor.dtype, 0),
            reduce=taps,
            folds=[fold("sum", chosen)],
        )
    ]


def _selected(position: Expression, number: Affine, value: Expression) -> Expression:
    """The value where the position is this tap, zero elsewhere."""
    hit = Compute(bool_, "equal", (position, Coordinate(position.dtype, number)))
    return Compute(value.dtype, "where", (hit, value, Literal(value.dtype, 0)))


def put_from(
    lowering: Lowering,
    tensor: Tensor,
    window: tuple[Affine, ...],
    tap: Sequence[Affine],
    guards: tuple[Guard, ...] = (),
) -> Expression:
    """What one window puts at one of its taps: its element, if it points there, or zero."""
    g, position = tensor.inputs
    return _selected(
        lowering.read(position, window, guards),
        _tap_number(tensor.parameters["window"], tap),
        lowering.read(g, window, guards),
    )


def window_put(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """For each residue class the windows that point at an element, added up."""
    g = tensor.inputs[0]
    p = tensor.parameters
    variants = [
        list(residues(i, size, taps, stride, low, dilation))
        for i, (size, taps, stride, (low, _), dilation) in enumerate(
            zip(p["shape"], p["window"], p["strides"], p["padding"], p["dilation"], strict=True)
        )
    ]
    nests = []
    for parts in itertools.product(*variants):
        sources = tuple(part.source for part in parts)
        guards = tuple(Guard(place, size) for place, size in zip(sources, g.extents, strict=True))
        guards = tuple(guard for guard in guards if not guard.always())
        chosen = put_from(lowering, tensor, sources, [part.tap for part in parts], guards)
        tested = untested(lowering.read(g, sources, guards), guards)
        single = all(part.tap_axis.extent == 1 for part in parts)
        if single and tested:
            chosen = Guarded(tensor.dtype, tested, chosen, Literal(tensor.dtype, 0))
        nests.append(
            lowering.nest(
                [part.block for part in parts],
                tensor,
                tuple(part.result for part in parts),
                chosen if single else Result(tensor.dtype, 0),
                reduce=[part.tap_axis for part in parts],
                folds=[] if single else [fold("sum", chosen, tested)],
            )
        )
    return nests
