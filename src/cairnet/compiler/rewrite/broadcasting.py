"""Repetition moves outwards: what is the same everywhere is computed once and repeated last."""

from __future__ import annotations

from cairnet.compiler.rewrite.building import broadcast, reshape, transpose
from cairnet.compiler.rewrite.matching import (
    number_of,
    padded_extents,
    repeated_axes,
    unit_pairs,
)
from cairnet.compiler.rewrite.rule import rule
from cairnet.tensor.core import CONSTANT, Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import (
    BROADCAST,
    ELEMENTWISE,
    RESHAPE,
    SLICE,
    TRANSPOSE,
)

__all__: list[str] = []

#: Every elementwise primitive whose result depends on nothing but its inputs' elements.
_ELEMENTWISE = tuple(ELEMENTWISE.values())


@rule("broadcast to its own shape", BROADCAST)
def broadcast_to_own_shape(node: Tensor) -> Tensor | None:
    """broadcast(x, shape of x) -> x."""
    return node.inputs[0] if node.inputs[0].extents == node.extents else None


@rule("broadcast of a broadcast", BROADCAST)
def broadcast_of_broadcast(node: Tensor) -> Tensor | None:
    """broadcast(broadcast(x)) -> broadcast(x)."""
    below = node.inputs[0]
    if below.primitive is not BROADCAST:
        return None
    return broadcast(node, below.inputs[0], node.extents)


@rule("broadcast that repeats nothing", BROADCAST)
def broadcast_repeats_nothing(node: Tensor) -> Tensor | None:
    """broadcast(x) -> reshape(x), where it only puts axes of extent 1 in front.

    A constant scalar stays a broadcast, the form in which rules know numbers.
    """
    x = node.inputs[0]
    if node.extents != padded_extents(x, node.ndim) or number_of(x) is not None:
        return None
    return reshape(node, x, node.extents)


@rule("broadcast adds axes in front by itself", BROADCAST)
def broadcast_adds_axes(node: Tensor) -> Tensor | None:
    """broadcast(reshape(x, (1, …, 1, *shape of x))) -> broadcast(x)."""
    below = node.inputs[0]
    if below.primitive is not RESHAPE:
        return None
    x = below.inputs[0]
    lead = below.ndim - x.ndim
    if lead <= 0 or below.extents != (1,) * lead + x.extents:
        return None
    return broadcast(node, x, node.extents)


@rule("elementwise before broadcast", *_ELEMENTWISE)
def elementwise_before_broadcast(node: Tensor) -> Tensor | None:
    """f(broadcast(x), broadcast(y)) -> broadcast(f(x, y)), along axes that both repeat."""
    if not node.extents or any(item.primitive is not BROADCAST for item in node.inputs):
        return None
    repeated = [all(axis) for axis in zip(*map(repeated_axes, node.inputs), strict=True)]
    # Axes of extent 1 are nothing to compute along either.
    idle = [along or size == 1 for along, size in zip(repeated, node.extents, strict=True)]
    lead = idle.index(False) if False in idle else len(idle)
    if not lead and not any(repeated):
        return None
    small = [_without(item.inputs[0], node, repeated, lead) for item in node.inputs]
    result = apply_for(node, node.primitive, *small, **node.parameters)
    return broadcast(node, result, node.extents)


def _without(x: Tensor, node: Tensor, repeated: list[bool], lead: int) -> Tensor:
    """x as an operand without the `lead` axes in front, not repeated along `repeated` axes."""
    own = padded_extents(x, node.ndim)[lead:]
    if x.ndim > len(own):
        x = reshape(node, x, own)
    target: list[Size] = []
    for size, wanted, along in zip(own, node.extents[lead:], repeated[lead:], strict=True):
        target.append(1 if along else wanted if size == 1 else size)
    return broadcast(node, x, target)


@rule("reshape before broadcast", RESHAPE)
def reshape_before_broadcast(node: Tensor) -> Tensor | None:
    """reshape(broadcast(x)) -> broadcast(reshape(x)), for axes of extent 1 put in or taken out.

    Any reshape of a repeated scalar is that scalar repeated to the new shape.
    """
    below = node.inputs[0]
    if below.primitive is not BROADCAST:
        return None
    x = below.inputs[0]
    if not x.extents:
        return broadcast(node, x, node.extents)
    pairs = unit_pairs(below.extents, node.extents)
    if pairs is None:
        return None
    own = padded_extents(x, below.ndim)
    shape: list[Size] = [1] * node.ndim
    for before, after in pairs:
        shape[after] = own[before]
    return broadcast(node, reshape(node, x, shape), node.extents)


@rule("transpose before broadcast", TRANSPOSE)
def transpose_before_broadcast(node: Tensor) -> Tensor | None:
    """transpose(broadcast(x)) -> broadcast(transpose(x))."""
    below = node.inputs[0]
    if below.primitive is not BROADCAST:
        return None
    x = below.inputs[0]
    if not x.extents:
        return broadcast(node, x, node.extents)
    padded = reshape(node, x, padded_extents(x, below.ndim))
    return broadcast(node, transpose(node, padded, node.parameters["axes"]), node.extents)


@rule("slice before broadcast", SLICE)
def slice_before_broadcast(node: Tensor) -> Tensor | None:
    """slice(broadcast(x)) -> broadcast(slice(x)): no slice along axes that are repeated."""
    below = node.inputs[0]
    if below.primitive is not BROADCAST:
        return None
    x = below.inputs[0]
    lead = below.ndim - x.ndim
    starts, sizes, steps = (list(node.parameters[n][lead:]) for n in ("starts", "sizes", "steps"))
    for axis, repeated in enumerate(repeated_axes(below)[lead:]):
        if repeated:
            starts[axis], sizes[axis], steps[axis] = 0, 1, 1
    part = apply_for(node, SLICE, x, starts=tuple(starts), sizes=tuple(sizes), steps=tuple(steps))
    return broadcast(node, part, node.extents)


@rule("elementwise before movement", *_ELEMENTWISE)
def elementwise_before_movement(node: Tensor) -> Tensor | None:
    """f(move(x), move(y), c) -> move(f(x, y, c)), for one reshape or transpose of all but numbers.

    So movements meet and cancel, or are read through by what uses them.
    """
    moved = [item for item in node.inputs if number_of(item) is None]
    if not moved or any(item.primitive not in (RESHAPE, TRANSPOSE) for item in moved):
        return None
    first = moved[0]
    primitive, extents = first.primitive, first.inputs[0].extents
    if any(not _moves_alike(item, primitive, first) for item in moved):
        return None
    sources = [
        item.inputs[0] if number_of(item) is None else _repeat(node, item, extents)
        for item in node.inputs
    ]
    result = apply_for(node, node.primitive, *sources, **node.parameters)
    return apply_for(node, primitive, result, **first.parameters)


def _moves_alike(item: Tensor, primitive: Primitive, first: Tensor) -> bool:
    return (
        item.primitive is primitive
        and item.parameters == first.parameters
        and item.inputs[0].extents == first.inputs[0].extents
    )


def _repeat(node: Tensor, number: Tensor, extents: tuple[Size, ...]) -> Tensor:
    scalar = number if number.primitive is CONSTANT else number.inputs[0]
    return broadcast(node, scalar, extents)
