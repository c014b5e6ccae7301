"""Activations and their kin: rectifiers, sigmoids, softmax and its logarithm, one-hot vectors.

The ones that could overflow are written so that they do not: softmax and logsumexp take the
largest element out first, sigmoid and softplus are primitives of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cairnet.base.dtypes import DTypeLike, as_dtype, float32, int64, is_integer
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    elementwise,
    floating,
    normalize_axes,
    normalize_axis,
)
from cairnet.tensor.functions.arithmetic import abs as absolute
from cairnet.tensor.functions.arithmetic import minimum
from cairnet.tensor.functions.comparison import equal, less
from cairnet.tensor.functions.exponential import erf, exp, expm1, log, tanh
from cairnet.tensor.functions.manipulation import expand_dims, reshape
from cairnet.tensor.functions.searching import where
from cairnet.tensor.functions.statistics import max as largest
from cairnet.tensor.functions.statistics import sum as total
from cairnet.tensor.primitives import IOTA, STOP_GRADIENT
from cairnet.tensor.source import here

__all__ = [
    "celu",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "mish",
    "one_hot",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "stop_gradient",
]


def relu(x: Any, /) -> Tensor:
    """The rectifier, max(x, 0); its derivative at 0 is taken as 0.

    Args:
        x: of any shape, a number of any dtype but bool and complex.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is bool or complex.

    Source:
        Nair and Hinton: Rectified linear units improve restricted Boltzmann machines. ICML 2010.

    Example:
        >>> import cairnet as cn
        >>> cn.relu(cn.asarray([-1.0, 0.0, 2.0])).numpy()
        array([0., 0., 2.], dtype=float32)
    """
    # Zero comes first: where both are equal, `maximum` passes the gradient on to the first.
    return elementwise("maximum", 0, x, function="relu")


def relu6(x: Any, /) -> Tensor:
    """The rectifier cut off at 6, min(max(x, 0), 6).

    Args:
        x: of any shape, a number of any dtype but bool and complex.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is bool or complex.

    Source:
        A. Krizhevsky: Convolutional deep belief networks on CIFAR-10. 2010.

    Example:
        >>> import cairnet as cn
        >>> cn.relu6(cn.asarray([-1.0, 5.0, 9.0])).numpy()
        array([0., 5., 6.], dtype=float32)
    """
    return minimum(6, relu(x))


def leaky_relu(x: Any, /, negative_slope: float = 0.2) -> Tensor:
    """The rectifier that leaks: x where x > 0, negative_slope · x elsewhere.

    Args:
        x: of any shape and a floating dtype.
        negative_slope: the slope below 0.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models. ICML
        2013. The default slope is that of Keras.

    Example:
        >>> import cairnet as cn
        >>> cn.leaky_relu(cn.asarray([-1.0, 2.0]), 0.1).numpy()
        array([-0.1,  2. ], dtype=float32)
    """
    tensor = floating("leaky_relu", x)
    return where(tensor > 0, tensor, tensor * float(negative_slope))


def elu(x: Any, /, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: x where x > 0, alpha · (eˣ - 1) elsewhere.

    Args:
        x: of any shape and a floating dtype.
        alpha: what the function goes to far below 0 is −alpha.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential
        linear units. ICLR 2016.

    Example:
        >>> import cairnet as cn
        >>> cn.elu(cn.asarray([-100.0, 2.0])).numpy()
        array([-1.,  2.], dtype=float32)
    """
    tensor = floating("elu", x)
    # The branch not taken must not overflow, or its gradient would be inf · 0.
    return where(tensor > 0, tensor, expm1(minimum(tensor, 0)) * float(alpha))


