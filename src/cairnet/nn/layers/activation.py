"""Activation: a function of each element, as a layer of its own."""

from __future__ import annotations

from typing import Any

from cairnet.nn import activations
from cairnet.nn.layers.base import Layer, registry
from cairnet.tensor.core import Tensor

__all__ = ["Activation"]


@registry.add
class Activation(Layer):
    """An activation function as a layer, y = activation(x).

    Args:
        activation: a name from `cn.activations`, or a function from Tensor to Tensor.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        UnknownNameError: no activation has this name.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Activation("relu")([-1.0, 2.0]).numpy()
        array([0., 2.], dtype=float32)
    """

    supports_masking = True

    def __init__(self, activation: Any, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.activation = activations.get(activation)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return self.activation(x)
