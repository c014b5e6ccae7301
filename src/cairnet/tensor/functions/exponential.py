"""Exponentials, logarithms, roots, circular and hyperbolic functions, element by element.

All of them want a floating dtype.
"""

from __future__ import annotations

import math
from typing import Any

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import elementwise

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "erf",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]


def exp(x: Any, /) -> Tensor:
    """The exponential function, eˣ."""
    return elementwise("exp", x)


def expm1(x: Any, /) -> Tensor:
    """eˣ - 1, accurate near zero."""
    return elementwise("expm1", x)


def log(x: Any, /) -> Tensor:
    """The natural logarithm; NaN below zero, -inf at zero."""
    return elementwise("log", x)


def log1p(x: Any, /) -> Tensor:
    """The natural logarithm of 1 + x, accurate near zero."""
    return elementwise("log1p", x)


def log2(x: Any, /) -> Tensor:
    """The logarithm to base 2."""
    return elementwise("log", x, function="log2") / math.log(2)


def log10(x: Any, /) -> Tensor:
    """The logarithm to base 10."""
    return elementwise("log", x, function="log10") / math.log(10)


def sqrt(x: Any, /) -> Tensor:
    """The square root; NaN below zero."""
    return elementwise("sqrt", x)


def erf(x: Any, /) -> Tensor:
    """The error function, 2/√π · ∫₀ˣ exp(-t²) dt."""
    return elementwise("erf", x)


def sin(x: Any, /) -> Tensor:
    """The sine of an angle in radians."""
    return elementwise("sin", x)


def cos(x: Any, /) -> Tensor:
    """The cosine of an angle in radians."""
    return elementwise("cos", x)


def tan(x: Any, /) -> Tensor:
    """The tangent of an angle in radians."""
    return elementwise("tan", x)


def asin(x: Any, /) -> Tensor:
    """The angle, in radians, whose sine is x."""
    return elementwise("asin", x)


def acos(x: Any, /) -> Tensor:
    """The angle, in radians, whose cosine is x."""
    return elementwise("acos", x)


def atan(x: Any, /) -> Tensor:
    """The angle, in radians, whose tangent is x."""
    return elementwise("atan", x)


def atan2(x1: Any, x2: Any, /) -> Tensor:
    """The angle, in radians, of the point (x2, x1) seen from the origin."""
    return elementwise("atan2", x1, x2)


def sinh(x: Any, /) -> Tensor:
    """The hyperbolic sine, (eˣ - e⁻ˣ) / 2."""
    return elementwise("sinh", x)


def cosh(x: Any, /) -> Tensor:
    """The hyperbolic cosine, (eˣ + e⁻ˣ) / 2."""
    return elementwise("cosh", x)


def tanh(x: Any, /) -> Tensor:
    """The hyperbolic tangent, sinh x / cosh x."""
    return elementwise("tanh", x)


def asinh(x: Any, /) -> Tensor:
    """The number whose hyperbolic sine is x."""
    return elementwise("asinh", x)


def acosh(x: Any, /) -> Tensor:
    """The number, 0 or more, whose hyperbolic cosine is x."""
    return elementwise("acosh", x)


def atanh(x: Any, /) -> Tensor:
    """The number whose hyperbolic tangent is x."""
    return elementwise("atanh", x)
