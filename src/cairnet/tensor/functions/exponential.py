"""Exponentials, logarithms, roots, circular and hyperbolic functions, element by element.

All of them want a floating dtype. Those that the standard defines for complex numbers take complex
dtypes too, and give the principal value: the cuts are those of C99's Annex G and of NumPy.
"""

from __future__ import annotations

import math
from typing import Any

from cairnet.base.dtypes import is_complex
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import elementwise, floating, promoted
from cairnet.tensor.functions.complex_numbers import by_parts
from cairnet.tensor.functions.searching import where

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
    "logaddexp",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]


def exp(x: Any, /) -> Tensor:
    """The exponential function, eˣ.

    Example:
        >>> import cairnet as cn
        >>> float(cn.exp(1.0))
        2.7183
    """
    return elementwise("exp", x)


def expm1(x: Any, /) -> Tensor:
    """eˣ - 1, accurate near zero.

    Example:
        >>> import cairnet as cn
        >>> float(cn.expm1(1e-10))
        1.0000e-10
    """
    return elementwise("expm1", x)


def log(x: Any, /) -> Tensor:
    """The natural logarithm; -inf at zero, NaN below it.

    Example:
        >>> import cairnet as cn
        >>> cn.log([1.0, 0.0])
        Tensor([  0., -inf], dtype=float32)
    """
    return elementwise("log", x)


def log1p(x: Any, /) -> Tensor:
    """The natural logarithm of 1 + x, accurate near zero.

    Example:
        >>> import cairnet as cn
        >>> float(cn.log1p(1e-10))
        1.0000e-10
    """
    return elementwise("log1p", x)


def log2(x: Any, /) -> Tensor:
    """The logarithm to base 2.

    Example:
        >>> import cairnet as cn
        >>> float(cn.log2(8.0))
        3.0000
    """
    return _over(elementwise("log", x, function="log2"), math.log(2))


def log10(x: Any, /) -> Tensor:
    """The logarithm to base 10.

    Example:
        >>> import cairnet as cn
        >>> float(cn.log10(1000.0))
        3.0000
    """
    return _over(elementwise("log", x, function="log10"), math.log(10))


def _over(x: Tensor, number: float) -> Tensor:
    """A quotient by a real number: a complex division would mix infinite parts with NaN."""
    if is_complex(x.dtype):
        return by_parts(lambda part: part / number, x)
    return x / number


def logaddexp(x1: Any, x2: Any, /) -> Tensor:
    """The logarithm of a sum of exponentials, log(exp x1 + exp x2), without overflow.

    Example:
        >>> import cairnet as cn
        >>> float(cn.logaddexp(1000.0, 1000.0))
        1000.693
    """
    first, second = promoted("logaddexp", x1, x2)
    floating("logaddexp", first)
    # The larger one plus log(1 + exp(-distance)); two equal infinities have no distance.
    equal_infinities = (first == second) & (elementwise("absolute", first) == math.inf)
    distance = where(equal_infinities, 0, first - second)
    return where(
        distance > 0,
        first + elementwise("softplus", -distance),
        second + elementwise("softplus", distance),
    )


def sqrt(x: Any, /) -> Tensor:
    """The square root; NaN below zero.

    Example:
        >>> import cairnet as cn
        >>> cn.sqrt([4.0, 2.25, 0.0])
        Tensor([2. , 1.5, 0. ], dtype=float32)
    """
    return elementwise("sqrt", x)


def erf(x: Any, /) -> Tensor:
    """The error function, 2/√π · ∫₀ˣ exp(-t²) dt.

    Example:
        >>> import cairnet as cn
        >>> float(cn.erf(0.5))
        0.5205
    """
    return elementwise("erf", x)


def sin(x: Any, /) -> Tensor:
    """The sine of an angle in radians.

    Example:
        >>> import cairnet as cn
        >>> float(cn.sin(cn.pi / 6))
        0.5000
    """
    return elementwise("sin", x)


def cos(x: Any, /) -> Tensor:
    """The cosine of an angle in radians.

    Example:
        >>> import cairnet as cn
        >>> float(cn.cos(cn.pi / 3))
        0.5000
    """
    return elementwise("cos", x)


def tan(x: Any, /) -> Tensor:
    """The tangent of an angle in radians.

    Example:
        >>> import cairnet as cn
        >>> float(cn.tan(cn.pi / 4))
        1.0000
    """
    return elementwise("tan", x)


def asin(x: Any, /) -> Tensor:
    """The angle, in radians from -π/2 to π/2, whose sine is x.

    Example:
        >>> import cairnet as cn
        >>> float(cn.asin(1.0))
        1.5708
    """
    return elementwise("asin", x)


def acos(x: Any, /) -> Tensor:
    """The angle, in radians from 0 to π, whose cosine is x.

    Example:
        >>> import cairnet as cn
        >>> float(cn.acos(-1.0))
        3.1416
    """
    return elementwise("acos", x)


def atan(x: Any, /) -> Tensor:
    """The angle, in radians from -π/2 to π/2, whose tangent is x.

    Example:
        >>> import cairnet as cn
        >>> float(cn.atan(1.0))
        0.7854
    """
    return elementwise("atan", x)


def atan2(x1: Any, x2: Any, /) -> Tensor:
    """The angle, in radians from -π to π, of the point (x2, x1) seen from the origin.

    Example:
        >>> import cairnet as cn
        >>> float(cn.atan2(1.0, -1.0))
        2.3562
    """
    return elementwise("atan2", x1, x2)


def sinh(x: Any, /) -> Tensor:
    """The hyperbolic sine, (eˣ - e⁻ˣ) / 2.

    Example:
        >>> import cairnet as cn
        >>> float(cn.sinh(1.0))
        1.1752
    """
    return elementwise("sinh", x)


def cosh(x: Any, /) -> Tensor:
    """The hyperbolic cosine, (eˣ + e⁻ˣ) / 2.

    Example:
        >>> import cairnet as cn
        >>> float(cn.cosh(1.0))
        1.5431
    """
    return elementwise("cosh", x)


def tanh(x: Any, /) -> Tensor:
    """The hyperbolic tangent, sinh x / cosh x.

    Example:
        >>> import cairnet as cn
        >>> float(cn.tanh(1.0))
        0.7616
    """
    return elementwise("tanh", x)


def asinh(x: Any, /) -> Tensor:
    """The number whose hyperbolic sine is x.

    Example:
        >>> import cairnet as cn
        >>> float(cn.asinh(1.0))
        0.8814
    """
    return elementwise("asinh", x)


def acosh(x: Any, /) -> Tensor:
    """The number, 0 or more, whose hyperbolic cosine is x; NaN below 1.

    Example:
        >>> import cairnet as cn
        >>> float(cn.acosh(2.0))
        1.3170
    """
    return elementwise("acosh", x)


def atanh(x: Any, /) -> Tensor:
    """The number whose hyperbolic tangent is x; NaN beyond ±1.

    Example:
        >>> import cairnet as cn
        >>> float(cn.atanh(0.5))
        0.5493
    """
    return elementwise("atanh", x)
