"""Losses of regression: how far numbers are from numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.nn.losses.base import Loss, refuse_targets, registry
from cairnet.nn.probabilities import EPSILON
from cairnet.nn.targets import like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import abs, log, mean, square, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = [
    "Huber",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Poisson",
    "QuadraticCost",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
    "poisson",
    "quadratic_cost",
]


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

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, section 1.2.5: the
        maximum-likelihood loss of normal noise. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.mean_squared_error([[0.0, 1.0]], [[2.0, 2.0]]).numpy()
        array([2.5], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    return mean(square(like("mean_squared_error", target, prediction) - prediction), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    r"""The mean over the last axis of |y_true − y_pred|.

    Its gradient is taken for 0 where a prediction is exact.

    Args:
        y_true: targets, shape (batch, …, outputs).
        y_pred: predictions of the same shape.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Source:
        P.-S. Laplace 1774: the maximum-likelihood loss of noise that falls off exponentially on
        both sides. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.mean_absolute_error([[0.0, 1.0]], [[2.0, 2.0]]).numpy()
        array([1.5], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    return mean(abs(like("mean_absolute_error", target, prediction) - prediction), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    r"""The squared error near the target and the absolute error far away, joined smoothly.

    With e = y_pred − y_true, the mean over the last axis of

        ½ e²           where |e| ≤ δ
        δ |e| − ½ δ²   elsewhere

    Args:
        y_true: targets, shape (batch, …, outputs).
        y_pred: predictions of the same shape.
        delta: δ, above 0: where the parabola becomes a line.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Source:
        P. Huber: Robust estimation of a location parameter. Annals of Mathematical Statistics
        35 (1), 1964. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.huber([[0.0], [0.0]], [[0.5], [3.0]]).numpy()
        array([0.125, 2.5  ], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    error = prediction - like("huber", target, prediction)
    size = abs(error)
    return mean(where(size <= delta, square(error) / 2, delta * size - delta**2 / 2), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    r"""The mean over the last axis of y_pred − y_true · log(y_pred + 10⁻⁷).

    What is left of −log P(y_true) for a count that follows the Poisson distribution of mean
    y_pred, without the terms that the prediction does not change.

    Args:
        y_true: targets, counts, 0 or more; shape (batch, …, outputs).
        y_pred: predicted means, 0 or more, of the same shape.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.

    Source:
        P. McCullagh, J. Nelder: Generalized linear models. Chapman and Hall 1989, chapter 6. The
        small number under the logarithm is that of Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.poisson([[1.0, 0.0]], [[1.0, 3.0]]).numpy()
        array([2.], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like("poisson", target, prediction)
    return mean(prediction - target * log(prediction + EPSILON), axis=-1)


@registry.add
class QuadraticCost(Loss):
    """Half the squared error summed over the outputs, averaged over the batch: `quadratic_cost`.

        mean over the batch of ½ Σ (y_true − y_pred)²

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "quadratic_cost".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        M. Nielsen: Neural networks and deep learning. Determination Press 2015, equation 6.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.QuadraticCost()([[0.0, 1.0]], [[2.0, 2.0]]))
        2.5
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return quadratic_cost(y_true, y_pred)


@registry.add
class MeanSquaredError(Loss):
    """The squared error averaged over outputs and batch, as `mean_squared_error`.

        mean of (y_true − y_pred)²

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "mean_squared_error".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        C. Bishop: Pattern recognition and machine learning. Springer 2006, section 1.2.5. As in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.MeanSquaredError()([[0.0, 1.0]], [[2.0, 2.0]]))
        2.5
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return mean_squared_error(y_true, y_pred)


@registry.add
class MeanAbsoluteError(Loss):
    """The absolute error averaged over outputs and batch, as `mean_absolute_error`.

        mean of |y_true − y_pred|

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "mean_absolute_error".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        P.-S. Laplace 1774. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 2.0]]))
        1.5
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return mean_absolute_error(y_true, y_pred)


@registry.add
class Huber(Loss):
    """Huber's loss averaged over outputs and batch, as `huber`.

        mean of ½ e² where |e| ≤ δ, else δ |e| − ½ δ², with e = y_pred − y_true

    Args:
        delta: where the parabola becomes a line, above 0.
        reduction: see `Loss`.
        name: default: "huber".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        ArgumentError: delta is not above 0.
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        P. Huber: Robust estimation of a location parameter. Annals of Mathematical Statistics 35
        (1), 1964. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.Huber(delta=2.0)([[0.0]], [[3.0]]))
        4.0
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        if not delta > 0:
            raise ArgumentError(f"delta: expected a number above 0, got {delta!r}")
        self.delta = delta

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return huber(y_true, y_pred, self.delta)


@registry.add
class Poisson(Loss):
    """Poisson's loss averaged over outputs and batch, as `poisson`.

        mean of y_pred − y_true · log y_pred

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "poisson".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        P. McCullagh, J. Nelder: Generalized linear models. Chapman and Hall 1989, chapter 6. As in
        Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.Poisson()([[0.0, 0.0]], [[1.0, 3.0]]))
        2.0
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return poisson(y_true, y_pred)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse counts below 0."""
        refuse_targets(y < 0, y, "counts, 0 or more")


registry.alias("mse", MeanSquaredError)
registry.alias("mae", MeanAbsoluteError)
