"""Comparison, logic and bits, element by element."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import bool_
from cairnet.base.errors import DTypeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor, elementwise
from cairnet.tensor.source import here

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]


def equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether the elements of each pair are equal (NaN equals nothing)."""
    return elementwise("equal", x1, x2)


def not_equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether the elements of each pair differ (NaN differs from everything)."""
    return elementwise("bitwise_not", elementwise("equal", x1, x2, function="not_equal"))


def less(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 < x2, pair by pair."""
    return elementwise("less", x1, x2)


def less_equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 ≤ x2, pair by pair."""
    return elementwise("less_equal", x1, x2)


def greater(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 > x2, pair by pair."""
    return elementwise("less", x2, x1, function="greater")


def greater_equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 ≥ x2, pair by pair."""
    return elementwise("less_equal", x2, x1, function="greater_equal")


def _logical(name: str, function: str, *values: Any) -> Tensor:
    for value in values:
        if not isinstance(value, bool) and as_tensor(value).dtype != bool_:
            raise DTypeError(
                f"{function}, at {here()}: expected bool dtype, got {as_tensor(value).dtype.name}; "
                "compare first (x != 0), or use the bitwise functions"
            )
    return elementwise(name, *values, function=function)


def logical_and(x1: Any, x2: Any, /) -> Tensor:
    """Whether both elements of each pair are true."""
    return _logical("bitwise_and", "logical_and", x1, x2)


def logical_or(x1: Any, x2: Any, /) -> Tensor:
    """Whether at least one element of each pair is true."""
    return _logical("bitwise_or", "logical_or", x1, x2)


def logical_xor(x1: Any, x2: Any, /) -> Tensor:
    """Whether exactly one element of each pair is true."""
    return _logical("bitwise_xor", "logical_xor", x1, x2)


def logical_not(x: Any, /) -> Tensor:
    """Whether each element is false."""
    return _logical("bitwise_not", "logical_not", x)


def bitwise_and(x1: Any, x2: Any, /) -> Tensor:
    """The bits that are set in both elements of each pair."""
    return elementwise("bitwise_and", x1, x2)


def bitwise_or(x1: Any, x2: Any, /) -> Tensor:
    """The bits that are set in at least one element of each pair."""
    return elementwise("bitwise_or", x1, x2)


def bitwise_xor(x1: Any, x2: Any, /) -> Tensor:
    """The bits that are set in exactly one element of each pair."""
    return elementwise("bitwise_xor", x1, x2)


def bitwise_invert(x: Any, /) -> Tensor:
    """Every bit turned over."""
    return elementwise("bitwise_not", x, function="bitwise_invert")


def bitwise_left_shift(x1: Any, x2: Any, /) -> Tensor:
    """The bits of x1 moved x2 places up; zeros move in."""
    return elementwise("shift_left", x1, x2, function="bitwise_left_shift")


def bitwise_right_shift(x1: Any, x2: Any, /) -> Tensor:
    """The bits of x1 moved x2 places down; copies of the sign bit move in."""
    return elementwise("shift_right", x1, x2, function="bitwise_right_shift")
