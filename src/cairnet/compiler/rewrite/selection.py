"""One-hot products become gathers, and their gradients scatter-adds.

A product with one-hot vectors multiplies by zero, over and over, what is not wanted. Where such a
product is summed, the wanted element can be read at its place. An index out of range makes a
vector of zeros; so it does here: it is moved into range, and what it reads is replaced by zero.

What is not wanted is no longer looked at: an infinity or NaN there does not make the sum NaN.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cairnet.base.dtypes import int64, is_integer
from cairnet.compiler.rewrite.building import broadcast, call, full, reshape, transpose
from cairnet.compiler.rewrite.contracting import free_axes
from cairnet.compiler.rewrite.matching import is_number, padded_extents, unit_pairs
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import (
    BROADCAST,
    DOT,
    ELEMENTWISE,
    GATHER,
    IOTA,
    RESHAPE,
    SCATTER_ADD,
    SUM,
    TRANSPOSE,
)

__all__ = ["OneHot", "counter_axis", "one_hot"]

CAST, EQUAL, WHERE = ELEMENTWISE["cast"], ELEMENTWISE["equal"], ELEMENTWISE["where"]
MULTIPLY, DIVIDE = ELEMENTWISE["multiply"], ELEMENTWISE["divide"]
_MOST_FACTORS = 8


@dataclass(frozen=True)
class OneHot:
    """One-hot vectors: 1 along `axis` at the place that `labels` names, 0 elsewhere.

    Attributes:
        labels: integers, of the extents of the vectors without the axis.
        axis: the axis along which one element is 1.
        depth: its extent.
    """

    labels: Tensor
    axis: int
    depth: int

    def index(self, at: Tensor) -> Tensor:
        """The labels moved into range."""
        lowest, highest = full(at, 0, self.labels), full(at, self.depth - 1, self.labels)
        inside = call(at, "minimum", self.labels, highest)
        return inside if self.labels.dtype.kind == "u" else call(at, "maximum", inside, lowest)

    def transposed(self, at: Tensor, order: Sequence[int]) -> OneHot:
        """The same with the axes of the vectors in another order."""
        kept = [axis - (axis > self.axis) for axis in order if axis != self.axis]
        return OneHot(transpose(at, self.labels, kept), list(order).index(self.axis), self.depth)

    def reshaped(
        self, at: Tensor, extents: Sequence[Size], pairs: Sequence[tuple[int, int]]
    ) -> OneHot:
        """The same where the vectors have these extents; `pairs` are old axes and new ones."""
        axis = dict(pairs)[self.axis]
        kept = [size for i, size in enumerate(extents) if i != axis]
        return OneHot(reshape(at, self.labels, kept), axis, self.depth)

    def only_in_range(self, at: Tensor, x: Tensor) -> Tensor:
        """x, whose leading axes are those of the labels, with zeros at labels out of range."""
        good = call(at, "equal", self.labels, self.index(at))
        good = reshape(at, good, good.extents + (1,) * (x.ndim - good.ndim))
        return call(at, "where", broadcast(at, good, x.extents), x, full(at, 0, x))


def one_hot(x: Tensor, at: Tensor) -> OneHot | None:
    """Recognise cast(labels = iota), labels repeated along the axis, iota along all others.

    The vectors may stand in another order, as those of sequences whose steps come first, and axes
    of extent 1 may have been put in or taken out, as that of a batch of one.
    """
    if x.primitive is TRANSPOSE:
        order = x.parameters["axes"]
        below = one_hot(x.inputs[0], at)
        return None if below is None else below.transposed(at, order)
    if x.primitive is RESHAPE:
        below = one_hot(x.inputs[0], at)
        pairs = unit_pairs(x.inputs[0].extents, x.extents)
        return None if below is None or pairs is None else below.reshaped(at, x.extents, pairs)
    if x.primitive is CAST:
        x = x.inputs[0]
    if x.primitive is not EQUAL or not is_integer(x.inputs[0].dtype):
        return None
    for classes, labels in (x.inputs, x.inputs[::-1]):
        axis = counter_axis(classes)
        if axis is None or labels.primitive is not BROADCAST:
            continue
        depth, own = x.extents[axis], padded_extents(labels.inputs[0], x.ndim)
        if not isinstance(depth, int) or own[axis] != 1 or depth < 2:
            continue
        if depth - 1 > np.iinfo(labels.dtype).max:
            continue
        rest = [size for i, size in enumerate(own) if i != axis]
        wanted = [size for i, size in enumerate(x.extents) if i != axis]
        own_labels = broadcast(at, reshape(at, labels.inputs[0], rest), wanted)
        return OneHot(own_labels, axis, depth)
    return None


def counter_axis(x: Tensor) -> int | None:
    """The axis along which x counts 0, 1, 2, … and is repeated along all others."""
    rank = x.ndim
    if x.primitive is BROADCAST:
        x = x.inputs[0]
    if x.primitive is RESHAPE and x.inputs[0].primitive is IOTA:
        long = [axis for axis, size in enumerate(x.extents) if size != 1]
        return rank - x.ndim + long[0] if len(long) == 1 else None
    return rank - 1 if x.primitive is IOTA else None


@rule("sum of a one-hot product", SUM, keeps=Keeps.BETTER)
def sum_of_one_hot_product(node: Tensor) -> Tensor | None:
    """sum(one_hot(l)·x, the axis) -> x[…, l], as in Σ target·log(prediction).

    Summed over more axes, these are summed afterwards. The product may have more factors and a
    divisor, or be where(one_hot, x, 0).
    """
    for hot, rest in _products_with_one_hot(node.inputs[0]):
        found = one_hot(hot, node)
        if found is None or found.axis not in node.parameters["axes"]:
            continue
        picked = found.only_in_range(node, _pick(node, rest, found))
        axes = [
            axis - (axis > found.axis) for axis in node.parameters["axes"] if axis != found.axis
        ]
        return apply_for(node, SUM, picked, axes=tuple(axes)) if axes else picked
    return None


def _products_with_one_hot(x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Every way to read x as (what may be one-hot)·(the rest)."""
    if x.primitive is WHERE and is_number(x.inputs[2], 0):
        return [(x.inputs[0], x.inputs[1])]
    if x.primitive is CAST:
        return [(x, full(x, 1, x))]
    if x.primitive is DIVIDE:
        above, below = x.inputs
        found = _products_with_one_hot(above) if above.primitive is not DIVIDE else []
        return [(hot, call(x, "divide", rest, below)) for hot, rest in found]
    if x.primitive is not MULTIPLY:
        return []
    factors = _factors(x)
    found = []
    for place, factor in enumerate(factors):
        if factor.primitive is CAST:
            others = factors[:place] + factors[place + 1 :]
            found.append((factor, functools.reduce(functools.partial(call, x, "multiply"), others)))
    return found


