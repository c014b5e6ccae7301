"""Arithmetic on elements: sums, products, powers, rounding, signs, extremes of two tensors.

Arguments are promoted and broadcast as the array API standard says; a Python number takes the
dtype of the tensor it meets.
"""

from __future__ import annotations

import math
from typing import Any

from cairnet.base.dtypes import is_complex
from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    elementwise,
    numeric,
    ordered,
    promoted,
)
from cairnet.tensor.functions.complex_numbers import by_parts, direction
from cairnet.tensor.functions.exponential import sqrt
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import STOP_GRADIENT
from cairnet.tensor.source import here

__all__ = [
    "abs",
    "add",
    "ceil",
    "clip",
    "divide",
    "floor",
    "floor_divide",
    "hypot",
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
    """The sum of each pair of elements, x1 + x2.

    Example:
        >>> import cairnet as cn
        >>> cn.add([1.0, 2.0], 10.0)
        Tensor([11., 12.], dtype=float32)
    """
    return elementwise("add", x1, x2)


def subtract(x1: Any, x2: Any, /) -> Tensor:
    """The difference of each pair of elements, x1 - x2.

    Example:
        >>> import cairnet as cn
        >>> cn.subtract([1.0, 2.0], 10.0)
        Tensor([-9., -8.], dtype=float32)
    """
    return elementwise("subtract", x1, x2)


def multiply(x1: Any, x2: Any, /) -> Tensor:
    """The product of each pair of elements, x1 · x2.

    Example:
        >>> import cairnet as cn
        >>> cn.multiply([1.0, 2.0], [[3.0], [4.0]])
        Tensor([[3., 6.],
                [4., 8.]], dtype=float32)
    """
    return elementwise("multiply", x1, x2)


def divide(x1: Any, x2: Any, /) -> Tensor:
    """The quotient of each pair of elements, x1 / x2; floating dtypes only.

    Division by zero gives ±inf, and 0 / 0 gives NaN.

    Example:
        >>> import cairnet as cn
        >>> cn.divide([1.0, -1.0, 0.0], 0.0)
        Tensor([ inf, -inf,  nan], dtype=float32)
    """
    return elementwise("divide", x1, x2)


def floor_divide(x1: Any, x2: Any, /) -> Tensor:
    """The quotient rounded down to a whole number, ⌊x1 / x2⌋.

    Example:
        >>> import cairnet as cn
        >>> cn.floor_divide([7, -7], 2)
        Tensor([ 3, -4], dtype=int64)
    """
    return elementwise("floor_divide", x1, x2)


def remainder(x1: Any, x2: Any, /) -> Tensor:
    """The remainder x1 - x2·⌊x1 / x2⌋; it has the sign of x2, as Python's `%`.

    Example:
        >>> import cairnet as cn
        >>> cn.remainder([7, -7], 3)
        Tensor([1, 2], dtype=int64)
    """
    return elementwise("remainder", x1, x2)


def pow(x1: Any, x2: Any, /) -> Tensor:
    """Each x1 raised to the power x2.

    A negative base has real powers with whole exponents only; others give NaN.

    Raises:
        ArgumentError: an integer dtype and an exponent below zero, whose powers are no integers.

    Example:
        >>> import cairnet as cn
        >>> cn.pow([2.0, 9.0], [3.0, 0.5])
        Tensor([8., 3.], dtype=float32)
    """
    base, exponent = promoted("pow", x1, x2)
    whole = exponent.dtype.kind in "iu" and exponent.closed
    if whole and exponent.size and (exponent.numpy() < 0).any():
        raise ArgumentError(
            f"pow, at {here()}: integers have no integer powers with exponents below zero, got "
            f"{exponent.numpy().min()}; convert first: cn.astype(x, 'float32')"
        )
    return elementwise("power", base, exponent, function="pow")


def maximum(x1: Any, x2: Any, /) -> Tensor:
    """The larger of each pair of elements; NaN if either is NaN.

    The derivative goes to the larger one, and to x1 where both are equal.

    Example:
        >>> import cairnet as cn
        >>> cn.maximum([-1.0, 2.0], 0.0)
        Tensor([0., 2.], dtype=float32)
    """
    return elementwise("maximum", x1, x2)


def minimum(x1: Any, x2: Any, /) -> Tensor:
    """The smaller of each pair of elements; NaN if either is NaN.

    The derivative goes to the smaller one, and to x1 where both are equal.

    Example:
        >>> import cairnet as cn
        >>> cn.minimum([-1.0, 2.0], 0.0)
        Tensor([-1.,  0.], dtype=float32)
    """
    return elementwise("minimum", x1, x2)


def clip(x: Any, /, min: Any = None, max: Any = None) -> Tensor:
    """Each element moved into the interval from `min` to `max`; None leaves a side open.

    The derivative is one inside the interval, its ends included, and zero outside.

    Example:
        >>> import cairnet as cn
        >>> cn.clip([-2.0, 0.5, 2.0], -1.0, 1.0)
        Tensor([-1. ,  0.5,  1. ], dtype=float32)
    """
    result = ordered("clip", x)
    if min is not None:
        result = elementwise("maximum", result, min, function="clip")
    if max is not None:
        result = elementwise("minimum", result, max, function="clip")
    return result


def negative(x: Any, /) -> Tensor:
    """Each element with its sign turned, -x.

    Example:
        >>> import cairnet as cn
        >>> cn.negative([1, -2])
        Tensor([-1,  2], dtype=int64)
    """
    return elementwise("negative", x)


def positive(x: Any, /) -> Tensor:
    """Each element as it is, +x; numbers only.

    Example:
        >>> import cairnet as cn
        >>> cn.positive([1, -2])
        Tensor([ 1, -2], dtype=int64)
    """
    return numeric("positive", x)


def abs(x: Any, /) -> Tensor:
    """The magnitude of each element, |x|, which is √(a² + b²) for a complex number a + ib.

    Its derivative at zero is taken as zero.

    Example:
        >>> import cairnet as cn
        >>> cn.abs([1.5, -2.0])
        Tensor([1.5, 2. ], dtype=float32)
    """
    return elementwise("absolute", x, function="abs")


def sign(x: Any, /) -> Tensor:
    """-1, 0 or 1 as each element is negative, zero or positive; NaN for NaN.

    For complex numbers x / |x|, and 0 for 0.

    Example:
        >>> import cairnet as cn
        >>> cn.sign([-3.0, 0.0, 5.0])
        Tensor([-1.,  0.,  1.], dtype=float32)
    """
    tensor = as_tensor(x)
    return direction(tensor) if is_complex(tensor.dtype) else elementwise("sign", tensor)


def square(x: Any, /) -> Tensor:
    """Each element times itself, x².

    Example:
        >>> import cairnet as cn
        >>> cn.square([3, -4])
        Tensor([ 9, 16], dtype=int64)
    """
    tensor = as_tensor(x)
    return elementwise("multiply", tensor, tensor, function="square")


def reciprocal(x: Any, /) -> Tensor:
    """One over each element, 1 / x; floating dtypes only.

    Example:
        >>> import cairnet as cn
        >>> cn.reciprocal([2.0, -4.0])
        Tensor([ 0.5 , -0.25], dtype=float32)
    """
    return elementwise("divide", 1, x, function="reciprocal")


def hypot(x1: Any, x2: Any, /) -> Tensor:
    """The length of the hypotenuse, √(x1² + x2²), without overflow in the squares.

    Example:
        >>> import cairnet as cn
        >>> cn.hypot([3.0, 5e30], [4.0, 1.2e31])
        Tensor([5.0e+00, 1.3e+31], dtype=float32)
    """
    first, second = promoted("hypot", x1, x2)
    ordered("hypot", first)
    largest = maximum(abs(first), abs(second))
    # The scale cancels out of the result, hence out of its derivatives too.
    unusable = (largest == 0) | (largest == math.inf) | (largest != largest)
    scale = apply(STOP_GRADIENT, where(unusable, 1, largest))
    length = scale * sqrt(square(first / scale) + square(second / scale))
    infinite = (abs(first) == math.inf) | (abs(second) == math.inf)
    return where(infinite, math.inf, length)


def floor(x: Any, /) -> Tensor:
    """The largest whole number not above each element.

    Example:
        >>> import cairnet as cn
        >>> cn.floor([1.5, -1.5])
        Tensor([ 1., -2.], dtype=float32)
    """
    return _rounded("floor", x)


def ceil(x: Any, /) -> Tensor:
    """The smallest whole number not below each element.

    Example:
        >>> import cairnet as cn
        >>> cn.ceil([1.5, -1.5])
        Tensor([ 2., -1.], dtype=float32)
    """
    return _rounded("ceil", x)


def round(x: Any, /) -> Tensor:
    """The nearest whole number; halves go to the even neighbour. Complex numbers part by part.

    Example:
        >>> import cairnet as cn
        >>> cn.round([0.5, 1.5, 2.4])
        Tensor([0., 2., 2.], dtype=float32)
    """
    tensor = as_tensor(x)
    return by_parts(round, tensor) if is_complex(tensor.dtype) else _rounded("round", tensor)


def trunc(x: Any, /) -> Tensor:
    """Each element without what stands behind the point.

    Example:
        >>> import cairnet as cn
        >>> cn.trunc([1.5, -1.5])
        Tensor([ 1., -1.], dtype=float32)
    """
    return _rounded("trunc", x)


def _rounded(name: str, x: Any) -> Tensor:
    """Integers are whole already."""
    tensor = ordered(name, x)
    return tensor if tensor.dtype.kind in "iu" else elementwise(name, tensor)
