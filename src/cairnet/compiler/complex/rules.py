"""What each primitive becomes where complex numbers go in or come out: one rule each.

A rule takes the node and its inputs, complex ones as pairs of real tensors, and gives a pair where
the node is complex and a real tensor where it is not. Elementwise functions have their formulas in
a module of their own, loops and products theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, real_of
from cairnet.compiler.complex.formulas import FORMULAS, Pair, each_part, is_zero, magnitude, times
from cairnet.compiler.complex.linalg import (
    eigenvectors,
    in_parts,
    pseudo_inverse,
    singular_vectors,
)
from cairnet.compiler.complex.products import product, running_product
from cairnet.tensor.core import CONSTANT, Literal, Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE
from cairnet.tensor.primitives.movement import filled

__all__ = ["RULES", "Parts"]

#: A real tensor, or the parts of a complex one.
Parts = Tensor | Pair
Rule = Callable[..., Parts]
RULES: dict[str, Rule] = {}


def _rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for the primitives named."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return enter


# -- leaves


@_rule("constant")
def _constant(node: Tensor) -> Pair:
    array = node.parameters["value"].array
    real, imag = (apply(CONSTANT, value=Literal(part)) for part in (array.real, array.imag))
    return real, imag if array.imag.any() or np.signbit(array.imag).any() else filled(0, real)


@_rule("iota", "size")
def _count(node: Tensor) -> Pair:
    real = apply(node.primitive, **{**node.parameters, "dtype": real_of(node.dtype)})
    return real, filled(0, real)


# -- parts


@_rule("complex")
def _complex(node: Tensor, real: Tensor, imag: Tensor) -> Pair:
    return real, imag


@_rule("real")
def _real(node: Tensor, z: Pair) -> Tensor:
    return z[0]


@_rule("imag")
def _imag(node: Tensor, z: Pair) -> Tensor:
    return z[1]


@_rule("absolute")
def _absolute(node: Tensor, z: Pair) -> Tensor:
    return magnitude(z)


# -- element by element


@_rule(*FORMULAS)
def _formula(node: Tensor, *inputs: Pair) -> Pair:
    return FORMULAS[node.primitive.name](*inputs)


@_rule("equal")
def _equal(node: Tensor, z: Pair, w: Pair) -> Tensor:
    return (z[0] == w[0]) & (z[1] == w[1])


@_rule("where")
def _where(node: Tensor, condition: Tensor, z: Pair, w: Pair) -> Pair:
    return each_part(lambda a, b: apply(ELEMENTWISE["where"], condition, a, b), z, w)


@_rule("cast")
def _cast(node: Tensor, x: Parts, *, dtype: np.dtype[Any]) -> Parts:
    if isinstance(x, Tensor):
        real = _converted(x, real_of(dtype))
        return real, filled(0, real)
    if dtype == bool_:
        return (x[0] != 0) | (x[1] != 0)
    return _converted(x[0], real_of(dtype)), _converted(x[1], real_of(dtype))


def _converted(x: Tensor, dtype: np.dtype[Any]) -> Tensor:
    return x if x.dtype == dtype else apply(ELEMENTWISE["cast"], x, dtype=dtype)


# -- whatever treats both parts alike


@_rule(
    "broadcast",
    "concatenate",
    "cumulative_sum",
    "reshape",
    "slice",
    "sum",
    "transpose",
    "window_sum",
)
def _each_part(node: Tensor, *inputs: Pair, **parameters: Any) -> Pair:
    return each_part(lambda *parts: apply(node.primitive, *parts, **parameters), *inputs)


@_rule("gather", "scatter_add", "window_put", "window_take")
def _each_part_at(node: Tensor, z: Pair, *places: Tensor, **parameters: Any) -> Pair:
    return each_part(lambda part: apply(node.primitive, part, *places, **parameters), z)


@_rule("pad")
def _pad(node: Tensor, z: Pair, *, value: complex, **parameters: Any) -> Pair:
    number = complex(value)
    real = apply(node.primitive, z[0], value=number.real, **parameters)
    if number.imag == 0 and is_zero(z[1]):
        return real, filled(0, real)
    return real, apply(node.primitive, z[1], value=number.imag, **parameters)


@_rule("stop_gradient", "watch")
def _itself(node: Tensor, z: Pair, **parameters: Any) -> Pair:
    return z


# -- products


@_rule("dot")
def _dot(node: Tensor, z: Pair, w: Pair, **parameters: Any) -> Pair:
    return times(lambda a, b: apply(node.primitive, a, b, **parameters), z, w)


@_rule("product")
def _product(node: Tensor, z: Pair, *, axes: tuple[int, ...]) -> Pair:
    return product(z, axes)


@_rule("cumulative_product")
def _running_product(node: Tensor, z: Pair, *, axis: int) -> Pair:
    return running_product(z, axis)


# -- linear algebra


_rule("cholesky", "determinant", "qr", "solve", "solve_triangular")(in_parts)
_rule("eigh")(eigenvectors)
_rule("pinv")(pseudo_inverse)
_rule("svd")(singular_vectors)
