"""Cross-entropies: how surprising the target is to the distribution that was predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.nn.losses.base import Loss, refuse_targets, registry
from cairnet.nn.probabilities import (
    away_from_limits,
    binary_logits_of,
    log_probabilities,
    refuse_logits,
    refuse_probabilities,
)
from cairnet.nn.targets import as_labels, classes_of, like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import log, log1p, log_softmax, mean, one_hot, softplus, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
]


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Tensor:
    r"""The mean over the last axis of −y log p − (1 − y) log(1 − p).

    Args:
        y_true: targets y, from 0 to 1, shape (batch, …, outputs).
        y_pred: predictions of the same shape: probabilities p, or logits.
        from_logits: whether the predictions are logits, of which the logistic function is still
            to be taken.
        label_smoothing: s, from 0 to 1: targets become y (1 − s) + s/2.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: the graph shows that the predictions are not what `from_logits` says.

    Notes:
        From logits z it is y · softplus(−z) + (1 − y) · softplus(z), which is exact for any z.
        Where the graph shows that the probabilities come out of a logistic function, it is
        computed so from its logits. Other probabilities are kept at least 10⁻⁷ away from 0 and 1,
        as in Keras.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, equation 4.90.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.binary_crossentropy([[1.0], [0.0]], [[0.5], [0.75]]).numpy()
        array([0.6931472, 1.3862944], dtype=float32)
        >>> cn.losses.binary_crossentropy([[1.0]], [[-1000.0]], from_logits=True).numpy()
        array([1000.], dtype=float32)
    """
    name = "binary_crossentropy"
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like(name, target, prediction)
    _check_kind(name, prediction, from_logits)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / 2
    logits = prediction if from_logits else binary_logits_of(prediction)
    if logits is not None:
        return mean(target * softplus(-logits) + (1 - target) * softplus(logits), axis=-1)
    inner = away_from_limits(prediction)
    return -mean(target * log(inner) + (1 - target) * log1p(-inner), axis=-1)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Tensor:
    r"""The cross-entropy −Σₖ y_trueₖ · log y_predₖ of a distribution over classes.

    Args:
        y_true: target distributions (one-hot vectors, usually), shape (batch, …, classes).
        y_pred: predictions of the same shape: probabilities, or logits.
        from_logits: whether the predictions are logits, of which the softmax is still to be taken.
        label_smoothing: s, from 0 to 1: targets become y (1 − s) + s / classes.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: the graph shows that the predictions are not what `from_logits` says.

    Notes:
        Where the graph shows that the probabilities come out of a softmax, their logarithm is
        computed from its logits, so that neither the loss nor its gradient suffers when a
        probability rounds to zero. Other probabilities are divided by their sum and kept at
        least 10⁻⁷ away from 0 and 1, as in Keras.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, equation 4.108. C.
        Szegedy et al.: Rethinking the Inception architecture for computer vision. CVPR 2016,
        section 7, for the smoothing.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    name = "categorical_crossentropy"
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like(name, target, prediction)
    _check_kind(name, prediction, from_logits)
    if label_smoothing:
        uniform = label_smoothing / classes_of(name, prediction)
        target = target * (1 - label_smoothing) + uniform
    logarithm = log_softmax(prediction) if from_logits else log_probabilities(prediction)
    return -total(target * logarithm, axis=-1)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Tensor:
    r"""The cross-entropy −log y_predₖ for targets that are class numbers k.

    Args:
        y_true: class numbers, an integer dtype, shape (batch, …) or (batch, …, 1).
        y_pred: predictions, shape (batch, …, classes): probabilities, or logits.
        from_logits: whether the predictions are logits, of which the softmax is still to be taken.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes do not fit together.
        DTypeError: the targets are not integers.
        ArgumentError: the graph shows that the predictions are not what `from_logits` says.

    Notes:
        See `categorical_crossentropy` for how the logarithm is taken. A class number outside
        0 … classes − 1 picks no probability and adds nothing; `fit` and `evaluate` refuse them.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, equation 4.108. As in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    name = "sparse_categorical_crossentropy"
    prediction = as_tensor(y_pred)
    labels = as_labels(name, as_tensor(y_true), prediction)
    _check_kind(name, prediction, from_logits)
    logarithm = log_softmax(prediction) if from_logits else log_probabilities(prediction)
    chosen = one_hot(labels, classes_of(name, prediction), dtype="bool")
    return -total(where(chosen, logarithm, 0.0), axis=-1)


def _check_kind(name: str, prediction: Tensor, from_logits: bool) -> None:
    (refuse_probabilities if from_logits else refuse_logits)(name, prediction)


def _smoothing(value: float) -> float:
    if not 0 <= value <= 1:
        raise ArgumentError(f"label_smoothing: expected a number from 0 to 1, got {value!r}")
    return float(value)


@registry.add
class BinaryCrossentropy(Loss):
    """Cross-entropy of outputs that are each yes or no, averaged, as `binary_crossentropy`.

        mean of −y log p − (1 − y) log(1 − p)

    Args:
        from_logits: whether predictions are logits, of which the logistic function is still to be
            taken.
        label_smoothing: from 0 to 1, how far targets are moved towards ½.
        reduction: see `Loss`.
        name: default: "binary_crossentropy".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.
        ArgumentError: when called, the graph shows that the predictions are not what `from_logits`
            says.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, equation 4.90. As in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> loss = cn.losses.BinaryCrossentropy(from_logits=True)
        >>> float(loss([[1.0, 0.0]], [[1000.0, -1000.0]]))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse targets that are no probabilities."""
        refuse_targets((y < 0) | (y > 1), y, "targets from 0 to 1")


@registry.add
class CategoricalCrossentropy(Loss):
    """Cross-entropy with target distributions, averaged, as `categorical_crossentropy`.

        mean over the batch of −Σ y log p, the p scaled to a sum of 1

    Args:
        from_logits: whether predictions are logits, of which the softmax is still to be taken.
        label_smoothing: from 0 to 1, how far targets are moved towards the uniform distribution.
        reduction: see `Loss`.
        name: default: "categorical_crossentropy".

    Shapes:
        y_true and y_pred (batch, …, classes); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.
        ArgumentError: when called, the graph shows that the predictions are not what `from_logits`
            says.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, equation 4.108. As in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> loss = cn.losses.CategoricalCrossentropy(from_logits=True)
        >>> float(loss([[0.0, 1.0]], [[-1000.0, 0.0]]))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse targets that are no probabilities."""
        refuse_targets((y < 0) | (y > 1), y, "probabilities, from 0 to 1")


@registry.add
class SparseCategoricalCrossentropy(Loss):
    """Cross-entropy with class numbers, averaged, as `sparse_categorical_crossentropy`.

        mean over the batch of −log pₖ, k the class, the p scaled to a sum of 1

    Args:
        from_logits: whether predictions are logits, of which the softmax is still to be taken.
        reduction: see `Loss`.
        name: default: "sparse_categorical_crossentropy".

    Shapes:
        y_true class numbers (batch, …) or (batch, …, 1), y_pred (batch, …, classes); the loss is a
        scalar, or (batch, …) with the reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.
        ArgumentError: when called, the graph shows that the predictions are not what `from_logits`
            says.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, equation 4.108. As in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> loss = cn.losses.SparseCategoricalCrossentropy(from_logits=True)
        >>> float(loss([1], [[0.0, 1000.0]]))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits = from_logits

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse class numbers that the predictions do not have."""
        classes = classes_of("sparse_categorical_crossentropy", y_pred)
        expected = f"class numbers from 0 to {classes - 1}, since the model has {classes} outputs"
        refuse_targets((y < 0) | (y >= classes), y, expected)
