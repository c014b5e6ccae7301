"""Where probabilities come from: their logarithms are exact before the function that made them.

The graph of a prediction shows how it was made. A softmax or a logistic function at its end gives
the logits, of which losses take stable logarithms. A weighted sum at its end shows that there are
no probabilities at all.
"""

from __future__ import annotations

from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import log, log_softmax, maximum, minimum
from cairnet.tensor.functions import sum as total
from cairnet.tensor.primitives import CONVOLVE, DOT, ELEMENTWISE, RESHAPE, SUM
from cairnet.tensor.source import here

__all__ = [
    "EPSILON",
    "away_from_limits",
    "binary_logits_of",
    "log_probabilities",
    "logits_of",
    "refuse_logits",
    "refuse_probabilities",
]

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
    return log(away_from_limits(probabilities / total(probabilities, axis=-1, keepdims=True)))


def away_from_limits(probabilities: Tensor) -> Tensor:
    """Probabilities kept at least `EPSILON` away from 0 and 1."""
    return minimum(maximum(probabilities, EPSILON), 1 - EPSILON)


def logits_of(probabilities: Tensor) -> Tensor | None:
    """z, up to a constant for each sample, if the tensor is e^z / Σ e^z along its last axis."""
    probabilities = _itself(probabilities)
    if probabilities.primitive is not ELEMENTWISE["divide"]:
        return None
    powers, sums = probabilities.inputs
    sums = _moved(sums)
    over_last_axis = (
        powers.primitive is ELEMENTWISE["exp"]
        and sums.primitive is SUM
        and sums.inputs[0] is powers
        and sums.parameters["axes"] == (powers.ndim - 1,)
    )
    return powers.inputs[0] if over_last_axis else None


def binary_logits_of(probabilities: Tensor) -> Tensor | None:
    """z, if the tensor is the logistic function of z."""
    probabilities = _itself(probabilities)
    return probabilities.inputs[0] if probabilities.primitive is ELEMENTWISE["sigmoid"] else None


def _itself(tensor: Tensor) -> Tensor:
    """What layers that do nothing, such as dropout out of training, were given."""
    while tensor.primitive is RESHAPE and tensor.inputs[0].extents == tensor.extents:
        [tensor] = tensor.inputs
    return tensor


def refuse_logits(name: str, prediction: Tensor) -> None:
    """Refuse, as probabilities, what the graph shows to be the weighted sum of a last layer.

    Raises:
        ArgumentError: the prediction ends in a product or a convolution with a variable, with or
            without a bias, or in a hyperbolic tangent.
    """
    last = _moved(prediction)
    if last.primitive is ELEMENTWISE["tanh"]:
        what = "a hyperbolic tangent, from −1 to 1"
    elif _is_weighted_sum(last):
        what = "the weighted sums of a layer without an activation"
    else:
        return
    raise ArgumentError(
        f"{name}, at {here()}: expected probabilities, but the prediction is {what}; end the "
        "network in a softmax (of several classes) or a sigmoid (of one output), or say "
        "from_logits=True where the loss has it"
    )


def refuse_probabilities(name: str, prediction: Tensor) -> None:
    """Refuse, as logits, what the graph shows to be probabilities already.

    Raises:
        ArgumentError: the prediction ends in a softmax or a logistic function.
    """
    if logits_of(prediction) is None and binary_logits_of(prediction) is None:
        return
    raise ArgumentError(
        f"{name}, at {here()}: expected logits, since from_logits=True, but the prediction is "
        "probabilities already: leave out from_logits, or the last activation"
    )


def _is_weighted_sum(tensor: Tensor) -> bool:
    if tensor.primitive is ELEMENTWISE["add"]:
        first, second = (_moved(item) for item in tensor.inputs)
        return (_is_product(first) and isinstance(second, Variable)) or (
            _is_product(second) and isinstance(first, Variable)
        )
    return _is_product(tensor)


def _is_product(tensor: Tensor) -> bool:
    """Whether this is a product with a variable: one of two results may be a mixture's."""
    return tensor.primitive in (DOT, CONVOLVE) and any(
        isinstance(_moved(item), Variable) for item in tensor.inputs
    )


def _moved(tensor: Tensor) -> Tensor:
    """What a tensor is a reshaped, transposed or stretched form of."""
    while tensor.primitive.movement and len(tensor.inputs) == 1:
        [tensor] = tensor.inputs
    return tensor
