"""Metric: sums over the samples of a batch, and what the sums of all batches come to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.nn.masks import mask_of
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype, mean, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["MeanMetric", "Metric", "ratio", "registry", "whole"]

registry: Registry[Metric] = Registry("metric")


class Metric(Configurable, ABC):
    """Base of the metrics: subclasses state `measure` and `result`.

    The sums are added up over all batches in float64 before `result` sees them, so that a metric
    is exact over a whole data set and does not depend on how it was divided into batches. Counts
    are best given as integers.

    Args:
        name: under which the metric is reported; default: the class's name in lower case.

    Example:
        >>> import cairnet as cn
        >>> class RootMeanSquaredError(cn.metrics.Metric):
        ...     def measure(self, y_true, y_pred):
        ...         return cn.sum(cn.losses.mean_squared_error(y_true, y_pred))
        ...
        ...     def result(self, sums, count):
        ...         return float(sums / count) ** 0.5
        >>> RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]])
        5.0
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)

    @abstractmethod
    def measure(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Sums over the samples of a batch, of any fixed shape."""

    @abstractmethod
    def result(self, sums: np.ndarray, count: float) -> float:
        """The metric, from the sums over all batches and the number of samples in them."""

    def measure_where(self, y_true: Tensor, y_pred: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Sums over what a mask, of the first axes of the prediction, does not leave out.

        Args:
            y_true: as in `measure`.
            y_pred: as in `measure`.
            mask: bool, shape (batch, time): what counts.

        Returns:
            The sums, and how many numbers they are sums of: the `count` of `result`.

        Raises:
            ArgumentError: the metric says nothing of masks.
        """
        raise ArgumentError(
            f"metrics: {self.name!r} ({type(self).__name__}) cannot leave out the padding of a "
            "masked prediction; take another metric, or one of your own with `measure_where`"
        )

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        """The metric of one batch, given as arrays.

        >>> import cairnet as cn
        >>> cn.metrics.BinaryAccuracy()([[0], [1]], [[0.1], [0.3]])
        0.5
        """
        target, prediction = as_tensor(y_true), as_tensor(y_pred)
        mask = mask_of(prediction)
        if mask is not None:
            sums, count = self.measure_where(target, prediction, mask)
            return self.result(sums.numpy(), int(count))
        return self.result(self.measure(target, prediction).numpy(), prediction.numpy().shape[0])


class MeanMetric(Metric):
    """A metric that is the mean of one number for each sample; subclasses state `values`.

    Args:
        name: under which the metric is reported; default: the class's name in lower case.

    Example:
        >>> import cairnet as cn
        >>> class LargestError(cn.metrics.MeanMetric):
        ...     def values(self, y_true, y_pred):
        ...         return cn.max(cn.abs(y_true - y_pred), axis=-1)
        >>> LargestError()([[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [4.0, 3.0]])
        3.0
    """

    @abstractmethod
    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One floating number for each sample, shape (batch, …)."""

    def measure(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The sum over the batch; further axes are averaged first."""
        values = self.values(y_true, y_pred)
        if values.ndim > 1:
            values = mean(values, axis=tuple(range(1, values.ndim)))
        return total(values)

    def measure_where(self, y_true: Tensor, y_pred: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The sum over the steps that count, and their number; further axes are averaged first."""
        values = self._leading(y_true, y_pred, mask)
        return total(where(mask, values, 0)), total(astype(mask, "int64"))

    def measure_weighted(
        self, y_true: Tensor, y_pred: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The sum over the batch, each sample times its weight, and the sum of the weights.

        Args:
            y_true: as in `values`.
            y_pred: as in `values`.
            weights: floating, 0 or more, of the first axes of the prediction: one for each sample,
                or for each step of each sample.

        Returns:
            The sum, and the `count` of `result`.
        """
        values = self._leading(y_true, y_pred, weights)
        # What counts nothing may be anything, infinite too: it is replaced, not multiplied by 0.
        counted = where(weights != 0, values, 0)
        return total(counted * astype(weights, values.dtype)), total(weights)

    def _leading(self, y_true: Tensor, y_pred: Tensor, like: Tensor) -> Tensor:
        """The values, averaged over the axes beyond those of a mask or of weights."""
        values = self.values(y_true, y_pred)
        if values.ndim < like.ndim:
            raise ShapeError(
                f"metrics: {self.name!r} has one number for each sample, {values.shape}, and "
                f"cannot leave out single steps, {like.shape}"
            )
        if values.ndim > like.ndim:
            values = mean(values, axis=tuple(range(like.ndim, values.ndim)))
        return values

    def result(self, sums: np.ndarray, count: float) -> float:
        """The sum over the number of samples."""
        return float(sums) / count


def ratio(part: Any, whole: Any) -> np.ndarray:
    """A quotient of counts, 0 where nothing was counted, as in Keras.

    >>> ratio([1, 0], [4, 0])
    array([0.25, 0.  ])
    """
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole != 0)


def whole(name: str, value: Any, least: int) -> int:
    """A whole number that is not too small, or an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)
