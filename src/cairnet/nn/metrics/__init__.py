"""Metrics: what a person wants to know of a network, in numbers that nothing descends.

A metric is measured batch by batch, and some cannot be averaged over batches (a precision, an area
under a curve). Each therefore states two things: `measure`, the graph of sums over the samples of
a batch, and `result`, what the sums over all batches come to.
"""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.nn.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from cairnet.nn.metrics.base import MeanMetric, Metric, registry
from cairnet.nn.metrics.confusion import ConfusionMatrix, confusion_matrix
from cairnet.nn.metrics.curves import AUC
from cairnet.nn.metrics.decisions import Precision, Recall
from cairnet.nn.metrics.errors import MeanAbsoluteError, MeanSquaredError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import here

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "ConfusionMatrix",
    "MeanAbsoluteError",
    "MeanMetric",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "confusion_matrix",
    "get",
]


class _FunctionMetric(MeanMetric):
    """A metric that a function of target and prediction states."""

    def __init__(self, function: Any) -> None:
        super().__init__(getattr(function, "__name__", "metric"))
        self.function = function

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """What the function gives, which must be one number for each sample."""
        values = as_tensor(self.function(y_true, y_pred))
        if values.ndim == 0:
            raise ShapeError(
                f"metric {self.name!r}, at {here()}: expected one number for each sample, shape "
                "(batch,), got a scalar; leave the mean over the batch to Cairnet"
            )
        if values.shape[0] not in (None, y_pred.shape[0]):
            raise ShapeError(
                f"metric {self.name!r}, at {here()}: expected one number for each sample, shape "
                f"({y_pred.shape[0]}, …), got shape {values.shape}"
            )
        return values


def get(metric: Any) -> Metric:
    """The metric of a name, as "accuracy" or "Accuracy"; others as they are.

    A function `f(y_true, y_pred)` that gives one number for each sample is a metric too.

    Args:
        metric: a name, a metric, or a function of target and prediction.

    Raises:
        UnknownNameError: no metric has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> type(cn.metrics.get("accuracy")).__name__
        'Accuracy'
    """
    found = registry.get(metric)
    return found if isinstance(found, Metric) else _FunctionMetric(found)
