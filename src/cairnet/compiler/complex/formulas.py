"""Functions of complex numbers in real arithmetic: what each elementwise primitive becomes.

A complex tensor is a pair of real ones, x + iy. The formulas avoid overflow in between and
cancellation, keep to the principal branches of C99's Annex G (the sign of a zero says on which side
of a cut a number lies), and give its values for infinite parts where that costs little. Most of
them are those of

    Kahan: Branch cuts for complex elementary functions, or much ado about nothing's sign bit.
    In: Iserles, Powell (eds.): The state of the art in numerical analysis, 1987.

sin, tan and atan are the hyperbolic functions turned by a right angle: sin z = -i sinh iz.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cairnet.tensor.core import CONSTANT, Tensor
from cairnet.tensor.functions.arithmetic import abs as absolute
from cairnet.tensor.functions.arithmetic import hypot, maximum, minimum
from cairnet.tensor.functions.exponential import (
    asinh,
    atan2,
    cos,
    cosh,
    exp,
    expm1,
    log,
    log1p,
    sin,
    sinh,
    sqrt,
    tan,
)
from cairnet.tensor.functions.floating import copysign, isfinite, isinf
from cairnet.tensor.functions.searching import where
from cairnet.tensor.primitives import BROADCAST
from cairnet.tensor.primitives.movement import filled

__all__ = ["FORMULAS", "Pair", "each_part", "is_zero", "magnitude", "times"]

#: The real and the imaginary part.
Pair = tuple[Tensor, Tensor]
#: Constant exponents up to this are multiplied out.
_MOST_FACTORS = 16


def is_zero(x: Tensor) -> bool:
    """Whether a tensor is known to be zero everywhere: the imaginary part of a real number."""
    if x.primitive is BROADCAST:
        x = x.inputs[0]
    return x.primitive is CONSTANT and not x.extents and not x.parameters["value"].array.any()


# -- arithmetic


def each_part(function: Callable[..., Tensor], *numbers: Pair) -> Pair:
    """A function of real numbers that takes zeros to zero, applied to both parts."""
    real = function(*(z[0] for z in numbers))
    if all(is_zero(z[1]) for z in numbers):
        return real, filled(0, real)
    return real, function(*(z[1] for z in numbers))


def add(z: Pair, w: Pair) -> Pair:
    return each_part(lambda a, b: a + b, z, w)


def subtract(z: Pair, w: Pair) -> Pair:
    return each_part(lambda a, b: a - b, z, w)


def negative(z: Pair) -> Pair:
    # Not known to be zero any more: -0 lies on the other side of a cut.
    return -z[0], -z[1]


def times(product: Callable[[Tensor, Tensor], Tensor], z: Pair, w: Pair) -> Pair:
    """A sum of products of any kind; with a real factor there are two real ones, not four."""
    (a, b), (c, d) = z, w
    if is_zero(d):
        return each_part(lambda part: product(part, c), z)
    if is_zero(b):
        return product(a, c), product(a, d)
    return product(a, c) - product(b, d), product(a, d) + product(b, c)


def multiply(z: Pair, w: Pair) -> Pair:
    """All four products, with a real number too: where b is 0, b·c alone may have another sign."""
    (a, b), (c, d) = z, w
    if is_zero(b) and is_zero(d):
        return each_part(lambda part: part * c, z)
    return a * c - b * d, a * d + b * c


def divide(z: Pair, w: Pair) -> Pair:
    """Smith's method: divide by the larger part first, so that no square overflows."""
    (a, b), (c, d) = z, w
    if is_zero(b) and is_zero(d):
        return each_part(lambda part: part / c, z)
    steep = absolute(c) < absolute(d)
    large, small = where(steep, d, c), where(steep, c, d)
    first, second = where(steep, b, a), where(steep, a, b)
    ratio = small / large
    scale = 1 / (large + small * ratio)
    real, imag = (first + second * ratio) * scale, (second - first * ratio) * scale
    imag = where(steep, -imag, imag)
    nothing = (c == 0) & (d == 0)
    return (
        where(nothing, a / absolute(large), real),
        where(nothing, b / absolute(large), imag),
    )


def magnitude(z: Pair) -> Tensor:
    """|z|, without overflow in the squares."""
    return absolute(z[0]) if is_zero(z[1]) else hypot(*z)


def _whole_number(w: Pair) -> int | None:
    """The one whole number, not too large, that an exponent is everywhere."""
    x = w[0].inputs[0] if w[0].primitive is BROADCAST else w[0]
    if not is_zero(w[1]) or x.primitive is not CONSTANT or x.extents:
        return None
    value = float(x.parameters["value"].array)
    return int(value) if value.is_integer() and 0 < abs(value) <= _MOST_FACTORS else None


