"""The area under a curve that a threshold draws as it moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.nn.metrics.base import Metric, ratio, registry, whole
from cairnet.nn.targets import like
from cairnet.tensor.core import Tensor, constant
from cairnet.tensor.functions import astype, concat, logical_and, logical_not, reshape, sigmoid
from cairnet.tensor.functions import sum as total

__all__ = ["AUC"]

#: How far the first and the last threshold lie outside 0 … 1, so that they divide off nothing.
_OUTSIDE = 1e-7


@registry.add
class AUC(Metric):
    r"""The area under the ROC curve, or under that of precision over recall.

    For every threshold, the true and false positives of all samples are counted. Over the false
    positive rate FP / (FP + TN), the recall TP / (TP + FN) draws the ROC curve; its area is the
    share of pairs, of one positive and one negative sample each, that the predictions have in the
    right order.

    Args:
        num_thresholds: how many thresholds, evenly spaced from 0 to 1; 2 or more.
        curve: "ROC" or "PR".
        summation_method: how the curve runs between thresholds: "interpolation" along a line (for
            "PR" with the counts, not their quotients, in proportion), "minoring" or "majoring" as
            low or as high as its ends.
        name: under which the metric is reported.
        thresholds: the inner thresholds themselves, between 0 and 1, in place of `num_thresholds`.
        from_logits: whether predictions are logits, of which the logistic function is to be taken.

    Shapes: targets (0 or 1; anything but 0 is positive) and predictions, from 0 to 1, of one shape.

    Returns:
        The area, from 0 to 1; 0 where all samples are of one kind.

    Raises:
        ArgumentError: an argument is out of its range.
        ShapeError: the shapes differ.

    Notes:
        Counting at thresholds makes the metric exact over batches and its memory independent of
        the data. Pairs between whose predictions no threshold lies count one half, so the area
        differs from that of all pairs by half their share at most; it is the same where thresholds
        lie between any two predictions of different kinds.

    Source:
        J. Hanley, B. McNeil: The meaning and use of the area under a receiver operating
        characteristic curve. Radiology 143, 1982. J. Davis, M. Goadrich: The relationship between
        precision-recall and ROC curves. ICML 2006, for the interpolation. Arguments and values as
        in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.AUC()([0, 0, 1, 1], [0.1, 0.6, 0.3, 0.9])
        0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        thresholds: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name)
        self.num_thresholds = whole("num_thresholds", num_thresholds, 2)
        if curve not in ("ROC", "PR"):
            raise UnknownNameError("curve", curve, ("ROC", "PR"))
        methods = ("interpolation", "minoring", "majoring")
        if summation_method not in methods:
            raise UnknownNameError("summation_method", summation_method, methods)
        self.curve = curve
        self.summation_method = summation_method
        self.thresholds = None if thresholds is None else sorted(thresholds)
        if self.thresholds and not 0 <= self.thresholds[0] <= self.thresholds[-1] <= 1:
            raise ArgumentError(f"thresholds: expected numbers from 0 to 1, got {thresholds!r}")
        self.from_logits = from_logits

    def measure(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """True positives at every threshold, false positives likewise, positives, negatives."""
        positive = reshape(like(self.name, y_true, y_pred) != 0, (-1, 1))
        prediction = reshape(sigmoid(y_pred) if self.from_logits else y_pred, (-1, 1))
        above = prediction > constant(self._levels(), y_pred.dtype)
        negative = logical_not(positive)
        counts = [
            total(astype(places, "int64"), axis=0)
            for places in (
                logical_and(positive, above),
                logical_and(negative, above),
                positive,
                negative,
            )
        ]
        return concat(counts)

    def result(self, sums: np.ndarray, count: float) -> float:
        """The area under the curve through all thresholds."""
        size = len(self._levels())
        found, wrong = np.asarray(sums[:size], float), np.asarray(sums[size : 2 * size], float)
        positives, negatives = float(sums[-2]), float(sums[-1])
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated(found, found + wrong, positives)
        if self.curve == "ROC":
            x, y = ratio(wrong, negatives), ratio(found, positives)
        else:
            x, y = ratio(found, positives), ratio(found, found + wrong)
        heights = {
            "interpolation": (y[:-1] + y[1:]) / 2,
            "minoring": np.minimum(y[:-1], y[1:]),
            "majoring": np.maximum(y[:-1], y[1:]),
        }[self.summation_method]
        return float(np.sum((x[:-1] - x[1:]) * heights))

    def _levels(self) -> np.ndarray:
        inner = self.thresholds
        if inner is None:
            steps = self.num_thresholds - 1
            inner = [step / steps for step in range(1, steps)]
        return np.array([-_OUTSIDE, *inner, 1 + _OUTSIDE])


def _interpolated(found: np.ndarray, decided: np.ndarray, positives: float) -> float:
    r"""The area under precision over recall, with TP and TP + FP in proportion between thresholds.

    Where TP = s · P + c for the number P of yeses, the area of a piece is the integral of TP / P
    over TP, s · (ΔTP + c · log(P₁ / P₀)), divided by the positives.
    """
    change, step = found[:-1] - found[1:], decided[:-1] - decided[1:]
    slope = ratio(change, step)
    start = found[1:] - slope * decided[1:]
    both = (decided[:-1] > 0) & (decided[1:] > 0)
    growth = np.where(both, ratio(decided[:-1], decided[1:]), 1.0)
    return float(np.sum(ratio(slope * (change + start * np.log(growth)), positives)))
