"""Padded tensors that are stored: what lies inside, and the borders around it.

    pad(x)[i] = x[i - low]  within x,  the value elsewhere

The inside is a nest that reads x only at its own point, so that the nest which computes x can store
it there at once; the borders are nests that read nothing. Where elements are padded apart
(`interior`), every residue of the positions is a nest, since only one of them hits elements.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from cairnet.compiler.loops import Affine, Axis, Expression, Literal, Nest
from cairnet.compiler.nest import Lowering
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size

__all__ = ["pad"]


def pad(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """The nests of a padded tensor."""
    p = tensor.parameters
    if any(p["interior"]):
        return _apart(lowering, tensor)
    if any(isinstance(n, int) and n < 0 for n in (*p["low"], *p["high"])):
        axes = lowering.axes(tensor)
        index = tuple(map(Affine.of, axes))
        return [lowering.nest(axes, tensor, index, lowering.inside(tensor, index, ()))]
    (x,) = tensor.inputs
    axes = lowering.axes(x)
    index = tuple(map(Affine.of, axes))
    place = tuple(at + low for at, low in zip(index, p["low"], strict=True))
    inside = lowering.nest(axes, tensor, place, lowering.read(x, index))
    return [inside, *_borders(lowering, tensor, x)]


def _borders(lowering: Lowering, tensor: Tensor, x: Tensor) -> Iterator[Nest]:
    """For each axis what lies before and behind x; earlier axes run over x, later over all."""
    p = tensor.parameters
    value = Literal(tensor.dtype, p["value"])
    for position, (low, high) in enumerate(zip(p["low"], p["high"], strict=True)):
        for width, start in ((low, 0), (high, low + x.extents[position])):
            if width == 0:
                continue
            extents: list[Size] = [*x.extents[:position], width, *tensor.extents[position + 1 :]]
            starts: list[Size] = [*p["low"][:position], start, *([0] * (x.ndim - position - 1))]
            axes = [Axis(f"i{number}", extent) for number, extent in enumerate(extents)]
            place = tuple(Affine.of(axis) + begin for axis, begin in zip(axes, starts, strict=True))
            yield lowering.nest(axes, tensor, place, value)


def _apart(lowering: Lowering, tensor: Tensor) -> list[Nest]:
    """Elements with gaps between them: one nest for each residue of the positions."""
    (x,) = tensor.inputs
    p = tensor.parameters
    steps = [gap + 1 for gap in p["interior"]]
    nests = []
    for residues in itertools.product(*(range(step) for step in steps)):
        blocks = [
            Axis(f"q{i}", (size - r + step - 1) // step)
            for i, (size, r, step) in enumerate(zip(tensor.extents, residues, steps, strict=True))
        ]
        result = tuple(
            Affine.of(q) * step + r for q, step, r in zip(blocks, steps, residues, strict=True)
        )
        hits = all(
            step == 1 or low % step == r
            for low, step, r in zip(p["low"], steps, residues, strict=True)
        )
        value: Expression = Literal(tensor.dtype, p["value"])
        if hits:
            sources = tuple(
                Affine.of(q) + (low // step) * -1
                for q, low, step in zip(blocks, p["low"], steps, strict=True)
            )
            value = lowering.guarded(x, sources, p["value"])
        nests.append(lowering.nest(blocks, tensor, result, value))
    return nests
