"""Lengths of vectors and of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from cairnet.base.dtypes import real_of
from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import cast_to, continuous
from cairnet.tensor.functions.arithmetic import abs
from cairnet.tensor.functions.creation import zeros
from cairnet.tensor.functions.exponential import sqrt
from cairnet.tensor.functions.linalg.arguments import matrices
from cairnet.tensor.functions.linalg.factorizations import svdvals
from cairnet.tensor.functions.manipulation import expand_dims
from cairnet.tensor.functions.searching import where
from cairnet.tensor.functions.statistics import max, min, sum
from cairnet.tensor.source import here

__all__ = ["matrix_norm", "vector_norm"]

Axis = int | Sequence[int] | None
_ORDERS = (1, 2, math.inf, -1, -2, -math.inf, "fro", "nuc")


def vector_norm(x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    r"""The length of vectors.

    .. math:: \|x\|_p = \Bigl(\sum_i |x_i|^p\Bigr)^{1/p}

    Args:
        x: the tensor.
        axis: the axes of the vectors, one or several; None for all.
        keepdims: whether they stay as axes of extent 1.
        ord: p. Infinity gives the largest absolute value, minus infinity the smallest, 0 the
            number of elements that are not zero.

    Returns:
        The lengths, of real dtype. The derivative of the Euclidean length (p = 2) is 0 at 0.

    Raises:
        DTypeError: the dtype is neither floating nor complex.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.vector_norm([3.0, 4.0])
        Tensor(5., dtype=float32)
    """
    size = abs(continuous("linalg.vector_norm", x))
    if ord == math.inf:
        return max(size, axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(cast_to(size != 0, size.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(size, axis=axis, keepdims=keepdims)
    if ord == 2:
        return _root(sum(size * size, axis=axis, keepdims=keepdims))
    return sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _root(total: Tensor) -> Tensor:
    """The square root, with derivative 0 at 0."""
    zero = total == 0
    return where(zero, 0.0, sqrt(where(zero, 1.0, total)))


def matrix_norm(
    x: Any,
    /,
    *,
    keepdims: bool = False,
    ord: Literal[1, 2, -1, -2, "fro", "nuc"] | float = "fro",
) -> Tensor:
    r"""A norm of matrices.

    Args:
        x: matrices, shape (..., m, n).
        keepdims: whether the last two axes stay as axes of extent 1.
        ord: "fro": the square root of the sum of squares of all elements; "nuc": the sum of the
            singular values; 2: the largest of them; 1: the largest sum of absolute values of a
            column; infinity: of a row. -2, -1 and minus infinity: the smallest of these.

    Returns:
        The norms, shape (...), of real dtype.

    Raises:
        ShapeError: there are fewer than two axes.
        DTypeError: the dtype is neither floating nor complex.
        ArgumentError: another order.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.matrix_norm([[3.0, 0.0], [0.0, 4.0]])
        Tensor(5., dtype=float32)
    """
    tensor = matrices("matrix_norm", x)
    if ord not in _ORDERS:
        listed = ", ".join(map(repr, _ORDERS))
        raise ArgumentError(
            f"linalg.matrix_norm, at {here()}: ord must be one of {listed}, got {ord!r}"
        )
    result = _norm(tensor, ord)
    return expand_dims(result, axis=(-2, -1)) if keepdims else result


def _norm(x: Tensor, ord: float | str) -> Tensor:
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1))
    if 0 in x.extents[-2:]:
        return zeros(x.extents[:-2], dtype=real_of(x.dtype))
    extreme = min if isinstance(ord, int | float) and ord < 0 else max
    if ord == "nuc":
        return sum(svdvals(x), axis=-1)
    if ord in (2, -2):
        return extreme(svdvals(x), axis=-1)
    return extreme(sum(abs(x), axis=-2 if ord in (1, -1) else -1), axis=-1)
