"""Arithmetic: neutral elements, signs, powers, and constants that meet.

In the formulas c stands for a number known when the graph is built. Floating-point sums are never
regrouped (x + 1e20 - 1e20 is not x), and x·0 is not 0 for floats, since x may be infinite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_floating
from cairnet.compiler.rewrite.building import call, full
from cairnet.compiler.rewrite.matching import is_number, number_and_other, number_of
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor
from cairnet.tensor.primitives import ELEMENTWISE

__all__: list[str] = []

ADD, SUBTRACT = ELEMENTWISE["add"], ELEMENTWISE["subtract"]
MULTIPLY, DIVIDE = ELEMENTWISE["multiply"], ELEMENTWISE["divide"]
NEGATIVE, POWER = ELEMENTWISE["negative"], ELEMENTWISE["power"]


@rule("multiply by one", MULTIPLY, DIVIDE)
def multiply_by_one(node: Tensor) -> Tensor | None:
    """x·1 -> x and 1·x -> x and x/1 -> x."""
    first, second = node.inputs
    if is_number(second, 1):
        return first
    return second if node.primitive is MULTIPLY and is_number(first, 1) else None


@rule("multiply by minus one", MULTIPLY, DIVIDE)
def multiply_by_minus_one(node: Tensor) -> Tensor | None:
    """x·(-1) -> -x and (-1)·x -> -x and x/(-1) -> -x."""
    first, second = node.inputs
    if is_number(second, -1):
        return call(node, "negative", first)
    if node.primitive is MULTIPLY and is_number(first, -1):
        return call(node, "negative", second)
    return None


@rule("multiply integers by zero", MULTIPLY)
def multiply_integers_by_zero(node: Tensor) -> Tensor | None:
    """x·0 -> 0, for integers: a float may be infinite or NaN."""
    if is_floating(node.dtype):
        return None
    return full(node, 0, node) if any(is_number(item, 0) for item in node.inputs) else None


@rule("add zero", ADD, SUBTRACT, keeps=Keeps.VALUE)
def add_zero(node: Tensor) -> Tensor | None:
    """x + 0 -> x and 0 + x -> x and x - 0 -> x.

    Only the sign of a zero may change: -0.0 + 0.0 is 0.0, and x alone stays -0.0.
    """
    first, second = node.inputs
    if is_number(second, 0):
        return first
    return second if node.primitive is ADD and is_number(first, 0) else None


@rule("subtract from zero", SUBTRACT, keeps=Keeps.VALUE)
def subtract_from_zero(node: Tensor) -> Tensor | None:
    """0 - x -> -x; at x = 0 the sign of the zero changes."""
    return call(node, "negative", node.inputs[1]) if is_number(node.inputs[0], 0) else None


@rule("subtract an integer from itself", SUBTRACT)
def subtract_from_itself(node: Tensor) -> Tensor | None:
    """x - x -> 0, for integers: a float may be infinite or NaN."""
    same = node.inputs[0] is node.inputs[1] and not is_floating(node.dtype)
    return full(node, 0, node) if same else None


@rule("add to itself", ADD)
def add_to_itself(node: Tensor) -> Tensor | None:
    """x + x -> x·2, as in (a + b) + (a + b) -> (a + b)·2."""
    first, second = node.inputs
    return call(node, "multiply", first, full(node, 2, first)) if first is second else None


@rule("double negative", NEGATIVE)
def double_negative(node: Tensor) -> Tensor | None:
    """-(-x) -> x."""
    below = node.inputs[0]
    return below.inputs[0] if below.primitive is NEGATIVE else None


@rule("negative of a difference", NEGATIVE, keeps=Keeps.VALUE)
def negative_of_difference(node: Tensor) -> Tensor | None:
    """-(a - b) -> b - a; where a = b the sign of the zero changes."""
    below = node.inputs[0]
    if below.primitive is not SUBTRACT:
        return None
    return call(node, "subtract", below.inputs[1], below.inputs[0])


@rule("negative of a scaled value", NEGATIVE)
def negative_of_scaled(node: Tensor) -> Tensor | None:
    """-(x·c) -> x·(-c) and -(x/c) -> x/(-c) and -(c/x) -> (-c)/x."""
    below = node.inputs[0]
    if below.primitive not in (MULTIPLY, DIVIDE):
        return None
    first, second = below.inputs
    if (found := number_of(second)) is not None:
        return call(node, below.primitive.name, first, full(node, _negated(found), first))
    if (found := number_of(first)) is not None:
        return call(node, below.primitive.name, full(node, _negated(found), second), second)
    return None


@rule("add a negative", ADD)
def add_negative(node: Tensor) -> Tensor | None:
    """a + (-b) -> a - b and (-a) + b -> b - a."""
    first, second = node.inputs
    if second.primitive is NEGATIVE:
        return call(node, "subtract", first, second.inputs[0])
    if first.primitive is NEGATIVE:
        return call(node, "subtract", second, first.inputs[0])
    return None


@rule("subtract a negative", SUBTRACT)
def subtract_negative(node: Tensor) -> Tensor | None:
    """a - (-b) -> a + b."""
    first, second = node.inputs
    return call(node, "add", first, second.inputs[0]) if second.primitive is NEGATIVE else None


@rule("negative factor", MULTIPLY, DIVIDE)
def negative_factor(node: Tensor) -> Tensor | None:
    """(-a)·b -> -(a·b) and a·(-b) -> -(a·b) and the same for a/b, so that signs meet outside."""
    first, second = node.inputs
    name = node.primitive.name
    if first.primitive is NEGATIVE:
        return call(node, "negative", call(node, name, first.inputs[0], second))
    if second.primitive is NEGATIVE:
        return call(node, "negative", call(node, name, first, second.inputs[0]))
    return None


@rule("divide by a power of two", DIVIDE)
def divide_by_power_of_two(node: Tensor) -> Tensor | None:
    """x/c -> x·(1/c), for c = ±2ⁿ whose reciprocal is a normal number, so that both are exact."""
    first, second = node.inputs
    found = number_of(second)
    if found is None or not np.isfinite(found) or abs(math.frexp(found)[0]) != 0.5:
        return None
    reciprocal = 1 / found
    if not _is_normal(reciprocal):
        return None
    return call(node, "multiply", first, full(node, reciprocal, first))


@rule("collect factors", MULTIPLY, DIVIDE, keeps=Keeps.ROUNDING)
def collect_factors(node: Tensor) -> Tensor | None:
    """(x·c1)·c2 -> x·(c1·c2) and (x·c1)/c2 -> x·(c1/c2).

    Exact for integers, which wrap around, and for floats when c2 is a power of two; otherwise
    both sides round twice. Not where the new constant would overflow, vanish or lose digits.
    """
    outer = number_of(node.inputs[1]), node.inputs[0]
    if node.primitive is MULTIPLY:
        outer = number_and_other(node) or outer
    second, below = outer
    if second is None or below.primitive is not MULTIPLY:
        return None
    inner = number_and_other(below)
    if inner is None:
        return None
    first, x = inner
    with np.errstate(all="ignore"):
        product = first * second if node.primitive is MULTIPLY else first / second
    if is_floating(node.dtype) and not _is_normal(product):
        return None
    return call(node, "multiply", x, full(node, product, x))


@rule("collect integer terms", ADD)
def collect_integer_terms(node: Tensor) -> Tensor | None:
    """(x + c1) + c2 -> x + (c1 + c2), for integers, which wrap around."""
    outer = None if is_floating(node.dtype) else number_and_other(node)
    if outer is None or outer[1].primitive is not ADD:
        return None
    inner = number_and_other(outer[1])
    if inner is None:
        return None
    with np.errstate(all="ignore"):
        total = outer[0] + inner[0]
    return call(node, "add", inner[1], full(node, total, inner[1]))


@rule("power of zero and one", POWER)
def power_of_zero_and_one(node: Tensor) -> Tensor | None:
    """x⁰ -> 1 (for NaN too, as in IEEE 754) and x¹ -> x."""
    x, exponent = node.inputs
    if is_number(exponent, 0):
        return full(node, 1, x)
    return x if is_number(exponent, 1) else None


@rule("power by multiplication", POWER, keeps=Keeps.ROUNDING)
def power_by_multiplication(node: Tensor) -> Tensor | None:
    """x² -> x·x and x³ -> x·x·x and x⁴ -> (x·x)·(x·x)."""
    x, exponent = node.inputs
    if not any(is_number(exponent, value) for value in (2, 3, 4)):
        return None
    square = call(node, "multiply", x, x)
    if is_number(exponent, 2):
        return square
    return call(node, "multiply", square, x if is_number(exponent, 3) else square)


@rule("power by root and reciprocal", POWER, keeps=Keeps.ROUNDING)
def power_by_root(node: Tensor) -> Tensor | None:
    """x^½ -> √x and x⁻¹ -> 1/x and x^-½ -> 1/√x.

    Differs at one point: (-∞)^½ is ∞ and √-∞ is NaN, as for every other negative number.
    """
    x, exponent = node.inputs
    if not is_floating(node.dtype):
        return None
    if is_number(exponent, 0.5):
        return call(node, "sqrt", x)
    if is_number(exponent, -1):
        return call(node, "divide", full(node, 1, x), x)
    if is_number(exponent, -0.5):
        return call(node, "divide", full(node, 1, x), call(node, "sqrt", x))
    return None


def _negated(value: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.negative(value)


def _is_normal(value: Any) -> bool:
    return bool(np.isfinite(value)) and abs(value) >= np.finfo(value.dtype).tiny
