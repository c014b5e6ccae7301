"""Activations with settings of their own, as layers: ReLU, LeakyReLU, ELU, Softmax."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.base.errors import ArgumentError
from cairnet.nn.layers.arguments import nonnegative
from cairnet.nn.layers.base import Layer, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import elu, leaky_relu, minimum, softmax, where
from cairnet.tensor.functions.arguments import floating

__all__ = ["ELU", "LeakyReLU", "ReLU", "Softmax"]


@registry.add
class ReLU(Layer):
    r"""The rectifier, with a ceiling, a slope below and a threshold.

        y = min(x, max_value) where x ≥ threshold, negative_slope · (x − threshold) elsewhere

    Args:
        max_value: the ceiling, 0 or more; None for none.
        negative_slope: the slope below the threshold, 0 or more.
        threshold: where the slope ends, 0 or more.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: a number is negative.
        DTypeError: x is not floating.

    Source:
        V. Nair, G. Hinton: Rectified linear units improve restricted Boltzmann machines. ICML
        2010. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.ReLU(max_value=6.0)([-1.0, 2.0, 9.0]).numpy()
        array([0., 2., 6.], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.max_value = None if max_value is None else nonnegative("max_value", max_value)
        self.negative_slope = nonnegative("negative_slope", negative_slope)
        self.threshold = nonnegative("threshold", threshold)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        x = floating("ReLU", x)
        above = x if self.max_value is None else minimum(x, self.max_value)
        below = self.negative_slope * (x - self.threshold) if self.negative_slope else 0
        return where(x > self.threshold, above, below)


@registry.add
class LeakyReLU(Layer):
    """The rectifier that leaks: y = x where x > 0, negative_slope · x elsewhere.

    Args:
        negative_slope: the slope below 0, 0 or more.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: the slope is negative.
        DTypeError: x is not floating.

    Source:
        A. Maas, A. Hannun, A. Ng: Rectifier nonlinearities improve neural network acoustic models.
        ICML 2013. The default of Keras 3's layer, 0.3, is not that of its function, 0.2.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.LeakyReLU(0.1)([-1.0, 2.0]).numpy()
        array([-0.1,  2. ], dtype=float32)
    """

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.negative_slope = nonnegative("negative_slope", negative_slope)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return leaky_relu(x, self.negative_slope)


@registry.add
class ELU(Layer):
    """The exponential linear unit: y = x where x > 0, alpha · (eˣ − 1) elsewhere.

    Args:
        alpha: minus what y tends to for large negative x, 0 or more.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: alpha is negative.
        DTypeError: x is not floating.

    Source:
        D. Clevert, T. Unterthiner, S. Hochreiter: Fast and accurate deep network learning by
        exponential linear units. ICLR 2016. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.ELU()([-100.0, 2.0]).numpy()
        array([-1.,  2.], dtype=float32)
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.alpha = nonnegative("alpha", alpha)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return elu(x, self.alpha)


@registry.add
class Softmax(Layer):
    """Positive numbers that add up to 1: e^xᵢ / Σⱼ e^xⱼ along an axis.

    Args:
        axis: the axis, or axes, along which y adds up to 1.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: axis is neither a whole number nor several.
        ShapeError: x has no such axis.
        DTypeError: x is not floating.

    Source:
        J. Bridle: Probabilistic interpretation of feedforward classification network outputs. In:
        Neurocomputing, Springer 1990. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Softmax()([1000.0, 1000.0, 0.0]).numpy()
        array([0.5, 0.5, 0. ], dtype=float32)
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, *, name: str | None = None) -> None:
        super().__init__(name=name)
        listed = tuple(axis) if isinstance(axis, list | tuple) else (axis,)
        if not listed or not all(type(one) is int for one in listed):
            raise ArgumentError(f"axis: expected a whole number or several, got {axis!r}")
        self.axis = listed if isinstance(axis, list | tuple) else axis

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return softmax(x, self.axis)
