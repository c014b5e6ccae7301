"""Errors of regression as metrics."""

from __future__ import annotations

from cairnet.nn import losses
from cairnet.nn.metrics.base import MeanMetric, registry
from cairnet.tensor.core import Tensor

__all__ = ["MeanAbsoluteError", "MeanSquaredError"]


@registry.add
class MeanSquaredError(MeanMetric):
    """The squared error averaged over outputs and samples.

        mean of (y_true − y_pred)²

    Args:
        name: under which the metric is reported.

    Shapes:
        targets and predictions of one shape.

    Raises:
        ShapeError: the shapes differ.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.MeanSquaredError()([[0.0, 1.0]], [[2.0, 2.0]])
        2.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return losses.mean_squared_error(y_true, y_pred)


@registry.add
class MeanAbsoluteError(MeanMetric):
    """The absolute error averaged over outputs and samples.

        mean of |y_true − y_pred|

    Args:
        name: under which the metric is reported.

    Shapes:
        targets and predictions of one shape.

    Raises:
        ShapeError: the shapes differ.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 2.0]])
        1.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return losses.mean_absolute_error(y_true, y_pred)


registry.alias("mse", MeanSquaredError)
registry.alias("mae", MeanAbsoluteError)
