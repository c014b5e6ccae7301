"""Arithmetic on elements: sums, products, powers, rounding, signs, extremes of two tensors.

Arguments are promoted and broadcast as the array API standard says; a Python number takes the
dtype of the tensor it meets.
"""

from __future__ import annotations

from typing import Any

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor, elementwise

__all__ = [
    "abs",
    "add",
    "ceil",
    "divide",
    "floor",
    "floor_divide",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "positive",
    "pow",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "square",
    "subtract",
    "trunc",
]


def add(x1: Any, x2: Any, /) -> Tensor:
    """The sum of each pair of elements, x1 + x2."""
    return elementwise("add", x1, x2)


def subtract(x1: Any, x2: Any, /) -> Tensor:
    """The difference of each pair of elements, x1 - x2."""
    return elementwise("subtract", x1, x2)


def multiply(x1: Any, x2: Any, /) -> Tensor:
    """The product of each pair of elements, x1 · x2."""
    return elementwise("multiply", x1, x2)


def divide(x1: Any, x2: Any, /) -> Tensor:
    """The quotient of each pair of elements, x1 / x2."""
    return elementwise("divide", x1, x2)


def floor_divide(x1: Any, x2: Any, /) -> Tensor:
    """The quotient rounded down to a whole number, ⌊x1 / x2⌋."""
    return elementwise("floor_divide", x1, x2)


def remainder(x1: Any, x2: Any, /) -> Tensor:
    """The remainder x1 - x2·⌊x1 / x2⌋, which has the sign of x2, as Python's `%`."""
    return elementwise("remainder", x1, x2)


def pow(x1: Any, x2: Any, /) -> Tensor:
    """Each x1 raised to the power x2."""
    return elementwise("power", x1, x2, function="pow")


def maximum(x1: Any, x2: Any, /) -> Tensor:
    """The larger of each pair of elements; NaN if either is NaN."""
    return elementwise("maximum", x1, x2)


def minimum(x1: Any, x2: Any, /) -> Tensor:
    """The smaller of each pair of elements; NaN if either is NaN."""
    return elementwise("minimum", x1, x2)


def negative(x: Any, /) -> Tensor:
    """Each element with its sign turned, -x."""
    return elementwise("negative", x)


def positive(x: Any, /) -> Tensor:
    """Each element as it is, +x."""
    return as_tensor(x)


def abs(x: Any, /) -> Tensor:
    """The magnitude of each element, |x|."""
    return elementwise("absolute", x, function="abs")


def sign(x: Any, /) -> Tensor:
    """-1, 0 or 1 as each element is negative, zero or positive."""
    return elementwise("sign", x)


def square(x: Any, /) -> Tensor:
    """Each element times itself, x²."""
    tensor = as_tensor(x)
    return elementwise("multiply", tensor, tensor, function="square")


def reciprocal(x: Any, /) -> Tensor:
    """One over each element, 1 / x."""
    return elementwise("divide", 1, x, function="reciprocal")


def _rounded(name: str, x: Any) -> Tensor:
    tensor = as_tensor(x)
    if tensor.dtype.kind in "iu":
        return tensor
    return elementwise(name, tensor)


def floor(x: Any, /) -> Tensor:
    """The largest whole number not above each element."""
    return _rounded("floor", x)


def ceil(x: Any, /) -> Tensor:
    """The smallest whole number not below each element."""
    return _rounded("ceil", x)


def round(x: Any, /) -> Tensor:
    """The nearest whole number; halves go to the even neighbour."""
    return _rounded("round", x)


def trunc(x: Any, /) -> Tensor:
    """The whole number next to each element in the direction of zero."""
    return _rounded("trunc", x)
