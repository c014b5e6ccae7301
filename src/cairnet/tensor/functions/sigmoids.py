"""Sigmoids: activations that rise from one bound to another."""

from __future__ import annotations

from typing import Any

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import (
    elementwise,
    floating,
)
from cairnet.tensor.functions.arithmetic import abs as absolute
from cairnet.tensor.functions.rectifiers import relu6

__all__ = [
    "hard_sigmoid",
    "sigmoid",
    "softsign",
]


def sigmoid(x: Any, /) -> Tensor:
    """The logistic function, 1 / (1 + e⁻ˣ); it neither overflows nor loses its small tail.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        D. Rumelhart, G. Hinton, R. Williams: Learning representations by back-propagating errors.
        Nature 323, 1986.

    Example:
        >>> import cairnet as cn
        >>> cn.sigmoid(cn.asarray([-50.0, 0.0, 50.0])).numpy()
        array([1.9287e-22, 5.0000e-01, 1.0000e+00], dtype=float32)
    """
    return elementwise("sigmoid", x)


def hard_sigmoid(x: Any, /) -> Tensor:
    """The logistic function in three straight pieces, relu6(x + 3) / 6.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        A. Howard et al.: Searching for MobileNetV3. ICCV 2019, section 5.2. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.hard_sigmoid(cn.asarray([-3.0, 0.0, 3.0])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return relu6(floating("hard_sigmoid", x) + 3) / 6


def softsign(x: Any, /) -> Tensor:
    """x / (1 + |x|).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        J. Bergstra, G. Desjardins, P. Lamblin, Y. Bengio: Quadratic polynomials learn better image
        features. Technical report 1337, Université de Montréal, 2009.

    Example:
        >>> import cairnet as cn
        >>> cn.softsign(cn.asarray([-1.0, 3.0])).numpy()
        array([-0.5 ,  0.75], dtype=float32)
    """
    tensor = floating("softsign", x)
    return tensor / (absolute(tensor) + 1)
