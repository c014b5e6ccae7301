"""Layers that add to, or take from, the borders of images."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.nn.layers.arguments import check_images, edges
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import PAD, SLICE

__all__ = ["Cropping2D", "ZeroPadding2D"]


@registry.add
class ZeroPadding2D(Layer):
    """Rows and columns of zeros around images.

        y[i, j] = x[i − top, j − left], or 0 where that is outside

    Args:
        padding: one number for all four sides, a pair (height, width), or two pairs
            ((top, bottom), (left, right)).
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, top + height + bottom, left + width + right,
        channels].

    Raises:
        ArgumentError: padding has another form, or a number that is not whole or is negative.
        ShapeError: the input is not of rank 4.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.ZeroPadding2D(((0, 1), (2, 3)))
        >>> layer(cn.input((None, 28, 28, 1))).shape
        (None, 29, 33, 1)
    """

    def __init__(self, padding: Any = (1, 1), *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.padding = edges("padding", padding)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_images(input_shape)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        (top, bottom), (left, right) = self.padding
        return apply(
            PAD, x, low=(0, top, left, 0), high=(0, bottom, right, 0), interior=(0,) * 4, value=0
        )


@registry.add
class Cropping2D(Layer):
    """Images without the rows and columns at their borders.

        y[i, j] = x[i + top, j + left]

    Args:
        cropping: one number for all four sides, a pair (height, width), or two pairs
            ((top, bottom), (left, right)).
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, height − top − bottom, width − left − right,
        channels].

    Raises:
        ArgumentError: cropping has another form, or a number that is not whole or is negative.
        ShapeError: the input is not of rank 4, or nothing of it would be left.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Cropping2D(2)(cn.input((None, 28, 28, 1))).shape
        (None, 24, 24, 1)
    """

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.cropping = edges("cropping", cropping)

    def build(self, input_shape: Shape) -> None:
        """Check that something is left; there are no variables."""
        check_images(input_shape)
        for size, cut in zip(input_shape[1:3], self.cropping, strict=True):
            if size is not None and sum(cut) >= size:
                raise ShapeError(
                    f"expected height and width above what is cut away, {self.cropping}, "
                    f"got {input_shape}"
                )

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        (top, bottom), (left, right) = self.cropping
        batch, height, width, channels = x.extents
        sizes = (batch, height - (top + bottom), width - (left + right), channels)
        return apply(SLICE, x, starts=(0, top, left, 0), sizes=sizes, steps=(1,) * 4)
