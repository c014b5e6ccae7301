"""Accuracies: how often a prediction is right."""

from __future__ import annotations

from cairnet.nn.metrics.base import MeanMetric, registry, whole
from cairnet.nn.targets import as_labels, classes_of, is_labels, like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import argmax, astype, equal, max, one_hot, where
from cairnet.tensor.functions import sum as total

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
]


@registry.add
class CategoricalAccuracy(MeanMetric):
    """How often the largest output is where the largest target is.

        mean of 1 where argmax y_pred = argmax y_true, else 0

    Args:
        name: under which the metric is reported.

    Shapes:
        targets and predictions (batch, …, classes).

    Raises:
        ShapeError: the shapes differ.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]])
        0.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        target = like(self.name, y_true, y_pred)
        return astype(equal(argmax(target, axis=-1), argmax(y_pred, axis=-1)), y_pred.dtype)


@registry.add
class SparseCategoricalAccuracy(MeanMetric):
    """How often the largest output is that of the target's class.

        mean of 1 where argmax y_pred = y_true, else 0

    Args:
        name: under which the metric is reported.

    Shapes:
        class numbers (batch, …) or (batch, …, 1), predictions (batch, …, classes).

    Raises:
        ShapeError: the shapes do not fit together.
        DTypeError: the targets are not integers.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.metrics.SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]])
        0.5
    """

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        labels = as_labels(self.name, y_true, y_pred)
        hits = equal(astype(labels, "int64"), argmax(y_pred, axis=-1))
        return astype(hits, y_pred.dtype)


@registry.add
class BinaryAccuracy(MeanMetric):
    """How often an output is on the target's side of a threshold.

        mean of 1 where (y_pred > threshold) = y_true, else 0

    Args:
        threshold: above it an output means 1.
        name: under which the metric is reported.

    Shapes:
        targets (0 or 1) and predictions of one shape.

    Raises:
        ShapeError: the shapes differ.

    Source:
        As in Keras 3.

    Example:
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


@registry.add
class Accuracy(MeanMetric):
    """The accuracy that the shapes call for: what `metrics=["accuracy"]` means.

    Targets of the predictions' shape are compared by their largest element (`CategoricalAccuracy`),
    or by a threshold of ½ if the last axis has one element (`BinaryAccuracy`); class numbers,
    without that axis, by the position of the largest output (`SparseCategoricalAccuracy`).

        right answers / all answers

    Args:
        name: under which the metric is reported.

    Shapes:
        targets and predictions (batch, …, classes); or class numbers (batch, …) or (batch, …, 1)
        and predictions (batch, …, classes).

    Raises:
        ShapeError: the shapes do not fit together.

    Source:
        As `metrics=["accuracy"]` in Keras 3.

    Example:
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


@registry.add
class TopKCategoricalAccuracy(MeanMetric):
    """How often the class of the largest target is among the k largest outputs.

    A class whose output equals the k-th largest is among them; one whose output is NaN is not.

        mean of 1 where rank(y_pred of the class) ≤ k, else 0

    Args:
        k: how many outputs count, 1 or more.
        name: under which the metric is reported.

    Shapes:
        targets and predictions (batch, …, classes).

    Raises:
        ArgumentError: k is not a whole number, 1 or more.
        ShapeError: the shapes differ.

    Source:
        O. Russakovsky et al.: ImageNet large scale visual recognition challenge. International
        Journal of Computer Vision 115, 2015, section 4. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> metric = cn.metrics.TopKCategoricalAccuracy(k=2)
        >>> metric([[0, 0, 1], [1, 0, 0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]])
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        super().__init__(name)
        self.k = whole("k", k, 1)

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        target = like(self.name, y_true, y_pred)
        return _among_largest(self.name, argmax(target, axis=-1), y_pred, self.k)


@registry.add
class SparseTopKCategoricalAccuracy(MeanMetric):
    """How often the class of the target is among the k largest outputs.

        mean of 1 where rank(y_pred of the class) ≤ k, else 0

    As `TopKCategoricalAccuracy`, for class numbers.

    Args:
        k: how many outputs count, 1 or more.
        name: under which the metric is reported.

    Shapes:
        class numbers (batch, …) or (batch, …, 1), predictions (batch, …, classes).

    Raises:
        ArgumentError: k is not a whole number, 1 or more.
        ShapeError: the shapes do not fit together.

    Source:
        O. Russakovsky et al.: ImageNet large scale visual recognition challenge. International
        Journal of Computer Vision 115, 2015, section 4. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> metric = cn.metrics.SparseTopKCategoricalAccuracy(k=2)
        >>> metric([2, 0], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]])
        0.5
    """

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        super().__init__(name)
        self.k = whole("k", k, 1)

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 for a hit, 0 for a miss."""
        labels = as_labels(self.name, y_true, y_pred)
        return _among_largest(self.name, labels, y_pred, self.k)


def _among_largest(name: str, labels: Tensor, y_pred: Tensor, k: int) -> Tensor:
    """1 where fewer than k outputs are larger than that of the label, else 0."""
    classes = classes_of(name, y_pred)
    chosen = one_hot(labels, classes, dtype="bool")
    output = max(where(chosen, y_pred, -float("inf")), axis=-1, keepdims=True)
    # Counted from below: no comparison with a NaN is true, so that a NaN is no hit.
    below = total(astype(y_pred <= output, "int64"), axis=-1)
    return astype(below > classes - k, y_pred.dtype)


registry.alias("acc", Accuracy)
