"""Pooling: one number for each window of the image."""

from __future__ import annotations

from cairnet.nn.layers.arguments import check_images, check_padding, pair
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import max_pool

__all__ = ["MaxPooling2D"]


@registry.add
class MaxPooling2D(Layer):
    r"""The largest value of each window, channel by channel.

        y[n, i, j, c] = max_{a, b} x[n, i·s + a, j·s + b, c]

    Args:
        pool_size: height and width of the window, or one number for both.
        strides: steps between windows; default: the pool size, so that windows do not overlap.
        padding: "valid" leaves out what does not fill a window; "same" gives outputs of
            ⌈extent / stride⌉, and what lies outside the image never wins.
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, height', width', channels].

    Raises:
        ArgumentError: a number is not whole or below 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 4, or smaller than the window.

    Source:
        K. Yamaguchi, K. Sakamoto, T. Akabane, Y. Fujimoto: A neural network for speaker-independent
        isolated word recognition. ICSLP 1990. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.MaxPooling2D(2)([[[[1.0], [2.0]], [[4.0], [3.0]]]]).numpy().item()
        4.0
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.padding = check_padding(padding)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_images(input_shape)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return max_pool(x, self.pool_size, self.strides, self.padding)
