"""Comparison, logic and bits, element by element."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import bool_
from cairnet.base.errors import DTypeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor, elementwise, ordered
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
    """Whether the elements of each pair are equal (NaN equals nothing).

    Example:
        >>> import cairnet as cn
        >>> cn.equal([1, 2], 2)
        Tensor([False,  True], dtype=bool)
    """
    return elementwise("equal", x1, x2)


def not_equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether the elements of each pair differ (NaN differs from everything).

    Example:
        >>> import cairnet as cn
        >>> cn.not_equal([1, 2], 2)
        Tensor([ True, False], dtype=bool)
    """
    return elementwise("bitwise_not", elementwise("equal", x1, x2, function="not_equal"))


def less(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 < x2, pair by pair; numbers only.

    Example:
        >>> import cairnet as cn
        >>> cn.less([1, 2, 3], 2)
        Tensor([ True, False, False], dtype=bool)
    """
    return _ordered("less", "less", x1, x2)


def less_equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 ≤ x2, pair by pair; numbers only.

    Example:
        >>> import cairnet as cn
        >>> cn.less_equal([1, 2, 3], 2)
        Tensor([ True,  True, False], dtype=bool)
    """
    return _ordered("less_equal", "less_equal", x1, x2)


def greater(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 > x2, pair by pair; numbers only.

    Example:
        >>> import cairnet as cn
        >>> cn.greater([1, 2, 3], 2)
        Tensor([False, False,  True], dtype=bool)
    """
    return _ordered("less", "greater", x2, x1)


def greater_equal(x1: Any, x2: Any, /) -> Tensor:
    """Whether x1 ≥ x2, pair by pair; numbers only.

    Example:
        >>> import cairnet as cn
        >>> cn.greater_equal([1, 2, 3], 2)
        Tensor([False,  True,  True], dtype=bool)
    """
    return _ordered("less_equal", "greater_equal", x2, x1)


def logical_and(x1: Any, x2: Any, /) -> Tensor:
    """Whether both elements of each pair are true; bool only.

    Example:
        >>> import cairnet as cn
        >>> cn.logical_and([True, True], [True, False])
        Tensor([ True, False], dtype=bool)
    """
    return _logical("bitwise_and", "logical_and", x1, x2)


def logical_or(x1: Any, x2: Any, /) -> Tensor:
    """Whether at least one element of each pair is true; bool only.

    Example:
        >>> import cairnet as cn
        >>> cn.logical_or([False, True], [False, False])
        Tensor([False,  True], dtype=bool)
    """
    return _logical("bitwise_or", "logical_or", x1, x2)


def logical_xor(x1: Any, x2: Any, /) -> Tensor:
    """Whether exactly one element of each pair is true; bool only.

    Example:
        >>> import cairnet as cn
        >>> cn.logical_xor([True, True], [True, False])
        Tensor([False,  True], dtype=bool)
    """
    return _logical("bitwise_xor", "logical_xor", x1, x2)


def logical_not(x: Any, /) -> Tensor:
    """Whether each element is false; bool only.

    Example:
        >>> import cairnet as cn
        >>> cn.logical_not([True, False])
        Tensor([False,  True], dtype=bool)
    """
    return _logical("bitwise_not", "logical_not", x)


def bitwise_and(x1: Any, x2: Any, /) -> Tensor:
    """The bits that are set in both elements of each pair.

    Example:
        >>> import cairnet as cn
        >>> cn.bitwise_and(0b1100, 0b1010)
        Tensor(8, dtype=int64)
    """
    return elementwise("bitwise_and", x1, x2)


def bitwise_or(x1: Any, x2: Any, /) -> Tensor:
    """The bits that are set in at least one element of each pair.

    Example:
        >>> import cairnet as cn
        >>> cn.bitwise_or(0b1100, 0b1010)
        Tensor(14, dtype=int64)
    """
    return elementwise("bitwise_or", x1, x2)


def bitwise_xor(x1: Any, x2: Any, /) -> Tensor:
    """The bits that are set in exactly one element of each pair.

    Example:
        >>> import cairnet as cn
        >>> cn.bitwise_xor(0b1100, 0b1010)
        Tensor(6, dtype=int64)
    """
    return elementwise("bitwise_xor", x1, x2)


def bitwise_invert(x: Any, /) -> Tensor:
    """Every bit turned over.

    Example:
        >>> import cairnet as cn
        >>> cn.bitwise_invert([0, 5])
        Tensor([-1, -6], dtype=int64)
    """
    return elementwise("bitwise_not", x, function="bitwise_invert")


def bitwise_left_shift(x1: Any, x2: Any, /) -> Tensor:
    """The bits of x1 moved x2 places up; zeros move in.

    Example:
        >>> import cairnet as cn
        >>> cn.bitwise_left_shift(3, 2)
        Tensor(12, dtype=int64)
    """
    return elementwise("shift_left", x1, x2, function="bitwise_left_shift")


def bitwise_right_shift(x1: Any, x2: Any, /) -> Tensor:
    """The bits of x1 moved x2 places down; copies of the sign bit move in.

    Example:
        >>> import cairnet as cn
        >>> cn.bitwise_right_shift(-8, 2)
        Tensor(-2, dtype=int64)
    """
    return elementwise("shift_right", x1, x2, function="bitwise_right_shift")


def _ordered(name: str, function: str, *values: Any) -> Tensor:
    for value in values:
        # Python's real numbers are in order, and may be too large for the default dtype.
        if type(value) not in (int, float):
            ordered(function, value)
    return elementwise(name, *values, function=function)


def _logical(name: str, function: str, *values: Any) -> Tensor:
    for value in values:
        dtype = as_tensor(value).dtype
        if dtype != bool_:
            raise DTypeError(
                f"{function}, at {here()}: expected bool dtype, got {dtype.name}; "
                "compare first (x != 0), or use the bitwise functions"
            )
    return elementwise(name, *values, function=function)
