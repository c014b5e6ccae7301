"""Choices: conditions known beforehand, extremes, comparisons, logic and bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, is_floating, is_integer
from cairnet.compiler.rewrite.building import call, cast, full
from cairnet.compiler.rewrite.matching import is_number, number_and_other, number_of
from cairnet.compiler.rewrite.rule import Keeps, rule
from cairnet.tensor.core import Tensor
from cairnet.tensor.primitives import ELEMENTWISE

__all__: list[str] = []

WHERE = ELEMENTWISE["where"]
MAXIMUM, MINIMUM = ELEMENTWISE["maximum"], ELEMENTWISE["minimum"]
EQUAL, LESS, LESS_EQUAL = (ELEMENTWISE[name] for name in ("equal", "less", "less_equal"))
AND, OR, XOR, NOT = (ELEMENTWISE[f"bitwise_{name}"] for name in ("and", "or", "xor", "not"))
SHIFT_LEFT, SHIFT_RIGHT = ELEMENTWISE["shift_left"], ELEMENTWISE["shift_right"]
_IDEMPOTENT = tuple(
    ELEMENTWISE[name] for name in ("absolute", "floor", "ceil", "round", "trunc", "sign")
)


@rule("choose between equals", WHERE)
def choose_between_equals(node: Tensor) -> Tensor | None:
    """where(c, x, x) -> x."""
    _, first, second = node.inputs
    return first if first is second else None


@rule("choose by a known condition", WHERE)
def choose_by_known_condition(node: Tensor) -> Tensor | None:
    """where(true, a, b) -> a and where(false, a, b) -> b."""
    found = number_of(node.inputs[0])
    if found is None:
        return None
    return node.inputs[1] if found else node.inputs[2]


@rule("choose by a negation", WHERE)
def choose_by_negation(node: Tensor) -> Tensor | None:
    """where(not c, a, b) -> where(c, b, a)."""
    condition, first, second = node.inputs
    if condition.primitive is not NOT:
        return None
    return call(node, "where", condition.inputs[0], second, first)


@rule("choose twice by one condition", WHERE)
def choose_twice(node: Tensor) -> Tensor | None:
    """where(c, where(c, a, b), d) -> where(c, a, d), and the same on the other side."""
    condition, first, second = node.inputs
    if first.primitive is WHERE and first.inputs[0] is condition:
        return call(node, "where", condition, first.inputs[1], second)
    if second.primitive is WHERE and second.inputs[0] is condition:
        return call(node, "where", condition, first, second.inputs[2])
    return None


@rule("choose between one and zero", WHERE)
def choose_one_or_zero(node: Tensor) -> Tensor | None:
    """where(c, 1, 0) -> cast(c) and, for bools, where(c, true, false) -> c."""
    condition, first, second = node.inputs
    if not is_number(first, 1) or not is_number(second, 0):
        return None
    zero = number_of(second)
    if is_floating(node.dtype) and np.signbit(zero):
        return None
    return cast(node, condition, node.dtype)


@rule("extreme of equals", MAXIMUM, MINIMUM)
def extreme_of_equals(node: Tensor) -> Tensor | None:
    """max(x, x) -> x and min(x, x) -> x."""
    first, second = node.inputs
    return first if first is second else None


@rule("extreme with a bound of the dtype", MAXIMUM, MINIMUM)
def extreme_with_bound(node: Tensor) -> Tensor | None:
    """max(x, -∞) -> x and min(x, ∞) -> x; for integers with the dtype's own bounds."""
    found = number_and_other(node)
    if found is None:
        return None
    lowest, highest = _bounds(node.dtype)
    return found[1] if found[0] == (lowest if node.primitive is MAXIMUM else highest) else None


@rule("extreme of an extreme", MAXIMUM, MINIMUM, keeps=Keeps.VALUE)
def extreme_of_extreme(node: Tensor) -> Tensor | None:
    """max(max(x, c1), c2) -> max(x, max(c1, c2)), and the same for min.

    Of 0.0 and -0.0 either may be taken for the larger one.
    """
    outer = number_and_other(node)
    if outer is None or outer[1].primitive is not node.primitive:
        return None
    inner = number_and_other(outer[1])
    if inner is None:
        return None
    extreme = np.maximum if node.primitive is MAXIMUM else np.minimum
    x, bound = inner[1], full(node, extreme(inner[0], outer[0]), inner[1])
    return call(node, node.primitive.name, x, bound)


