"""Loss: what all losses have in common, their reduction to one number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.nn.masks import mask_of
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import astype, broadcast_to, mean, reshape, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import here

__all__ = ["REDUCTIONS", "Loss", "refuse_targets", "registry"]

registry: Registry[Any] = Registry("loss")

#: What a loss can make of one number for each sample.
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")


class Loss(Configurable, ABC):
    """Base of the losses: subclasses state in `call` the loss of each sample.

    With the losses ℓᵢ of n samples, of weights wᵢ (1 where none are given), the reductions are

        sum_over_batch_size, mean   Σ wᵢ ℓᵢ / n
        sum                         Σ wᵢ ℓᵢ
        mean_with_sample_weight     Σ wᵢ ℓᵢ / Σ wᵢ     (0 where all weights are 0)
        none                        wᵢ ℓᵢ, not reduced

    Where the prediction has a mask (see `cn.layers.mask_of`), what is masked counts nothing: its
    weight is 0, and n is the number of losses that are left.

    Args:
        reduction: one of these; None is "none". `fit` needs a loss that is one number.
        name: default: the class's name in lower case.

    Raises:
        UnknownNameError: another reduction; the nearest is offered.

    Source:
        Names and meanings as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> loss = cn.losses.MeanSquaredError(reduction="sum")
        >>> float(loss([[1.0], [2.0]], [[0.0], [0.0]], sample_weight=[1.0, 0.5]))
        3.0
    """

    #: For subclasses whose constructor does not ask.
    reduction: str | None = "sum_over_batch_size"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None
    ) -> None:
        if reduction is not None and reduction not in REDUCTIONS:
            raise UnknownNameError("reduction", reduction, REDUCTIONS)
        self.reduction = reduction
        self.name = name or snake_case(type(self).__name__)

    @abstractmethod
    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample, shape (batch, …)."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss.

        Args:
            y_true: targets.
            y_pred: predictions.
            sample_weight: what each sample counts, of the shape of the losses or of their first
                axes, as (batch,).

        Returns:
            A scalar tensor; with the reduction "none", one number for each sample.

        Raises:
            ShapeError: targets, predictions or weights that do not fit each other.
        """
        prediction = as_tensor(y_pred)
        values = self.call(as_tensor(y_true), prediction)
        weights = None
        if sample_weight is not None:
            weights = _weights_for("sample_weight", values, as_tensor(sample_weight))
        mask = mask_of(prediction)
        if mask is None:
            return _reduced(values, weights, self.reduction)
        counted = _weights_for("the mask of the prediction", values, mask)
        # What is masked may be anything, infinite too: it is replaced, not multiplied by zero.
        values = where(counted != 0, values, 0)
        weights = counted if weights is None else counted * weights
        if self.reduction in ("sum_over_batch_size", "mean"):
            count = total(counted)
            return total(values * weights) / where(count == 0, 1.0, count)
        return _reduced(values, weights, self.reduction)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse values, as an array of the user's, that cannot be targets of these predictions."""


def _weights_for(name: str, values: Tensor, weights: Tensor) -> Tensor:
    """The weights, each as often as there are losses that it weighs."""
    given = weights.extents
    while len(given) > 1 and given[-1] == 1:
        given = given[:-1]
    leading = values.extents[: len(given)]
    if len(given) > values.ndim or not all(map(_may_be_equal, given, leading)):
        raise ShapeError(
            f"{name}, at {here()}: expected one weight for each sample, shape "
            f"{values.shape} or its first axes, got {weights.shape}"
        )
    shape: list[Size] = [*given, *([1] * (values.ndim - len(given)))]
    return broadcast_to(astype(reshape(weights, shape), values.dtype), values.extents)


def _may_be_equal(first: Size, second: Size) -> bool:
    return not (isinstance(first, int) and isinstance(second, int)) or first == second


def _reduced(values: Tensor, weights: Tensor | None, reduction: str | None) -> Tensor:
    weighted = values if weights is None else values * weights
    if reduction in (None, "none"):
        return weighted
    if reduction == "sum":
        return total(weighted)
    if reduction == "mean_with_sample_weight" and weights is not None:
        weight = total(weights)
        return total(weighted) / where(weight == 0, 1.0, weight)
    return mean(weighted)


def refuse_targets(wrong: np.ndarray, y: np.ndarray, expected: str) -> None:
    """Raise an error that names the first row of y in which something is wrong."""
    places = np.argwhere(wrong)
    if len(places):
        place = tuple(int(i) for i in places[0])
        raise ArgumentError(f"y: expected {expected}; row {place[0]} holds {y[place]}")