def celu(x: Any, /, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit with a continuous slope: alpha · (e^(x/alpha) - 1) below 0.

    Args:
        x: of any shape and a floating dtype.
        alpha: what the function goes to far below 0 is −alpha; not 0.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.
        ArgumentError: alpha is 0.

    Source:
        Barron: Continuously differentiable exponential linear units. arXiv:1704.07483, 2017.

    Example:
        >>> import cairnet as cn
        >>> cn.celu(cn.asarray([-100.0, 2.0]), alpha=2.0).numpy()
        array([-2.,  2.], dtype=float32)
    """
    if alpha == 0:
        raise ArgumentError(f"celu, at {here()}: alpha must not be 0")
    tensor = floating("celu", x)
    below = expm1(minimum(tensor, 0) / float(alpha)) * float(alpha)
    return where(tensor > 0, tensor, below)


def selu(x: Any, /) -> Tensor:
    """The self-normalizing unit: scale · elu(x, alpha), with mean 0 and variance 1 kept.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        alpha = 1.67326… and scale = 1.05070… are the fixed point of Klambauer, Unterthiner, Mayr,
        Hochreiter: Self-normalizing neural networks. NIPS 2017.

    Example:
        >>> import cairnet as cn
        >>> cn.selu(cn.asarray([-100.0, 1.0])).numpy().round(4)
        array([-1.7581,  1.0507], dtype=float32)
    """
    return elu(x, alpha=1.6732632423543772) * 1.0507009873554805


def gelu(x: Any, /, approximate: bool = False) -> Tensor:
    """The Gaussian error linear unit, x · Φ(x) with Φ the normal distribution function.

    Args:
        x: of a floating dtype.
        approximate: replace Φ(x) by (1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Hendrycks and Gimpel: Gaussian error linear units. arXiv:1606.08415, 2016.

    Example:
        >>> import cairnet as cn
        >>> cn.gelu(cn.asarray([-1.0, 0.0, 1.0])).numpy().round(4)
        array([-0.1587,  0.    ,  0.8413], dtype=float32)
    """
    tensor = floating("gelu", x)
    if approximate:
        inner = (tensor + tensor * tensor * tensor * 0.044715) * math.sqrt(2 / math.pi)
        return tensor * (tanh(inner) + 1) * 0.5
    return tensor * (erf(tensor * math.sqrt(0.5)) + 1) * 0.5


def silu(x: Any, /) -> Tensor:
    """The sigmoid linear unit, also called swish: x · sigmoid(x).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Elfwing, Uchibe, Doya: Sigmoid-weighted linear units for neural network function
        approximation in reinforcement learning. Neural Networks 107, 2018.

    Example:
        >>> import cairnet as cn
        >>> cn.silu(cn.asarray([-1.0, 0.0, 1.0])).numpy().round(4)
        array([-0.2689,  0.    ,  0.7311], dtype=float32)
    """
    tensor = floating("silu", x)
    return tensor * sigmoid(tensor)


def mish(x: Any, /) -> Tensor:
    """x · tanh(softplus(x)).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Misra: Mish: a self regularized non-monotonic activation function. BMVC 2020.

    Example:
        >>> import cairnet as cn
        >>> cn.mish(cn.asarray([0.0, 1.0])).numpy().round(4)
        array([0.    , 0.8651], dtype=float32)
    """
    tensor = floating("mish", x)
    return tensor * tanh(softplus(tensor))


def sigmoid(x: Any, /) -> Tensor:
    """The logistic function, 1 / (1 + e⁻ˣ); it neither overflows nor loses its small tail.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        D. Rumelhart, G. Hinton, R. Williams: Learning representations by back-propagating errors.
        Nature 323, 1986.

    Example:
        >>> import cairnet as cn
        >>> cn.sigmoid(cn.asarray([-50.0, 0.0, 50.0])).numpy()
        array([1.9287e-22, 5.0000e-01, 1.0000e+00], dtype=float32)
    """
    return elementwise("sigmoid", x)


def log_sigmoid(x: Any, /) -> Tensor:
    """The logarithm of the logistic function, −softplus(−x).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.log_sigmoid(cn.asarray([-100.0, 0.0])).numpy().round(4)
        array([-100.    ,   -0.6931], dtype=float32)
    """
    return -softplus(-floating("log_sigmoid", x))


def hard_sigmoid(x: Any, /) -> Tensor:
    """The logistic function in three straight pieces, relu6(x + 3) / 6.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        A. Howard et al.: Searching for MobileNetV3. ICCV 2019, section 5.2. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.hard_sigmoid(cn.asarray([-3.0, 0.0, 3.0])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return relu6(floating("hard_sigmoid", x) + 3) / 6


def hard_silu(x: Any, /) -> Tensor:
    """x · hard_sigmoid(x), also called hard swish.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        Howard and others: Searching for MobileNetV3. ICCV 2019.

    Example:
        >>> import cairnet as cn
        >>> cn.hard_silu(cn.asarray([-3.0, 1.0, 3.0])).numpy().round(4)
        array([-0.    ,  0.6667,  3.    ], dtype=float32)
    """
    tensor = floating("hard_silu", x)
    return tensor * hard_sigmoid(tensor)


def softplus(x: Any, /) -> Tensor:
    """The smooth rectifier, log(1 + eˣ), without overflow; its derivative is the sigmoid.

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia: Incorporating second-order functional
        knowledge for better option pricing. NIPS 2000.

    Example:
        >>> import cairnet as cn
        >>> cn.softplus(cn.asarray([0.0, 200.0])).numpy().round(4)
        array([  0.6931, 200.    ], dtype=float32)
    """
    return elementwise("softplus", x)


def softsign(x: Any, /) -> Tensor:
    """x / (1 + |x|).

    Args:
        x: of any shape and a floating dtype.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.

    Source:
        J. Bergstra, G. Desjardins, P. Lamblin, Y. Bengio: Quadratic polynomials learn better image
        features. Technical report 1337, Université de Montréal, 2009.

    Example:
        >>> import cairnet as cn
        >>> cn.softsign(cn.asarray([-1.0, 3.0])).numpy()
        array([-0.5 ,  0.75], dtype=float32)
    """
    tensor = floating("softsign", x)
    return tensor / (absolute(tensor) + 1)


def softmax(x: Any, /, axis: int | Sequence[int] = -1) -> Tensor:
    """Positive numbers that add up to 1: e^xᵢ / Σⱼ e^xⱼ along an axis.

    The largest x is taken out of every exponent first, so that nothing overflows.

    Args:
        x: of a floating dtype.
        axis: the axis (or axes) along which the result adds up to 1.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.
        ShapeError: there is no such axis, or it has no elements.

    Source:
        J. Bridle: Probabilistic interpretation of feedforward classification network outputs, with
        relationships to statistical pattern recognition. In: Neurocomputing, Springer 1990.

    Example:
        >>> import cairnet as cn
        >>> cn.softmax(cn.asarray([1000.0, 1000.0, 0.0])).numpy()
        array([0.5, 0.5, 0. ], dtype=float32)
    """
    tensor = floating("softmax", x)
    axes = normalize_axes("softmax", axis, tensor.ndim)
    powers = exp(tensor - stop_gradient(_largest("softmax", tensor, axes)))
    return powers / total(powers, axis=axes, keepdims=True)


def log_softmax(x: Any, /, axis: int | Sequence[int] = -1) -> Tensor:
    """The logarithm of softmax, xᵢ - log Σⱼ e^xⱼ, where softmax itself would round to 0.

    Args:
        x: of a floating dtype.
        axis: the axis (or axes) along which the softmax adds up to 1.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        DTypeError: x is not floating.
        ShapeError: there is no such axis, or it has no elements.

    Source:
        I. Goodfellow, Y. Bengio, A. Courville: Deep learning. MIT Press 2016, section 6.2.2.3.

    Example:
        >>> import cairnet as cn
        >>> cn.log_softmax(cn.asarray([0.0, -1000.0])).numpy()
        array([    0., -1000.], dtype=float32)
    """
    tensor = floating("log_softmax", x)
    axes = normalize_axes("log_softmax", axis, tensor.ndim)
    shifted = tensor - stop_gradient(_largest("log_softmax", tensor, axes))
    return shifted - log(total(exp(shifted), axis=axes, keepdims=True))


def logsumexp(
    x: Any, /, axis: int | Sequence[int] | None = None, *, keepdims: bool = False
) -> Tensor:
    """The logarithm of a sum of exponentials, log Σ e^x, without overflow.

    Args:
        x: of a floating dtype.
        axis: the axis (or axes) to sum over; default: all.
        keepdims: keep the axes that are summed over, with extent 1.

    Returns:
        A tensor of the dtype of x; -inf where all x are -inf.

    Raises:
        DTypeError: x is not floating.
        ShapeError: there is no such axis, or it has no elements.

    Example:
        >>> import cairnet as cn
        >>> float(cn.logsumexp(cn.asarray([1000.0, 1000.0])))
        1000.6931
    """
    tensor = floating("logsumexp", x)
    axes = normalize_axes("logsumexp", axis, tensor.ndim)
    top = stop_gradient(_largest("logsumexp", tensor, axes))
    # Infinities stay where they are: inf - inf would be NaN.
    top = where(less(absolute(top), math.inf), top, 0)
    result = log(total(exp(tensor - top), axis=axes, keepdims=True)) + top
    if keepdims:
        return result
    return reshape(result, tuple(s for i, s in enumerate(result.extents) if i not in axes))


def one_hot(
    indices: Any,
    num_classes: int | Extent,
    /,
    *,
    axis: int = -1,
    dtype: DTypeLike = float32,
) -> Tensor:
    """Vectors that are 1 at an index and 0 elsewhere.

    Args:
        indices: whole numbers, of any shape. One outside 0 … num_classes - 1 gives all zeros.
        num_classes: extent of the new axis.
        axis: where in the result the new axis stands; default: last.
        dtype: of the result.

    Returns:
        The shape of `indices` with an axis of extent `num_classes` put in.

    Raises:
        DTypeError: the indices are not integers.

    Example:
        >>> import cairnet as cn
        >>> cn.one_hot(cn.asarray([2, 0]), 3).numpy()
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    tensor = as_tensor(indices)
    if not is_integer(tensor.dtype):
        raise DTypeError(f"one_hot, at {here()}: expected integer indices, got {tensor.describe()}")
    if isinstance(num_classes, bool) or not isinstance(num_classes, int | Extent):
        raise ArgumentError(
            f"one_hot, at {here()}: num_classes must be a whole number, got {num_classes!r}"
        )
    if isinstance(num_classes, int) and num_classes < 0:
        raise ShapeError(f"one_hot, at {here()}: num_classes must be 0 or more, got {num_classes}")
    place = normalize_axis("one_hot", axis, tensor.ndim + 1)
    shape: list[Size] = [1] * (tensor.ndim + 1)
    shape[place] = num_classes
    # Compared in 64 bits: 200 as int8 would be -56.
    classes = reshape(apply(IOTA, size=num_classes, dtype=int64), shape)
    return cast_to(equal(expand_dims(cast_to(tensor, int64), axis=place), classes), as_dtype(dtype))


def stop_gradient(x: Any, /) -> Tensor:
    """The value itself, which `grad` takes for a constant.

    >>> import cairnet as cn
    >>> x = cn.Variable(3.0)
    >>> float(cn.grad(x * cn.stop_gradient(x), x))
    3.0
    """
    return apply(STOP_GRADIENT, as_tensor(x))


def _largest(name: str, x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The largest element along the axes, which are kept."""
    if any(x.extents[axis] == 0 for axis in axes):
        raise ShapeError(f"{name}, at {here()}: no elements along axes {axes} of shape {x.shape}")
    return largest(x, axis=axes, keepdims=True)
