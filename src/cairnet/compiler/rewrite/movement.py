"""Movements of elements that cancel, join, or turn out to be simpler ones."""

from __future__ import annotations

import numpy as np

from cairnet.compiler.rewrite.building import reshape, transpose
from cairnet.compiler.rewrite.matching import unit_pairs
from cairnet.compiler.rewrite.rule import rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import IOTA, RESHAPE, SLICE, TRANSPOSE

__all__: list[str] = []


@rule("transpose into the same order", TRANSPOSE)
def transpose_into_same_order(node: Tensor) -> Tensor | None:
    """transpose(x, (0, 1, …)) -> x."""
    return node.inputs[0] if node.parameters["axes"] == tuple(range(node.ndim)) else None


@rule("double transpose", TRANSPOSE)
def double_transpose(node: Tensor) -> Tensor | None:
    """transpose(transpose(x, p), q) -> transpose(x, p∘q)."""
    below = node.inputs[0]
    if below.primitive is not TRANSPOSE:
        return None
    inner = below.parameters["axes"]
    return transpose(node, below.inputs[0], [inner[axis] for axis in node.parameters["axes"]])


@rule("transpose of unit axes", TRANSPOSE)
def transpose_of_unit_axes(node: Tensor) -> Tensor | None:
    """transpose(x) -> reshape(x), where only axes of extent 1 change their place."""
    x = node.inputs[0]
    moved = [axis for axis in node.parameters["axes"] if x.extents[axis] != 1]
    return reshape(node, x, node.extents) if moved == sorted(moved) else None


@rule("reshape to its own shape", RESHAPE)
def reshape_to_own_shape(node: Tensor) -> Tensor | None:
    """reshape(x, shape of x) -> x."""
    return node.inputs[0] if node.inputs[0].extents == node.extents else None


@rule("reshape of a reshape", RESHAPE)
def reshape_of_reshape(node: Tensor) -> Tensor | None:
    """reshape(reshape(x)) -> reshape(x); so putting in an axis and taking it out leaves x."""
    below = node.inputs[0]
    if below.primitive is not RESHAPE:
        return None
    return reshape(node, below.inputs[0], node.extents)


@rule("slice of everything", SLICE)
def slice_of_everything(node: Tensor) -> Tensor | None:
    """slice(x) -> x, where it takes every element in order."""
    x = node.inputs[0]
    starts, steps = node.parameters["starts"], node.parameters["steps"]
    in_order = all(
        start == 0 and (step == 1 or size == 1)
        for start, size, step in zip(starts, node.extents, steps, strict=True)
    )
    return x if in_order and x.extents == node.extents else None


@rule("slice of a slice", SLICE)
def slice_of_slice(node: Tensor) -> Tensor | None:
    """slice(slice(x)) -> slice(x)."""
    below = node.inputs[0]
    if below.primitive is not SLICE:
        return None
    inner, outer = below.parameters, node.parameters
    starts: list[Size] = []
    steps = []
    for first, step, start, stride in zip(
        inner["starts"], inner["steps"], outer["starts"], outer["steps"], strict=True
    ):
        starts.append(start * step + first)
        steps.append(step * stride)
    return apply_for(
        node,
        SLICE,
        below.inputs[0],
        starts=tuple(starts),
        sizes=outer["sizes"],
        steps=tuple(steps),
    )


@rule("slice before transpose", SLICE)
def slice_before_transpose(node: Tensor) -> Tensor | None:
    """slice(transpose(x)) -> transpose(slice(x))."""
    below = node.inputs[0]
    if below.primitive is not TRANSPOSE:
        return None
    axes = below.parameters["axes"]
    back = [int(axis) for axis in np.argsort(axes)]
    moved = {
        name: tuple(node.parameters[name][axis] for axis in back)
        for name in ("starts", "sizes", "steps")
    }
    return transpose(node, apply_for(node, SLICE, below.inputs[0], **moved), axes)


@rule("slice before reshape", SLICE)
def slice_before_reshape(node: Tensor) -> Tensor | None:
    """slice(reshape(x)) -> reshape(slice(x)), where the reshape puts in or takes out unit axes.

    The unit axes must be kept whole.
    """
    below = node.inputs[0]
    if below.primitive is not RESHAPE:
        return None
    x = below.inputs[0]
    pairs = unit_pairs(x.extents, below.extents)
    cut = [axis for axis, size in enumerate(below.extents) if node.extents[axis] != size]
    if pairs is None or any(below.extents[axis] == 1 for axis in cut):
        return None
    starts: list[Size] = [0] * x.ndim
    sizes, steps = list(x.extents), [1] * x.ndim
    for inner, outer in pairs:
        starts[inner] = node.parameters["starts"][outer]
        sizes[inner] = node.parameters["sizes"][outer]
        steps[inner] = node.parameters["steps"][outer]
    part = apply_for(node, SLICE, x, starts=tuple(starts), sizes=tuple(sizes), steps=tuple(steps))
    return reshape(node, part, node.extents)


@rule("slice of a counter", SLICE)
def slice_of_counter(node: Tensor) -> Tensor | None:
    """slice(iota(n), from 0, in steps of 1) -> iota(size of the slice)."""
    x = node.inputs[0]
    if x.primitive is not IOTA:
        return None
    if node.parameters["starts"] != (0,) or node.parameters["steps"] != (1,):
        return None
    return apply_for(node, IOTA, size=node.extents[0], dtype=node.dtype)
