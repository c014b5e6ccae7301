"""Padding, concatenation, and the slices that take them apart again.

The gradient of a slice is a pad and the gradient of a concatenation is slices, so what was taken
apart forwards is put together backwards; these rules find the pieces that fit.
"""

from __future__ import annotations

import itertools

import numpy as np

from cairnet.compiler.rewrite.building import full
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import CONCATENATE, ELEMENTWISE, PAD, SLICE

__all__: list[str] = []

_MOST_SUMMANDS = 16


@rule("pad by nothing", PAD)
def pad_by_nothing(node: Tensor) -> Tensor | None:
    """pad(x, widths 0) -> x."""
    widths = (*node.parameters["low"], *node.parameters["high"], *node.parameters["interior"])
    return node.inputs[0] if all(width == 0 for width in widths) else None


@rule("pad of a pad", PAD)
def pad_of_pad(node: Tensor) -> Tensor | None:
    """pad(pad(x)) -> pad(x), for equal padding values and none put between elements outside."""
    below = node.inputs[0]
    if below.primitive is not PAD or any(node.parameters["interior"]):
        return None
    inner, outer = below.parameters, node.parameters
    if not _same_value(below, node):
        return None
    return apply_for(
        node,
        PAD,
        below.inputs[0],
        low=_sum(inner["low"], outer["low"]),
        high=_sum(inner["high"], outer["high"]),
        interior=inner["interior"],
        value=inner["value"],
    )


@rule("slice undoes pad", SLICE)
def slice_undoes_pad(node: Tensor) -> Tensor | None:
    """slice(pad(x)) -> x, where it takes just the elements of x."""
    below = node.inputs[0]
    if below.primitive is not PAD or node.extents != below.inputs[0].extents:
        return None
    exactly = all(
        start == low and (step == gap + 1 or size == 1)
        for start, low, step, gap, size in zip(
            node.parameters["starts"],
            below.parameters["low"],
            node.parameters["steps"],
            below.parameters["interior"],
            node.extents,
            strict=True,
        )
    )
    return below.inputs[0] if exactly else None


@rule("slice of a pad", SLICE)
def slice_of_pad(node: Tensor) -> Tensor | None:
    """slice(pad(x)) -> pad(slice(x)), less of both; or the padding value alone.

    For known extents, steps of 1, and nothing put between the elements along the sliced axes.
    """
    below = node.inputs[0]
    if below.primitive is not PAD:
        return None
    x, padding = below.inputs[0], below.parameters
    starts: list[Size] = [0] * x.ndim
    sizes, low, high = list(x.extents), list(padding["low"]), list(padding["high"])
    for axis, (start, size, step) in enumerate(
        zip(node.parameters["starts"], node.extents, node.parameters["steps"], strict=True)
    ):
        if start == 0 and size == below.extents[axis] and step == 1:
            continue
        extent, before = x.extents[axis], low[axis]
        known = all(isinstance(item, int) for item in (start, size, extent, before))
        if not known or step != 1 or padding["interior"][axis]:
            return None
        first, end = max(0, start - before), min(extent, start + size - before)
        if end <= first:
            return full(node, padding["value"], node)
        starts[axis], sizes[axis] = first, end - first
        low[axis] = max(0, before - start)
        high[axis] = size - low[axis] - sizes[axis]
    part = apply_for(node, SLICE, x, starts=tuple(starts), sizes=tuple(sizes), steps=(1,) * x.ndim)
    return apply_for(
        node,
        PAD,
        part,
        low=tuple(low),
        high=tuple(high),
        interior=padding["interior"],
        value=padding["value"],
    )


@rule("concatenation of one", CONCATENATE)
def concatenation_of_one(node: Tensor) -> Tensor | None:
    """concatenate(x) -> x, and inputs of extent 0 are left out."""
    axis = node.parameters["axis"]
    kept = [item for item in node.inputs if item.extents[axis] != 0]
    if len(kept) == 1 or (not kept and len(node.inputs) == 1):
        return (kept or node.inputs)[0]
    if len(kept) == len(node.inputs):
        return None
    return apply_for(node, CONCATENATE, *(kept or node.inputs[:1]), axis=axis)


@rule("concatenation of a concatenation", CONCATENATE)
def concatenation_of_concatenation(node: Tensor) -> Tensor | None:
    """concatenate(concatenate(x, y), z) -> concatenate(x, y, z), along one axis."""
    axis = node.parameters["axis"]
    flat: list[Tensor] = []
    for item in node.inputs:
        same = item.primitive is CONCATENATE and item.parameters["axis"] == axis
        flat.extend(item.inputs if same else (item,))
    if len(flat) == len(node.inputs):
        return None
    return apply_for(node, CONCATENATE, *flat, axis=axis)


@rule("concatenation of neighbours", CONCATENATE)
def concatenation_of_neighbours(node: Tensor) -> Tensor | None:
    """concatenate(x[:a], x[a:b]) -> x[:b]."""
    axis = node.parameters["axis"]
    joined: list[Tensor] = [node.inputs[0]]
    for item in node.inputs[1:]:
        whole = _join(node, joined[-1], item, axis)
        if whole is None:
            joined.append(item)
        else:
            joined[-1] = whole
    if len(joined) == len(node.inputs):
        return None
    return joined[0] if len(joined) == 1 else apply_for(node, CONCATENATE, *joined, axis=axis)


