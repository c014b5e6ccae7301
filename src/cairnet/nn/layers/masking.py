"""Masking: steps of a padded sequence that hold nothing but a certain value do not count."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.nn.layers.arguments import number
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import any as exists
from cairnet.tensor.functions import expand_dims, where
from cairnet.tensor.functions.arguments import stretch

__all__ = ["Masking"]


@registry.add
class Masking(Layer):
    r"""Marks the steps that are padding, for the layers behind it.

        mask[n, t] = any of x[n, t, …] is not mask_value;    y = x where mask, else 0

    Recurrent layers skip what is masked, attention does not look at it, losses and metrics leave it
    out: the numbers are those of the sequence without its padding.

    Args:
        mask_value: what padding consists of.
        name: see `Layer`.

    Shapes:
        x and y [batch, time, features]; the mask, which `mask_of` shows, bool [batch, time].

    Raises:
        ArgumentError: mask_value is no finite number.
        ShapeError: x has no axis of features behind that of time.

    Notes:
        A real step of all mask_value is taken for padding too; choose a value that does not occur.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = cn.asarray([[[1.0, 0.0], [0.0, 0.0]], [[3.0, 4.0], [5.0, 6.0]]])
        >>> cn.layers.mask_of(cn.layers.Masking()(x)).numpy()
        array([[ True, False],
               [ True,  True]])
    """

    def __init__(self, mask_value: float = 0.0, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.mask_value = number("mask_value", mask_value)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        if len(input_shape) < 3:
            raise ShapeError(f"expected a shape (batch, time, features), got {input_shape}")

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        counts = expand_dims(self.compute_mask(x, None), axis=-1)
        return where(stretch(counts, x.extents), x, 0)

    def compute_mask(self, inputs: Any, mask: Any) -> Tensor:
        """Where the input is not all mask_value."""
        return exists(inputs != self.mask_value, axis=-1)
