"""Pooling over time: one number for each window of a sequence, or for the whole of it."""

from __future__ import annotations

import math

import numpy as np

from cairnet.base.dtypes import is_floating
from cairnet.nn.layers.arguments import check_padding, check_sequences, positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import any as exists
from cairnet.tensor.functions import astype, avg_pool, expand_dims, max_pool, maximum, mean, where
from cairnet.tensor.functions import max as largest
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import floating, stretch

__all__ = [
    "AveragePooling1D",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "MaxPooling1D",
]


class _Pooling1D(Layer):
    """What the layers with windows share: how long one is, and where it goes."""

    def __init__(
        self,
        pool_size: int = 2,
        strides: int | None = None,
        padding: str = "valid",
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.pool_size = positive("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else positive("strides", strides)
        self.padding = check_padding(padding)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_sequences(input_shape)


@registry.add
class MaxPooling1D(_Pooling1D):
    r"""The largest value of each window of time, feature by feature.

        y[n, t, c] = max_a x[n, t·s + a, c]

    Args:
        pool_size: how many steps a window has.
        strides: steps between windows; default: the pool size, so that windows do not overlap.
        padding: "valid" leaves out what does not fill a window; "same" gives ⌈time / stride⌉
            outputs, and what lies outside the sequence never wins.
        name: see `Layer`.

    Shapes:
        x [batch, time, features], y [batch, time', features].

    Raises:
        ArgumentError: a number is not whole or below 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 3, or shorter than the window.

    Source:
        A. Waibel, T. Hanazawa, G. Hinton, K. Shikano, K. Lang: Phoneme recognition using time-delay
        neural networks. IEEE Transactions on Acoustics, Speech and Signal Processing 37 (3), 1989,
        for windows of time that share their weights. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.MaxPooling1D(2)([[[1.0], [4.0], [3.0], [2.0]]]).numpy().ravel()
        array([4., 3.], dtype=float32)
    """

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return max_pool(x, self.pool_size, self.strides, self.padding)


@registry.add
class AveragePooling1D(_Pooling1D):
    r"""The mean of each window of time, feature by feature.

        y[n, t, c] = mean_a x[n, t·s + a, c]

    Args:
        pool_size: how many steps a window has.
        strides: steps between windows; default: the pool size, so that windows do not overlap.
        padding: "valid" leaves out what does not fill a window; "same" gives ⌈time / stride⌉
            outputs, and what lies outside the sequence does not count in the mean.
        name: see `Layer`.

    Shapes:
        x [batch, time, features], y [batch, time', features].

    Raises:
        ArgumentError: a number is not whole or below 1.
        UnknownNameError: an unknown padding.
        ShapeError: the input is not of rank 3, or shorter than the window.
        DTypeError: the input is not floating.

    Source:
        See `MaxPooling1D`. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.AveragePooling1D(2)([[[1.0], [4.0], [3.0], [2.0]]]).numpy().ravel()
        array([2.5, 2.5], dtype=float32)
    """

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return avg_pool(x, self.pool_size, self.strides, self.padding)


class _GlobalPooling1D(Layer):
    """What the layers over the whole sequence share: they leave out what is masked."""

    supports_masking = True

    def __init__(self, *, keepdims: bool = False, name: str | None = None) -> None:
        super().__init__(name=name)
        self.keepdims = keepdims

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_sequences(input_shape)

    def compute_mask(self, inputs: Tensor, mask: Tensor | None) -> None:
        """None: there are no steps any more that could be masked."""


@registry.add
class GlobalAveragePooling1D(_GlobalPooling1D):
    r"""The mean of each feature over time: y[n, c] = mean_t x[n, t, c].

    Args:
        keepdims: whether the axis of time stays, with extent 1.
        name: see `Layer`.

    Call arguments:
        x: the sequences.
        mask: bool [batch, time], False where a step does not count; default: the mask of x. Where
            no step counts, the mean is 0.

    Shapes:
        x [batch, time, features], y [batch, features] or [batch, 1, features].

    Raises:
        ShapeError: the input is not of rank 3.
        DTypeError: the input is not floating.

    Source:
        M. Lin, Q. Chen, S. Yan: Network in network. ICLR 2014, for images. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = cn.layers.Masking()([[[1.0], [4.0], [0.0], [0.0]]])
        >>> cn.layers.GlobalAveragePooling1D()(x).numpy()
        array([[2.5]], dtype=float32)
    """

    def call(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The graph of the output."""
        x = floating("GlobalAveragePooling1D", x)
        if mask is None:
            return mean(x, axis=1, keepdims=self.keepdims)
        counts = expand_dims(mask, axis=-1)
        sums = total(where(stretch(counts, x.extents), x, 0), axis=1, keepdims=self.keepdims)
        steps = total(astype(counts, x.dtype), axis=1, keepdims=self.keepdims)
        return sums / maximum(steps, 1)


@registry.add
class GlobalMaxPooling1D(_GlobalPooling1D):
    r"""The largest value of each feature over time: y[n, c] = max_t x[n, t, c].

    Args:
        keepdims: whether the axis of time stays, with extent 1.
        name: see `Layer`.

    Call arguments:
        x: the sequences.
        mask: bool [batch, time], False where a step does not count; default: the mask of x. Where
            no step counts, the output is 0.

    Shapes:
        x [batch, time, features], y [batch, features] or [batch, 1, features].

    Raises:
        ShapeError: the input is not of rank 3.

    Notes:
        Keras's layer lets padding win.

    Source:
        R. Collobert, J. Weston, L. Bottou, M. Karlen, K. Kavukcuoglu, P. Kuksa: Natural language
        processing (almost) from scratch. Journal of Machine Learning Research 12, 2011. Arguments
        as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.GlobalMaxPooling1D()([[[1.0, 6.0], [4.0, 5.0]]]).numpy()
        array([[4., 6.]], dtype=float32)
    """

    def call(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The graph of the output."""
        if mask is None:
            return largest(x, axis=1, keepdims=self.keepdims)
        counts = stretch(expand_dims(mask, axis=-1), x.extents)
        lowest = -math.inf if is_floating(x.dtype) else np.iinfo(x.dtype).min
        most = largest(where(counts, x, lowest), axis=1, keepdims=self.keepdims)
        return where(exists(counts, axis=1, keepdims=self.keepdims), most, 0)
