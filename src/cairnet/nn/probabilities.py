"""The logarithm of probabilities, taken where it is exact: before the softmax that made them."""

from __future__ import annotations

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import log, log_softmax, maximum, minimum
from cairnet.tensor.functions import sum as total
from cairnet.tensor.primitives import ELEMENTWISE, SUM

__all__ = ["EPSILON", "log_probabilities", "logits_of"]

#: How near to 0 and 1 probabilities of unknown origin may come, as in Keras.
EPSILON = 1e-7


def log_probabilities(probabilities: Tensor) -> Tensor:
    """log p along the last axis, whatever p is.

    Where p is seen to be softmax(z), it is log_softmax(z): log 0 does not arise, and the gradient
    with respect to z is p − y even where p has rounded to 0. Taking the logarithm of p afterwards
    would lose both, and no rewriting could bring the gradient back once it is built.
    """
    logits = logits_of(probabilities)
    if logits is not None:
        return log_softmax(logits)
    shares = probabilities / total(probabilities, axis=-1, keepdims=True)
    return log(minimum(maximum(shares, EPSILON), 1 - EPSILON))


def logits_of(probabilities: Tensor) -> Tensor | None:
    """z, up to a constant for each sample, if the tensor is e^z / Σ e^z along its last axis."""
    if probabilities.primitive is not ELEMENTWISE["divide"]:
        return None
    powers, sums = probabilities.inputs
    while sums.primitive.movement:
        [sums] = sums.inputs
    over_last_axis = (
        powers.primitive is ELEMENTWISE["exp"]
        and sums.primitive is SUM
        and sums.inputs[0] is powers
        and sums.parameters["axes"] == (powers.ndim - 1,)
    )
    return powers.inputs[0] if over_last_axis else None
