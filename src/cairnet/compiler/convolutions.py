"""Convolutions: the three partial forms of the trilinear sum, each a sum of products."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from cairnet.compiler.folding import product_nest
from cairnet.compiler.geometry import reach, residues
from cairnet.compiler.loops import Affine, Axis, Expression, Guard, Nest
from cairnet.compiler.nest import Lowering
from cairnet.compiler.windows import put_from
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import WINDOW_PUT

__all__ = ["convolve", "convolve_input_gradient", "convolve_weight_gradient"]


@dataclass(frozen=True)
class _Channels:
    """The channel axes of a convolution with groups: group g, input c and output o within it."""

    group: Axis
    inputs: Axis
    outputs: Axis

    @property
    def x(self) -> Affine:
        return Affine.of(self.group) * self.inputs.extent + Affine.of(self.inputs)

    @property
    def w(self) -> tuple[Affine, Affine]:
        outputs = Affine.of(self.group) * self.outputs.extent + Affine.of(self.outputs)
        return Affine.of(self.inputs), outputs


def _channels(w_extents: Sequence[Size], groups: int) -> _Channels:
    return _Channels(
        Axis("g", groups), Axis("c", w_extents[-2]), Axis("o", w_extents[-1] // groups)
    )


def convolve(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """For each position and output channel the sum over taps and input channels."""
    x, w = tensor.inputs
    p = tensor.parameters
    channels = _channels(w.extents, p["groups"])
    batch = Axis("n", tensor.extents[0])
    space = [Axis(f"y{i}", size) for i, size in enumerate(tensor.extents[1:-1])]
    position = [Affine.of(axis) for axis in space]
    taps = [Axis(f"k{i}", size) for i, size in enumerate(w.extents[:-2])]
    places, guards = reach(
        x.extents[1:-1], position, taps, p["strides"], p["padding"], p["dilation"]
    )
    axes = [batch, *space, channels.group, channels.outputs]
    output = channels.w[1]
    return [
        product_nest(
            lowering,
            tensor,
            axes,
            [*taps, channels.inputs],
            lowering.read(x, (Affine.of(batch), *places, channels.x), guards),
            lowering.read(w, (*map(Affine.of, taps), *channels.w)),
            index=[Affine.of(batch), *position, output],
            guards=guards,
        )
    ]


def convolve_input_gradient(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """For each residue class of positions the sum over the taps that hit it and all outputs."""
    g, w = tensor.inputs
    p = tensor.parameters
    variants = [
        list(residues(i, size, taps, stride, low, dilation))
        for i, (size, taps, stride, (low, _), dilation) in enumerate(
            zip(p["space"], w.extents[:-2], p["strides"], p["padding"], p["dilation"], strict=True)
        )
    ]
    nests = []
    for parts in itertools.product(*variants):
        channels = _channels(w.extents, p["groups"])
        batch = Axis("n", tensor.extents[0])
        output = channels.w[1]
        guards = tuple(
            Guard(part.source, size) for part, size in zip(parts, g.extents[1:-1], strict=True)
        )
        nests.append(
            product_nest(
                lowering,
                tensor,
                [batch, *(part.block for part in parts), channels.group, channels.inputs],
                [*(part.tap_axis for part in parts), channels.outputs],
                lowering.read(
                    g, (Affine.of(batch), *(part.source for part in parts), output), guards
                ),
                lowering.read(w, (*(part.tap for part in parts), *channels.w)),
                index=[Affine.of(batch), *(part.result for part in parts), channels.x],
                guards=guards,
            )
        )
    return nests


def convolve_weight_gradient(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """For each tap and pair of channels the sum over samples and positions."""
    x, g = tensor.inputs
    p = tensor.parameters
    channels = _channels(tensor.extents, p["groups"])
    batch = Axis("n", x.extents[0])
    taps = [Axis(f"k{i}", size) for i, size in enumerate(tensor.extents[:-2])]
    reduce, space, cotangent = _cotangent(lowering, g, Affine.of(batch), channels.w[1])
    places, guards = reach(x.extents[1:-1], space, taps, p["strides"], p["padding"], p["dilation"])
    return [
        product_nest(
            lowering,
            tensor,
            [*taps, channels.inputs, channels.group, channels.outputs],
            [batch, *reduce],
            lowering.read(x, (Affine.of(batch), *places, channels.x), guards),
            cotangent,
            index=[*map(Affine.of, taps), *channels.w],
            guards=guards,
        )
    ]


def _cotangent(
    lowering: Lowering, g: Tensor, sample: Affine, channel: Affine
) -> tuple[list[Axis], list[Affine], Expression]:
    """Axes that together run over all positions, the position, and the cotangent there.

    One that a pooling has put back is read where the pooling finds it, window by window.
    """
    if g.primitive is not WINDOW_PUT or lowering.is_stored(g):
        space = [Axis(f"y{i}", size) for i, size in enumerate(g.extents[1:-1])]
        index = [Affine.of(axis) for axis in space]
        return space, index, lowering.read(g, (sample, *index, channel))
    blocks = [Axis(f"q{i}", size) for i, size in enumerate(g.inputs[0].extents[1:-1])]
    within = [Axis(f"r{i}", size) for i, size in enumerate(g.parameters["window"][1:-1])]
    index = [
        Affine.of(block) * part.extent + Affine.of(part)
        for block, part in zip(blocks, within, strict=True)
    ]
    source = (sample, *map(Affine.of, blocks), channel)
    put = put_from(lowering, g, source, (Affine(), *map(Affine.of, within), Affine()))
    return [*blocks, *within], index, put
