"""TimeDistributed: one layer applied to every step of a sequence."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import reshape

__all__ = ["TimeDistributed"]


@registry.add
class TimeDistributed(Layer):
    r"""A layer applied to every step: y[n, t] = layer(x[n, t]), with the same weights at all steps.

    Args:
        layer: what is applied to a step.
        name, trainable: see `Layer`.

    Shapes:
        x [batch, time, …], y [batch, time, …], where the layer makes one … of the other.

    Raises:
        ArgumentError: layer is no layer.
        ShapeError: x has no axis behind that of time, or the layer cannot take a step.

    Notes:
        The steps of all samples are given to the layer as one batch of batch · time samples. So
        batch normalization measures all steps together, and dropout draws for each step. Layers
        that work on the last axis, as `Dense`, do the same without this one.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> frames = cn.zeros((2, 10, 28, 28, 1))
        >>> cn.layers.TimeDistributed(cn.layers.Conv2D(8, 3))(frames).shape
        (2, 10, 26, 26, 8)
    """

    supports_masking = True

    def __init__(self, layer: Any, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.layer = layer if isinstance(layer, Layer) else registry.get(layer)
        if not isinstance(self.layer, Layer):
            raise ArgumentError(f"layer: expected a layer, got {layer!r}")

    def build(self, input_shape: Shape) -> None:
        """Check the rank; the layer makes its variables when it is called."""
        if len(input_shape) < 3:
            raise ShapeError(f"expected a shape (batch, time, …, features), got {input_shape}")

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        batch, time, *rest = x.extents
        steps: Tensor = self.layer(reshape(x, (batch * time, *rest)))
        return reshape(steps, (batch, time, *steps.extents[1:]))
