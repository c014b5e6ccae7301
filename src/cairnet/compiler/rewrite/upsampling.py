"""Convolutions of repeated elements need not see the repetition.

Let every element of x be repeated s times along an axis, and the result be convolved with K taps.
Each of the s results that share an element multiplies it with several taps, one after the other.
With those taps added up beforehand, into the *box kernel*

    v[t] = sum over a < s of w[K - 1 - t + a]        0 <= t < K + s - 1, and w zero outside

the whole is a transposed convolution of x with v in strides of s, and its gradient with respect to
x a convolution with v in strides of s. Nothing is repeated or added up any more, and two axes with
s = 2 and K = 3 take 16 multiplications for four results in place of 36.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cairnet.compiler.rewrite.building import reshape, transpose
from cairnet.compiler.rewrite.matching import repeated_axes
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import (
    BROADCAST,
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
    RESHAPE,
    SLICE,
    SUM,
    WINDOW_SUM,
)

__all__: list[str] = []

#: A transposed convolution becomes loops of their own for each position within a stride; for more
#: positions than this that would be more code than the work is worth.
_MOST_POSITIONS = 16


@rule("convolution of repeated elements", CONVOLVE, keeps=Keeps.ROUNDING)
def convolution_of_repeated(node: Tensor) -> Tensor | None:
    """convolve(repeat(x, s), w) -> convolve_input_gradient(x, v, strides s), v the box kernel.

    For a convolution in steps of 1 without dilation or groups, where every element along spatial
    axes is repeated.
    """
    found = _repeated(node.inputs[0])
    w = node.inputs[1]
    if found is None or not _is_plain(node, w.extents[:-2], found[1]):
        return None
    x, factors = found
    kernel = _widened(node, _mirrored(node, w), factors)
    return apply_for(
        node,
        CONVOLVE_INPUT_GRADIENT,
        x,
        kernel,
        space=node.extents[1:-1],
        **{**node.parameters, "strides": factors, "padding": _opposite(node, w.extents[:-2])},
    )


@rule("weight gradient of repeated elements", CONVOLVE_WEIGHT_GRADIENT, keeps=Keeps.ROUNDING)
def weight_gradient_of_repeated(node: Tensor) -> Tensor | None:
    """convolve_weight_gradient(repeat(x, s), g) -> the windows of s that the gradient of v adds up.

    That of the box kernel v is convolve_weight_gradient(g, x, strides s). Where the rule for the
    convolution itself holds.
    """
    found = _repeated(node.inputs[0])
    taps = node.extents[:-2]
    if found is None or not _is_plain(node, taps, found[1]):
        return None
    x, factors = found
    parameters = {
        **node.parameters,
        "taps": tuple(k + s - 1 for k, s in zip(taps, factors, strict=True)),
        "strides": factors,
        "padding": _opposite(node, taps),
    }
    wide = apply_for(node, CONVOLVE_WEIGHT_GRADIENT, node.inputs[1], x, **parameters)
    return _mirrored(node, _summed(node, wide, (*factors, 1, 1), 0))


@rule("sums of a convolution's neighbours", SUM, keeps=Keeps.ROUNDING)
def sums_of_neighbours(node: Tensor) -> Tensor | None:
    """sum(every s neighbours of convolve(x, w)) -> convolve(x, w', strides s).

    Here w'[t] = sum over a < s of w[t - a]. The same for convolve_input_gradient, which is a
    convolution in steps of 1 with the taps in reverse: this is the gradient of repeating.

    For neighbours along spatial axes, where the convolution has steps of 1 and more than one tap;
    without dilation or groups.
    """
    found = _neighbours(node)
    if found is None:
        return None
    below, factors = found
    w, taps = below.inputs[1], below.inputs[1].extents[:-2]
    backward = below.primitive is CONVOLVE_INPUT_GRADIENT
    steps = below.parameters["strides"]
    if any(s > 1 and step > 1 for s, step in zip(factors, steps, strict=True)):
        return None
    if backward and not _is_plain(below, taps, factors):
        return None
    if not backward and not _is_worth_it(below, taps, factors):
        return None
    parameters = {name: value for name, value in below.parameters.items() if name != "space"}
    parameters["strides"] = tuple(s * step for s, step in zip(factors, steps, strict=True))
    low = _opposite(below, taps) if backward else below.parameters["padding"]
    parameters["padding"] = low
    kernel = _widened(node, _mirrored(node, w) if backward else w, factors)
    result = apply_for(below, CONVOLVE, below.inputs[0], kernel, **parameters)
    return reshape(node, result, node.extents)


# -- what repeats, and what adds up ------------------------------------------------------------


def _repeated(x: Tensor) -> tuple[Tensor, tuple[int, ...]] | None:
    """A tensor and how often each of its elements follows itself along every spatial axis in x."""
    factors = [1] * x.ndim
    while x.primitive is RESHAPE and x.inputs[0].primitive is BROADCAST:
        copies = x.inputs[0]
        found = _groups(copies.extents, x.extents, repeated_axes(copies))
        if found is None:
            break
        factors = [old * new for old, new in zip(factors, found, strict=True)]
        below = copies.inputs[0]
        if below.primitive is RESHAPE:
            below = below.inputs[0]
        x = reshape(x, below, [e // s for e, s in zip(x.extents, found, strict=True)])
    spatial = tuple(factors[1:-1])
    return (x, spatial) if factors[0] == factors[-1] == 1 and math.prod(spatial) > 1 else None


def _neighbours(node: Tensor) -> tuple[Tensor, tuple[int, ...]] | None:
    """A convolution, and how many neighbours along its spatial axes a sum adds up."""
    apart = node.inputs[0]
    below = apart.inputs[0] if apart.primitive is RESHAPE else apart
    if apart is below or below.primitive not in (CONVOLVE, CONVOLVE_INPUT_GRADIENT):
        return None
    added = [axis in node.parameters["axes"] for axis in range(apart.ndim)]
    factors = _groups(apart.extents, below.extents, added)
    if factors is None or factors[0] != 1 or factors[-1] != 1:
        return None
    return below, tuple(factors[1:-1])


def _groups(
    apart: Sequence[Size], together: Sequence[Size], marked: Sequence[bool]
) -> list[int] | None:
    """The marked part of every axis, which must be the last part of it.

    Args:
        apart: extents of a tensor.
        together: extents of the same after a reshape that only joins axes.
        marked: which of the first extents are of interest.
    """
    factors = []
    position = 0
    for whole in together:
        total: Size = 1
        factor = 1
        while total != whole:
            if position == len(apart):
                return None
            size = apart[position]
            if marked[position] and size != 1:
                if not isinstance(size, int):
                    return None
                factor *= size
            elif factor != 1 and size != 1:
                return None
            total = size * total
            position += 1
        factors.append(factor)
    left = zip(apart[position:], marked[position:], strict=True)
    return factors if all(size == 1 for size, _ in left) else None


# -- conditions and kernels --------------------------------------------------------------------


def _is_plain(node: Tensor, taps: Sequence[Size], factors: Sequence[int]) -> bool:
    """Whether a convolution in steps of 1 can take its taps in reverse, and gains by the rule."""
    steps, padding = node.parameters["strides"], node.parameters["padding"]
    if any(step != 1 for step in steps) or not _is_worth_it(node, taps, factors):
        return False
    return all(
        isinstance(k, int) and low < k and high < k
        for k, (low, high) in zip(taps, padding, strict=True)
    )


def _is_worth_it(node: Tensor, taps: Sequence[Size], factors: Sequence[int]) -> bool:
    """Whether some axis has neighbours that overlap, and the convolution is one of the plain."""
    overlapping = any(s > 1 and k != 1 for k, s in zip(taps, factors, strict=True))
    plain = node.parameters["groups"] == 1 and set(node.parameters["dilation"]) == {1}
    return overlapping and plain and math.prod(factors) <= _MOST_POSITIONS


def _opposite(node: Tensor, taps: Sequence[Size]) -> tuple[tuple[Size, Size], ...]:
    """The padding with which a convolution in steps of 1 leads back from results to inputs."""
    pairs = zip(taps, node.parameters["padding"], strict=True)
    return tuple((k - 1 - low, k - 1 - high) for k, (low, high) in pairs)


def _mirrored(at: Tensor, w: Tensor) -> Tensor:
    """Weights with their taps in reverse order, and inputs and outputs exchanged."""
    rank = w.ndim
    swapped = transpose(at, w, (*range(rank - 2), rank - 1, rank - 2))
    taps = swapped.extents[:-2]
    if all(size == 1 for size in taps):
        return swapped
    return apply_for(
        at,
        SLICE,
        swapped,
        starts=(*(size - 1 for size in taps), 0, 0),
        sizes=swapped.extents,
        steps=(*([-1] * len(taps)), 1, 1),
    )


def _widened(at: Tensor, w: Tensor, factors: Sequence[int]) -> Tensor:
    """v[t] = sum over a < s of w[t - a], for every axis of taps."""
    return _summed(at, w, (*factors, 1, 1), 1)


def _summed(at: Tensor, w: Tensor, window: Sequence[int], padded: int) -> Tensor:
    """The sums of windows, of those too that reach beyond the edge where `padded` is 1."""
    ones = (1,) * w.ndim
    return apply_for(
        at,
        WINDOW_SUM,
        w,
        window=tuple(window),
        strides=ones,
        padding=tuple(((size - 1) * padded,) * 2 for size in window),
        dilation=ones,
    )
