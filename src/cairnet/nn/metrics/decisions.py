"""Metrics of yes-or-no decisions, from the counts of what was decided rightly and wrongly."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.nn.metrics.base import Metric, ratio, registry, whole
from cairnet.nn.targets import classes_of, like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import any as exists
from cairnet.tensor.functions import (
    argsort,
    astype,
    broadcast_to,
    logical_and,
    logical_not,
    one_hot,
    ones_like,
    reshape,
    stack,
)
from cairnet.tensor.functions import sum as total

__all__ = ["Precision", "Recall"]


class _Decisions(Metric):
    """Counts of true positives, false positives and false negatives."""

    def __init__(
        self,
        thresholds: float | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if thresholds is not None and not 0 <= thresholds <= 1:
            raise ArgumentError(f"thresholds: expected a number from 0 to 1, got {thresholds!r}")
        self.thresholds = thresholds
        self.top_k = None if top_k is None else whole("top_k", top_k, 1)
        self.class_id = None if class_id is None else whole("class_id", class_id, 0)

    def measure(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """True positives, false positives and false negatives, shape (3,)."""
        return self._counts(y_true, y_pred, None)

    def measure_where(self, y_true: Tensor, y_pred: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The same of the steps that count, and their number."""
        return self._counts(y_true, y_pred, mask), _count(mask)

    def _counts(self, y_true: Tensor, y_pred: Tensor, mask: Tensor | None) -> Tensor:
        positive = like(self.name, y_true, y_pred) != 0
        decided = self._decided(y_pred)
        if self.class_id is not None:
            classes = classes_of(self.name, y_pred)
            if self.class_id >= classes:
                raise ArgumentError(
                    f"{self.name}: expected class_id below the number of classes, {classes}, "
                    f"got {self.class_id}"
                )
            positive, decided = positive[..., self.class_id], decided[..., self.class_id]
        if mask is not None:
            lead = [*mask.extents, *([1] * (positive.ndim - mask.ndim))]
            counted = broadcast_to(reshape(mask, lead), positive.extents)
            positive, decided = logical_and(positive, counted), logical_and(decided, counted)
        return stack(
            [
                _count(logical_and(positive, decided)),
                _count(logical_and(logical_not(positive), decided)),
                _count(logical_and(positive, logical_not(decided))),
            ]
        )

    def _decided(self, y_pred: Tensor) -> Tensor:
        """Where the prediction says yes."""
        if self.top_k is None:
            return y_pred > (0.5 if self.thresholds is None else self.thresholds)
        classes = classes_of(self.name, y_pred)
        largest = argsort(y_pred, axis=-1, descending=True)[..., : self.top_k]
        among = exists(one_hot(largest, classes, dtype="bool"), axis=-2)
        above = ones_like(among) if self.thresholds is None else y_pred > self.thresholds
        return logical_and(among, above)

    @abstractmethod
    def result(self, sums: np.ndarray, count: float) -> float:
        """The metric, from the counts of all batches."""


def _count(places: Tensor) -> Tensor:
    return total(astype(places, "int64"))


@registry.add
class Precision(_Decisions):
    r"""The share of the yeses that are right: TP / (TP + FP), 0 if there are none.

    Counted over all elements of all batches, so that it is the precision of the whole data set,
    not an average of precisions.

    Args:
        thresholds: above it a prediction says yes, from 0 to 1; default: ½, or with `top_k` none.
        top_k: only the k largest outputs of a sample can say yes; of equal ones, the first.
        class_id: count for this class only.
        name: under which the metric is reported.

    Shapes: targets (0 or 1; anything but 0 is yes) and predictions of one shape; with `top_k` or
    `class_id`, (batch, …, classes).

    Raises:
        ArgumentError: an argument is out of its range.
        ShapeError: the shapes differ.

    Source:
        C. van Rijsbergen: Information retrieval. Butterworths 1979, chapter 7. Arguments as in
        Keras 3, except that `thresholds` is one number here.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.Precision()([0, 1, 1, 1], [0.9, 0.8, 0.7, 0.1]).__round__(4)
        0.6667
    """

    def result(self, sums: np.ndarray, count: float) -> float:
        """TP / (TP + FP)."""
        return float(ratio(sums[0], sums[0] + sums[1]))


@registry.add
class Recall(_Decisions):
    r"""The share of what should be found that is found: TP / (TP + FN), 0 if there is nothing.

    Counted over all elements of all batches, as `Precision` is.

    Args:
        thresholds: above it a prediction says yes, from 0 to 1; default: ½, or with `top_k` none.
        top_k: only the k largest outputs of a sample can say yes; of equal ones, the first.
        class_id: count for this class only.
        name: under which the metric is reported.

    Shapes: as in `Precision`.

    Raises:
        ArgumentError: an argument is out of its range.
        ShapeError: the shapes differ.

    Source:
        C. van Rijsbergen: Information retrieval. Butterworths 1979, chapter 7. Arguments as in
        Keras 3, except that `thresholds` is one number here.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.Recall()([0, 1, 1, 1, 1], [0.9, 0.8, 0.7, 0.1, 0.6])
        0.75
    """

    def result(self, sums: np.ndarray, count: float) -> float:
        """TP / (TP + FN)."""
        return float(ratio(sums[0], sums[0] + sums[2]))