def _whole_power(z: Pair, exponent: int) -> Pair:
    """By repeated squaring."""
    if exponent == 1:
        return z
    half = _whole_power(z, exponent // 2)
    square = multiply(half, half)
    return multiply(square, z) if exponent % 2 else square


def power(z: Pair, w: Pair) -> Pair:
    """exp(w log z); 1 for w = 0, and for z = 0 zero where w is real and above 0."""
    whole = _whole_number(w)
    if whole is not None:
        result = _whole_power(z, abs(whole))
        one: Pair = filled(1, z[0]), filled(0, z[0])
        return result if whole > 0 else divide(one, result)
    return _any_power(z, w)


def _any_power(z: Pair, w: Pair) -> Pair:
    real, imag = exponential(multiply(w, logarithm(z)))
    one, zero, undefined = filled(1, real), filled(0, real), filled(math.nan, real)
    nothing = (z[0] == 0) & (z[1] == 0)
    vanishes = where((w[0] > 0) & (w[1] == 0), zero, undefined)
    real, imag = where(nothing, vanishes, real), where(nothing, vanishes, imag)
    whole = (w[0] == 0) & (w[1] == 0)
    return where(whole, one, real), where(whole, zero, imag)


# -- exponentials, logarithms, roots


def _step(x: Tensor) -> float:
    """How far exponents go before they are taken in two steps."""
    return 700.0 if x.dtype == np.float64 else 80.0


def exponential(z: Pair) -> Pair:
    """eˣ cos y, eˣ sin y; where eˣ alone would overflow it is multiplied in two steps."""
    x, y = z
    step = _step(x)
    large = x > step
    first = exp(where(large, x - step, x))
    second = where(large, math.exp(step), filled(1, x))
    # An infinite x decides alone how large the result is, whatever the direction.
    endless = isinf(x) & ~isfinite(y)
    cosine = where(endless, 1, cos(y))
    sine = where(endless & (x < 0), 0, sin(y))
    imag = where(y == 0, y, first * sine * second)
    return first * cosine * second, imag


def exponential_less_one(z: Pair) -> Pair:
    """cos y - 1 is -2 sin²(y/2), which does not cancel."""
    x, y = z
    real, imag = exponential(z)
    half = sin(y * 0.5)
    finite = isfinite(x) & isfinite(y)
    return where(finite, expm1(x) * cos(y) - 2 * half * half + 0.0, real - 1), imag


def logarithm(z: Pair) -> Pair:
    """log |z| and the angle; with m ≥ n the magnitudes of the parts, |z|² - 1 = (m-1)(m+1) + n²."""
    x, y = z
    first, second = absolute(x), absolute(y)
    endless = isinf(first) | isinf(second)
    large, small = where(endless, math.inf, maximum(first, second)), minimum(first, second)
    ratio = where(endless | (large == 0), 0, small / large)
    far = log(large) + 0.5 * log1p(ratio * ratio)
    near = 0.5 * log1p((large - 1) * (large + 1) + small * small)
    is_near = (large > 0.7) & (large < 1.5)
    return where(is_near, near, far), atan2(y, x)


def logarithm_of_one_more(z: Pair) -> Pair:
    """log(1 + z); near zero |1 + z|² - 1 is x(x + 2) + y²."""
    x, y = z
    real, imag = logarithm((x + 1, y))
    is_near = maximum(absolute(x), absolute(y)) < 0.5
    return where(is_near, 0.5 * log1p(x * (x + 2) + y * y), real), imag


def root(z: Pair) -> Pair:
    """The root of the larger part, √((|x| + |z|)/2); the other part is y over twice that."""
    x, y = z
    larger = sqrt(absolute(x) * 0.5 + hypot(x * 0.5, y * 0.5))
    other = where(larger == 0, y, y * 0.5 / larger)
    right = x >= 0
    endless = isinf(y)
    real = where(right | (x != x), larger, absolute(other))
    imag = where(right | (x != x), other, copysign(larger, y))
    return where(endless, math.inf, real), where(endless, y, imag)


# -- hyperbolic functions and, turned by a right angle, circular ones


def _product(a: Tensor, b: Tensor) -> Tensor:
    """a · b, where a zero stays one beside what is not finite."""
    result = a * b
    rescued = where(b == 0, where(a < 0, -b, b), where(a == 0, a, result))
    return where(result == result, result, rescued)


def _hyperbolic(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """sinh x, cosh x, and what both are to be multiplied by, so that they do not overflow."""
    step = _step(x)
    size = absolute(x)
    large = size > step
    half = 0.5 * exp(size - step)
    return (
        where(large, copysign(half, x), sinh(x)),
        where(large, half, cosh(x)),
        where(large, math.exp(step), filled(1, x)),
    )


def hyperbolic_sine(z: Pair) -> Pair:
    """sinh x cos y, cosh x sin y."""
    sine, cosine, scale = _hyperbolic(z[0])
    return _product(sine, cos(z[1])) * scale, _product(cosine, sin(z[1])) * scale


def hyperbolic_cosine(z: Pair) -> Pair:
    """cosh x cos y, sinh x sin y."""
    sine, cosine, scale = _hyperbolic(z[0])
    return _product(cosine, cos(z[1])) * scale, _product(sine, sin(z[1])) * scale


def hyperbolic_tangent(z: Pair) -> Pair:
    """Kahan's form with t = tan y, s = sinh x; far out it is ±1 and 4 sin y cos y e^-2|x|."""
    x, y = z
    far = absolute(x) > (20.0 if x.dtype == np.float64 else 9.0)
    t, s = tan(y), sinh(where(far, filled(0, x), x))
    beta = 1 + t * t
    denominator = 1 + beta * s * s
    near = beta * sqrt(1 + s * s) * s / denominator
    endless = isinf(x) & ~isfinite(y)
    decay = where(endless, 0, 4 * sin(y) * cos(y) * exp(-2 * absolute(x)))
    real = where(far & (endless | isfinite(y)), copysign(filled(1, x), x), near)
    return real, where(y == 0, y, where(far, decay, t / denominator))


def inverse_hyperbolic_tangent(z: Pair) -> Pair:
    """¼ log1p(4x / ((1 - x)² + y²)) for x ≥ 0, and odd; beyond the reach of squares as 1/z."""
    x, y = z
    reach = 1e150 if x.dtype == np.float64 else 1e18
    right = absolute(x)
    far = maximum(right, absolute(y)) > reach
    a, b = where(far, filled(0, x), right), where(far, filled(0, y), y)
    near = 0.25 * log1p(4 * a / ((1 - a) * (1 - a) + b * b))
    # Beside the poles at ±1 the square would vanish.
    near = where((right == 1) & (absolute(b) < 1e-4), 0.5 * log(2 / absolute(b)), near)
    length = hypot(x, y)
    real = where(far, where(isinf(length), 0, right / length / length), near)
    angle = 0.5 * atan2(2 * b, (1 - a) * (1 + a) - b * b)
    return copysign(real, x), where(far, copysign(filled(math.pi / 2, y), y), angle)


def _turned(function: Callable[[Pair], Pair]) -> Callable[[Pair], Pair]:
    """-i f(iz) of an odd hyperbolic function: the circular function of the same name."""

    def circular(z: Pair) -> Pair:
        real, imag = function((-z[1], z[0]))
        return imag, -real

    return circular


def cosine(z: Pair) -> Pair:
    return hyperbolic_cosine((-z[1], z[0]))


# -- inverse functions, of the roots of 1 - z, 1 + z and z - 1


def _one_less(z: Pair) -> Pair:
    return root((1 - z[0], -z[1]))


def _one_more(z: Pair) -> Pair:
    return root((z[0] + 1, z[1]))


def inverse_cosine(z: Pair) -> Pair:
    (a, b), (c, d) = _one_less(z), _one_more(z)
    return 2 * atan2(a, c), asinh(c * b - d * a)


def inverse_sine(z: Pair) -> Pair:
    (a, b), (c, d) = _one_less(z), _one_more(z)
    divisor = where(isinf(z[0]), 1, a * c - b * d)
    return atan2(z[0], divisor), asinh(a * d - b * c)


def inverse_hyperbolic_cosine(z: Pair) -> Pair:
    (a, b), (c, d) = root((z[0] - 1, z[1])), _one_more(z)
    return asinh(a * c + b * d), 2 * atan2(b, c)


def inverse_hyperbolic_sine(z: Pair) -> Pair:
    real, imag = inverse_sine((z[1], -z[0]))
    return -imag, real


#: The formula of each primitive from complex numbers to complex numbers.
FORMULAS: dict[str, Callable[..., Pair]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "power": power,
    "negative": negative,
    "exp": exponential,
    "expm1": exponential_less_one,
    "log": logarithm,
    "log1p": logarithm_of_one_more,
    "sqrt": root,
    "sinh": hyperbolic_sine,
    "cosh": hyperbolic_cosine,
    "tanh": hyperbolic_tangent,
    "asinh": inverse_hyperbolic_sine,
    "acosh": inverse_hyperbolic_cosine,
    "atanh": inverse_hyperbolic_tangent,
    "sin": _turned(hyperbolic_sine),
    "cos": cosine,
    "tan": _turned(hyperbolic_tangent),
    "asin": inverse_sine,
    "acos": inverse_cosine,
    "atan": _turned(inverse_hyperbolic_tangent),
}
