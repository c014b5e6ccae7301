"""The elementary functions of the elementwise primitives, as LLVM IR on scalars and vectors.

The frequent ones (exponentials, logarithms, sigmoid, tanh, softplus, erf, sine, cosine, power) are
written out here, so that they run in vector registers without a call: an argument is reduced to a
short interval, where a polynomial or a quotient of two with minimax coefficients does the rest.
W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980; J.-M. Muller,
Elementary Functions, 3rd edition, 2016. The seldom ones call the C library lane by lane.

Measured on all kinds of arguments, the errors of these stay below 3 units in the last place, those
of power for float below 1. NaN, infinities, signed zeros, subnormal arguments and results come out
as the C standard has them. The bits of a result depend on its arguments alone: not on the length of
the vector, not on the place in it, and, where no library is called, not on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cairnet.backends.native.builder import Builder, Value, vector_of
from cairnet.backends.native.lanes import Lanes
from cairnet.backends.native.minimax import TABLES
from cairnet.base.errors import CompileError

__all__ = ["emit", "supported"]

_LOG2_E = 1 / math.log(2)
# log 2 and π in pieces, each exact in its type: with the fused multiplication the reduced
# argument is then exact almost to the last bit.
_LOG2 = {
    "float": (0.693147182464599609375, -1.9046542121259336e-09),
    "double": (0.6931471805599453, 2.3190468138462996e-17),
}
_PI = {
    "float": (3.1415927410125732421875, -8.742277657347586e-08, -3.4302490200117637e-15),
    "double": (3.141592653589793, 1.2246467991473532e-16, -2.9947698097183397e-33),
}
# Arguments of e^x below which the result rounds to 0, and above which it is infinite.
_EXP_RANGE = {"float": (-104.5, 89.0), "double": (-746.0, 710.0)}
# Below, e^x - 1 rounds to -1.
_EXPM1_LOW = {"float": -18.0, "double": -38.0}
# Where tanh and erf have rounded to 1.
_TANH_END = {"float": 9.02, "double": 19.1}
_ERF_END = {"float": 3.93, "double": 5.95}
_ERF_NEAR = 0.9375
# Beyond, the quotient x/π has too few bits after the point, and the C library has to do it.
_CIRCLE_END = {"float": 2.0**16, "double": 2.0**24}
_ROOT_HALF = math.sqrt(0.5)


def emit(builder: Builder, name: str, *values: Value) -> Value:
    """Write a function of float or double lanes, and return its value.

    Args:
        builder: the function being written. Sine and cosine end the current basic block.
        name: an elementwise primitive of floats, "exp", "tanh", "atan2", …
        values: its arguments, all of one type: a scalar, or a vector of any length.

    Raises:
        CompileError: there is no such function, or the type is not a float.
    """
    lanes = Lanes(builder, values[0].type)
    if lanes.element not in TABLES:
        raise CompileError(f"{name} of {values[0].type}: only float and double have it")
    if name in _INTRINSICS:
        return builder.intrinsic(_INTRINSICS[name], *values)
    if name in _FORMULAS:
        return _FORMULAS[name](lanes, *values)
    if name in _LIBRARY:
        return _library(lanes, _LIBRARY[name], *values)
    raise CompileError(f"no elementary function is named {name!r}; known: {', '.join(supported())}")


def supported() -> list[str]:
    """The names that `emit` knows."""
    return sorted([*_INTRINSICS, *_FORMULAS, *_LIBRARY])


def _library(lanes: Lanes, function: str, *values: Value) -> Value:
    symbol = f"{function}f" if lanes.element == "float" else function
    return lanes.builder.per_lane(lanes.element, symbol, *values)


# -- exponentials --------------------------------------------------------------------------------


def _reduce(lanes: Lanes, x: Value, shift: int) -> tuple[Value, Value]:
    """For x = n·log 2 + r with |r| ≤ log(2)/2: a float with n + shift in its low bits, and r."""
    high, low = _LOG2[lanes.element]
    magic = lanes.magic + shift
    packed = lanes.fma(x, lanes.real(_LOG2_E), lanes.real(magic))
    n = lanes.subtract(packed, lanes.real(magic))
    r = lanes.fma(n, lanes.real(-high), x)
    return packed, lanes.fma(n, lanes.real(-low), r)


def _exponential_of_reduced(lanes: Lanes, r: Value) -> Value:
    """e^r for a short r."""
    if lanes.element == "float":
        return lanes.polynomial(r, (1.0, 1.0, *TABLES["float"]["exponential"]))
    return lanes.add(_expm1_of_reduced(lanes, r), lanes.real(1.0))


def _expm1_of_reduced(lanes: Lanes, r: Value) -> Value:
    """e^r - 1 for a short r."""
    tail = lanes.polynomial(r, TABLES[lanes.element]["exponential"])
    return lanes.fma(lanes.multiply(r, r), tail, r)


def _power_of_two(lanes: Lanes, packed: Value) -> Value:
    """2^n from a float with n + bias in its low bits, for normal results."""
    return lanes.from_bits(lanes.integer("shl", lanes.bits(packed), lanes.fraction_bits))


def _exp(lanes: Lanes, x: Value) -> Value:
    low, high = _EXP_RANGE[lanes.element]
    x = lanes.at_most(lanes.at_least(x, low), high)
    packed, r = _reduce(lanes, x, lanes.bias)
    p = _exponential_of_reduced(lanes, r)
    # 2^n alone can be too large or too small for a float where p·2^n is not; so it is split into
    # two factors, of which the first meets p without rounding.
    halved = lanes.fma(x, lanes.real(_LOG2_E / 2), lanes.real(lanes.magic + lanes.bias))
    second = _power_of_two(lanes, halved)
    whole = lanes.bits(_power_of_two(lanes, packed))
    p = lanes.raise_exponent(p, lanes.integer("sub", whole, lanes.bits(second)))
    return lanes.multiply(p, second)


def _decay(lanes: Lanes, x: Value) -> Value:
    """e^x for x ≤ 0, which cannot overflow and so needs less care."""
    x = lanes.at_least(x, _EXP_RANGE[lanes.element][0])
    lift = (lanes.bias + 1) // 2
    packed, r = _reduce(lanes, x, lanes.bias + lift)
    p = _exponential_of_reduced(lanes, r)
    lifted = lanes.multiply(p, _power_of_two(lanes, packed))
    return lanes.multiply(lifted, lanes.real(2.0**-lift))


def _expm1(lanes: Lanes, x: Value) -> Value:
    clamped = lanes.at_least(x, _EXPM1_LOW[lanes.element])
    clamped = lanes.at_most(clamped, _EXP_RANGE[lanes.element][1])
    packed, r = _reduce(lanes, clamped, lanes.bias - 1)
    p = _expm1_of_reduced(lanes, r)
    # e^x - 1 = 2^n (p + 1) - 1, and twice the half of it, since 2^n itself may be too large.
    half = _power_of_two(lanes, packed)
    result = lanes.fma(p, half, lanes.subtract(half, lanes.real(0.5)))
    tiny = lanes.compare("olt", lanes.absolute(x), 4 * lanes.smallest_normal)
    return lanes.choose(tiny, x, lanes.add(result, result))


def _sigmoid(lanes: Lanes, x: Value) -> Value:
    # e^-|x| / (1 + e^-|x|) for negative x, so that a small result keeps its digits.
    decay = _decay(lanes, lanes.negate(lanes.absolute(x)))
    above = lanes.choose(lanes.compare("olt", x, 0.0), decay, 1.0)
    return lanes.divide(above, lanes.add(decay, lanes.real(1.0)))


def _softplus(lanes: Lanes, x: Value) -> Value:
    # max(x, 0) + log(1 + z) with z = e^-|x| ≤ 1; log(1 + z) = 2 artanh(q/2) with q = 2z/(2 + z).
    z = _decay(lanes, lanes.negate(lanes.absolute(x)))
    q = lanes.divide(z, lanes.fma(z, lanes.real(0.5), lanes.real(1.0)))
    square = lanes.multiply(q, q)
    table = TABLES[lanes.element]["area_wide"]
    tail = lanes.polynomial(square, [c * 0.125 * 0.25**k for k, c in enumerate(table)])
    logarithm = lanes.fma(lanes.multiply(q, square), tail, q)
    return lanes.add(lanes.choose(lanes.compare("ogt", x, 0.0), x, 0.0), logarithm)


# -- logarithms ----------------------------------------------------------------------------------


def _logarithm_of_reduced(lanes: Lanes, f: Value, k: Value) -> Value:
    """log(1 + f) + k·log 2 for 1 + f between √½ and √2."""
    high, low = (lanes.real(piece) for piece in _LOG2[lanes.element])
    table = TABLES[lanes.element]["logarithm"]
    if lanes.element == "float":
        near = lanes.fma(lanes.multiply(f, f), lanes.polynomial(f, table), f)
        return lanes.fma(k, high, near)
    # log(1 + f) = 2 artanh(s) with s = f/(2 + f) = f - f²/2 + s·(f²/2 + R(s²)): the large terms
    # are exact, and s carries only the small ones.
    s = lanes.divide(f, lanes.add(f, lanes.real(2.0)))
    half_square = lanes.multiply(lanes.multiply(f, lanes.real(0.5)), f)
    t = lanes.multiply(s, s)
    rest = lanes.fma(t, lanes.polynomial(t, table), half_square)
    correction = lanes.fma(k, low, lanes.multiply(s, rest))
    near = lanes.subtract(f, lanes.subtract(half_square, correction))
    return lanes.fma(k, high, near)


def _exponent(lanes: Lanes, pattern: Value) -> Value:
    """The exponent field of a (perhaps negative) pattern of bits, as a float."""
    if lanes.element == "float":
        return lanes.builder.convert("sitofp", lanes.integer("ashr", pattern, 23), "float")
    # Before AVX-512 there is neither this shift nor this conversion for 64-bit lanes; the bits of
    # 2^52 + i hold a whole number i just as well.
    offset = 2 * lanes.bias
    positive = lanes.integer("add", pattern, offset << lanes.fraction_bits)
    low = lanes.integer("lshr", positive, lanes.fraction_bits)
    shifted = lanes.from_bits(lanes.integer("or", low, lanes.pattern(2.0**52)))
    return lanes.subtract(shifted, lanes.real(2.0**52 + offset))


def _log(lanes: Lanes, x: Value) -> Value:
    subnormal = lanes.compare("olt", x, lanes.smallest_normal)
    lift = float(lanes.fraction_bits + 1)
    normal = lanes.choose(subnormal, lanes.multiply(x, lanes.real(2.0**lift)), x)
    bits = lanes.bits(normal)
    pattern = lanes.integer("sub", bits, lanes.pattern(_ROOT_HALF))
    k = _exponent(lanes, pattern)
    k = lanes.choose(subnormal, lanes.subtract(k, lanes.real(lift)), k)
    exponent = lanes.integer("and", pattern, -1 << lanes.fraction_bits)
    m = lanes.from_bits(lanes.integer("sub", bits, exponent))
    result = _logarithm_of_reduced(lanes, lanes.subtract(m, lanes.real(1.0)), k)
    return _logarithm_edges(lanes, x, result, 0.0)


def _log1p(lanes: Lanes, x: Value) -> Value:
    # A quarter of 1 + x, so that what follows stays in range for the largest x.
    quarter = lanes.fma(x, lanes.real(0.25), lanes.real(0.25))
    shift = lanes.pattern(_ROOT_HALF) - (2 << lanes.fraction_bits)
    pattern = lanes.integer("sub", lanes.bits(quarter), shift)
    k = _exponent(lanes, pattern)
    exponent = lanes.integer("and", pattern, -1 << lanes.fraction_bits)
    four = lanes.builder.binary("sub", lanes.whole(lanes.pattern(4.0)), exponent)
    scale = lanes.multiply(lanes.from_bits(four), lanes.real(0.25))
    # f = 2^-k (1 + x) - 1 straight from x, whose low digits 1 + x has lost.
    f = lanes.fma(x, scale, lanes.negate(lanes.subtract(lanes.real(1.0), scale)))
    result = lanes.with_sign(_logarithm_of_reduced(lanes, f, k), x)
    return _logarithm_edges(lanes, x, result, -1.0)


def _logarithm_edges(lanes: Lanes, x: Value, result: Value, pole: float) -> Value:
    """NaN left of the pole, -∞ at it; ∞ and NaN are handed on."""
    result = lanes.choose(lanes.compare("oeq", x, pole), -math.inf, result)
    result = lanes.choose(lanes.compare("olt", x, pole), math.nan, result)
    return lanes.choose(lanes.compare("uge", x, math.inf), x, result)


# -- power -----------------------------------------------------------------------------------------


def _power(lanes: Lanes, x: Value, y: Value) -> Value:
    """x^y = ±e^(y log|x|) for float, in double, whose digits the product needs."""
    if lanes.element == "double":
        return _library(lanes, "pow", x, y)
    builder = lanes.builder
    wide = Lanes(builder, vector_of("double", lanes.count))
    base = builder.convert("fpext", lanes.absolute(x), "double")
    product = wide.multiply(builder.convert("fpext", y, "double"), _log(wide, base))
    result = builder.convert("fptrunc", _exp(wide, product), "float")
    # A negative base: the sign for odd exponents, NaN for broken ones.
    half = lanes.multiply(y, lanes.real(0.5))
    whole = builder.compare("fcmp oeq", builder.intrinsic("trunc", y), y)
    odd = builder.compare("fcmp une", builder.intrinsic("trunc", half), half)
    negative = builder.compare("icmp slt", lanes.bits(x), lanes.whole(0))
    odd = builder.binary("and", whole, builder.binary("and", odd, negative))
    result = lanes.choose(odd, lanes.negate(result), result)
    finite = builder.binary("and", lanes.compare("olt", x, 0.0), lanes.compare("ogt", x, -math.inf))
    broken = builder.compare("fcmp one", builder.intrinsic("trunc", y), y)
    result = lanes.choose(builder.binary("and", finite, broken), math.nan, result)
    # x^0 and 1^y are 1 whatever the other is, and (-1)^±∞ too.
    one = builder.binary("or", lanes.compare("oeq", y, 0.0), lanes.compare("oeq", x, 1.0))
    unit = lanes.compare("oeq", lanes.absolute(x), 1.0)
    endless = lanes.compare("oeq", lanes.absolute(y), math.inf)
    one = builder.binary("or", one, builder.binary("and", unit, endless))
    return lanes.choose(one, 1.0, result)


# -- odd functions that level out ----------------------------------------------------------------


def _tanh(lanes: Lanes, x: Value) -> Value:
    # -u/(2 + u) with u = e^-2|x| - 1, in which nothing cancels, near zero or far from it.
    size = lanes.at_most(lanes.absolute(x), _TANH_END[lanes.element])
    packed, r = _reduce(lanes, lanes.multiply(size, lanes.real(-2.0)), lanes.bias)
    p = _expm1_of_reduced(lanes, r)
    power = _power_of_two(lanes, packed)
    u = lanes.fma(p, power, lanes.subtract(power, lanes.real(1.0)))
    return lanes.with_sign(lanes.divide(u, lanes.add(u, lanes.real(2.0))), x)


def _erf(lanes: Lanes, x: Value) -> Value:
    table = TABLES[lanes.element]
    size = lanes.at_most(lanes.absolute(x), _ERF_END[lanes.element])
    near = lanes.multiply(size, lanes.polynomial(lanes.multiply(x, x), table["erf_near"]))
    centred = lanes.subtract(size, lanes.real(table["erf_middle"][0]))
    smooth = lanes.polynomial(centred, table["erf_far"])
    exponent = lanes.fma(lanes.negate(size), size, smooth)
    packed, r = _reduce(lanes, exponent, lanes.bias)
    rest = lanes.multiply(_exponential_of_reduced(lanes, r), _power_of_two(lanes, packed))
    far = lanes.subtract(lanes.real(1.0), rest)
    return lanes.with_sign(lanes.choose(lanes.compare("olt", size, _ERF_NEAR), near, far), x)


# -- circular functions --------------------------------------------------------------------------


def _sine_of_turns(lanes: Lanes, x: Value, n: Value) -> Value:
    """sin(x - nπ)."""
    r = x
    for piece in _PI[lanes.element]:
        r = lanes.fma(n, lanes.real(-piece), r)
    square = lanes.multiply(r, r)
    tail = lanes.polynomial(square, TABLES[lanes.element]["sine"])
    return lanes.fma(lanes.multiply(square, r), tail, r)


def _flip_where_odd(lanes: Lanes, a: Value, packed: Value) -> Value:
    """`a` with the other sign where the lowest bit of `packed` is 1."""
    sign = lanes.integer("shl", lanes.bits(packed), lanes.sign_bit)
    return lanes.from_bits(lanes.integer("xor", lanes.bits(a), sign))


def _sin(lanes: Lanes, x: Value) -> Value:
    size = lanes.absolute(x)
    packed = lanes.fma(size, lanes.real(1 / math.pi), lanes.real(lanes.magic))
    sine = _sine_of_turns(lanes, size, lanes.subtract(packed, lanes.real(lanes.magic)))
    sign = lanes.integer("and", lanes.bits(x), -1 << lanes.sign_bit)
    sine = lanes.from_bits(lanes.integer("xor", lanes.bits(sine), sign))
    huge = lanes.compare("ogt", size, _CIRCLE_END[lanes.element])
    result = _flip_where_odd(lanes, sine, packed)
    return lanes.unless_any(huge, result, lambda: _library(lanes, "sin", x))


def _cos(lanes: Lanes, x: Value) -> Value:
    # cos(x) = -sin(x - (n + ½)π) for even n; the added 1 makes the lowest bit say so.
    turns = lanes.fma(x, lanes.real(1 / math.pi), lanes.real(-0.5))
    packed = lanes.add(turns, lanes.real(lanes.magic + 1))
    n = lanes.subtract(packed, lanes.real(lanes.magic + 1))
    sine = _sine_of_turns(lanes, x, lanes.add(n, lanes.real(0.5)))
    huge = lanes.compare("ogt", lanes.absolute(x), _CIRCLE_END[lanes.element])
    result = _flip_where_odd(lanes, sine, packed)
    return lanes.unless_any(huge, result, lambda: _library(lanes, "cos", x))


_INTRINSICS = {
    "sqrt": "sqrt",
    "floor": "floor",
    "ceil": "ceil",
    "round": "roundeven",
    "trunc": "trunc",
}
_FORMULAS: dict[str, Callable[..., Value]] = {
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "tanh": _tanh,
    "erf": _erf,
    "sin": _sin,
    "cos": _cos,
    "power": _power,
}
_LIBRARY = {
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "asinh": "asinh",
    "acosh": "acosh",
    "atanh": "atanh",
    "atan2": "atan2",
}
