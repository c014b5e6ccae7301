"""Losses of margins: nothing is lost once the right side is ahead by enough."""

from __future__ import annotations

from typing import Any

from cairnet.nn.losses.base import Loss, registry
from cairnet.nn.targets import like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import all, equal, logical_or, max, maximum, mean, square, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = [
    "CategoricalHinge",
    "Hinge",
    "SquaredHinge",
    "categorical_hinge",
    "hinge",
    "squared_hinge",
]


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    r"""The mean over the last axis of max(1 − y_true · y_pred, 0).

    Args:
        y_true: targets, −1 or 1, or 0 or 1, shape (batch, …, outputs). Where a whole batch has
            only 0 and 1, 0 is read as −1.
        y_pred: predictions of the same shape, any numbers; their sign is what they decide.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Source:
        C. Cortes, V. Vapnik: Support-vector networks. Machine Learning 20, 1995. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.hinge([[1.0], [-1.0], [1.0]], [[0.25], [0.5], [3.0]]).numpy()
        array([0.75, 1.5 , 0.  ], dtype=float32)
    """
    return mean(_shortfalls("hinge", y_true, y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    r"""The mean over the last axis of max(1 − y_true · y_pred, 0)².

    Args:
        y_true: targets, as in `hinge`.
        y_pred: predictions of the same shape.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Source:
        Y. Tang: Deep learning using linear support vector machines. ICML 2013 workshop, equation
        5. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.squared_hinge([[1.0], [-1.0]], [[0.5], [1.0]]).numpy()
        array([0.25, 4.  ], dtype=float32)
    """
    return mean(square(_shortfalls("squared_hinge", y_true, y_pred)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    r"""By how much the best wrong class comes within 1 of the right one.

        max(maxₖ (1 − y_trueₖ) y_predₖ − Σₖ y_trueₖ y_predₖ + 1, 0)

    Args:
        y_true: one-hot vectors, shape (batch, …, classes).
        y_pred: predictions of the same shape, any numbers.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Source:
        K. Crammer, Y. Singer: On the algorithmic implementation of multiclass kernel-based vector
        machines. JMLR 2, 2001. As in Keras 3, where the right class takes part in the maximum
        with the number 0.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.categorical_hinge([[0.0, 1.0, 0.0]], [[0.5, 1.0, 0.0]]).numpy()
        array([0.5], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like("categorical_hinge", target, prediction)
    right = total(target * prediction, axis=-1)
    wrong = max((1 - target) * prediction, axis=-1)
    return maximum(wrong - right + 1, 0.0)


def _shortfalls(name: str, y_true: Any, y_pred: Any) -> Tensor:
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like(name, target, prediction)
    binary = all(logical_or(equal(target, 0), equal(target, 1)))
    signs = where(binary, 2 * target - 1, target)
    return maximum(1 - signs * prediction, 0.0)


@registry.add
class Hinge(Loss):
    """The hinge loss averaged over outputs and batch, as `hinge`.

        mean of max(1 − y_true · y_pred, 0)

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "hinge".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        C. Cortes, V. Vapnik: Support-vector networks. Machine Learning 20, 1995. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.Hinge()([[1.0]], [[0.25]]))
        0.75
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return hinge(y_true, y_pred)


@registry.add
class SquaredHinge(Loss):
    """The squared hinge loss averaged over outputs and batch, as `squared_hinge`.

        mean of max(1 − y_true · y_pred, 0)²

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "squared_hinge".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        C. Cortes, V. Vapnik: Support-vector networks. Machine Learning 20, 1995. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.SquaredHinge()([[1.0]], [[0.5]]))
        0.25
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return squared_hinge(y_true, y_pred)


@registry.add
class CategoricalHinge(Loss):
    """The hinge loss of several classes averaged over the batch, as `categorical_hinge`.

        mean of max(1 + largest wrong output − right output, 0)

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "categorical_hinge".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        K. Crammer, Y. Singer: On the algorithmic implementation of multiclass kernel-based vector
        machines. Journal of Machine Learning Research 2, 2001. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
        0.5
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return categorical_hinge(y_true, y_pred)
