"""Contractions take up what only rearranges, pads or negates their operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.dtypes import bool_
from cairnet.compiler.rewrite.building import broadcast, call, full, reshape, transpose
from cairnet.compiler.rewrite.matching import is_number, number_of
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import (
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
    DOT,
    ELEMENTWISE,
    PAD,
    SLICE,
    SUM,
    TRANSPOSE,
    WINDOW_SUM,
)

__all__: list[str] = []

_CONVOLUTIONS = (CONVOLVE, CONVOLVE_INPUT_GRADIENT, CONVOLVE_WEIGHT_GRADIENT)


def free_axes(node: Tensor, side: int) -> list[int]:
    """The axes of a dot's operand that are neither contracted nor batch axes."""
    taken = (*node.parameters["contract"][side], *node.parameters["batch"][side])
    return [axis for axis in range(node.inputs[side].ndim) if axis not in taken]


@rule("dot of a transpose", DOT, keeps=Keeps.ROUNDING)
def dot_of_transpose(node: Tensor) -> Tensor | None:
    """dot(transpose(a), b) -> dot(a, b) over other axes of a, and the same for b.

    Where the free axes of the operand keep their order, as the single free axis of a matrix does.
    """
    for side in (0, 1):
        below = node.inputs[side]
        if below.primitive is not TRANSPOSE:
            continue
        order = below.parameters["axes"]
        free = [order[axis] for axis in free_axes(node, side)]
        if free != sorted(free):
            continue
        inputs = list(node.inputs)
        inputs[side] = below.inputs[0]
        changed = {
            name: _replaced(node.parameters[name], side, [order[i] for i in pair[side]])
            for name, pair in node.parameters.items()
        }
        return apply_for(node, DOT, *inputs, **changed)
    return None


@rule("contracted axes in order", DOT, keeps=Keeps.ROUNDING)
def contracted_axes_in_order(node: Tensor) -> Tensor | None:
    """dot(a, b, contract ((1, 0), (0, 1))) -> dot(a, b, contract ((0, 1), (1, 0)))."""
    left, right = node.parameters["contract"]
    pairs = sorted(zip(left, right, strict=True))
    ordered = (tuple(i for i, _ in pairs), tuple(j for _, j in pairs))
    if ordered == (left, right):
        return None
    return apply_for(node, DOT, *node.inputs, contract=ordered, batch=node.parameters["batch"])


@rule("transpose of a dot", TRANSPOSE, keeps=Keeps.ROUNDING)
def transpose_of_dot(node: Tensor) -> Tensor | None:
    """transpose(dot(a, b)) -> dot(b, a), and batch axes in another order, as (A·B)ᵀ = Bᵀ·Aᵀ."""
    below, axes = node.inputs[0], node.parameters["axes"]
    if below.primitive is not DOT:
        return None
    contract, batch = below.parameters["contract"], below.parameters["batch"]
    count, split = len(batch[0]), len(batch[0]) + len(free_axes(below, 0))
    lead, tail = axes[:count], axes[count:]
    if any(axis >= count for axis in lead):
        return None
    first, second = list(range(count, split)), list(range(split, below.ndim))
    batch = tuple(tuple(side[axis] for axis in lead) for side in batch)
    if list(tail) == [*first, *second]:
        return apply_for(node, DOT, *below.inputs, contract=contract, batch=batch)
    if list(tail) != [*second, *first]:
        return None
    return apply_for(node, DOT, *reversed(below.inputs), contract=contract[::-1], batch=batch[::-1])


@rule("dot of a negative", DOT, keeps=Keeps.VALUE)
def dot_of_negative(node: Tensor) -> Tensor | None:
    """dot(-a, b) -> -dot(a, b), and the same for b: rounding is the same on both sides of zero.

    Where the dot is zero its sign changes.
    """
    for side in (0, 1):
        if node.inputs[side].primitive is ELEMENTWISE["negative"]:
            inputs = list(node.inputs)
            inputs[side] = inputs[side].inputs[0]
            return call(node, "negative", apply_for(node, DOT, *inputs, **node.parameters))
    return None


@rule("dot without unit axes", DOT, keeps=Keeps.ROUNDING)
def dot_without_unit_axes(node: Tensor) -> Tensor | None:
    """dot(a, b) -> reshape(dot(reshape(a), reshape(b))), without any axis of extent 1."""
    if not any(size == 1 for item in node.inputs for size in item.extents):
        return None
    kept: list[list[int]] = []
    inputs = []
    for item in node.inputs:
        kept.append([axis for axis, size in enumerate(item.extents) if size != 1])
        inputs.append(reshape(node, item, [item.extents[axis] for axis in kept[-1]]))
    changed = {}
    for name, (left, right) in node.parameters.items():
        pairs = [(i, j) for i, j in zip(left, right, strict=True) if i in kept[0] and j in kept[1]]
        if any((i in kept[0]) != (j in kept[1]) for i, j in zip(left, right, strict=True)):
            return None
        changed[name] = (
            tuple(kept[0].index(i) for i, _ in pairs),
            tuple(kept[1].index(j) for _, j in pairs),
        )
    return reshape(node, apply_for(node, DOT, *inputs, **changed), node.extents)


@rule("dot over nothing", DOT, keeps=Keeps.VALUE)
def dot_over_nothing(node: Tensor) -> Tensor | None:
    """dot(a, b) -> broadcast(a)·broadcast(b), where no axis is contracted: an outer product."""
    if node.parameters["contract"][0] or node.dtype == bool_:
        return None
    first, second = _spread(node)
    return call(node, "multiply", first, second)


