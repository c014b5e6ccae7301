"""The Kullback-Leibler divergence: what coding for the wrong distribution costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.nn.losses.base import Loss, refuse_targets, registry
from cairnet.nn.probabilities import EPSILON, logits_of, refuse_logits
from cairnet.nn.targets import like
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import clip, log, log_softmax, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["KLDivergence", "kl_divergence"]


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    r"""The divergence Σₖ y_trueₖ · log(y_trueₖ / y_predₖ) of distributions over the last axis.

    Args:
        y_true: target distributions, shape (batch, …, classes).
        y_pred: predicted distributions of the same shape.

    Returns:
        Shape (batch, …).

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: the graph shows that the predictions are no probabilities.

    Notes:
        Where the graph shows that the predictions come out of a softmax, their logarithm is
        computed from its logits, and 0 · log 0 is 0. Other predictions, and then the targets too,
        are kept between 10⁻⁷ and 1, as in Keras.

    Source:
        S. Kullback, R. Leibler: On information and sufficiency. Annals of Mathematical Statistics
        22 (1), 1951.

    Example:
        >>> import cairnet as cn
        >>> cn.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).numpy()
        array([0.1438410], dtype=float32)
    """
    target, prediction = as_tensor(y_true), as_tensor(y_pred)
    target = like("kl_divergence", target, prediction)
    refuse_logits("kl_divergence", prediction)
    logits = logits_of(prediction)
    if logits is None:
        target, prediction = clip(target, EPSILON, 1.0), clip(prediction, EPSILON, 1.0)
        return total(target * log(target / prediction), axis=-1)
    logarithm = log(where(target > 0, target, 1.0))
    return total(target * (logarithm - log_softmax(logits)), axis=-1)


@registry.add
class KLDivergence(Loss):
    """The Kullback-Leibler divergence averaged over the batch, as `kl_divergence`.

        mean over the batch of Σ y_true · log(y_true / y_pred)

    Args:
        reduction: how the losses of the samples become one number, see `Loss`.
        name: default: "kl_divergence".

    Shapes:
        y_true and y_pred (batch, …, outputs); the loss is a scalar, or (batch, …) with the
        reduction "none".

    Raises:
        UnknownNameError: an unknown reduction.
        ShapeError: when called, the shapes differ.

    Source:
        S. Kullback, R. Leibler: On information and sufficiency. Annals of Mathematical Statistics
        22 (1), 1951. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> float(cn.losses.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
        0.0
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One number for each sample."""
        return kl_divergence(y_true, y_pred)

    def check_targets(self, y: np.ndarray, y_pred: Tensor) -> None:
        """Refuse targets that are no probabilities."""
        refuse_targets((y < 0) | (y > 1), y, "probabilities, from 0 to 1")
