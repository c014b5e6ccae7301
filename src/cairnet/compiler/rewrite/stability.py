"""Numerically stable forms: logarithms of exponentials, and the divisions their gradients make.

The textbook formulas overflow, or lose every digit, long before their results do. The rules
recognise the formulas and write the stable forms in their place.
"""

from __future__ import annotations

import math

from cairnet.compiler.rewrite.building import broadcast, call, full, reshape
from cairnet.compiler.rewrite.matching import is_number, number_and_other
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.compiler.rewrite.signs import never_negative
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import BROADCAST, ELEMENTWISE, MAX, RESHAPE, SUM, TRANSPOSE

__all__: list[str] = []

ADD, SUBTRACT = ELEMENTWISE["add"], ELEMENTWISE["subtract"]
DIVIDE, NEGATIVE = ELEMENTWISE["divide"], ELEMENTWISE["negative"]
EXP, LOG, LOG1P = ELEMENTWISE["exp"], ELEMENTWISE["log"], ELEMENTWISE["log1p"]
SIGMOID, WHERE = ELEMENTWISE["sigmoid"], ELEMENTWISE["where"]


@rule("logarithm of an exponential", LOG, keeps=Keeps.BETTER)
def log_of_exp(node: Tensor) -> Tensor | None:
    """log(exp(x)) -> x."""
    below = node.inputs[0]
    return below.inputs[0] if below.primitive is EXP else None


@rule("exponential of a logarithm", EXP, keeps=Keeps.ROUNDING)
def exp_of_log(node: Tensor) -> Tensor | None:
    """exp(log(x)) -> x, where x is never negative by the way it is made.

    Elsewhere the logarithm's NaN is what the formula means.
    """
    below = node.inputs[0]
    if below.primitive is not LOG or not never_negative(below.inputs[0]):
        return None
    return below.inputs[0]


@rule("logarithm of a sigmoid", LOG, keeps=Keeps.BETTER)
def log_of_sigmoid(node: Tensor) -> Tensor | None:
    """log(sigmoid(x)) -> -softplus(-x)."""
    below = node.inputs[0]
    if below.primitive is not SIGMOID:
        return None
    return call(node, "negative", call(node, "softplus", call(node, "negative", below.inputs[0])))


@rule("logarithm of one minus a sigmoid", LOG, LOG1P, keeps=Keeps.BETTER)
def log_of_one_minus_sigmoid(node: Tensor) -> Tensor | None:
    """log(1 - sigmoid(x)) -> -softplus(x) and log1p(-sigmoid(x)) -> -softplus(x)."""
    below = node.inputs[0]
    if node.primitive is LOG:
        matches = below.primitive is SUBTRACT and is_number(below.inputs[0], 1)
        inner = below.inputs[1] if matches else None
    else:
        inner = below.inputs[0] if below.primitive is NEGATIVE else None
    if inner is None or inner.primitive is not SIGMOID:
        return None
    return call(node, "negative", call(node, "softplus", inner.inputs[0]))


@rule("softplus", LOG, LOG1P, keeps=Keeps.BETTER)
def log_of_one_plus_exp(node: Tensor) -> Tensor | None:
    """log(1 + exp(x)) -> softplus(x) and log1p(exp(x)) -> softplus(x)."""
    below: Tensor | None = node.inputs[0]
    if node.primitive is LOG:
        below = _one_plus(node.inputs[0])
    if below is None or below.primitive is not EXP:
        return None
    return call(node, "softplus", below.inputs[0])


@rule("logarithm of one plus", LOG, keeps=Keeps.BETTER)
def log_of_one_plus(node: Tensor) -> Tensor | None:
    """log(1 + x) -> log1p(x), which keeps the digits of a small x."""
    below = _one_plus(node.inputs[0])
    return None if below is None else call(node, "log1p", below)


@rule("exponential minus one", SUBTRACT, keeps=Keeps.BETTER)
def exp_minus_one(node: Tensor) -> Tensor | None:
    """exp(x) - 1 -> expm1(x), which keeps the digits of a small x."""
    first, second = node.inputs
    if first.primitive is not EXP or not is_number(second, 1):
        return None
    return call(node, "expm1", first.inputs[0])


