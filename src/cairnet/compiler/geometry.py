"""The geometry of sliding windows: where they read, and which taps hit an element from behind.

Where a gradient would have to divide an index by a stride, the result is taken apart by residue:
positions i = s·q + r for each r in 0 … s - 1 are a nest of their own over q, in which only the
taps that hit them occur. So no nest ever tests divisibility, and no work is wasted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cairnet.compiler.loops import Affine, Axis, Guard
from cairnet.tensor.extent import Size

__all__ = ["Residue", "reach", "residues"]


def reach(
    extents: Sequence[Size],
    space: Sequence[Affine],
    taps: Sequence[Axis],
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> tuple[list[Affine], tuple[Guard, ...]]:
    """Where a window reads: y·stride + k·dilation - padding, guarded by the input's extents."""
    places = [
        y * s + Affine.of(k) * d + -low
        for y, k, s, d, (low, _) in zip(space, taps, strides, dilation, padding, strict=True)
    ]
    guards = (Guard(place, size) for place, size in zip(places, extents, strict=True))
    return places, tuple(guard for guard in guards if not guard.always())


@dataclass(frozen=True)
class Residue:
    """One residue class along one axis: results at stride·q + offset, and the taps that hit it."""

    block: Axis
    result: Affine
    tap_axis: Axis
    tap: Affine
    source: Affine


def residues(
    axis: int, extent: Size, taps: int, stride: int, low: int, dilation: int
) -> Iterator[Residue]:
    """The residue classes of positions i with i + low = stride·y + dilation·k."""
    step = stride // math.gcd(dilation, stride)
    for r in range(stride):
        if isinstance(extent, int) and r >= extent:
            continue
        block = Axis(f"q{axis}", (extent - r + stride - 1) // stride)
        first = next(
            (k for k in range(min(step, taps)) if (r + low - k * dilation) % stride == 0), None
        )
        result = Affine.of(block) * stride + r
        if first is None:
            none = Axis(f"k{axis}", 0)
            yield Residue(block, result, none, Affine.of(none), Affine())
            continue
        tap_axis = Axis(f"k{axis}", (taps - first + step - 1) // step)
        tap = Affine.of(tap_axis)
        source = (
            Affine.of(block)
            + tap * (-step * dilation // stride)
            + (r + low - first * dilation) // stride
        )
        yield Residue(block, result, tap_axis, tap * step + first, source)
