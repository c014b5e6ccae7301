"""Elementwise primitives, as one table: name, NumPy meaning, accepted kinds, gradient.

All inputs of an elementwise primitive have the same extents and dtype (`where` and `cast` say
otherwise); broadcasting and promotion happen before, as nodes of their own, so every gradient
here is a formula for one element. In the gradients `g` is the cotangent, `y` the output.

Cotangents of complex tensors are paired without conjugation: a change t of a tensor with the
cotangent g changes the cost by the real part of Σ g·t. So functions that have a complex derivative
(all but `complex`, `real`, `imag`, `absolute`) have the same formula for real and for complex
numbers. `cn.grad` turns the last cotangent into the gradient, its conjugate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import (
    bool_,
    check_conversion,
    complex_of,
    is_complex,
    is_differentiable,
    kind_of,
    real_of,
)
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.movement import filled

__all__ = [
    "ANY",
    "ELEMENTWISE",
    "FLOAT",
    "BitCast",
    "Cast",
    "Elementwise",
    "conjugate",
    "enter",
    "merge_extents",
]

Gradient = Callable[..., Sequence[Tensor | None]]
FLOAT = ("floating",)
COMPLEX = ("complex",)
CONTINUOUS = ("floating", "complex")
REAL = ("integer", "floating")
NUMBER = ("integer", "floating", "complex")
ORDERED = ("bool", "integer", "floating")
ANY = ("bool", "integer", "floating", "complex")
BITS = ("bool", "integer")


def merge_extents(name: str, inputs: Sequence[Tensor]) -> tuple[Size, ...]:
    """The common extents of inputs that must agree; a known extent wins over an unknown one."""
    first = inputs[0]
    extents = list(first.extents)
    for other in inputs[1:]:
        if other.ndim != first.ndim:
            raise ShapeError(_mismatch(name, inputs))
        for axis, size in enumerate(other.extents):
            if isinstance(size, int):
                if isinstance(extents[axis], int) and extents[axis] != size:
                    raise ShapeError(_mismatch(name, inputs))
                extents[axis] = size
    return tuple(extents)


def _mismatch(name: str, inputs: Sequence[Tensor]) -> str:
    return f"{name}: shapes {' and '.join(str(item.shape) for item in inputs)} do not agree"


class Elementwise(Primitive):
    """A primitive whose element i depends on element i of its inputs."""

    elementwise = True

    def __init__(
        self,
        name: str,
        meaning: Callable[..., Any],
        kinds: tuple[str, ...],
        vjp: Gradient | None = None,
        result: Callable[[np.dtype[Any]], np.dtype[Any]] = lambda dtype: dtype,
    ) -> None:
        self.name = name
        self.meaning = meaning
        self.kinds = kinds
        self.result = result
        self.differentiable = vjp is not None
        if vjp is not None:
            self.vjp = vjp

    def infer(self, *inputs: Tensor) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        """Equal extents and dtypes in; the same extents out."""
        self.check_dtypes(inputs)
        return merge_extents(self.name, inputs), self.result(inputs[0].dtype)

    def check_dtypes(self, inputs: Sequence[Tensor]) -> None:
        """Refuse dtypes that differ or that the operation does not accept."""
        dtypes = {item.dtype for item in inputs}
        if len(dtypes) > 1:
            names = ", ".join(item.dtype.name for item in inputs)
            raise DTypeError(f"{self.name}: dtypes {names} differ; convert with cn.astype")
        dtype = inputs[0].dtype
        if kind_of(dtype) not in self.kinds:
            wanted = " or ".join(self.kinds)
            raise DTypeError(f"{self.name}: expected {wanted} dtype, got {dtype.name}")


def _sigmoid(x: np.ndarray) -> np.ndarray:
    decay = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


def _expm1(x: np.ndarray) -> np.ndarray:
    if not is_complex(x.dtype):
        return np.expm1(x)
    # cos y - 1 as -2 sin²(y/2); what is not finite is as the exponential has it (NumPy's has not).
    power = np.exp(x)
    half = np.sin(x.imag / 2)
    real = np.expm1(x.real) * np.cos(x.imag) - 2 * half * half + 0.0
    return _join(np.where(np.isfinite(x), real, power.real - 1), power.imag)


def _log1p(x: np.ndarray) -> np.ndarray:
    if not is_complex(x.dtype):
        return np.log1p(x)
    # |1 + z|² - 1 is x(x + 2) + y², from which NumPy would lose the digits near zero.
    result = np.log1p(x)
    near = 0.5 * np.log1p(x.real * (x.real + 2) + x.imag * x.imag)
    return _join(np.where(np.abs(x) < 0.5, near, result.real), result.imag)


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return np.asarray(erf(x))


def conjugate(x: Tensor) -> Tensor:
    """x with the opposite imaginary part; itself where it is real."""
    if not is_complex(x.dtype):
        return x
    return _complex(_call("real", x), -_call("imag", x))


def _complex(real: Tensor, imag: Tensor) -> Tensor:
    return apply(ELEMENTWISE["complex"], real, imag)


def _as_complex(x: Tensor) -> Tensor:
    return apply(ELEMENTWISE["cast"], x, dtype=complex_of(x.dtype))


def _join(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    result = np.empty(np.shape(real), complex_of(real.dtype))
    result.real, result.imag = real, imag
    return result


def _imag_gradient(g: Tensor, y: Tensor, x: Tensor) -> Sequence[Tensor | None]:
    # The real part of -ig·t is g times the imaginary part of t.
    return (_complex(filled(0, g), -g),)


def _complex_gradient(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor | None]:
    return _call("real", g), -_call("imag", g)


def _absolute_gradient(g: Tensor, y: Tensor, x: Tensor) -> Sequence[Tensor | None]:
    if not is_complex(x.dtype):
        return (g * _call("sign", x),)
    # The conjugate of x / |x|, and 0 where x is 0.
    zero, one = filled(0, y), filled(1, y)
    slope = g / _where(y == zero, one, y)
    return (_complex(slope * _call("real", x), -slope * _call("imag", x)),)


def _acosh_gradient(g: Tensor, y: Tensor, x: Tensor) -> Sequence[Tensor | None]:
    if not is_complex(x.dtype):
        return (g / _call("sqrt", x * x - 1),)
    # One root of the product would have the wrong sign where the real part is below 0.
    return (g / (_call("sqrt", x - 1) * _call("sqrt", x + 1)),)


def _power_gradient(g: Tensor, y: Tensor, x: Tensor, p: Tensor) -> Sequence[Tensor | None]:
    # d/dx is p x^(p-1), and 0 at p = 0 even where x = 0; d/dp is y log x, and 0 where x = 0.
    zero, one = filled(0, x), filled(1, x)
    slope = _where(p == zero, zero, p * _power(x, _where(p == zero, one, p - 1)))
    # The logarithm of a real number below 0 is not real, and powers of it have no such derivative.
    has_logarithm = x != zero if is_complex(x.dtype) else x > zero
    safe = _where(has_logarithm, x, one)
    return g * slope, g * _where(has_logarithm, y * _call("log", safe), zero)


def _where(condition: Tensor, first: Tensor, second: Tensor) -> Tensor:
    return apply(ELEMENTWISE["where"], condition, first, second)


def _power(x: Tensor, p: Tensor) -> Tensor:
    return apply(ELEMENTWISE["power"], x, p)


def _call(name: str, x: Tensor) -> Tensor:
    return apply(ELEMENTWISE[name], x)


def _maximum_gradient(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor | None]:
    # Where both are equal the first one wins, so that the cotangent is passed on exactly once. To
    # ask the output rather than the second operand lets the rectifier, max(0, x), forget its x.
    wins = a == y
    return _where(wins, g, filled(0, g)), _where(wins, filled(0, g), g)


def _minimum_gradient(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor | None]:
    wins = a == y
    return _where(wins, g, filled(0, g)), _where(wins, filled(0, g), g)


def _remainder_gradient(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor | None]:
    return g, -g * apply(ELEMENTWISE["floor_divide"], a, b)


def _no_slope(g: Tensor, y: Tensor, *inputs: Tensor) -> Sequence[Tensor | None]:
    return tuple(None for _ in inputs)


_TABLE: tuple[Elementwise, ...] = (
    # -- arithmetic
    Elementwise("add", np.add, NUMBER, lambda g, y, a, b: (g, g)),
    Elementwise("subtract", np.subtract, NUMBER, lambda g, y, a, b: (g, -g)),
    Elementwise("multiply", np.multiply, NUMBER, lambda g, y, a, b: (g * b, g * a)),
    Elementwise("divide", np.divide, CONTINUOUS, lambda g, y, a, b: (g / b, -g * y / b)),
    Elementwise("floor_divide", np.floor_divide, REAL, _no_slope),
    Elementwise("remainder", np.remainder, REAL, _remainder_gradient),
    Elementwise("power", np.power, NUMBER, _power_gradient),
    Elementwise("maximum", np.maximum, REAL, _maximum_gradient),
    Elementwise("minimum", np.minimum, REAL, _minimum_gradient),
    Elementwise("negative", np.negative, NUMBER, lambda g, y, x: (-g,)),
    Elementwise("absolute", np.abs, NUMBER, _absolute_gradient, result=real_of),
    Elementwise("sign", np.sign, REAL, _no_slope),
    Elementwise("floor", np.floor, FLOAT, _no_slope),
    Elementwise("ceil", np.ceil, FLOAT, _no_slope),
    Elementwise("round", np.round, FLOAT, _no_slope),
    Elementwise("trunc", np.trunc, FLOAT, _no_slope),
    # -- exponentials and logarithms
    Elementwise("exp", np.exp, CONTINUOUS, lambda g, y, x: (g * y,)),
    Elementwise("expm1", _expm1, CONTINUOUS, lambda g, y, x: (g * (y + 1),)),
    Elementwise("log", np.log, CONTINUOUS, lambda g, y, x: (g / x,)),
    Elementwise("log1p", _log1p, CONTINUOUS, lambda g, y, x: (g / (x + 1),)),
    Elementwise("sqrt", np.sqrt, CONTINUOUS, lambda g, y, x: (g / (y * 2),)),
    # sigmoid and softplus are primitives because exp overflows inside their textbook formulas,
    # and inf * 0 would then make a NaN of the gradient.
    Elementwise("sigmoid", _sigmoid, FLOAT, lambda g, y, x: (g * (y * (1 - y)),)),
    Elementwise(
        "softplus",
        lambda x: np.logaddexp(x, np.zeros_like(x)),
        FLOAT,
        lambda g, y, x: (g * _call("sigmoid", x),),
    ),
    Elementwise(
        "erf",
        _erf,
        FLOAT,
        lambda g, y, x: (g * (2 / math.sqrt(math.pi)) * _call("exp", -(x * x)),),
    ),
    # -- circular and hyperbolic functions
    Elementwise("sin", np.sin, CONTINUOUS, lambda g, y, x: (g * _call("cos", x),)),
    Elementwise("cos", np.cos, CONTINUOUS, lambda g, y, x: (-g * _call("sin", x),)),
    Elementwise("tan", np.tan, CONTINUOUS, lambda g, y, x: (g * (1 + y * y),)),
    Elementwise("asin", np.arcsin, CONTINUOUS, lambda g, y, x: (g / _call("sqrt", 1 - x * x),)),
    Elementwise("acos", np.arccos, CONTINUOUS, lambda g, y, x: (-g / _call("sqrt", 1 - x * x),)),
    Elementwise("atan", np.arctan, CONTINUOUS, lambda g, y, x: (g / (1 + x * x),)),
    Elementwise("sinh", np.sinh, CONTINUOUS, lambda g, y, x: (g * _call("cosh", x),)),
    Elementwise("cosh", np.cosh, CONTINUOUS, lambda g, y, x: (g * _call("sinh", x),)),
    Elementwise("tanh", np.tanh, CONTINUOUS, lambda g, y, x: (g * (1 - y * y),)),
    Elementwise("asinh", np.arcsinh, CONTINUOUS, lambda g, y, x: (g / _call("sqrt", x * x + 1),)),
    Elementwise("acosh", np.arccosh, CONTINUOUS, _acosh_gradient),
    Elementwise("atanh", np.arctanh, CONTINUOUS, lambda g, y, x: (g / (1 - x * x),)),
    Elementwise(
        "atan2",
        np.arctan2,
        FLOAT,
        lambda g, y, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
    ),
    # -- complex numbers and their parts
    Elementwise("complex", _join, FLOAT, _complex_gradient, result=complex_of),
    Elementwise("real", np.real, COMPLEX, lambda g, y, x: (_as_complex(g),), result=real_of),
    Elementwise("imag", np.imag, COMPLEX, _imag_gradient, result=real_of),
    # -- bits and logic; on bool they are the logical operations
    Elementwise("bitwise_and", np.bitwise_and, BITS),
    Elementwise("bitwise_or", np.bitwise_or, BITS),
    Elementwise("bitwise_xor", np.bitwise_xor, BITS),
    Elementwise("bitwise_not", np.invert, BITS),
    Elementwise("shift_left", np.left_shift, ("integer",)),
    Elementwise("shift_right", np.right_shift, ("integer",)),
    # -- comparison
    Elementwise("equal", np.equal, ANY, result=lambda dtype: bool_),
    Elementwise("less", np.less, ORDERED, result=lambda dtype: bool_),
    Elementwise("less_equal", np.less_equal, ORDERED, result=lambda dtype: bool_),
)

ELEMENTWISE: dict[str, Primitive] = {}


class _Where(Elementwise):
    """`first` where the condition holds, `second` elsewhere."""

    def __init__(self) -> None:
        super().__init__(
            "where",
            np.where,
            ANY,
            lambda g, y, c, a, b: (None, _where(c, g, filled(0, g)), _where(c, filled(0, g), g)),
        )

    def infer(self, *inputs: Tensor) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        condition, first, second = inputs
        if condition.dtype != bool_:
            raise DTypeError(f"where: expected a bool condition, got {condition.dtype.name}")
        self.check_dtypes((first, second))
        return merge_extents(self.name, inputs), first.dtype


class Cast(Primitive):
    """Conversion to another dtype; floats to integers truncate toward zero.

    Real numbers become complex ones; the other way would lose something, and is refused.
    """

    name = "cast"
    elementwise = True

    def infer(self, x: Tensor, *, dtype: np.dtype[Any]) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        check_conversion(x.dtype, dtype)
        return x.extents, dtype

    def meaning(self, x: np.ndarray, *, dtype: np.dtype[Any]) -> np.ndarray:
        return x.astype(dtype)

    def vjp(
        self, g: Tensor, y: Tensor, x: Tensor, *, dtype: np.dtype[Any]
    ) -> Sequence[Tensor | None]:
        if not (is_differentiable(x.dtype) and is_differentiable(dtype)):
            return (None,)
        if is_complex(dtype) and not is_complex(x.dtype):
            g = _call("real", g)
        return (apply(self, g, dtype=x.dtype),)


class BitCast(Primitive):
    """The same bits read as another dtype of the same width."""

    name = "bitcast"
    elementwise = True
    differentiable = False

    def infer(self, x: Tensor, *, dtype: np.dtype[Any]) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        if x.dtype.itemsize != dtype.itemsize or is_complex(x.dtype) or is_complex(dtype):
            raise DTypeError(f"bitcast: {x.dtype.name} and {dtype.name} differ in width")
        return x.extents, dtype

    def meaning(self, x: np.ndarray, *, dtype: np.dtype[Any]) -> np.ndarray:
        return np.ascontiguousarray(x).view(dtype).reshape(x.shape)


def enter(primitive: Primitive) -> None:
    """Register an elementwise primitive."""
    register(primitive)
    ELEMENTWISE[primitive.name] = primitive


for _primitive in (*_TABLE, _Where(), Cast(), BitCast()):
    enter(_primitive)