@rule("compare with itself", EQUAL, LESS, LESS_EQUAL)
def compare_with_itself(node: Tensor) -> Tensor | None:
    """x < x -> false; x = x -> true and x ≤ x -> true, but not for floats: NaN ≠ NaN."""
    first, second = node.inputs
    if first is not second:
        return None
    if node.primitive is LESS:
        return full(node, False, node)
    return None if is_floating(first.dtype) else full(node, True, node)


@rule("compare with a bound of the dtype", LESS, LESS_EQUAL)
def compare_with_bound(node: Tensor) -> Tensor | None:
    """x < lowest -> false and lowest ≤ x -> true and likewise above, for integers.

    Lowest and highest are those of the dtype, so an unsigned x < 0 is false.
    """
    first, second = node.inputs
    if not is_integer(first.dtype):
        return None
    lowest, highest = _bounds(first.dtype)
    if node.primitive is LESS:
        never = is_number(second, lowest) or is_number(first, highest)
        return full(node, False, node) if never else None
    always = is_number(first, lowest) or is_number(second, highest)
    return full(node, True, node) if always else None


@rule("double negation", NOT)
def double_negation(node: Tensor) -> Tensor | None:
    """not not x -> x, on bits too."""
    below = node.inputs[0]
    return below.inputs[0] if below.primitive is NOT else None


@rule("negated comparison", NOT)
def negated_comparison(node: Tensor) -> Tensor | None:
    """not (a < b) -> b ≤ a and not (a ≤ b) -> b < a, but not for floats: NaN has no order."""
    below = node.inputs[0]
    if below.primitive not in (LESS, LESS_EQUAL) or is_floating(below.inputs[0].dtype):
        return None
    first, second = below.inputs
    return call(node, "less_equal" if below.primitive is LESS else "less", second, first)


@rule("bits with themselves", AND, OR, XOR)
def bits_with_themselves(node: Tensor) -> Tensor | None:
    """x & x -> x and x | x -> x and x ^ x -> 0."""
    first, second = node.inputs
    if first is not second:
        return None
    return full(node, 0, node) if node.primitive is XOR else first


@rule("bits with none or all", AND, OR, XOR)
def bits_with_none_or_all(node: Tensor) -> Tensor | None:
    """x & 0 -> 0 and x | 0 -> x and x ^ 0 -> x; with all bits: x & 1 -> x, x | 1 -> 1, x ^ 1 -> ~x.

    Here 1 stands for all bits set: true, or -1.
    """
    found = number_and_other(node)
    if found is None:
        return None
    value, x = found
    if value == 0:
        return full(node, 0, node) if node.primitive is AND else x
    if value != np.invert(np.zeros((), node.dtype)):
        return None
    if node.primitive is AND:
        return x
    return full(node, value, node) if node.primitive is OR else call(node, "bitwise_not", x)


@rule("shift by nothing", SHIFT_LEFT, SHIFT_RIGHT)
def shift_by_nothing(node: Tensor) -> Tensor | None:
    """x << 0 -> x and x >> 0 -> x."""
    return node.inputs[0] if is_number(node.inputs[1], 0) else None


@rule("twice is once", *_IDEMPOTENT)
def twice_is_once(node: Tensor) -> Tensor | None:
    """f(f(x)) -> f(x), for f = |x|, floor, ceil, round, trunc, sign."""
    below = node.inputs[0]
    return below if below.primitive is node.primitive else None


@rule("absolute value of a negative", ELEMENTWISE["absolute"])
def absolute_of_negative(node: Tensor) -> Tensor | None:
    """|-x| -> |x|."""
    below = node.inputs[0]
    if below.primitive is not ELEMENTWISE["negative"]:
        return None
    return call(node, "absolute", below.inputs[0])


def _bounds(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The lowest and the highest value of a dtype."""
    if dtype == bool_:
        return False, True
    if is_floating(dtype):
        return -np.inf, np.inf
    return np.iinfo(dtype).min, np.iinfo(dtype).max
