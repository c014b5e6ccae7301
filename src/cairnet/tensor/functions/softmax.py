"""Softmax, its logarithm, and the sum under it: the largest element is taken out first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import (
    floating,
    normalize_axes,
)
from cairnet.tensor.functions.arithmetic import abs as absolute
from cairnet.tensor.functions.comparison import less
from cairnet.tensor.functions.exponential import exp, log
from cairnet.tensor.functions.manipulation import reshape
from cairnet.tensor.functions.marking import stop_gradient
from cairnet.tensor.functions.searching import where
from cairnet.tensor.functions.statistics import max as largest
from cairnet.tensor.functions.statistics import sum as total
from cairnet.tensor.source import here

__all__ = [
    "log_softmax",
    "logsumexp",
    "softmax",
]


def softmax(x: Any, /, axis: int | Sequence[int] = -1) -> Tensor:
    """Positive numbers that add up to 1: e^xᵢ / Σⱼ e^xⱼ along an axis.

    The largest x is taken out of every exponent first, so that nothing overflows.

    Args:
        x: of a floating dtype.
        axis: the axis (or axes) along which the result adds up to 1.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.
        ShapeError: there is no such axis, or it has no elements.

    Source:
        J. Bridle: Probabilistic interpretation of feedforward classification network outputs, with
        relationships to statistical pattern recognition. In: Neurocomputing, Springer 1990.

    Example:
        >>> import cairnet as cn
        >>> cn.softmax(cn.asarray([1000.0, 1000.0, 0.0])).numpy()
        array([0.5, 0.5, 0. ], dtype=float32)
    """
    tensor = floating("softmax", x)
    axes = normalize_axes("softmax", axis, tensor.ndim)
    powers = exp(tensor - stop_gradient(_largest("softmax", tensor, axes)))
    return powers / total(powers, axis=axes, keepdims=True)


def log_softmax(x: Any, /, axis: int | Sequence[int] = -1) -> Tensor:
    """The logarithm of softmax, xᵢ - log Σⱼ e^xⱼ, where softmax itself would round to 0.

    Args:
        x: of a floating dtype.
        axis: the axis (or axes) along which the softmax adds up to 1.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.
        ShapeError: there is no such axis, or it has no elements.

    Source:
        I. Goodfellow, Y. Bengio, A. Courville: Deep learning. MIT Press 2016, section 6.2.2.3.

    Example:
        >>> import cairnet as cn
        >>> cn.log_softmax(cn.asarray([0.0, -1000.0])).numpy()
        array([    0., -1000.], dtype=float32)
    """
    tensor = floating("log_softmax", x)
    axes = normalize_axes("log_softmax", axis, tensor.ndim)
    shifted = tensor - stop_gradient(_largest("log_softmax", tensor, axes))
    return shifted - log(total(exp(shifted), axis=axes, keepdims=True))


def logsumexp(
    x: Any, /, axis: int | Sequence[int] | None = None, *, keepdims: bool = False
) -> Tensor:
    """The logarithm of a sum of exponentials, log Σ e^x, without overflow.

    Args:
        x: of a floating dtype.
        axis: the axis (or axes) to sum over; default: all.
        keepdims: keep the axes that are summed over, with extent 1.

    Returns:
        A tensor of the dtype of x; -inf where all x are -inf.

    Raises:
        DTypeError: x is not floating.
        ShapeError: there is no such axis, or it has no elements.

    Example:
        >>> import cairnet as cn
        >>> float(cn.logsumexp(cn.asarray([1000.0, 1000.0])))
        1000.6931
    """
    tensor = floating("logsumexp", x)
    axes = normalize_axes("logsumexp", axis, tensor.ndim)
    top = stop_gradient(_largest("logsumexp", tensor, axes))
    # Infinities stay where they are: inf - inf would be NaN.
    top = where(less(absolute(top), math.inf), top, 0)
    result = log(total(exp(tensor - top), axis=axes, keepdims=True)) + top
    if keepdims:
        return result
    return reshape(result, tuple(s for i, s in enumerate(result.extents) if i not in axes))


def _largest(name: str, x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The largest element along the axes, which are kept."""
    if any(x.extents[axis] == 0 for axis in axes):
        raise ShapeError(f"{name}, at {here()}: no elements along axes {axes} of shape {x.shape}")
    return largest(x, axis=axes, keepdims=True)
