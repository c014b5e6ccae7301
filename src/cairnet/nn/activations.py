"""Activation functions: what a layer does to each of its sums.

They are functions from Tensor to Tensor, the same ones that `cairnet` itself offers. A layer
takes any of them by name, `Dense(10, activation="softmax")`, or takes any other function of a
tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairnet.base.registry import Registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import (
    astype,
    celu,
    elu,
    exp,
    gelu,
    hard_sigmoid,
    hard_silu,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from cairnet.tensor.functions.arguments import as_tensor, floating

__all__ = [
    "celu",
    "elu",
    "exp",
    "gelu",
    "get",
    "hard_sigmoid",
    "hard_silu",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "step",
    "tanh",
]

_Activation = Callable[[Tensor], Tensor]


def linear(x: Any, /) -> Tensor:
    """The value itself, y = x: no activation.

    Args:
        x: anything that becomes a tensor.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not made of numbers.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.activations.linear(cn.asarray([-1.0, 2.0])).numpy()
        array([-1.,  2.], dtype=float32)
    """
    return as_tensor(x)


def step(x: Any, /) -> Tensor:
    """The threshold of the perceptron: 1 where x > 0, else 0.

    Its derivative is 0 wherever it has one, so gradient descent cannot train what lies below it:
    `cn.grad` refuses.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        W. McCulloch, W. Pitts: A logical calculus of the ideas immanent in nervous activity.
        Bulletin of Mathematical Biophysics 5, 1943.

    Example:
        >>> import cairnet as cn
        >>> cn.activations.step(cn.asarray([-1.0, 0.0, 2.0])).numpy()
        array([0., 0., 1.], dtype=float32)
    """
    tensor = floating("activations.step", x)
    return astype(tensor > 0, tensor.dtype)


_registry: Registry[_Activation] = Registry("activation")
for _function in (
    celu,
    elu,
    exp,
    gelu,
    hard_sigmoid,
    hard_silu,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    step,
    tanh,
):
    _registry.add(_function)
_registry.alias("swish", silu)


def get(activation: Any) -> _Activation:
    """The activation function of a name; a function is returned as it is, None means linear.

    Args:
        activation: a name, a function of a tensor, or None.

    Raises:
        UnknownNameError: no activation has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> cn.activations.get("relu")([-1.0, 2.0]).numpy()
        array([0., 2.], dtype=float32)
    """
    return linear if activation is None else _registry.get(activation)
