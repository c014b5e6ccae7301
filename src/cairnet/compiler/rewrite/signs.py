"""What the mathematics says about signs: which tensors are positive by the way they are made.

"Positive" is meant in exact arithmetic: the exponential of a very negative number may round to
zero. This is just what the rules for stability want to know: a division by such a zero is the
fault of the rounding alone. No more than a few nodes are looked at, so an answer may be "don't
know" for a tensor that is positive.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cairnet.compiler.rewrite.matching import constant_array, is_number
from cairnet.tensor.core import Tensor

__all__ = ["never_negative", "positive"]

_DEPTH = 6
_ALWAYS_POSITIVE = frozenset({"exp", "sigmoid", "softplus", "cosh"})
_NEVER_NEGATIVE = frozenset({"absolute", "sqrt"})
_MOVES = frozenset({"broadcast", "reshape", "transpose", "slice", "gather", "stop_gradient"})
_JOINS = frozenset({"concatenate", "minimum"})
_FOLDS = frozenset({"sum", "product", "max", "min"})


def positive(x: Tensor, depth: int = _DEPTH) -> bool:
    """Whether every element is greater than zero in exact arithmetic (or NaN)."""
    name = x.primitive.name
    if x.dtype.kind != "f":
        return False
    if name in _ALWAYS_POSITIVE:
        return True
    if name == "add":
        first, second = x.inputs
        return (_ask(positive, depth, first) and _ask(never_negative, depth, second)) or (
            _ask(never_negative, depth, first) and _ask(positive, depth, second)
        )
    if name == "subtract":
        # 1 - sigmoid(x) is sigmoid(-x).
        first, second = x.inputs
        return is_number(first, 1) and second.primitive.name == "sigmoid"
    if name == "maximum":
        return any(_ask(positive, depth, item) for item in x.inputs)
    if name in _FOLDS and any(
        not isinstance(x.inputs[0].extents[axis], int) for axis in x.parameters["axes"]
    ):
        # The sum of no elements is zero.
        return False
    return _passes(positive, x, depth)


def never_negative(x: Tensor, depth: int = _DEPTH) -> bool:
    """Whether no element is less than zero (NaN is none)."""
    name = x.primitive.name
    if x.dtype.kind != "f":
        # Signed integers wrap around, so that even a square may be negative.
        return x.dtype.kind in "ub" or name in {"iota", "size"}
    if name in _ALWAYS_POSITIVE or name in _NEVER_NEGATIVE:
        return True
    if name == "multiply" and x.inputs[0] is x.inputs[1]:
        return True
    if name == "add":
        return all(_ask(never_negative, depth, item) for item in x.inputs)
    if name == "maximum":
        return any(_ask(never_negative, depth, item) for item in x.inputs)
    return _passes(never_negative, x, depth)


def _passes(question: Callable[[Tensor, int], bool], x: Tensor, depth: int) -> bool:
    """The cases that hold for x when they hold for what it is made of."""
    name = x.primitive.name
    if name == "constant":
        array = constant_array(x)
        return array is not None and _all_constant(question, array)
    if name in _MOVES or name in {"sqrt", "power"} or (name in _FOLDS and _nonempty(x)):
        return _ask(question, depth, x.inputs[0])
    if name in _JOINS or name in {"multiply", "divide"}:
        return all(_ask(question, depth, item) for item in x.inputs)
    return name == "cast" and _ask(question, depth, x.inputs[0])


def _nonempty(x: Tensor) -> bool:
    return all(x.inputs[0].extents[axis] != 0 for axis in x.parameters["axes"])


def _all_constant(question: Callable[[Tensor, int], bool], array: np.ndarray) -> bool:
    if array.size == 0 or array.size > 4096:
        return False
    return bool(np.all(array > 0 if question is positive else array >= 0))


def _ask(question: Callable[[Tensor, int], bool], depth: int, x: Tensor) -> bool:
    return depth > 0 and question(x, depth - 1)