@rule("sigmoid", DIVIDE, keeps=Keeps.BETTER)
def logistic(node: Tensor) -> Tensor | None:
    """1/(1 + exp(-x)) -> sigmoid(x) and exp(x)/(1 + exp(x)) -> sigmoid(x)."""
    above, below = node.inputs[0], _one_plus(node.inputs[1])
    if below is None or below.primitive is not EXP:
        return None
    x = below.inputs[0]
    if above is below:
        return call(node, "sigmoid", x)
    if not is_number(above, 1):
        return None
    opposite = x.inputs[0] if x.primitive is NEGATIVE else call(node, "negative", x)
    return call(node, "sigmoid", opposite)


@rule("hyperbolic tangent", DIVIDE, keeps=Keeps.BETTER)
def hyperbolic_tangent(node: Tensor) -> Tensor | None:
    """(exp(x) - exp(-x))/(exp(x) + exp(-x)) -> tanh(x)."""
    above, below = node.inputs
    if above.primitive is not SUBTRACT or below.primitive is not ADD:
        return None
    first, second = above.inputs
    if {first, second} != set(below.inputs) or first.primitive is not EXP:
        return None
    x, opposite = first.inputs[0], second.inputs[0] if second.primitive is EXP else None
    if opposite is None or opposite.primitive is not NEGATIVE or opposite.inputs[0] is not x:
        return None
    return call(node, "tanh", x)


@rule("logarithm of a softmax", LOG, keeps=Keeps.BETTER)
def log_of_softmax(node: Tensor) -> Tensor | None:
    """log(exp(x)/s) -> x - log(s), as in log(softmax(x)) -> x - log Σ exp(x)."""
    below = node.inputs[0]
    if below.primitive is not DIVIDE or below.inputs[0].primitive is not EXP:
        return None
    return call(node, "subtract", below.inputs[0].inputs[0], call(node, "log", below.inputs[1]))


@rule("log-sum-exp", LOG, keeps=Keeps.BETTER)
def log_sum_exp(node: Tensor) -> Tensor | None:
    """log Σ exp(x) -> m + log Σ exp(x - m), where m = max x, or 0 where that is infinite.

    For known extents that are summed. Not where the maximum has been taken out already.
    """
    below = node.inputs[0]
    if below.primitive is not SUM or below.inputs[0].primitive is not EXP:
        return None
    x, axes = below.inputs[0].inputs[0], below.parameters["axes"]
    if any(not isinstance(x.extents[axis], int) or x.extents[axis] == 0 for axis in axes):
        return None
    if not axes or _maximum_is_out(x, axes):
        return None
    top = apply_for(node, MAX, x, axes=axes)
    finite = call(node, "less", call(node, "absolute", top), full(node, math.inf, top))
    top = call(node, "where", finite, top, full(node, 0, top))
    kept: list[Size] = [1 if axis in axes else size for axis, size in enumerate(x.extents)]
    spread = broadcast(node, reshape(node, top, kept), x.extents)
    powers = call(node, "exp", call(node, "subtract", x, spread))
    total = apply_for(node, SUM, powers, axes=axes)
    return call(node, "add", call(node, "log", total), top)


def _maximum_is_out(x: Tensor, axes: tuple[int, ...]) -> bool:
    """Whether x is a difference from a maximum: of the minuend, over these axes at least.

    A maximum of something else is taken to be another form of it.
    """
    if x.primitive is not SUBTRACT:
        return False
    whole, top = x.inputs
    while top.primitive in (BROADCAST, RESHAPE, TRANSPOSE, WHERE):
        top = top.inputs[1 if top.primitive is WHERE else 0]
    if top.primitive is not MAX:
        return False
    return top.inputs[0] is not whole or set(axes) <= set(top.parameters["axes"])


def _one_plus(x: Tensor) -> Tensor | None:
    """The other term of 1 + y."""
    found = number_and_other(x) if x.primitive is ADD else None
    return found[1] if found is not None and found[0] == 1 else None
