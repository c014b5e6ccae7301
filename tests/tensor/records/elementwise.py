"""Records of the elementwise functions, one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tests.tensor.records.base import (
    ALL,
    BITS,
    FLOATS,
    NUMBERS,
    SHAPES,
    UNSIGNED,
    Case,
    Record,
    draw,
    f64,
)

import cairnet as cn


def unary(
    name: str,
    expected: Callable[..., Any],
    dtypes: Sequence[str] = FLOATS,
    low: float = -3.0,
    high: float = 3.0,
    smooth: bool = True,
) -> Record:
    function = getattr(cn, name)
    cases = [
        Case(function, expected, (draw(shape, dtype, low, high),))
        for shape in SHAPES
        for dtype in dtypes
    ]
    margin = 0.05 * (high - low)
    points = (f64(5, low=low + margin, high=high - margin),) if smooth else ()
    return Record(name, cases, points)


PAIRS = (((), ()), ((7,), (7,)), ((3, 1), (1, 5)), ((2, 0, 3), (3,)), ((1,), (4, 1, 6)))


def binary(
    name: str,
    expected: Callable[..., Any],
    dtypes: Sequence[str] = FLOATS,
    low: float = -3.0,
    high: float = 3.0,
    smooth: bool = True,
    nonzero: bool = False,
) -> Record:
    function = getattr(cn, name)
    cases = []
    for dtype in dtypes:
        for shapes in PAIRS:
            first, second = (draw(shape, dtype, low, high) for shape in shapes)
            if nonzero:
                second = np.where(second == 0, np.ones_like(second), second)
            # Inputs whose extents are all unknown must be equal where they meet.
            cases.append(Case(function, expected, (first, second), shapes[0] == shapes[1]))
    margin = 0.05 * (high - low)
    draws = [f64(3, 2, low=low + margin, high=high - margin) for _ in range(2)]
    return Record(name, cases, tuple(draws) if smooth else ())


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return np.asarray(erf(x), x.dtype)


def _log_base(base: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: (np.log(x) / np.log(base)).astype(x.dtype)


UNARY = [
    unary("abs", np.abs, NUMBERS, smooth=False),
    unary("negative", np.negative, NUMBERS),
    unary("positive", np.positive, NUMBERS),
    unary("square", np.square, NUMBERS),
    unary("sign", np.sign, NUMBERS, smooth=False),
    unary("reciprocal", np.reciprocal, low=0.5),
    unary("floor", lambda x: np.floor(x).astype(x.dtype), NUMBERS, smooth=False),
    unary("ceil", lambda x: np.ceil(x).astype(x.dtype), NUMBERS, smooth=False),
    unary("round", lambda x: np.round(x).astype(x.dtype), NUMBERS, smooth=False),
    unary("trunc", lambda x: np.trunc(x).astype(x.dtype), NUMBERS, smooth=False),
    unary("exp", np.exp),
    unary("expm1", np.expm1),
    unary("log", np.log, low=0.1),
    unary("log1p", np.log1p, low=-0.9),
    unary("log2", _log_base(2), low=0.1),
    unary("log10", _log_base(10), low=0.1),
    unary("sqrt", np.sqrt, low=0.1),
    unary("erf", _erf),
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, low=-1.2, high=1.2),
    unary("asin", np.arcsin, low=-0.9, high=0.9),
    unary("acos", np.arccos, low=-0.9, high=0.9),
    unary("atan", np.arctan),
    unary("sinh", np.sinh),
    unary("cosh", np.cosh),
    unary("tanh", np.tanh),
    unary("asinh", np.arcsinh),
    unary("acosh", np.arccosh, low=1.2, high=5),
    unary("atanh", np.arctanh, low=-0.9, high=0.9),
    unary("bitwise_invert", np.invert, BITS, smooth=False),
    unary("logical_not", np.logical_not, ("bool",), smooth=False),
    unary("isnan", np.isnan, NUMBERS, smooth=False),
    unary("isinf", np.isinf, NUMBERS, smooth=False),
    unary("isfinite", np.isfinite, NUMBERS, smooth=False),
    unary("signbit", np.signbit, smooth=False),
    unary("real", np.real, NUMBERS),
    unary("imag", np.imag, NUMBERS, smooth=False),
    unary("conj", np.conj, NUMBERS),
]

BINARY = [
    binary("add", np.add, NUMBERS),
    binary("subtract", np.subtract, NUMBERS),
    binary("multiply", np.multiply, NUMBERS),
    binary("divide", np.divide, low=0.5),
    binary("floor_divide", np.floor_divide, NUMBERS, nonzero=True, smooth=False),
    binary("remainder", np.remainder, NUMBERS, nonzero=True, smooth=False),
    binary("pow", np.power, low=0.2),
    binary("maximum", np.maximum, NUMBERS),
    binary("minimum", np.minimum, NUMBERS),
    binary("hypot", np.hypot),
    binary("logaddexp", np.logaddexp),
    binary("atan2", np.arctan2),
    binary("complex", lambda x, y: x + np.asarray(1j, np.result_type(x, "c8")) * y, smooth=False),
    binary("copysign", np.copysign, smooth=False),
    binary("nextafter", np.nextafter, smooth=False),
    binary("equal", np.equal, ALL, smooth=False),
    binary("not_equal", np.not_equal, ALL, smooth=False),
    binary("less", np.less, NUMBERS, smooth=False),
    binary("less_equal", np.less_equal, NUMBERS, smooth=False),
    binary("greater", np.greater, NUMBERS, smooth=False),
    binary("greater_equal", np.greater_equal, NUMBERS, smooth=False),
    binary("logical_and", np.logical_and, ("bool",), smooth=False),
    binary("logical_or", np.logical_or, ("bool",), smooth=False),
    binary("logical_xor", np.logical_xor, ("bool",), smooth=False),
    binary("bitwise_and", np.bitwise_and, BITS, smooth=False),
    binary("bitwise_or", np.bitwise_or, BITS, smooth=False),
    binary("bitwise_xor", np.bitwise_xor, BITS, smooth=False),
    binary("bitwise_left_shift", np.left_shift, UNSIGNED, smooth=False),
    binary("bitwise_right_shift", np.right_shift, UNSIGNED, smooth=False),
]

RECORDS = [*UNARY, *BINARY]
