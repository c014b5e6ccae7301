"""Conversions between dtypes that cancel or join."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, is_floating, is_integer
from cairnet.compiler.rewrite.building import cast
from cairnet.compiler.rewrite.rule import rule
from cairnet.tensor.core import Tensor, apply_for
from cairnet.tensor.primitives import ELEMENTWISE

__all__: list[str] = []

CAST, BITCAST = ELEMENTWISE["cast"], ELEMENTWISE["bitcast"]


@rule("cast to its own dtype", CAST, BITCAST)
def cast_to_own_dtype(node: Tensor) -> Tensor | None:
    """cast(x, dtype of x) -> x, and the same for bitcast."""
    return node.inputs[0] if node.inputs[0].dtype == node.dtype else None


@rule("cast of a cast", CAST)
def cast_of_cast(node: Tensor) -> Tensor | None:
    """cast(cast(x, A), B) -> cast(x, B), where the way over A loses nothing that B would keep.

    That is: A holds every value of x (and B is floating or bool, or all three are integers), or
    all are integers and A is at least as wide as B, so that both wrap around to the same bits.
    """
    below = node.inputs[0]
    if below.primitive is not CAST:
        return None
    x = below.inputs[0]
    return cast(node, x, node.dtype) if _loses_nothing(x.dtype, below.dtype, node.dtype) else None


@rule("bitcast of a bitcast", BITCAST)
def bitcast_of_bitcast(node: Tensor) -> Tensor | None:
    """bitcast(bitcast(x, A), B) -> bitcast(x, B), or x where B is its dtype."""
    below = node.inputs[0]
    if below.primitive is not BITCAST:
        return None
    x = below.inputs[0]
    return x if x.dtype == node.dtype else apply_for(node, BITCAST, x, dtype=node.dtype)


def _loses_nothing(first: np.dtype[Any], middle: np.dtype[Any], last: np.dtype[Any]) -> bool:
    if first == bool_:
        return True
    if is_integer(first) and is_integer(middle) and is_integer(last):
        return middle.itemsize >= last.itemsize or _holds(middle, first)
    # Floats beyond the range of an integer dtype convert to whatever the processor likes, which
    # may be different things for float32 and float64.
    return _holds(middle, first) and (is_floating(last) or last == bool_)


def _holds(wide: np.dtype[Any], narrow: np.dtype[Any]) -> bool:
    """Whether `wide` has every value of `narrow` exactly."""
    if wide == bool_:
        return narrow == bool_
    if is_floating(wide) and is_integer(narrow):
        information = np.iinfo(narrow)
        # A float with p digits holds every integer up to 2^p.
        return max(-information.min, information.max + 1) <= 2 ** (np.finfo(wide).nmant + 1)
    return np.can_cast(narrow, wide, "safe")
