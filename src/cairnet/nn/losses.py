r"""Losses: how wrong a prediction is, as one number to make small.

A loss is called as `loss(y_true, y_pred)` and gives a scalar: the mean over the batch. The
functions of the same names give one number for each sample. Targets and predictions must have the
shapes that a loss asks for; shapes that would merely broadcast are refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.registry import Configurable, Registry
from cairnet.nn.probabilities import log_probabilities
from cairnet.nn.targets import as_labels, classes_of, like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import log_softmax, mean, one_hot, square, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = [
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "QuadraticCost",
    "SparseCategoricalCrossentropy",
    "categorical_crossentropy",
    "get",
    "mean_squared_error",
    "quadratic_cost",
    "sparse_categorical_crossentropy",
]

_registry: Registry[Any] = Registry("loss")


def quadratic_cost(y_true: Any, y_pred: Any) -> Tensor:
    r"""Half the squared error, summed over the outputs: ½ Σⱼ (y_true − y_pred)ⱼ².

    The cost of the textbooks: its derivative with respect to an output is just the error.

    Args:
        y_true: targets, shape (batch, …).
        y_pred: predictions of the same shape.

    Returns:
        One number for each sample, shape (batch,).

    Raises:
        ShapeError: the shapes differ.

    Source:
        D. Rumelhart, G. Hinton, R. Williams: Learning representations by back-propagating errors.
        Nature 323, 1986, equation 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.quadratic_cost([[0.0, 1.0]], [[2.0, 2.0]]).numpy()
        array([2.5], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    error = like("quadratic_cost", target, prediction) - prediction
    return total(square(error), axis=tuple(range(1, prediction.ndim))) / 2


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    r"""The mean over the last axis of (y_true − y_pred)².

    Args:
        y_true: targets, shape (batch, …, outputs).
        y_pred: predictions of the same shape.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.mean_squared_error([[0.0, 1.0]], [[2.0, 2.0]]).numpy()
        array([2.5], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    return mean(square(like("mean_squared_error", target, prediction) - prediction), axis=-1)


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Tensor:
    r"""The cross-entropy −Σₖ y_trueₖ · log y_predₖ of a distribution over classes.

    Args:
        y_true: target distributions (one-hot vectors, usually), shape (batch, …, classes).
        y_pred: predictions of the same shape: probabilities, or logits.
        from_logits: whether the predictions are logits, of which the softmax is still to be taken.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Notes:
        Where the graph shows that the probabilities come out of a softmax, their logarithm is
        computed from its logits, so that neither the loss nor its gradient suffers when a
        probability rounds to zero. Other probabilities are divided by their sum and kept at
        least 10⁻⁷ away from 0 and 1, as in Keras.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like("categorical_crossentropy", target, prediction)
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

    Notes:
        See `categorical_crossentropy` for how the logarithm is taken. A class number outside
        0 … classes − 1 picks no probability and adds nothing; `fit` and `evaluate` refuse them.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    name = "sparse_categorical_crossentropy"
    prediction = as_tensor(y_pred)
    labels = as_labels(name, as_tensor(y_true), prediction)
    logarithm = log_softmax(prediction) if from_logits else log_probabilities(prediction)
    chosen = one_hot(labels, classes_of(name, prediction), dtype="bool")
    return -total(where(chosen, logarithm, 0.0), axis=-1)


class Loss(Configurable, ABC):
    """Base of the losses: subclasses state in `call` the loss of each sample."""

    @abstractmethod
    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample, shape (batch, …)."""

    def __call__(self, y_true: Any, y_pred: Any) -> Tensor:
        """The mean over the batch, a scalar tensor."""
        return mean(self.call(as_tensor(y_true), as_tensor(y_pred)))

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse values, as an array of the user's, that cannot be targets of these predictions."""


@_registry.add
class QuadraticCost(Loss):
    """Half the squared error summed over the outputs, averaged over the batch.

    See `quadratic_cost`.

    >>> import cairnet as cn
    >>> float(cn.losses.QuadraticCost()([[0.0, 1.0]], [[2.0, 2.0]]))
    2.5
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return quadratic_cost(y_true, y_pred)


@_registry.add
class MeanSquaredError(Loss):
    """The squared error averaged over outputs and batch; see `mean_squared_error`.

    >>> import cairnet as cn
    >>> float(cn.losses.MeanSquaredError()([[0.0, 1.0]], [[2.0, 2.0]]))
    2.5
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return mean_squared_error(y_true, y_pred)


@_registry.add
class CategoricalCrossentropy(Loss):
    """Cross-entropy with target distributions, averaged; see `categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits, of which the softmax is still to be taken.

    >>> import cairnet as cn
    >>> loss = cn.losses.CategoricalCrossentropy(from_logits=True)
    >>> float(loss([[0.0, 1.0]], [[-1000.0, 0.0]]))
    0.0
    """

    def __init__(self, from_logits: bool = False) -> None:
        self.from_logits = from_logits

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return categorical_crossentropy(y_true, y_pred, self.from_logits)


@_registry.add
class SparseCategoricalCrossentropy(Loss):
    """Cross-entropy with class numbers, averaged; see `sparse_categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits, of which the softmax is still to be taken.

    >>> import cairnet as cn
    >>> loss = cn.losses.SparseCategoricalCrossentropy(from_logits=True)
    >>> float(loss([1], [[0.0, 1000.0]]))
    0.0
    """

    def __init__(self, from_logits: bool = False) -> None:
        self.from_logits = from_logits

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse class numbers that the predictions do not have."""
        classes = classes_of("sparse_categorical_crossentropy", y_pred)
        wrong = np.flatnonzero((y < 0) | (y >= classes))
        if wrong.size:
            raise ArgumentError(
                f"y: expected class numbers from 0 to {classes - 1}, since the model has "
                f"{classes} outputs; row {wrong[0]} holds {y.reshape(-1)[wrong[0]]}"
            )


_registry.alias("mse", MeanSquaredError)


class _FunctionLoss(Loss):
    """A loss that a function of target and prediction states."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.function = function

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """What the function gives: one number for each sample, or one for all."""
        return self.function(y_true, y_pred)


def get(loss: Any) -> Loss:
    """The loss of a name, as "quadratic_cost" or "QuadraticCost"; others as they are.

    A function `f(y_true, y_pred)` of two tensors is a loss too; its mean is taken.

    Raises:
        UnknownNameError: no loss has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> type(cn.losses.get("mean_squared_error")).__name__
        'MeanSquaredError'
    """
    found = _registry.get(loss)
    return found if isinstance(found, Loss) else _FunctionLoss(found)
