"""Rectifiers: activations made of two or three pieces, one of them x itself."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import (
    elementwise,
    floating,
)
from cairnet.tensor.functions.arithmetic import minimum
from cairnet.tensor.functions.exponential import expm1
from cairnet.tensor.functions.searching import where
from cairnet.tensor.source import here

__all__ = [
    "celu",
    "elu",
    "leaky_relu",
    "relu",
    "relu6",
    "selu",
]


def relu(x: Any, /) -> Tensor:
    """The rectifier, max(x, 0); its derivative at 0 is taken as 0.

    Args:
        x: of any shape, a number of any dtype but bool and complex.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is bool or complex.

    Source:
        Nair and Hinton: Rectified linear units improve restricted Boltzmann machines. ICML 2010.

    Example:
        >>> import cairnet as cn
        >>> cn.relu(cn.asarray([-1.0, 0.0, 2.0])).numpy()
        array([0., 0., 2.], dtype=float32)
    """
    # Zero comes first: where both are equal, `maximum` passes the gradient on to the first.
    return elementwise("maximum", 0, x, function="relu")


def relu6(x: Any, /) -> Tensor:
    """The rectifier cut off at 6, min(max(x, 0), 6).

    Args:
        x: of any shape, a number of any dtype but bool and complex.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is bool or complex.

    Source:
        A. Krizhevsky: Convolutional deep belief networks on CIFAR-10. 2010.

    Example:
        >>> import cairnet as cn
        >>> cn.relu6(cn.asarray([-1.0, 5.0, 9.0])).numpy()
        array([0., 5., 6.], dtype=float32)
    """
    return minimum(6, relu(x))


def leaky_relu(x: Any, /, negative_slope: float = 0.2) -> Tensor:
    """The rectifier that leaks: x where x > 0, negative_slope · x elsewhere.

    Args:
        x: of any shape and a floating dtype.
        negative_slope: the slope below 0.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models. ICML
        2013. The default slope is that of Keras.

    Example:
        >>> import cairnet as cn
        >>> cn.leaky_relu(cn.asarray([-1.0, 2.0]), 0.1).numpy()
        array([-0.1,  2. ], dtype=float32)
    """
    tensor = floating("leaky_relu", x)
    return where(tensor > 0, tensor, tensor * float(negative_slope))


def elu(x: Any, /, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: x where x > 0, alpha · (eˣ - 1) elsewhere.

    Args:
        x: of any shape and a floating dtype.
        alpha: what the function goes to far below 0 is −alpha.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential
        linear units. ICLR 2016.

    Example:
        >>> import cairnet as cn
        >>> cn.elu(cn.asarray([-100.0, 2.0])).numpy()
        array([-1.,  2.], dtype=float32)
    """
    tensor = floating("elu", x)
    # The branch not taken must not overflow, or its gradient would be inf · 0.
    return where(tensor > 0, tensor, expm1(minimum(tensor, 0)) * float(alpha))


def celu(x: Any, /, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit with a continuous slope: alpha · (e^(x/alpha) - 1) below 0.

    Args:
        x: of any shape and a floating dtype.
        alpha: what the function goes to far below 0 is −alpha; not 0.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.
        ArgumentError: alpha is 0.

    Source:
        Barron: Continuously differentiable exponential linear units. arXiv:1704.07483, 2017.

    Example:
        >>> import cairnet as cn
        >>> cn.celu(cn.asarray([-100.0, 2.0]), alpha=2.0).numpy()
        array([-2.,  2.], dtype=float32)
    """
    if alpha == 0:
        raise ArgumentError(f"celu, at {here()}: alpha must not be 0")
    tensor = floating("celu", x)
    below = expm1(minimum(tensor, 0) / float(alpha)) * float(alpha)
    return where(tensor > 0, tensor, below)


def selu(x: Any, /) -> Tensor:
    """The self-normalizing unit: scale · elu(x, alpha), with mean 0 and variance 1 kept.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        alpha = 1.67326… and scale = 1.05070… are the fixed point of Klambauer, Unterthiner, Mayr,
        Hochreiter: Self-normalizing neural networks. NIPS 2017.

    Example:
        >>> import cairnet as cn
        >>> cn.selu(cn.asarray([-100.0, 1.0])).numpy().round(4)
        array([-1.7581,  1.0507], dtype=float32)
    """
    return elu(x, alpha=1.6732632423543772) * 1.0507009873554805
