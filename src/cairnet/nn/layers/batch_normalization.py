"""BatchNormalization: every channel brought to mean 0 and variance 1, over the batch."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn import constraints, initializers, regularizers
from cairnet.nn.effects import add_update, latest
from cairnet.nn.layers.arguments import fraction, nonnegative
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.phase import current_phase
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import mean, reshape, sqrt, var
from cairnet.tensor.functions.arguments import floating, normalize_axis
from cairnet.tensor.source import here

__all__ = ["BatchNormalization"]


@registry.add
class BatchNormalization(Layer):
    r"""Normalisation of every channel, by the batch in training and by moving averages in use.

        y = gamma · (x − μ) / √(σ² + epsilon) + beta

    In training μ and σ² are the mean and the variance of a channel over the batch and over all
    places in it, and the moving averages follow:

        moving_mean     ← momentum · moving_mean     + (1 − momentum) · μ
        moving_variance ← momentum · moving_variance + (1 − momentum) · σ²

    In use μ and σ² are these averages, so that what a sample becomes does not depend on the others
    beside it. A frozen layer (`trainable = False`, or inside one that is) is as in use, in training
    too, and its averages stay.

    Args:
        axis: the axis of the channels.
        momentum: how much of the averages stays at each step, from 0 to 1.
        epsilon: added to the variance, so that a constant channel does not divide by zero.
        center: whether beta is added.
        scale: whether gamma multiplies; needless before a layer that scales.
        beta_initializer: how beta starts, a name or an initializer.
        gamma_initializer: how gamma starts.
        moving_mean_initializer: how the average of means starts.
        moving_variance_initializer: how the average of variances starts.
        beta_regularizer: a penalty on beta, a name or a regularizer; None for none.
        gamma_regularizer: a penalty on gamma.
        beta_constraint: what beta must meet after every step, a name or a constraint.
        gamma_constraint: what gamma must meet.
        name, trainable: see `Layer`.

    Shapes:
        x of any rank from 2, with channels on `axis`; gamma, beta, moving_mean and moving_variance
        [channels]; y as x.

    Raises:
        ArgumentError: momentum or epsilon is out of its range, or axis is no whole number.
        ShapeError: x has no such axis beside the batch, or its channels are not known.

    Notes:
        σ² is the mean of squares, not divided by n − 1, in the averages too; as in Keras 3 (PyTorch
        divides by n − 1 there, and its momentum is our 1 − momentum).

    Source:
        S. Ioffe, C. Szegedy: Batch normalization: accelerating deep network training by reducing
        internal covariate shift. ICML 2015.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.BatchNormalization(epsilon=0.0)
        >>> x = cn.asarray([[1.0, 5.0], [3.0, 5.5]])
        >>> layer(x, training=True).numpy()
        array([[-1., -1.],
               [ 1.,  1.]], dtype=float32)
        >>> layer(x).numpy()  # by the moving averages, still 0 and 1
        array([[1. , 5. ],
               [3. , 5.5]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"axis: expected a whole number, got {axis!r}")
        self.axis = axis
        self.momentum = fraction("momentum", momentum)
        self.epsilon = nonnegative("epsilon", epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make gamma, beta and the moving averages."""
        if len(input_shape) < 2:
            raise ShapeError(f"expected a shape (batch, …, channels), got {input_shape}")
        if normalize_axis("BatchNormalization", self.axis, len(input_shape)) == 0:
            raise ShapeError(
                f"expected an axis beside the batch for the channels, got axis={self.axis} of "
                f"{input_shape}"
            )
        shape = (input_shape[self.axis],)
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, trainable=False)
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False
        )

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output; in training it states the new moving averages."""
        x = floating("BatchNormalization", x)
        channel = normalize_axis("BatchNormalization", self.axis, x.ndim)
        if training and current_phase().trainable:
            others = tuple(axis for axis in range(x.ndim) if axis != channel)
            centre, spread = mean(x, axis=others), var(x, axis=others)
            self._follow(self.moving_mean, centre)
            self._follow(self.moving_variance, spread)
        else:
            centre, spread = latest(self.moving_mean), latest(self.moving_variance)
        factor = 1 / sqrt(spread + self.epsilon)
        if self.scale:
            factor = factor * self.gamma
        y = (x - _along(centre, channel, x)) * _along(factor, channel, x)
        return y + _along(self.beta, channel, x) if self.center else y

    def _follow(self, average: Variable, value: Tensor) -> None:
        add_update(average, self.momentum * latest(average) + (1 - self.momentum) * value)


def _along(vector: Tensor, axis: int, x: Tensor) -> Tensor:
    """A vector laid along one axis of x, so that it broadcasts over the others."""
    if axis == x.ndim - 1:
        return vector
    if x.shape[axis] not in (None, vector.shape[0]):
        raise ShapeError(
            f"BatchNormalization, at {here()}: expected {vector.shape[0]} channels on axis {axis}, "
            f"got {x.shape}"
        )
    return reshape(vector, tuple(vector.extents[0] if i == axis else 1 for i in range(x.ndim)))
