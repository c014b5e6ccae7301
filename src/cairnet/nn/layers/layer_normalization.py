"""LayerNormalization: every sample brought to mean 0 and variance 1, over its own features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn import constraints, initializers, regularizers
from cairnet.nn.layers.arguments import nonnegative
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import mean, reshape, sqrt, var
from cairnet.tensor.functions.arguments import floating, normalize_axes

__all__ = ["LayerNormalization"]


@registry.add
class LayerNormalization(Layer):
    r"""Normalisation of every sample by the mean and variance of its own features.

        y = gamma · (x − μ) / √(σ² + epsilon) + beta

    μ and σ² are taken along `axis`, for each sample (and each place, along the other axes) by
    itself. Training and use are the same, and no sample depends on the others in its batch.

    Args:
        axis: the axis or axes of the features.
        epsilon: added to the variance, so that equal features do not divide by zero.
        center: whether beta is added.
        scale: whether gamma multiplies.
        beta_initializer: how beta starts, a name or an initializer.
        gamma_initializer: how gamma starts.
        beta_regularizer: a penalty on beta, a name or a regularizer; None for none.
        gamma_regularizer: a penalty on gamma.
        beta_constraint: what beta must meet after every step, a name or a constraint.
        gamma_constraint: what gamma must meet.
        name, trainable: see `Layer`.

    Shapes:
        x of any rank from 2; gamma and beta have the extents of x on `axis`, in ascending order of
        the axes; y as x.

    Raises:
        ArgumentError: epsilon is negative, or axis is neither a whole number nor several.
        ShapeError: x has no such axes, or their extents are not known.

    Source:
        J. Ba, J. Kiros, G. Hinton: Layer normalization. arXiv:1607.06450, 2016. Defaults as in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.LayerNormalization(epsilon=0.0)
        >>> layer([[1.0, 3.0], [10.0, 30.0]]).numpy().round(4)
        array([[-1.,  1.],
               [-1.,  1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        listed = axis if isinstance(axis, list | tuple) else (axis,)
        if not listed or not all(type(one) is int for one in listed):
            raise ArgumentError(f"axis: expected a whole number or several, got {axis!r}")
        self.axis = tuple(listed) if isinstance(axis, list | tuple) else axis
        self.epsilon = nonnegative("epsilon", epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make gamma and beta."""
        axes = normalize_axes("LayerNormalization", self.axis, len(input_shape))
        if 0 in axes:
            raise ShapeError(
                f"expected axes beside the batch for the features, got axis={self.axis} of "
                f"{input_shape}"
            )
        shape = tuple(input_shape[axis] for axis in axes)
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

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        x = floating("LayerNormalization", x)
        axes = normalize_axes("LayerNormalization", self.axis, x.ndim)
        spread = var(x, axis=axes, keepdims=True)
        y = (x - mean(x, axis=axes, keepdims=True)) * (1 / sqrt(spread + self.epsilon))
        if self.scale:
            y = y * _along(self.gamma, axes, x.ndim)
        return y + _along(self.beta, axes, x.ndim) if self.center else y


def _along(weight: Tensor, axes: tuple[int, ...], rank: int) -> Tensor:
    """A weight laid along some axes of `rank`, so that it broadcasts over the others."""
    sizes = dict(zip(axes, weight.extents, strict=True))
    return reshape(weight, tuple(sizes.get(axis, 1) for axis in range(rank)))
