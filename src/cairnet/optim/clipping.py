"""Clipping: gradients kept from being too large, element by element or as vectors."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.base.dtypes import float64
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype, clip, maximum, sqrt, square
from cairnet.tensor.functions import sum as total

__all__ = ["by_global_norm", "by_norm", "by_value"]


def by_value(gradients: Sequence[Tensor], bound: float) -> list[Tensor]:
    """Every element kept between −bound and bound.

    >>> import cairnet as cn
    >>> [gradient] = by_value([cn.asarray([3.0, -0.5])], 1.0)
    >>> gradient.numpy()
    array([ 1. , -0.5], dtype=float32)
    """
    return [clip(gradient, -bound, bound) for gradient in gradients]


def by_norm(gradients: Sequence[Tensor], bound: float) -> list[Tensor]:
    """Every gradient shortened to the Euclidean norm `bound` where it is longer.

    >>> import cairnet as cn
    >>> short, long = by_norm([cn.asarray([0.5]), cn.asarray([3.0, 4.0])], 1.0)
    >>> short.numpy(), long.numpy()
    (array([0.5], dtype=float32), array([0.6, 0.8], dtype=float32))
    """
    return [_shortened(gradient, _squares(gradient), bound) for gradient in gradients]


def by_global_norm(gradients: Sequence[Tensor], bound: float) -> list[Tensor]:
    """All gradients shortened by one factor where the norm of all together is above `bound`.

    Their direction as one long vector stays. R. Pascanu, T. Mikolov, Y. Bengio: On the difficulty
    of training recurrent neural networks. ICML 2013, algorithm 1.

    >>> import cairnet as cn
    >>> first, second = by_global_norm([cn.asarray([3.0]), cn.asarray([4.0])], 1.0)
    >>> first.numpy(), second.numpy()
    (array([0.6], dtype=float32), array([0.8], dtype=float32))
    """
    if not gradients:
        return []
    squares = _squares(gradients[0])
    for gradient in gradients[1:]:
        squares = squares + _squares(gradient)
    return [_shortened(gradient, squares, bound) for gradient in gradients]


def _squares(gradient: Tensor) -> Tensor:
    """The sum of squares, in float64: squares of float32 overflow from 2 · 10¹⁹ on."""
    return total(square(astype(gradient, float64)))


def _shortened(gradient: Tensor, squares: Tensor, bound: float) -> Tensor:
    # Nothing is divided by a norm of zero: the factor is then bound / bound.
    return gradient * astype(bound / maximum(sqrt(squares), bound), gradient.dtype)
