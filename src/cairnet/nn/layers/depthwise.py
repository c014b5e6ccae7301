"""DepthwiseConv2D: every channel convolved with filters of its own."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.nn import activations, constraints, initializers, regularizers
from cairnet.nn.layers.arguments import check_images, check_padding, pair, positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import conv2d, reshape

__all__ = ["DepthwiseConv2D"]


@registry.add
class DepthwiseConv2D(Layer):
    r"""The convolution of each channel by itself, with `depth_multiplier` filters.

        y[n, i, j, c·D + m] = activation(Σ_{a, b} x[n, i·s + a·d, j·s + b·d, c] · kernel[a, b, c, m]
                                         + bias[c·D + m])

    with D the depth multiplier, strides s and dilation rate d, x taken as zero outside the image.

    Args:
        kernel_size: height and width of the window, or one number for both.
        strides: steps between windows, down and across, or one number for both.
        padding: "valid" for windows inside the image only, or "same" for as much zero padding as
            gives outputs of ⌈extent / stride⌉.
        depth_multiplier: D, the number of filters of each channel.
        dilation_rate: steps between the taps of a window.
        activation: a name from `cn.activations` or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer: how the kernel starts, a name or an initializer.
        bias_initializer: how the bias starts.
        depthwise_regularizer: a penalty on the kernel, a name or a regularizer; None for none.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the output, divided by the number of samples.
        depthwise_constraint: what the kernel must meet after every step, a name or a constraint.
        bias_constraint: what the bias must meet.
        name, trainable: see `Layer`.

    Shapes:
        x [batch, height, width, channels], kernel [*kernel_size, channels, D], bias [channels · D],
        y [batch, height', width', channels · D].

    Raises:
        ArgumentError: a number is not whole or below 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 4, its channels are not known, or a window does not
            fit into it.

    Source:
        L. Sifre, S. Mallat: Rigid-motion scattering for texture classification. arXiv:1403.1687,
        2014; A. Howard and others: MobileNets. arXiv:1704.04861, 2017. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)
        >>> layer(cn.input((None, 28, 28, 8))).shape, layer.kernel.shape
        ((None, 28, 28, 16), (3, 3, 8, 2))
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        *,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = check_padding(padding)
        self.depth_multiplier = positive("depth_multiplier", depth_multiplier)
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make kernel and bias."""
        check_images(input_shape)
        channels = input_shape[-1]
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.kernel.data.shape[2] * self.depth_multiplier,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        *taps, channels, multiplier = self.kernel.data.shape
        if x.shape[-1] != channels:
            raise ShapeError(f"expected {channels} channels, as at the first call, got {x.shape}")
        # One group a channel: the filters of channel c are outputs c·D to c·D + D - 1.
        kernel = reshape(self.kernel, (*taps, 1, channels * multiplier))
        y = conv2d(x, kernel, self.strides, self.padding, self.dilation_rate, channels)
        return self.activation(y + self.bias if self.use_bias else y)
