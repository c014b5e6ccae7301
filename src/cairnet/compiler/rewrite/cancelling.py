"""Divisions that cancel: what the chain rule makes of logarithms and quotients.

The gradient of log p divides by p, and the gradient of p multiplies by it again; between the two,
p may have rounded to zero, and 0/0 is NaN. The rules cancel such factors where the divisor is
positive by the way it is made, so that only rounding can make it zero. For other divisors
division by zero means what it says, and nothing is cancelled.

With them the gradient of a cross-entropy written as log(softmax(x)) or log(sigmoid(x)) comes out
as it should: the prediction less the target, and no division at all.
"""

from __future__ import annotations

from cairnet.compiler.rewrite.building import call
from cairnet.compiler.rewrite.matching import number_and_other, number_of
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.compiler.rewrite.signs import positive
from cairnet.tensor.core import Tensor
from cairnet.tensor.primitives import ELEMENTWISE

__all__: list[str] = []

ADD, SUBTRACT = ELEMENTWISE["add"], ELEMENTWISE["subtract"]
MULTIPLY, DIVIDE = ELEMENTWISE["multiply"], ELEMENTWISE["divide"]
NEGATIVE, EXP = ELEMENTWISE["negative"], ELEMENTWISE["exp"]
SIGMOID = ELEMENTWISE["sigmoid"]


@rule("multiply back what was divided by", MULTIPLY, keeps=Keeps.BETTER)
def multiply_back(node: Tensor) -> Tensor | None:
    """(a/b)·b -> a and (a/b)·(b·c) -> a·c, where b is positive by the way it is made."""
    for quotient, other in (node.inputs, node.inputs[::-1]):
        if quotient.primitive is not DIVIDE:
            continue
        above, below = quotient.inputs
        rest = _without_factor(other, below)
        if rest is None or not positive(below):
            continue
        return above if rest is other else call(node, "multiply", above, rest)
    return None


def _without_factor(product: Tensor, factor: Tensor) -> Tensor | None:
    """c of a product factor·c; the product itself stands for "it is the factor"; else None."""
    if product is factor:
        return product
    if product.primitive is MULTIPLY:
        first, second = product.inputs
        if first is factor:
            return second
        if second is factor:
            return first
    return None


@rule("slope of a softplus", MULTIPLY, keeps=Keeps.BETTER)
def slope_of_softplus(node: Tensor) -> Tensor | None:
    """(a/(1 + exp(x)))·exp(x) -> a·sigmoid(x), as in the gradient of log(1 + exp(x)).

    Likewise sigmoid(-x)·exp(x) -> sigmoid(x), which is what becomes of it for a = 1. The product
    may have more factors, as (a/(1 + exp(x)))·(exp(x)·c) -> a·sigmoid(x)·c.
    """
    for share, other in (node.inputs, node.inputs[::-1]):
        found = _share_of_one(share)
        if found is None:
            continue
        above, x = found
        factors = other.inputs if other.primitive is MULTIPLY else (other,)
        power = next((f for f in factors if f.primitive is EXP and f.inputs[0] is x), None)
        rest = None if power is None else _without_factor(other, power)
        if rest is None:
            continue
        slope = call(node, "sigmoid", x)
        slope = slope if above is None else call(node, "multiply", above, slope)
        return slope if rest is other else call(node, "multiply", slope, rest)
    return None


def _share_of_one(x: Tensor) -> tuple[Tensor | None, Tensor] | None:
    """a and y where x is a/(1 + exp(y)); None and y where it is sigmoid(-y)."""
    if x.primitive is SIGMOID and x.inputs[0].primitive is NEGATIVE:
        return None, x.inputs[0].inputs[0]
    below = x.inputs[1] if x.primitive is DIVIDE else None
    found = number_and_other(below) if below is not None and below.primitive is ADD else None
    if found is None or found[0] != 1 or found[1].primitive is not EXP:
        return None
    return x.inputs[0], found[1].inputs[0]


@rule("divide by a quotient and its divisor", DIVIDE, keeps=Keeps.BETTER)
def divide_by_quotient(node: Tensor) -> Tensor | None:
    """(a/(b/c))/c -> a/b, where b and c are positive by the way they are made."""
    above, divisor = node.inputs
    if above.primitive is not DIVIDE or above.inputs[1].primitive is not DIVIDE:
        return None
    first, second = above.inputs[1].inputs
    if second is not divisor or not positive(divisor) or not positive(first):
        return None
    return call(node, "divide", above.inputs[0], first)


@rule("divide what was multiplied", DIVIDE, keeps=Keeps.BETTER)
def divide_what_was_multiplied(node: Tensor) -> Tensor | None:
    """(a·b)/b -> a, where b is positive by the way it is made."""
    above, below = node.inputs
    if above.primitive is not MULTIPLY or number_of(below) is not None:
        return None
    rest = _without_factor(above, below)
    return rest if rest is not None and rest is not above and positive(below) else None


@rule("multiply a sum of quotients", MULTIPLY, keeps=Keeps.BETTER)
def multiply_sum_of_quotients(node: Tensor) -> Tensor | None:
    """(a/b + d)·b·c -> (a/b)·b·c + d·b·c, where b cancels; and so for a/b - d and d - a/b."""
    for total, factor in (node.inputs, node.inputs[::-1]):
        if total.primitive not in (ADD, SUBTRACT):
            continue
        if any(_cancels(term, factor) for term in total.inputs):
            terms = [call(node, "multiply", term, factor) for term in total.inputs]
            return call(node, total.primitive.name, *terms)
    return None


def _cancels(term: Tensor, factor: Tensor) -> bool:
    """Whether the term is a quotient whose divisor is among the factors of the other."""
    if term.primitive is NEGATIVE:
        term = term.inputs[0]
    if term.primitive is not DIVIDE:
        return False
    below = term.inputs[1]
    return _without_factor(factor, below) is not None and positive(below)
