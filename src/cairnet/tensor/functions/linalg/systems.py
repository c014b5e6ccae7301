"""Systems of linear equations: solve, inverses, determinants, powers, ranks."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from cairnet.base.dtypes import int64, real_of
from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import maximum
from cairnet.tensor.functions.arguments import (
    broadcast_sizes,
    cast_to,
    continuous,
    floating,
    size_of,
    stretch,
    together,
)
from cairnet.tensor.functions.comparison import greater
from cairnet.tensor.functions.creation import eye, zeros
from cairnet.tensor.functions.linalg.arguments import matrices, square
from cairnet.tensor.functions.manipulation import broadcast_to, concat, expand_dims, squeeze
from cairnet.tensor.functions.statistics import max, sum
from cairnet.tensor.primitives import DETERMINANT, PINV, SOLVE, SVD
from cairnet.tensor.source import here

__all__ = [
    "SlogdetResult",
    "det",
    "inv",
    "matrix_power",
    "matrix_rank",
    "pinv",
    "slogdet",
    "solve",
]


class SlogdetResult(NamedTuple):
    """What `slogdet` gives.

    Attributes:
        sign: 1, -1 or 0; for complex matrices a number of absolute value 1, or 0.
        logabsdet: the natural logarithm of the absolute value, real; -∞ for a singular matrix.
    """

    sign: Tensor
    logabsdet: Tensor


def solve(x1: Any, x2: Any, /) -> Tensor:
    r"""The solution y of systems of linear equations.

    .. math:: x_1 y = x_2

    Args:
        x1: square matrices, shape (..., n, n).
        x2: a vector, shape (n,), or matrices of which each column is a right side, (..., n, k).
            The axes before broadcast.

    Returns:
        y, of the shape of x2; NaN where a matrix is singular.

    Raises:
        ShapeError: x1 is not square, or x2 has not as many rows.
        DTypeError: a dtype is neither floating nor complex.

    By elimination with row exchanges (LAPACK's gesv).

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.solve([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0])
        Tensor([1., 1.], dtype=float32)
    """
    first, second = together("linalg.solve", x1, x2)
    first, second = square("solve", first), continuous("linalg.solve", second)
    vector = second.ndim == 1
    if vector:
        second = expand_dims(second, axis=-1)
    rows, others = first.shape[-1], second.shape[-2:-1]
    if not others or (None not in (rows, others[0]) and rows != others[0]):
        raise ShapeError(
            f"linalg.solve, at {here()}: shapes {first.shape} and {second.shape} do not fit: "
            f"expected a vector of {rows} elements or matrices of {rows} rows on the right"
        )
    lead = broadcast_sizes("linalg.solve", first.extents[:-2], second.extents[:-2])
    result = apply(
        SOLVE,
        stretch(first, (*lead, *first.extents[-2:])),
        stretch(second, (*lead, *second.extents[-2:])),
    )
    return squeeze(result, axis=-1) if vector else result


def inv(x: Any, /) -> Tensor:
    """The inverse of square matrices.

    To solve a system, `cn.linalg.solve(x, y)` is faster and more exact than `inv(x) @ y`.

    Args:
        x: matrices, shape (..., n, n).

    Returns:
        The inverses; NaN where a matrix is singular.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.inv([[2.0, 0.0], [0.0, 4.0]])
        Tensor([[0.5 , 0.  ],
                [0.  , 0.25]], dtype=float32)
    """
    tensor = square("inv", x)
    return apply(SOLVE, tensor, _identity_like(tensor))


def _identity_like(x: Tensor) -> Tensor:
    return broadcast_to(eye(x.extents[-1], dtype=x.dtype), x.extents)


def det(x: Any, /) -> Tensor:
    r"""The determinant of square matrices.

    Args:
        x: matrices, shape (..., n, n).

    Returns:
        The determinants, shape (...); 1 for matrices without rows. See `slogdet` for large
        matrices, whose determinant overflows.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.

    The derivative is :math:`\det(x)\, x^{-T}`, which is NaN where x is singular.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.det([[2.0, 0.0], [1.0, 4.0]])
        Tensor(8., dtype=float32)
    """
    return apply(DETERMINANT, square("det", x), output=0)


def slogdet(x: Any, /) -> SlogdetResult:
    r"""Sign and logarithm of the absolute value of the determinant, which do not overflow.

    .. math:: \det x = s \cdot e^{l}

    Args:
        x: matrices, shape (..., n, n).

    Returns:
        A named tuple (sign, logabsdet), each of shape (...); (0, -∞) where x is singular.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.

    Example:
        >>> import cairnet as cn
        >>> sign, logarithm = cn.linalg.slogdet([[1e30, 0.0], [0.0, -1e30]])
        >>> float(sign), round(float(logarithm), 3)
        (-1.0, 138.155)
    """
    tensor = square("slogdet", x)
    sign, logarithm = (apply(DETERMINANT, tensor, output=i) for i in (1, 2))
    return SlogdetResult(sign, logarithm)


def matrix_power(x: Any, n: int, /) -> Tensor:
    """A power of square matrices, by repeated squaring.

    Args:
        x: matrices, shape (..., m, m).
        n: the exponent; 0 gives identity matrices, a negative one powers of the inverse.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.
        ArgumentError: the exponent is no integer.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.matrix_power([[1.0, 1.0], [0.0, 1.0]], 5)
        Tensor([[1., 5.],
                [0., 1.]], dtype=float32)
    """
    tensor = square("matrix_power", x)
    try:
        exponent = operator.index(n)
    except TypeError:
        raise ArgumentError(
            f"linalg.matrix_power, at {here()}: expected an integer for n, got {n!r}"
        ) from None
    if exponent == 0:
        return _identity_like(tensor)
    base = tensor if exponent > 0 else inv(tensor)
    exponent = abs(exponent)
    result: Tensor | None = None
    for digit in reversed(f"{exponent:b}"):
        if digit == "1":
            result = base if result is None else result @ base
        base = base @ base
    return base if result is None else result


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Tensor:
    """The number of linearly independent rows: of singular values that are not negligible.

    Args:
        x: matrices, shape (..., m, n).
        rtol: singular values up to rtol times the largest are negligible; a number, or one for
            each matrix, shape (...). Default: max(m, n) times the machine epsilon of the dtype.

    Returns:
        The ranks, shape (...), int64.

    Raises:
        ShapeError: there are fewer than two axes.
        DTypeError: the dtype is neither floating nor complex.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]])
        Tensor(1, dtype=int64)
    """
    tensor = matrices("matrix_rank", x)
    values = apply(SVD, tensor, full=False, output=1)
    # A matrix without elements has no largest singular value, and the rank 0.
    none = zeros((*values.extents[:-1], 1), dtype=values.dtype)
    largest = max(concat([none, values], axis=-1), axis=-1, keepdims=True)
    limit = _negligible("matrix_rank", tensor, rtol)[..., None] * largest
    return sum(cast_to(greater(values, limit), int64), axis=-1)


def pinv(x: Any, /, *, rtol: Any = None) -> Tensor:
    r"""The pseudo-inverse of Moore and Penrose.

    .. math:: x = U \operatorname{diag}(S) V^H \;\Rightarrow\; x^+ = V \operatorname{diag}(1/S) U^H

    where singular values that are negligible count as zero, and so do their inverses. pinv(x) @ y
    is the solution of least squares: of all a that make the length of x @ a - y least, the
    shortest.

    Args:
        x: matrices, shape (..., m, n).
        rtol: singular values up to rtol times the largest are negligible; a number, or one for
            each matrix, shape (...). Default: max(m, n) times the machine epsilon of the dtype.

    Returns:
        The pseudo-inverses, shape (..., n, m).

    Raises:
        ShapeError: there are fewer than two axes.
        DTypeError: the dtype is neither floating nor complex.

    The derivative is that of Golub and Pereyra (1973), for matrices whose rank stays what it is.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.pinv([[2.0], [0.0]])
        Tensor([[0.5, 0. ]], dtype=float32)
    """
    tensor = matrices("pinv", x)
    lead = tensor.extents[:-2]
    limit = _negligible("pinv", tensor, rtol)
    shape = broadcast_sizes("linalg.pinv (matrices and rtol)", lead, limit.extents)
    return apply(PINV, stretch(tensor, (*shape, *tensor.extents[-2:])), stretch(limit, shape))


def _negligible(name: str, x: Tensor, rtol: Any) -> Tensor:
    """Up to how many times the largest of them singular values are negligible."""
    dtype = real_of(x.dtype)
    if rtol is None:
        return size_of(maximum(*x.extents[-2:]), dtype) * float(np.finfo(dtype).eps)
    return cast_to(floating(f"linalg.{name}", rtol), dtype)
