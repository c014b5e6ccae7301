"""Conv2DTranspose: every pixel lays down a weighted copy of a filter."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.nn import activations, constraints, initializers, regularizers
from cairnet.nn.layers.arguments import check_images, check_padding, pair, positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import conv2d_transpose

__all__ = ["Conv2DTranspose"]


@registry.add
class Conv2DTranspose(Layer):
    r"""The transposed convolution, which turns small images into large ones.

        y[n, i·s + a·d − p, j·s + b·d − p, o] += x[n, i, j, c] · kernel[a, b, o, c]

    followed by bias and activation, with strides s, dilation rate d and p rows cropped: the
    gradient of `Conv2D` with respect to its input, taken forwards. Some call it deconvolution.

    Args:
        filters: the number of output channels.
        kernel_size: height and width of a filter, or one number for both.
        strides: how far apart the copies lie, down and across, or one number for both.
        padding: "valid" keeps every row that a copy reaches; "same" gives outputs of
            extent · stride.
        output_padding: extra rows and columns at the far end, fewer than the strides, in place of
            the extents above; see `cn.conv2d_transpose`. None for those extents.
        dilation_rate: steps between the taps of a filter.
        activation: a name from `cn.activations` or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel starts, a name or an initializer.
        bias_initializer: how the bias starts.
        kernel_regularizer: a penalty on the kernel, a name or a regularizer; None for none.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the output, divided by the number of samples.
        kernel_constraint: what the kernel must meet after every step, a name or a constraint.
        bias_constraint: what the bias must meet.
        name, trainable: see `Layer`.

    Shapes:
        x [batch, height, width, channels], kernel [*kernel_size, filters, channels], bias
        [filters], y [batch, height', width', filters]; with k the kernel size and
        r = (k − 1)·d + 1, height' is height · s for "same" and
        height · s + max(r − s, 0) for "valid".

    Raises:
        ArgumentError: a number is not whole or below 1, or output_padding is not below the strides.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 4, or its channels are not known.

    Source:
        M. Zeiler, D. Krishnan, G. Taylor, R. Fergus: Deconvolutional networks. CVPR 2010.
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Conv2DTranspose(6, 3, strides=2, padding="same")
        >>> layer(cn.input((None, 7, 7, 16))).shape, layer.kernel.shape
        ((None, 14, 14, 6), (3, 3, 6, 16))
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        output_padding: int | tuple[int, int] | None = None,
        *,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.filters = positive("filters", filters)
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = check_padding(padding)
        self.output_padding = _output_padding(output_padding, self.strides)
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make kernel and bias."""
        check_images(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, input_shape[-1]),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.filters,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        y = conv2d_transpose(
            x,
            self.kernel,
            self.strides,
            self.padding,
            self.dilation_rate,
            output_padding=self.output_padding,
        )
        return self.activation(y + self.bias if self.use_bias else y)


def _output_padding(value: Any, strides: tuple[int, int]) -> tuple[int, int] | None:
    if value is None:
        return None
    extra = pair("output_padding", value, least=0)
    if any(more >= step for more, step in zip(extra, strides, strict=True)):
        raise ArgumentError(
            f"output_padding: expected numbers below the strides {strides}, got {value!r}"
        )
    return extra