def _factors(x: Tensor) -> list[Tensor]:
    """The factors of nested products, the first few of them."""
    factors: list[Tensor] = []
    pending = [x]
    while pending and len(factors) < _MOST_FACTORS:
        item = pending.pop()
        if item.primitive is MULTIPLY:
            pending.extend(reversed(item.inputs))
        else:
            factors.append(item)
    return [*factors, *pending]


def _pick(node: Tensor, x: Tensor, hot: OneHot) -> Tensor:
    """The elements of x at the labels along the axis, and at every place along all others."""
    index = hot.index(node)
    others = [axis for axis in range(x.ndim) if axis != hot.axis]
    indices = []
    for axis in range(x.ndim):
        if axis == hot.axis:
            indices.append(index)
            continue
        counter = apply_for(node, IOTA, size=x.extents[axis], dtype=int64)
        shape: list[Size] = [1] * index.ndim
        place = others.index(axis)
        shape[place] = x.extents[axis]
        indices.append(broadcast(node, reshape(node, counter, shape), index.extents))
    return apply_for(node, GATHER, x, *indices, axes=tuple(range(x.ndim)))


@rule("dot with one-hot vectors", DOT, keeps=Keeps.BETTER)
def dot_with_one_hot(node: Tensor) -> Tensor | None:
    """dot(one_hot(l), w) -> w[l] over the axis of the classes, as in an embedding.

    Over all other axes it adds rows up at the labels, dot(one_hot(l)ᵀ, g) -> scatter_add(g, l):
    the gradient of the former.
    """
    if node.parameters["batch"] != ((), ()):
        return None
    for side in (0, 1):
        if node.inputs[side].primitive not in (CAST, RESHAPE, TRANSPOSE):
            continue
        hot = one_hot(node.inputs[side], node)
        if hot is None:
            continue
        contracted = node.parameters["contract"][side]
        if contracted == (hot.axis,):
            return _gathered(node, side, hot)
        if sorted((*contracted, hot.axis)) == list(range(node.inputs[side].ndim)):
            return _scattered(node, side, hot)
    return None


def _gathered(node: Tensor, side: int, hot: OneHot) -> Tensor:
    other, axes = node.inputs[1 - side], node.parameters["contract"][1 - side]
    rows = apply_for(node, GATHER, other, hot.index(node), axes=axes)
    rows = hot.only_in_range(node, rows)
    # The axes of the labels come first; as the second operand they belong behind the others.
    count = hot.labels.ndim
    order = [*range(count), *range(count, rows.ndim)]
    return transpose(node, rows, order if side == 0 else [*order[count:], *order[:count]])


def _scattered(node: Tensor, side: int, hot: OneHot) -> Tensor:
    other, contract = node.inputs[1 - side], node.parameters["contract"]
    # The other's contracted axes in the order of the labels' axes, then what it has besides.
    partner = dict(zip(contract[side], contract[1 - side], strict=True))
    lead = [partner[axis] for axis in sorted(partner)]
    updates = transpose(node, other, [*lead, *free_axes(node, 1 - side)])
    updates = hot.only_in_range(node, updates)
    # Rows are added up along the first axis, so that the elements of a row lie side by side.
    shape = node.extents if side == 0 else (node.extents[-1], *node.extents[:-1])
    rows = apply_for(node, SCATTER_ADD, updates, hot.index(node), axes=(0,), shape=shape)
    return rows if side == 0 else transpose(node, rows, [*range(1, node.ndim), 0])
