"""Reductions: over nothing, over repetitions, over one another, past movements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cairnet.base.dtypes import bool_
from cairnet.compiler.rewrite.building import (
    broadcast,
    call,
    cast,
    full,
    number,
    reshape,
    transpose,
)
from cairnet.compiler.rewrite.matching import (
    elements,
    number_and_other,
    number_of,
    repeated_axes,
    unit_pairs,
)
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import (
    ARGMAX,
    ARGMIN,
    BROADCAST,
    CUMULATIVE_PRODUCT,
    CUMULATIVE_SUM,
    ELEMENTWISE,
    MAX,
    MIN,
    PAD,
    PRODUCT,
    RESHAPE,
    SIZE,
    SUM,
    TRANSPOSE,
    WINDOW_SUM,
)

__all__: list[str] = []

_REDUCTIONS = (SUM, PRODUCT, MAX, MIN)


def reduced(at: Tensor, x: Tensor, axes: Sequence[int]) -> Tensor:
    """The reduction `at` does, of x over some axes; x itself over none."""
    return apply_for(at, at.primitive, x, axes=tuple(axes)) if axes else x


@rule("reduce no axes", *_REDUCTIONS, keeps=Keeps.VALUE)
def reduce_no_axes(node: Tensor) -> Tensor | None:
    """sum(x, axes ()) -> x; NumPy's sum of one -0.0 is 0.0."""
    return None if node.parameters["axes"] else node.inputs[0]


@rule("reduce unit axes", *_REDUCTIONS, keeps=Keeps.VALUE)
def reduce_unit_axes(node: Tensor) -> Tensor | None:
    """sum(x, axes of extent 1) -> reshape(x); other axes are still summed.

    NumPy's sum of one -0.0 is 0.0.
    """
    x, axes = node.inputs[0], node.parameters["axes"]
    longer = [axis for axis in axes if x.extents[axis] != 1]
    if len(longer) == len(axes):
        return None
    return reshape(node, reduced(node, x, longer), node.extents)


@rule("reduce in one go", *_REDUCTIONS, keeps=Keeps.ROUNDING)
def reduce_in_one_go(node: Tensor) -> Tensor | None:
    """sum(sum(x, axes), more axes) -> sum(x, all of them), and so for product, max and min."""
    below = node.inputs[0]
    if below.primitive is not node.primitive:
        return None
    inner = below.parameters["axes"]
    kept = [axis for axis in range(below.inputs[0].ndim) if axis not in inner]
    outer = [kept[axis] for axis in node.parameters["axes"]]
    return reduced(node, below.inputs[0], sorted((*inner, *outer)))


@rule("reduce before transpose", *_REDUCTIONS, keeps=Keeps.ROUNDING)
def reduce_before_transpose(node: Tensor) -> Tensor | None:
    """sum(transpose(x), axes) -> transpose(sum(x, the same axes)), of what is left over."""
    below = node.inputs[0]
    if below.primitive is not TRANSPOSE:
        return None
    order, axes = below.parameters["axes"], node.parameters["axes"]
    left = [order[axis] for axis in range(below.ndim) if axis not in axes]
    smaller = reduced(node, below.inputs[0], sorted(order[axis] for axis in axes))
    return transpose(node, smaller, [sorted(left).index(axis) for axis in left])


@rule("reduce before reshape", *_REDUCTIONS, keeps=Keeps.ROUNDING)
def reduce_before_reshape(node: Tensor) -> Tensor | None:
    """sum(reshape(x), axes) -> reshape(sum(x, axes)), where only unit axes are put in or taken out.

    Over all axes any reshape may be left out.
    """
    below, axes = node.inputs[0], node.parameters["axes"]
    if below.primitive is not RESHAPE or not axes:
        return None
    x = below.inputs[0]
    if len(axes) == below.ndim:
        longer = [axis for axis, size in enumerate(x.extents) if size != 1]
        return reshape(node, reduced(node, x, longer), ())
    pairs = unit_pairs(x.extents, below.extents)
    if pairs is None or any(below.extents[axis] == 1 for axis in axes):
        return None
    inner = [old for old, new in pairs if new in axes]
    return reshape(node, reduced(node, x, inner), node.extents)


@rule("sum of repetitions", SUM, keeps=Keeps.ROUNDING)
def sum_of_repetitions(node: Tensor) -> Tensor | None:
    """sum(broadcast(x)) -> x·n, n times the same; n may be known only when the program runs.

    Unless n is unknown and x could be infinite: no times infinity is NaN, the sum of none is 0.
    """
    below = node.inputs[0]
    if below.primitive is not BROADCAST or node.dtype == bool_:
        return None
    repeated = repeated_axes(below)
    axes = [axis for axis in node.parameters["axes"] if repeated[axis]]
    if not axes:
        return None
    count = elements([below.extents[axis] for axis in axes])
    found = number_of(below)
    safe = isinstance(count, int) and count > 0
    if not safe and node.dtype.kind == "f" and (found is None or not np.isfinite(found)):
        return None
    once = _drop(node, below, axes)
    rest = [axis for axis in node.parameters["axes"] if axis not in axes]
    kept = [axis for axis in range(below.ndim) if axis not in axes]
    total = reduced(node, once, [kept.index(axis) for axis in rest])
    return call(node, "multiply", total, broadcast(node, _count(node, count), total.extents))


