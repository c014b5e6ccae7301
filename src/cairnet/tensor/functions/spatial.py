"""Windows over the spatial axes of a channels-last tensor: strides, dilation and padding.

Convolution and pooling share this arithmetic. Along one axis of n elements, a window of k taps
with dilation d reaches over r = (k - 1)·d + 1 elements, and with stride s and padding p before
and q after it fits

    (n + p + q - r) // s + 1

times. "valid" pads nothing. "same" pads so that it fits ⌈n / s⌉ times, as TensorFlow and Keras
do: max((⌈n / s⌉ - 1)·s + r - n, 0) zeros in all, the odd one after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.tensor import extent
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import PAD
from cairnet.tensor.source import here

__all__ = [
    "Pairs",
    "explicit_pairs",
    "fold_padding",
    "per_axis",
    "reach_of",
    "require_rank",
    "resolve_padding",
]

Pairs = tuple[tuple[int, int], ...]
SizePairs = tuple[tuple[Size, Size], ...]


def require_rank(function: str, argument: str, x: Tensor, rank: int, layout: str) -> None:
    """Refuse a tensor of another rank than the layout has."""
    if x.ndim != rank:
        raise ShapeError(
            f"{function}, at {here()}: {argument} must have rank {rank}, {layout}; "
            f"got shape {x.shape}"
        )


def per_axis(
    function: str, argument: str, value: Any, count: int, least: int = 1
) -> tuple[int, ...]:
    """One whole number for every spatial axis; a single number serves for all."""
    listed = [value] * count if _is_whole(value) else value
    fits = (
        isinstance(listed, Sequence)
        and not isinstance(listed, str)
        and len(listed) == count
        and all(_is_whole(item) and item >= least for item in listed)
    )
    if not fits:
        raise ArgumentError(
            f"{function}, at {here()}: {argument} must be a whole number of {least} or more, "
            f"or {count} of them, got {value!r}"
        )
    return tuple(int(item) for item in listed)


def reach_of(window: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """How many elements a window spans along each axis: (k - 1)·d + 1."""
    return tuple((k - 1) * d + 1 for k, d in zip(window, dilation, strict=True))


def resolve_padding(
    function: str,
    padding: Any,
    space: Sequence[Size],
    reach: Sequence[int],
    strides: Sequence[int],
) -> SizePairs:
    """Padding before and after along each axis, from any of the forms that users may write.

    Args:
        function: whose argument it is, for errors.
        padding: "valid", "same", a number, one number an axis, or one pair (before, after) an axis.
        space: the extents of the spatial axes.
        reach: what `reach_of` says.
        strides: one an axis.
    """
    if isinstance(padding, str):
        if padding == "valid":
            return tuple((0, 0) for _ in space)
        if padding == "same":
            return tuple(map(_same, space, reach, strides))
        raise UnknownNameError(f"padding of {function}", padding, ("same", "valid"))
    return explicit_pairs(function, padding, len(space))


def explicit_pairs(function: str, padding: Any, count: int) -> Pairs:
    """Padding given in numbers, as one pair (before, after) for each axis."""
    listed = [padding] * count if _is_whole(padding) else padding
    if isinstance(listed, Sequence) and len(listed) == count:
        pairs = [(item, item) if _is_whole(item) else item for item in listed]
        if all(_is_pair(pair) for pair in pairs):
            return tuple((int(before), int(after)) for before, after in pairs)
    raise ArgumentError(
        f'{function}, at {here()}: padding must be "valid", "same", a whole number of 0 or more, '
        f"{count} of them, or {count} pairs (before, after), got {padding!r}"
    )


def fold_padding(x: Tensor, pairs: SizePairs, value: float) -> tuple[Tensor, Pairs]:
    """Leave padding to the primitive where it is known; else pad now, and leave none.

    "same" padding with a stride depends on the extent, so that an unknown extent makes it a
    formula; the primitives take numbers only.
    """
    known = tuple(
        (before, after)
        for before, after in pairs
        if isinstance(before, int) and isinstance(after, int)
    )
    if len(known) == len(pairs):
        return x, known
    low = (0, *(before for before, _ in pairs), 0)
    high = (0, *(after for _, after in pairs), 0)
    padded = apply(PAD, x, low=low, high=high, interior=(0,) * x.ndim, value=value)
    return padded, tuple((0, 0) for _ in pairs)


def _same(size: Size, reach: int, stride: int) -> tuple[Size, Size]:
    if stride == 1:
        total: Size = reach - 1
    else:
        windows = (size + (stride - 1)) // stride
        total = extent.maximum((windows - 1) * stride + reach - size, 0)
    before = total // 2
    return before, total - before


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(_is_whole(item) and item >= 0 for item in value)
    )