def _spread(node: Tensor) -> tuple[Tensor, Tensor]:
    """Both operands of a dot that contracts nothing, with the axes of its result."""
    batch = node.parameters["batch"]
    free = [free_axes(node, 0), free_axes(node, 1)]
    spread = []
    for side in (0, 1):
        item = node.inputs[side]
        moved = transpose(node, item, [*batch[side], *free[side]])
        shape: list[Size] = list(moved.extents)
        # The other operand's free axes: behind one's own, or between batch and one's own.
        place = len(shape) if side == 0 else len(batch[side])
        shape[place:place] = [1] * len(free[1 - side])
        spread.append(broadcast(node, reshape(node, moved, shape), node.extents))
    return spread[0], spread[1]


@rule("dot with a repeated number", DOT, keeps=Keeps.ROUNDING)
def dot_with_number(node: Tensor) -> Tensor | None:
    """dot(c everywhere, b) -> broadcast(sum(b)·c), and the same for b: a product with ones."""
    for side in (0, 1):
        found = number_of(node.inputs[side])
        if found is None or node.dtype == bool_ or not node.parameters["contract"][side]:
            continue
        other = node.inputs[1 - side]
        contract, batch = node.parameters["contract"][1 - side], node.parameters["batch"][1 - side]
        total = apply_for(node, SUM, other, axes=tuple(sorted(contract)))
        left = [axis for axis in range(other.ndim) if axis not in contract]
        order = [*batch, *free_axes(node, 1 - side)]
        total = transpose(node, total, [left.index(axis) for axis in order])
        shape: list[Size] = list(total.extents)
        place = len(batch) if side == 0 else len(shape)
        shape[place:place] = [1] * len(free_axes(node, side))
        total = reshape(node, total, shape)
        if not is_number(node.inputs[side], 1):
            total = call(node, "multiply", total, full(node, found, total))
        return broadcast(node, total, node.extents)
    return None


@rule("convolution of a negative", *_CONVOLUTIONS, keeps=Keeps.VALUE)
def convolution_of_negative(node: Tensor) -> Tensor | None:
    """convolve(-x, w) -> -convolve(x, w), and the same for w and for both gradients."""
    for side in (0, 1):
        if node.inputs[side].primitive is ELEMENTWISE["negative"]:
            inputs = list(node.inputs)
            inputs[side] = inputs[side].inputs[0]
            same = apply_for(node, node.primitive, *inputs, **node.parameters)
            return call(node, "negative", same)
    return None


@rule("convolution of padding", CONVOLVE, CONVOLVE_WEIGHT_GRADIENT, keeps=Keeps.ROUNDING)
def convolution_of_padding(node: Tensor) -> Tensor | None:
    """convolve(pad(x, with 0), w) -> convolve(x, w, more padding), and so its weight gradient.

    For known widths along the spatial axes, nothing put between the elements.
    """
    below = node.inputs[0]
    padding = _zero_padding(below, range(1, below.ndim - 1))
    if padding is None:
        return None
    more = {**node.parameters, "padding": _wider(node.parameters["padding"], padding[1:-1])}
    return apply_for(node, node.primitive, below.inputs[0], node.inputs[1], **more)


@rule("window sum of padding", WINDOW_SUM, keeps=Keeps.ROUNDING)
def window_sum_of_padding(node: Tensor) -> Tensor | None:
    """window_sum(pad(x, with 0)) -> window_sum(x, more padding), for known widths."""
    below = node.inputs[0]
    padding = _zero_padding(below, range(below.ndim))
    if padding is None:
        return None
    more = {**node.parameters, "padding": _wider(node.parameters["padding"], padding)}
    return apply_for(node, WINDOW_SUM, below.inputs[0], **more)


@rule("slice of a convolution's input gradient", SLICE)
def slice_of_input_gradient(node: Tensor) -> Tensor | None:
    """slice(convolve_input_gradient(g, w)) -> convolve_input_gradient(g, w, more padding).

    For known slices in steps of 1 along the spatial axes: what is cut off counts as padding.
    """
    below = node.inputs[0]
    if below.primitive is not CONVOLVE_INPUT_GRADIENT or set(node.parameters["steps"]) != {1}:
        return None
    if any(node.extents[axis] != below.extents[axis] for axis in (0, -1)):
        return None
    cut = []
    for start, size, extent in zip(
        node.parameters["starts"][1:-1], node.extents[1:-1], below.extents[1:-1], strict=True
    ):
        if not all(isinstance(value, int) for value in (start, size, extent)):
            return None
        cut.append((start, extent - start - size))
    more = {
        **below.parameters,
        "space": node.extents[1:-1],
        "padding": _wider(below.parameters["padding"], cut),
    }
    return apply_for(node, CONVOLVE_INPUT_GRADIENT, *below.inputs, **more)


def _zero_padding(x: Tensor, axes: Sequence[int]) -> list[tuple[int, int]] | None:
    """The widths of a pad with zeros along the given axes alone, or None where x is no such pad."""
    if x.primitive is not PAD or x.parameters["value"] != 0 or any(x.parameters["interior"]):
        return None
    widths = list(zip(x.parameters["low"], x.parameters["high"], strict=True))
    for axis, pair in enumerate(widths):
        if not all(isinstance(width, int) for width in pair):
            return None
        if axis not in axes and pair != (0, 0):
            return None
    return widths


def _wider(padding: Any, more: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (low + before, high + after)
        for (low, high), (before, after) in zip(padding, more, strict=True)
    )


def _replaced(pair: Any, side: int, axes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    return (tuple(axes), pair[1]) if side == 0 else (pair[0], tuple(axes))