@rule("sum of multiples", SUM, keeps=Keeps.ROUNDING)
def sum_of_multiples(node: Tensor) -> Tensor | None:
    """sum(x·broadcast(v)) -> v·sum(x), where v is the same all along the axes that are summed."""
    below, axes = node.inputs[0], node.parameters["axes"]
    if below.primitive is not ELEMENTWISE["multiply"] or not axes:
        return None
    for x, factor in (below.inputs, below.inputs[::-1]):
        repeated = repeated_axes(factor)
        if all(repeated[axis] for axis in axes):
            return call(node, "multiply", _drop(node, factor, axes), reduced(node, x, axes))
    return None


@rule("sum of deviations", SUM, keeps=Keeps.ROUNDING)
def sum_of_deviations(node: Tensor) -> Tensor | None:
    """sum(x - broadcast(m)) -> m - m, where m is sum(x) / n, the mean: 0 unless x is not finite."""
    below, axes = node.inputs[0], node.parameters["axes"]
    if below.primitive is not ELEMENTWISE["subtract"] or not axes:
        return None
    x, centre = below.inputs
    repeated = repeated_axes(centre)
    count = elements([below.extents[axis] for axis in axes])
    if not isinstance(count, int) or not all(repeated[axis] for axis in axes):
        return None
    mean = _drop(node, centre, axes)
    pair = number_and_other(mean) if mean.ndim == node.ndim and len(mean.inputs) == 2 else None
    if pair is None or not _is_share(mean, pair[0], count):
        return None
    total = pair[1]
    if total.primitive is not SUM or total.inputs[0] is not x or total.parameters["axes"] != axes:
        return None
    return call(node, "subtract", mean, mean)


def _is_share(node: Tensor, factor: float, count: int) -> bool:
    """Whether a node divides what it is made of by a count; a factor may be rounded."""
    if node.primitive is ELEMENTWISE["divide"]:
        return number_of(node.inputs[1]) is not None and bool(factor == count)
    rounded = np.asarray(1 / count).astype(node.dtype) if count else 0
    return node.primitive is ELEMENTWISE["multiply"] and bool(factor == rounded)


def _drop(node: Tensor, repeated: Tensor, axes: Sequence[int]) -> Tensor:
    """A broadcast without some of the axes along which it repeats."""
    x = repeated.inputs[0]
    lead = repeated.ndim - x.ndim
    own = [size for axis, size in enumerate(x.extents, start=lead) if axis not in axes]
    shape = [size for axis, size in enumerate(repeated.extents) if axis not in axes]
    return broadcast(node, reshape(node, x, own), shape)


def _count(node: Tensor, count: Size) -> Tensor:
    if isinstance(count, int):
        with np.errstate(all="ignore"):
            return number(node, np.asarray(count).astype(node.dtype), node.dtype)
    return cast(node, apply_for(node, SIZE, size=count, dtype=np.dtype(np.int64)), node.dtype)


@rule("extreme of repetitions", MAX, MIN)
def extreme_of_repetitions(node: Tensor) -> Tensor | None:
    """max(broadcast(x)) -> x, along axes that repeat it at least once."""
    below = node.inputs[0]
    if below.primitive is not BROADCAST:
        return None
    repeated = repeated_axes(below)
    axes = [
        axis
        for axis in node.parameters["axes"]
        if repeated[axis] and isinstance(below.extents[axis], int)
    ]
    if not axes:
        return None
    once = _drop(node, below, axes)
    rest = [axis for axis in node.parameters["axes"] if axis not in axes]
    kept = [axis for axis in range(below.ndim) if axis not in axes]
    return reduced(node, once, [kept.index(axis) for axis in rest])


@rule("sum of a negative", SUM, keeps=Keeps.VALUE)
def sum_of_negative(node: Tensor) -> Tensor | None:
    """sum(-x) -> -sum(x): rounding is the same on both sides of zero.

    Where the sum is zero its sign changes.
    """
    below = node.inputs[0]
    if below.primitive is not ELEMENTWISE["negative"]:
        return None
    return call(node, "negative", reduced(node, below.inputs[0], node.parameters["axes"]))


@rule("sum of padding", SUM, keeps=Keeps.ROUNDING)
def sum_of_padding(node: Tensor) -> Tensor | None:
    """sum(pad(x, with 0)) -> sum(x), where every padded axis is summed."""
    below, axes = node.inputs[0], node.parameters["axes"]
    if below.primitive is not PAD or below.parameters["value"] != 0:
        return None
    widths = zip(*(below.parameters[name] for name in ("low", "high", "interior")), strict=True)
    padded = [axis for axis, widths in enumerate(widths) if any(width != 0 for width in widths)]
    if any(axis not in axes for axis in padded):
        return None
    return reduced(node, below.inputs[0], axes)


@rule("extreme position of one", ARGMAX, ARGMIN)
def extreme_position_of_one(node: Tensor) -> Tensor | None:
    """argmax(x, axis of extent 1) -> 0."""
    if node.inputs[0].extents[node.parameters["axis"]] != 1:
        return None
    return full(node, 0, node)


@rule("running total of one", CUMULATIVE_SUM, CUMULATIVE_PRODUCT)
def running_total_of_one(node: Tensor) -> Tensor | None:
    """cumulative_sum(x, axis of extent 1) -> x."""
    x = node.inputs[0]
    return x if x.extents[node.parameters["axis"]] == 1 else None


@rule("window of one", WINDOW_SUM, keeps=Keeps.VALUE)
def window_of_one(node: Tensor) -> Tensor | None:
    """window_sum(x, window 1, stride 1, no padding) -> x."""
    parameters = node.parameters
    still = all(size == 1 for size in (*parameters["window"], *parameters["strides"]))
    bare = all(width == 0 for pair in parameters["padding"] for width in pair)
    return node.inputs[0] if still and bare else None