def _join(node: Tensor, first: Tensor, second: Tensor, axis: int) -> Tensor | None:
    if first.primitive is not SLICE or second.primitive is not SLICE:
        return None
    one, other = first.parameters, second.parameters
    if first.inputs[0] is not second.inputs[0] or one["steps"] != other["steps"]:
        return None
    for i, (start, size) in enumerate(zip(one["starts"], one["sizes"], strict=True)):
        if i != axis and (start != other["starts"][i] or size != other["sizes"][i]):
            return None
    if one["starts"][axis] + one["sizes"][axis] * one["steps"][axis] != other["starts"][axis]:
        return None
    sizes = list(one["sizes"])
    sizes[axis] = other["sizes"][axis] + sizes[axis]
    return apply_for(
        node, SLICE, first.inputs[0], starts=one["starts"], sizes=tuple(sizes), steps=one["steps"]
    )


@rule("slice of a concatenation", SLICE)
def slice_of_concatenation(node: Tensor) -> Tensor | None:
    """slice(concatenate(x, y, z)) -> slice(concatenate(y, z)), without inputs it does not touch.

    For steps of 1 along the concatenated axis.
    """
    below = node.inputs[0]
    if below.primitive is not CONCATENATE:
        return None
    axis = below.parameters["axis"]
    start, size = node.parameters["starts"][axis], node.extents[axis]
    if node.parameters["steps"][axis] != 1 or size == 0:
        return None
    found = _touched(below.inputs, axis, start, size)
    if found is None or len(found[0]) == len(below.inputs):
        return None
    touched, offset = found
    whole = touched[0] if len(touched) == 1 else apply_for(node, CONCATENATE, *touched, axis=axis)
    starts = list(node.parameters["starts"])
    starts[axis] = start - offset
    parameters = {**node.parameters, "starts": tuple(starts)}
    return apply_for(node, SLICE, whole, **parameters)


def _touched(
    inputs: tuple[Tensor, ...], axis: int, start: Size, size: Size
) -> tuple[list[Tensor], Size] | None:
    """The inputs that positions start … start + size - 1 fall into, and where the first begins.

    Among unknown extents only a slice that is just one input can be recognised.
    """
    places: list[Size] = [0]
    for item in inputs:
        if start == places[-1] and size == item.extents[axis]:
            return [item], places[-1]
        places.append(item.extents[axis] + places[-1])
    ends = [value for value in places if isinstance(value, int)]
    if not isinstance(start, int) or not isinstance(size, int) or len(ends) < len(places):
        return None
    inside = [
        index
        for index, (place, end) in enumerate(itertools.pairwise(ends))
        if place < start + size and start < end
    ]
    return [inputs[index] for index in inside], places[inside[0]]


@rule("sum of neighbours", ELEMENTWISE["add"], keeps=Keeps.VALUE)
def sum_of_neighbours(node: Tensor) -> Tensor | None:
    """pad(x, 0 after) + pad(y, 0 before) -> pad(concatenate(x, y)), where each has the other's gap.

    The gradients of slices that lie side by side, however many and in whatever order they are
    added. A -0.0 may become 0.0.
    """
    parts = _summands(node)
    if not all(_pads_with_zeros(item) for item in parts):
        return None
    axes = {_axis_of_gap(parts[0], item) for item in parts[1:]}
    axis = axes.pop()
    if axis is None or axes or any(not isinstance(p.parameters["low"][axis], int) for p in parts):
        return None
    parts.sort(key=lambda item: item.parameters["low"][axis])
    for left, right in itertools.pairwise(parts):
        if _end(left, axis) != right.parameters["low"][axis]:
            return None
    joined = apply_for(node, CONCATENATE, *(item.inputs[0] for item in parts), axis=axis)
    first, last = parts[0].parameters, parts[-1].parameters
    high = list(first["high"])
    high[axis] = last["high"][axis]
    return apply_for(node, PAD, joined, **{**first, "high": tuple(high)})


def _summands(node: Tensor) -> list[Tensor]:
    """The terms of nested sums."""
    found: list[Tensor] = []
    pending = [node]
    while pending:
        item = pending.pop()
        if item.primitive is node.primitive and len(found) + len(pending) < _MOST_SUMMANDS:
            pending.extend(item.inputs)
        else:
            found.append(item)
    return found


def _pads_with_zeros(item: Tensor) -> bool:
    """Whether it is a pad with zeros around its input, none inside."""
    return (
        item.primitive is PAD
        and item.parameters["value"] == 0
        and not any(item.parameters["interior"])
    )


def _end(item: Tensor, axis: int) -> Size:
    """The position behind the last element of a pad's input."""
    return item.inputs[0].extents[axis] + item.parameters["low"][axis]


def _axis_of_gap(first: Tensor, second: Tensor) -> int | None:
    """The one axis along which two pads of one result are padded differently."""
    different = [
        axis
        for axis in range(first.ndim)
        if first.parameters["low"][axis] != second.parameters["low"][axis]
        or first.inputs[0].extents[axis] != second.inputs[0].extents[axis]
        or first.parameters["high"][axis] != second.parameters["high"][axis]
    ]
    return different[0] if len(different) == 1 else None


def _same_value(first: Tensor, second: Tensor) -> bool:
    values = [np.asarray(item.parameters["value"], item.dtype) for item in (first, second)]
    return values[0].tobytes() == values[1].tobytes()


def _sum(first: tuple[Size, ...], second: tuple[Size, ...]) -> tuple[Size, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))
