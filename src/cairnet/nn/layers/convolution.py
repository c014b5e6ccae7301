"""Conv1D and Conv2D: the same small window of weights everywhere in the sequence or image."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn import activations, constraints, initializers, regularizers
from cairnet.nn.layers.arguments import (
    check_images,
    check_padding,
    check_sequences,
    pair,
    positive,
)
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import conv1d, conv2d

__all__ = ["Conv1D", "Conv2D"]


class _Convolution(Layer):
    """What convolutions along any number of axes share: filters, groups, a bias, what follows."""

    def __init__(
        self,
        filters: int,
        groups: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        name: str | None,
        trainable: bool,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.filters = positive("filters", filters)
        self.groups = positive("groups", groups)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if self.filters % self.groups:
            raise ArgumentError(
                f"filters: expected a multiple of groups={self.groups}, got {self.filters}"
            )

    def _add_weights(self, window: tuple[int, ...], channels: int | None) -> None:
        """Make kernel and bias."""
        if channels is not None and channels % self.groups:
            raise ShapeError(
                f"expected channels that are a multiple of groups={self.groups}, got {channels}"
            )
        inner = None if channels is None else channels // self.groups
        self.kernel = self.add_weight(
            (*window, inner, self.filters),
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

    def _finished(self, y: Tensor) -> Tensor:
        """The sums with the bias, activated."""
        return self.activation(y + self.bias if self.use_bias else y)


@registry.add
class Conv1D(_Convolution):
    r"""The convolution of sequences with learned filters.

        y[n, t, o] = activation(Σ_{a, c} x[n, t·s + a·d − p, c] · kernel[a, c, o] + bias[o])

    with stride s, dilation rate d and p zeros before the sequence; x is zero outside it.

    Args:
        filters: the number of output features.
        kernel_size: how many steps the window has.
        strides: steps between windows.
        padding: "valid" for windows inside the sequence only, p = 0; "same" for as many zeros,
            before and after, as give outputs of ⌈time / stride⌉; or "causal" for zeros before it
            alone, p = (kernel_size − 1)·d, so that no output sees what comes after its step.
        dilation_rate: steps between the taps of a window.
        groups: into how many groups the features are split; each output reads one group.
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
        x [batch, time, features], kernel [kernel_size, features / groups, filters],
        bias [filters], y [batch, time', filters].

    Raises:
        ArgumentError: a number is not whole or below 1, filters or features are not a multiple of
            groups, or both stride and dilation are above 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 3, its features are not known, or a window does not
            fit into it.

    Source:
        A. Waibel, T. Hanazawa, G. Hinton, K. Shikano, K. Lang: Phoneme recognition using time-delay
        neural networks. IEEE Transactions on Acoustics, Speech and Signal Processing 37 (3), 1989;
        causal and dilated: A. van den Oord, S. Dieleman, H. Zen et al.: WaveNet: a generative model
        for raw audio. arXiv:1609.03499, 2016. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Conv1D(8, 3, padding="causal", dilation_rate=4)
        >>> layer(cn.input((None, None, 5))).shape
        (None, None, 8)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        padding: str = "valid",
        *,
        dilation_rate: int = 1,
        groups: int = 1,
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
        super().__init__(
            filters,
            groups,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            name,
            trainable,
        )
        self.kernel_size = positive("kernel_size", kernel_size)
        self.strides = positive("strides", strides)
        self.padding = check_padding(padding, "causal")
        self.dilation_rate = positive("dilation_rate", dilation_rate)

    def build(self, input_shape: Shape) -> None:
        """Make kernel and bias."""
        check_sequences(input_shape)
        self._add_weights((self.kernel_size,), input_shape[-1])

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        padding: Any = self.padding
        if padding == "causal":
            padding = [((self.kernel_size - 1) * self.dilation_rate, 0)]
        return self._finished(
            conv1d(x, self.kernel, self.strides, padding, self.dilation_rate, self.groups)
        )


@registry.add
class Conv2D(_Convolution):
    r"""The convolution of images with learned filters.

        y[n, i, j, o] = activation(Σ_{a, b, c} x[n, i·s + a·d, j·s + b·d, c] · kernel[a, b, c, o]
                                   + bias[o])

    with strides s and dilation rate d, x taken as zero outside the image.

    Args:
        filters: the number of output channels.
        kernel_size: height and width of the window, or one number for both.
        strides: steps between windows, down and across, or one number for both.
        padding: "valid" for windows inside the image only, or "same" for as much zero padding as
            gives outputs of ⌈extent / stride⌉.
        dilation_rate: steps between the taps of a window.
        groups: into how many groups the channels are split; each output reads one group.
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
        x [batch, height, width, channels], kernel [*kernel_size, channels / groups, filters],
        bias [filters], y [batch, height', width', filters].

    Raises:
        ArgumentError: a number is not whole or below 1, filters or channels are not a multiple of
            groups, or both strides and dilation are above 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 4, its channels are not known, or a window does not
            fit into it.

    Source:
        Y. LeCun, B. Boser, J. Denker et al.: Backpropagation applied to handwritten zip code
        recognition. Neural Computation 1 (4), 1989. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Conv2D(6, 5, padding="same", activation="relu")
        >>> layer(cn.input((None, 28, 28, 1))).shape
        (None, 28, 28, 6)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        *,
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
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
        super().__init__(
            filters,
            groups,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            name,
            trainable,
        )
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = check_padding(padding)
        self.dilation_rate = pair("dilation_rate", dilation_rate)

    def build(self, input_shape: Shape) -> None:
        """Make kernel and bias."""
        check_images(input_shape)
        self._add_weights(self.kernel_size, input_shape[-1])

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return self._finished(
            conv2d(x, self.kernel, self.strides, self.padding, self.dilation_rate, self.groups)
        )
