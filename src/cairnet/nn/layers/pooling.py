"""Pooling: one number for each window of the image."""

from __future__ import annotations

import math

from cairnet.base.errors import ArgumentError
from cairnet.nn.layers.arguments import check_images, check_padding, pair
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import avg_pool, lp_pool, max_pool

__all__ = ["AveragePooling2D", "LpPooling2D", "MaxPooling2D"]


class _Pooling2D(Layer):
    """What the pooling layers share: the window, and where it goes."""

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


@registry.add
class MaxPooling2D(_Pooling2D):
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

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return max_pool(x, self.pool_size, self.strides, self.padding)


@registry.add
class AveragePooling2D(_Pooling2D):
    r"""The mean of each window, channel by channel.

        y[n, i, j, c] = mean_{a, b} x[n, i·s + a, j·s + b, c]

    Args:
        pool_size: height and width of the window, or one number for both.
        strides: steps between windows; default: the pool size, so that windows do not overlap.
        padding: "valid" leaves out what does not fill a window; "same" gives outputs of
            ⌈extent / stride⌉, and what lies outside the image does not count in the mean.
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, height', width', channels].

    Raises:
        ArgumentError: a number is not whole or below 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 4, or smaller than the window.
        DTypeError: the input is not floating.

    Source:
        Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document
        recognition. Proceedings of the IEEE 86 (11), 1998; there with a weight and a bias for each
        channel. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.AveragePooling2D(2)([[[[1.0], [2.0]], [[4.0], [3.0]]]]).numpy().item()
        2.5
    """

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return avg_pool(x, self.pool_size, self.strides, self.padding)


@registry.add
class LpPooling2D(_Pooling2D):
    r"""The p-norm of each window, channel by channel; p = 2 is the L2 pooling of the literature.

        y[n, i, j, c] = (Σ_{a, b} |x[n, i·s + a, j·s + b, c]|ᵖ)^(1/p)

    Args:
        pool_size: height and width of the window, or one number for both.
        p: which norm, 1 or more; infinity gives the largest magnitude.
        strides: steps between windows; default: the pool size, so that windows do not overlap.
        padding: "valid" leaves out what does not fill a window; "same" gives outputs of
            ⌈extent / stride⌉, with zeros outside the image.
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, height', width', channels].

    Raises:
        ArgumentError: a number is not whole or below 1, or p is below 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 4, or smaller than the window.
        DTypeError: the input is not floating.

    Source:
        P. Sermanet, S. Chintala, Y. LeCun: Convolutional neural networks applied to house numbers
        digit classification. ICPR 2012. Keras has no such layer; PyTorch's is LPPool2d.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.LpPooling2D(2)([[[[1.0], [2.0]], [[4.0], [2.0]]]]).numpy().item()
        5.0
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        p: float = 2.0,
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(pool_size, strides, padding, name=name)
        if isinstance(p, bool) or not isinstance(p, int | float) or math.isnan(p) or p < 1:
            raise ArgumentError(f"p: expected a number, 1 or more, got {p!r}")
        self.p = float(p)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return lp_pool(x, self.pool_size, self.p, self.strides, self.padding)
