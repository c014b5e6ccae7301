"""Rescaling: numbers brought into another range."""

from __future__ import annotations

from cairnet.base.dtypes import float32, is_floating
from cairnet.nn.layers.arguments import number
from cairnet.nn.layers.base import Layer, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype
from cairnet.tensor.functions.arguments import numeric

__all__ = ["Rescaling"]


@registry.add
class Rescaling(Layer):
    """Multiplies with a number and adds another, y = x · scale + offset.

    Pictures whose pixels are bytes are brought to [0, 1] with `Rescaling(1 / 255)`, and to [−1, 1]
    with `Rescaling(1 / 127.5, offset=-1)`.

    Args:
        scale: the factor.
        offset: what is added.
        name: see `Layer`.

    Shapes:
        y has the shape of x; whole numbers become float32.

    Raises:
        ArgumentError: scale or offset is no finite number.
        DTypeError: x is of truth values.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> import numpy as np
        >>> cn.layers.Rescaling(1 / 255)(np.array([0, 51, 255], np.uint8)).numpy()
        array([0. , 0.2, 1. ], dtype=float32)
    """

    supports_masking = True

    def __init__(self, scale: float, offset: float = 0.0, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.scale = number("scale", scale)
        self.offset = number("offset", offset)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        x = numeric("Rescaling", x)
        x = x if is_floating(x.dtype) else astype(x, float32)
        return x * self.scale + self.offset
