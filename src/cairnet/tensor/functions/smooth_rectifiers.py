"""Rectifiers without a corner: x times a gate from 0 to 1, and the softplus."""

from __future__ import annotations

import math
from typing import Any

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import (
    elementwise,
    floating,
)
from cairnet.tensor.functions.exponential import erf, tanh
from cairnet.tensor.functions.sigmoids import hard_sigmoid, sigmoid

__all__ = [
    "gelu",
    "hard_silu",
    "log_sigmoid",
    "mish",
    "silu",
    "softplus",
]


def gelu(x: Any, /, approximate: bool = False) -> Tensor:
    """The Gaussian error linear unit, x · Φ(x) with Φ the normal distribution function.

    Args:
        x: of a floating dtype.
        approximate: replace Φ(x) by (1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Hendrycks and Gimpel: Gaussian error linear units. arXiv:1606.08415, 2016.

    Example:
        >>> import cairnet as cn
        >>> cn.gelu(cn.asarray([-1.0, 0.0, 1.0])).numpy().round(4)
        array([-0.1587,  0.    ,  0.8413], dtype=float32)
    """
    tensor = floating("gelu", x)
    if approximate:
        inner = (tensor + tensor * tensor * tensor * 0.044715) * math.sqrt(2 / math.pi)
        return tensor * (tanh(inner) + 1) * 0.5
    return tensor * (erf(tensor * math.sqrt(0.5)) + 1) * 0.5


def silu(x: Any, /) -> Tensor:
    """The sigmoid linear unit, also called swish: x · sigmoid(x).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Elfwing, Uchibe, Doya: Sigmoid-weighted linear units for neural network function
        approximation in reinforcement learning. Neural Networks 107, 2018.

    Example:
        >>> import cairnet as cn
        >>> cn.silu(cn.asarray([-1.0, 0.0, 1.0])).numpy().round(4)
        array([-0.2689,  0.    ,  0.7311], dtype=float32)
    """
    tensor = floating("silu", x)
    return tensor * sigmoid(tensor)


def hard_silu(x: Any, /) -> Tensor:
    """x · hard_sigmoid(x), also called hard swish.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Howard and others: Searching for MobileNetV3. ICCV 2019.

    Example:
        >>> import cairnet as cn
        >>> cn.hard_silu(cn.asarray([-3.0, 1.0, 3.0])).numpy().round(4)
        array([-0.    ,  0.6667,  3.    ], dtype=float32)
    """
    tensor = floating("hard_silu", x)
    return tensor * hard_sigmoid(tensor)


def mish(x: Any, /) -> Tensor:
    """x · tanh(softplus(x)).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Misra: Mish: a self regularized non-monotonic activation function. BMVC 2020.

    Example:
        >>> import cairnet as cn
        >>> cn.mish(cn.asarray([0.0, 1.0])).numpy().round(4)
        array([0.    , 0.8651], dtype=float32)
    """
    tensor = floating("mish", x)
    return tensor * tanh(softplus(tensor))


def softplus(x: Any, /) -> Tensor:
    """The smooth rectifier, log(1 + eˣ), without overflow; its derivative is the sigmoid.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia: Incorporating second-order functional
        knowledge for better option pricing. NIPS 2000.

    Example:
        >>> import cairnet as cn
        >>> cn.softplus(cn.asarray([0.0, 200.0])).numpy().round(4)
        array([  0.6931, 200.    ], dtype=float32)
    """
    return elementwise("softplus", x)


def log_sigmoid(x: Any, /) -> Tensor:
    """The logarithm of the logistic function, −softplus(−x).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.log_sigmoid(cn.asarray([-100.0, 0.0])).numpy().round(4)
        array([-100.    ,   -0.6931], dtype=float32)
    """
    return -softplus(-floating("log_sigmoid", x))
