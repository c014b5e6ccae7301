r"""Losses: how wrong a prediction is, as one number to make small.

A loss is called as `loss(y_true, y_pred)` and gives a scalar: the mean over the batch, unless it is
made with another reduction. The functions of the same names give one number for each sample.
Targets and predictions must have the shapes that a loss asks for; shapes that would merely
broadcast are refused, and so are logits where a loss asks for probabilities, if the graph of the
prediction shows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairnet.nn.losses.base import Loss, registry
from cairnet.nn.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from cairnet.nn.losses.divergence import KLDivergence, kl_divergence
from cairnet.nn.losses.margins import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from cairnet.nn.losses.regression import (
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    QuadraticCost,
    huber,
    mean_absolute_error,
    mean_squared_error,
    poisson,
    quadratic_cost,
)
from cairnet.tensor.core import Tensor

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Poisson",
    "QuadraticCost",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_hinge",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "mean_absolute_error",
    "mean_squared_error",
    "poisson",
    "quadratic_cost",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]


class _FunctionLoss(Loss):
    """A loss that a function of target and prediction states."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(name=getattr(function, "__name__", None))
        self.function = function

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """What the function gives: one number for each sample, or one for all."""
        return self.function(y_true, y_pred)


def get(loss: Any) -> Loss:
    """The loss of a name, as "quadratic_cost" or "QuadraticCost"; others as they are.

    A function `f(y_true, y_pred)` of two tensors is a loss too; its mean is taken.

    Args:
        loss: a name, a loss, or a function of target and prediction.

    Raises:
        UnknownNameError: no loss has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> type(cn.losses.get("mean_squared_error")).__name__
        'MeanSquaredError'
    """
    found = registry.get(loss)
    return found if isinstance(found, Loss) else _FunctionLoss(found)
