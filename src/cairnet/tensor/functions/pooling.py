"""Pooling: each window of an image becomes one number, its largest, its mean or its norm.

Tensors are channels last, [batch, *space, channels], with any number of spatial axes; windows
slide over the spatial axes alone. Padding never takes part: not in a maximum, and not in the count
of a mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, is_floating
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import comparable, floating, stretch
from cairnet.tensor.functions.arithmetic import abs as absolute
from cairnet.tensor.functions.creation import full
from cairnet.tensor.functions.exponential import sqrt
from cairnet.tensor.functions.searching import where
from cairnet.tensor.functions.spatial import (
    Pairs,
    fold_padding,
    per_axis,
    reach_of,
    resolve_padding,
)
from cairnet.tensor.primitives import WINDOW_ARGMAX, WINDOW_SUM, WINDOW_TAKE
from cairnet.tensor.source import here

__all__ = ["avg_pool", "lp_pool", "max_pool"]


def max_pool(
    x: Any,
    pool_size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
) -> Tensor:
    """The largest element of each window, channel by channel.

    The gradient goes to the first largest element of each window, in row-major order.

    Args:
        x: [batch, *space, channels], of any numeric dtype.
        pool_size: extents of the window, one number or one a spatial axis.
        strides: step between windows; default: `pool_size`, so that they do not overlap.
        padding: "valid", "same", a number, one number an axis, or one pair (before, after) an
            axis, each less than the window. Padding never wins.
        dilation: step between the elements of a window.

    Returns:
        [batch, *space', channels], where an axis of n elements has become
        ⌊(n + before + after - (pool_size - 1)·dilation - 1) / strides⌋ + 1.

    Raises:
        ShapeError: x has no spatial axis, or a window does not fit.
        ArgumentError: an argument is not a whole number as described.

    Example:
        >>> import cairnet as cn
        >>> x = cn.reshape(cn.asarray([[1.0, 2, 5, 3], [4, 3, 0, 6]]), (1, 2, 4, 1))
        >>> cn.max_pool(x, 2).numpy().ravel()
        array([4., 6.], dtype=float32)
    """
    tensor = comparable("max_pool", x)
    if tensor.dtype == bool_:
        raise DTypeError(
            f"max_pool, at {here()}: bool has no order; convert with cn.astype(x, 'uint8')"
        )
    lowest = -math.inf if is_floating(tensor.dtype) else np.iinfo(tensor.dtype).min
    plan = _plan("max_pool", tensor, pool_size, strides, padding, dilation, lowest)
    position = apply(WINDOW_ARGMAX, plan.padded, **plan.geometry)
    return apply(WINDOW_TAKE, plan.padded, position, **plan.geometry)


def avg_pool(
    x: Any,
    pool_size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
) -> Tensor:
    """The mean of each window, channel by channel; padding is not counted.

    Args:
        x: [batch, *space, channels], of a floating dtype.
        pool_size: as in `max_pool`.
        strides: as in `max_pool`.
        padding: as in `max_pool`. A window that reaches over the edge is the mean of the
            elements that lie inside, as in Keras.
        dilation: as in `max_pool`.

    Returns:
        [batch, *space', channels].

    Raises:
        ShapeError: x has no spatial axis, or a window does not fit.
        DTypeError: x is not floating.
        ArgumentError: an argument is not a whole number as described.

    Example:
        >>> import cairnet as cn
        >>> x = cn.reshape(cn.asarray([1.0, 3.0, 8.0]), (1, 3, 1))
        >>> cn.avg_pool(x, 2, padding="same").numpy().ravel()
        array([2., 8.], dtype=float32)
    """
    tensor = floating("avg_pool", x)
    plan = _plan("avg_pool", tensor, pool_size, strides, padding, dilation, 0)
    total = apply(WINDOW_SUM, plan.padded, **plan.geometry)
    if not plan.is_padded:
        return total / float(math.prod(plan.geometry["window"]))
    # One image of one channel holds all the counts.
    space = (1, *tensor.extents[1:-1], 1)
    inside = _plan(
        "avg_pool", full(space, 1, dtype=tensor.dtype), pool_size, strides, padding, dilation, 0
    )
    count = apply(WINDOW_SUM, inside.padded, **inside.geometry)
    return total / stretch(count, total.extents)


def lp_pool(
    x: Any,
    pool_size: Any = 2,
    p: float = 2.0,
    strides: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
) -> Tensor:
    r"""The p-norm of each window, channel by channel: (Σ \|x\|ᵖ)^(1/p).

    p = 2, L2 pooling, is the square root of the sum of squares; p = ∞ the largest magnitude.
    Where a whole window is zero the norm has no derivative, and the gradient is taken as zero.

    Args:
        x: [batch, *space, channels], of a floating dtype.
        pool_size: as in `max_pool`.
        p: which norm, 1 or more; may be infinite.
        strides: as in `max_pool`.
        padding: as in `max_pool`.
        dilation: as in `max_pool`.

    Returns:
        [batch, *space', channels].

    Raises:
        ShapeError: x has no spatial axis, or a window does not fit.
        DTypeError: x is not floating.
        ArgumentError: p is less than 1, or another argument is not as described.

    References:
        Sermanet, Chintala, LeCun: Convolutional neural networks applied to house numbers digit
        classification. ICPR 2012.

    Example:
        >>> import cairnet as cn
        >>> x = cn.reshape(cn.asarray([[3.0, 0.0], [0.0, 4.0]]), (1, 2, 2, 1))
        >>> float(cn.reshape(cn.lp_pool(x, 2), ()))
        5.0
    """
    tensor = floating("lp_pool", x)
    if isinstance(p, bool) or not isinstance(p, int | float) or not p >= 1:
        raise ArgumentError(
            f"lp_pool, at {here()}: p must be a number of 1 or more (math.inf for the largest "
            f"magnitude), got {p!r}"
        )
    if math.isinf(p):
        return max_pool(absolute(tensor), pool_size, strides, padding, dilation)
    plan = _plan("lp_pool", tensor, pool_size, strides, padding, dilation, 0)
    inside = plan.padded
    powers = inside * inside if p == 2 else absolute(inside) ** float(p)
    total = apply(WINDOW_SUM, powers, **plan.geometry)
    if p == 1:
        return total
    # The root has no slope at zero: take it of 1 there, and let nothing flow.
    silent = total == 0
    safe = where(silent, 1, total)
    return where(silent, 0, sqrt(safe) if p == 2 else safe ** (1.0 / p))


@dataclass(frozen=True)
class _Plan:
    """Pooling made ready: the input, padded where that had to be done, and the window geometry."""

    padded: Tensor
    geometry: dict[str, Any]
    is_padded: bool


def _plan(
    name: str,
    x: Tensor,
    pool_size: Any,
    strides: Any,
    padding: Any,
    dilation: Any,
    filler: float,
) -> _Plan:
    if x.ndim < 3:
        raise ShapeError(
            f"{name}, at {here()}: x must be [batch, *space, channels] with at least one spatial "
            f"axis, got shape {x.shape}"
        )
    count = x.ndim - 2
    window = per_axis(name, "pool_size", pool_size, count)
    steps = window if strides is None else per_axis(name, "strides", strides, count)
    spread = per_axis(name, "dilation", dilation, count)
    reach = reach_of(window, spread)
    pairs = resolve_padding(name, padding, x.extents[1:-1], reach, steps)
    padded, known = fold_padding(x, pairs, filler)
    _check(name, x, padded, reach, known)
    geometry = {
        "window": (1, *window, 1),
        "strides": (1, *steps, 1),
        "padding": ((0, 0), *known, (0, 0)),
        "dilation": (1, *spread, 1),
    }
    return _Plan(padded, geometry, any(pair != (0, 0) for pair in pairs))


def _check(name: str, x: Tensor, padded: Tensor, reach: tuple[int, ...], pairs: Pairs) -> None:
    for axis, (size, pair, span) in enumerate(zip(padded.extents[1:-1], pairs, reach, strict=True)):
        if max(pair) >= span > 1:
            raise ArgumentError(
                f"{name}, at {here()}: padding {pair} along spatial axis {axis} must be less than "
                f"the {span} elements that a window reaches over, else one holds only padding"
            )
        room = size + sum(pair)
        if isinstance(room, int) and room < span:
            raise ShapeError(
                f"{name}, at {here()}: a window that reaches over {span} does not fit into {size} "
                f"+ padding {pair[0]} + {pair[1]} along spatial axis {axis} of x {x.shape}; "
                'take a smaller pool_size, or padding="same"'
            )
