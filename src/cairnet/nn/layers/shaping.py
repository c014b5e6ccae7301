"""Layers that change the shape and nothing else."""

from __future__ import annotations

from cairnet.base.errors import ShapeError
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import reshape

__all__ = ["Flatten"]


@registry.add
class Flatten(Layer):
    """All axes but the batch as one, in row-major order.

    Args:
        name: see `Layer`.

    Shapes:
        x [batch, a, b, …], y [batch, a · b · …].

    Raises:
        ShapeError: the input has no axes at all.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Flatten()(cn.input((None, 7, 7, 16))).shape
        (None, 784)
    """

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        if not input_shape:
            raise ShapeError("expected a shape (batch, …), got a scalar")

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        count: Size = 1
        for size in x.extents[1:]:
            count = size * count
        return reshape(x, (x.extents[0], count))
