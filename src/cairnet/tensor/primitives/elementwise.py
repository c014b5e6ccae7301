"""Elementwise primitives, as one table: name, NumPy meaning, accepted kinds, gradient.

All inputs of an elementwise primitive have the same extents and dtype (`where` and `cast` say
otherwise); broadcasting and promotion happen before, as nodes of their own, so every gradient
here is a formula for one element. In the gradients `g` is the cotangent, `y` the output.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, is_floating, kind_of
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
    "Threefry",
    "merge_extents",
    "threefry_rounds",
]

Gradient = Callable[..., Sequence[Tensor | None]]
FLOAT = ("floating",)
NUMBER = ("integer", "floating")
ANY = ("bool", "integer", "floating")
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
        result: np.dtype[Any] | None = None,
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
        return merge_extents(self.name, inputs), self.result or inputs[0].dtype

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


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return np.asarray(erf(x))


def _power_gradient(g: Tensor, y: Tensor, x: Tensor, p: Tensor) -> Sequence[Tensor | None]:
    # d/dx is p x^(p-1), and 0 at p = 0 even where x = 0; d/dp is y log x, and 0 where x = 0.
    zero, one = filled(0, x), filled(1, x)
    slope = _where(p == zero, zero, p * _power(x, _where(p == zero, one, p - 1)))
    safe = _where(x > zero, x, one)
    return g * slope, g * _where(x > zero, y * _call("log", safe), zero)


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
    Elementwise("divide", np.divide, FLOAT, lambda g, y, a, b: (g / b, -g * y / b)),
    Elementwise("floor_divide", np.floor_divide, NUMBER, _no_slope),
    Elementwise("remainder", np.remainder, NUMBER, _remainder_gradient),
    Elementwise("power", np.power, NUMBER, _power_gradient),
    Elementwise("maximum", np.maximum, NUMBER, _maximum_gradient),
    Elementwise("minimum", np.minimum, NUMBER, _minimum_gradient),
    Elementwise("negative", np.negative, NUMBER, lambda g, y, x: (-g,)),
    Elementwise("absolute", np.abs, NUMBER, lambda g, y, x: (g * _call("sign", x),)),
    Elementwise("sign", np.sign, NUMBER, _no_slope),
    Elementwise("floor", np.floor, FLOAT, _no_slope),
    Elementwise("ceil", np.ceil, FLOAT, _no_slope),
    Elementwise("round", np.round, FLOAT, _no_slope),
    Elementwise("trunc", np.trunc, FLOAT, _no_slope),
    # -- exponentials and logarithms
    Elementwise("exp", np.exp, FLOAT, lambda g, y, x: (g * y,)),
    Elementwise("expm1", np.expm1, FLOAT, lambda g, y, x: (g * (y + 1),)),
    Elementwise("log", np.log, FLOAT, lambda g, y, x: (g / x,)),
    Elementwise("log1p", np.log1p, FLOAT, lambda g, y, x: (g / (x + 1),)),
    Elementwise("sqrt", np.sqrt, FLOAT, lambda g, y, x: (g / (y * 2),)),
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
    Elementwise("sin", np.sin, FLOAT, lambda g, y, x: (g * _call("cos", x),)),
    Elementwise("cos", np.cos, FLOAT, lambda g, y, x: (-g * _call("sin", x),)),
    Elementwise("tan", np.tan, FLOAT, lambda g, y, x: (g * (1 + y * y),)),
    Elementwise("asin", np.arcsin, FLOAT, lambda g, y, x: (g / _call("sqrt", 1 - x * x),)),
    Elementwise("acos", np.arccos, FLOAT, lambda g, y, x: (-g / _call("sqrt", 1 - x * x),)),
    Elementwise("atan", np.arctan, FLOAT, lambda g, y, x: (g / (1 + x * x),)),
    Elementwise("sinh", np.sinh, FLOAT, lambda g, y, x: (g * _call("cosh", x),)),
    Elementwise("cosh", np.cosh, FLOAT, lambda g, y, x: (g * _call("sinh", x),)),
    Elementwise("tanh", np.tanh, FLOAT, lambda g, y, x: (g * (1 - y * y),)),
    Elementwise("asinh", np.arcsinh, FLOAT, lambda g, y, x: (g / _call("sqrt", x * x + 1),)),
    Elementwise("acosh", np.arccosh, FLOAT, lambda g, y, x: (g / _call("sqrt", x * x - 1),)),
    Elementwise("atanh", np.arctanh, FLOAT, lambda g, y, x: (g / (1 - x * x),)),
    Elementwise(
        "atan2",
        np.arctan2,
        FLOAT,
        lambda g, y, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
    ),
    # -- bits and logic; on bool they are the logical operations
    Elementwise("bitwise_and", np.bitwise_and, BITS),
    Elementwise("bitwise_or", np.bitwise_or, BITS),
    Elementwise("bitwise_xor", np.bitwise_xor, BITS),
    Elementwise("bitwise_not", np.invert, BITS),
    Elementwise("shift_left", np.left_shift, ("integer",)),
    Elementwise("shift_right", np.right_shift, ("integer",)),
    # -- comparison
    Elementwise("equal", np.equal, ANY, result=bool_),
    Elementwise("less", np.less, ANY, result=bool_),
    Elementwise("less_equal", np.less_equal, ANY, result=bool_),
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
    """Conversion to another dtype; floats to integers truncate toward zero."""

    name = "cast"
    elementwise = True

    def infer(self, x: Tensor, *, dtype: np.dtype[Any]) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        return x.extents, dtype

    def meaning(self, x: np.ndarray, *, dtype: np.dtype[Any]) -> np.ndarray:
        return x.astype(dtype)

    def vjp(
        self, g: Tensor, y: Tensor, x: Tensor, *, dtype: np.dtype[Any]
    ) -> Sequence[Tensor | None]:
        if not (is_floating(x.dtype) and is_floating(dtype)):
            return (None,)
        return (apply(self, g, dtype=x.dtype),)


class BitCast(Primitive):
    """The same bits read as another dtype of the same width."""

    name = "bitcast"
    elementwise = True
    differentiable = False

    def infer(self, x: Tensor, *, dtype: np.dtype[Any]) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        if x.dtype.itemsize != dtype.itemsize:
            raise DTypeError(f"bitcast: {x.dtype.name} and {dtype.name} differ in width")
        return x.extents, dtype

    def meaning(self, x: np.ndarray, *, dtype: np.dtype[Any]) -> np.ndarray:
        return np.ascontiguousarray(x).view(dtype).reshape(x.shape)


ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry_rounds(k0: Any, k1: Any, c0: Any, c1: Any) -> tuple[Any, Any]:
    """Threefry-2x32 with 20 rounds, on anything with `+`, `^`, `<<`, `>>` modulo 2^32.

    Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
    """
    keys = (k0, k1, k0 ^ k1 ^ PARITY)
    x, y = c0 + k0, c1 + k1
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            x = x + y
            y = x ^ ((y << rotation) | (y >> (32 - rotation)))
        x = x + keys[(group + 1) % 3]
        y = y + keys[(group + 2) % 3] + (group + 1)
    return x, y


class Threefry(Primitive):
    """One word of the Threefry-2x32 block of a key (k0, k1) and a counter (c0, c1).

    A primitive rather than a hundred shifts and sums, since every random number needs one.
    """

    name = "threefry"
    elementwise = True
    differentiable = False

    def infer(self, *inputs: Tensor, word: int) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        if any(item.dtype != np.uint32 for item in inputs):
            raise DTypeError("threefry: expected uint32 key and counter")
        return merge_extents(self.name, inputs), inputs[0].dtype

    def meaning(self, *words: np.ndarray, word: int) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.asarray(threefry_rounds(*(np.atleast_1d(w) for w in words))[word]).reshape(
                words[0].shape
            )


def _enter(primitive: Primitive) -> None:
    register(primitive)
    ELEMENTWISE[primitive.name] = primitive


for _primitive in (*_TABLE, _Where(), Cast(), BitCast(), Threefry()):
    _enter(_primitive)
