"""Metrics: what a person wants to know of a network, in numbers that nothing descends.

A metric is measured batch by batch, and some cannot be averaged over batches (a precision, an area
under a curve). Each therefore states two things: `measure`, the graph of sums over the samples of
a batch, and `result`, what the sums over all batches come to.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from cairnet.base.errors import ShapeError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.nn import losses
from cairnet.nn.targets import as_labels, is_labels, like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import argmax, astype, equal, mean
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import here

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "MeanMetric",
    "MeanSquaredError",
    "Metric",
    "SparseCategoricalAccuracy",
    "get",
]

_registry: Registry[Metric] = Registry("metric")


class Metric(Configurable, ABC):
    """Base of the metrics.

    Args:
        name: under which the metric is reported; default: the class's name in lower case.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)

    @abstractmethod
    def measure(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Sums over the samples of a batch, of any fixed shape."""

    @abstractmethod
    def result(self, sums: np.ndarray, count: int) -> float:
        """The metric, from the sums over all batches and the number of samples in them."""

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        """The metric of one batch, given as arrays.

        >>> import cairnet as cn
        >>> cn.metrics.BinaryAccuracy()([[0], [1]], [[0.1], [0.3]])
        0.5
        """
        target, prediction = as_tensor(y_true), as_tensor(y_pred)
        return self.result(self.measure(target, prediction).numpy(), prediction.numpy().shape[0])


class MeanMetric(Metric):
    """A metric that is the mean of one number for each sample; subclasses state `values`."""

    @abstractmethod
    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One floating number for each sample, shape (batch, …)."""

    def measure(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The sum over the batch; further axes are averaged first."""
        values = self.values(y_true, y_pred)
        if values.ndim > 1:
            values = mean(values, axis=tuple(range(1, values.ndim)))
        return total(values)

    def result(self, sums: np.ndarray, count: int) -> float:
        """The sum over the number of samples."""
        return float(sums) / count


@_registry.add
class CategoricalAccuracy(MeanMetric):
    """How often the largest output is where the largest target is.

    Shapes: targets and predictions (batch, …, classes).

    >>> import cairnet as cn
    >>> cn.metrics.CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
    0.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        target = like(self.name, y_true, y_pred)
        return astype(equal(argmax(target, axis=-1), argmax(y_pred, axis=-1)), y_pred.dtype)


@_registry.add
class SparseCategoricalAccuracy(MeanMetric):
    """How often the largest output is that of the target's class.

    Shapes: class numbers (batch, …) or (batch, …, 1), predictions (batch, …, classes).

    >>> import cairnet as cn
    >>> cn.metrics.SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]])
    0.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        labels = as_labels(self.name, y_true, y_pred)
        hits = equal(astype(labels, "int64"), argmax(y_pred, axis=-1))
        return astype(hits, y_pred.dtype)


@_registry.add
class BinaryAccuracy(MeanMetric):
    """How often an output is on the target's side of a threshold.

    Args:
        threshold: above it an output means 1.
        name: under which the metric is reported.

    Shapes: targets (0 or 1) and predictions of one shape.

    >>> import cairnet as cn
    >>> cn.metrics.BinaryAccuracy(threshold=0.25)([[0], [1]], [[0.1], [0.3]])
    1.0
    """

    def __init__(self, threshold: float = 0.5, name: str | None = None) -> None:
        super().__init__(name)
        self.threshold = threshold

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        target = like(self.name, y_true, y_pred)
        ones = astype(y_pred > self.threshold, y_pred.dtype)
        return astype(equal(ones, target), y_pred.dtype)


@_registry.add
class Accuracy(MeanMetric):
    """The accuracy that the shapes call for: what `metrics=["accuracy"]` means.

    Targets of the predictions' shape are compared by their largest element (`CategoricalAccuracy`),
    or by a threshold of ½ if the last axis has one element (`BinaryAccuracy`); class numbers,
    without that axis, by the position of the largest output (`SparseCategoricalAccuracy`).

    >>> import cairnet as cn
    >>> cn.metrics.Accuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]])
    0.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        metric: MeanMetric
        if is_labels(y_true.shape, y_pred.shape):
            metric = SparseCategoricalAccuracy()
        elif y_pred.ndim > 1 and y_pred.shape[-1] != 1:
            metric = CategoricalAccuracy()
        else:
            metric = BinaryAccuracy()
        return metric.values(y_true, y_pred)


@_registry.add
class MeanSquaredError(MeanMetric):
    """The squared error averaged over outputs and samples.

    >>> import cairnet as cn
    >>> cn.metrics.MeanSquaredError()([[0.0, 1.0]], [[2.0, 2.0]])
    2.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return losses.mean_squared_error(y_true, y_pred)


_registry.alias("acc", Accuracy)
_registry.alias("mse", MeanSquaredError)


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
        return values


def get(metric: Any) -> Metric:
    """The metric of a name, as "accuracy" or "Accuracy"; others as they are.

    A function `f(y_true, y_pred)` that gives one number for each sample is a metric too.

    Raises:
        UnknownNameError: no metric has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> type(cn.metrics.get("accuracy")).__name__
        'Accuracy'
    """
    found = _registry.get(metric)
    return found if isinstance(found, Metric) else _FunctionMetric(found)
