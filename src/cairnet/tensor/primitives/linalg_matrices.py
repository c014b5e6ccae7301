"""What the primitives of linear algebra share: the family they belong to, and matrices in graphs.

All of them work on the last two axes; the axes before number a stack of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import int64, is_differentiable
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, all_primitives
from cairnet.tensor.primitives.contractions import DOT
from cairnet.tensor.primitives.elementwise import ELEMENTWISE, conjugate
from cairnet.tensor.primitives.movement import BROADCAST, IOTA, RESHAPE, TRANSPOSE, filled

__all__ = [
    "LARGE",
    "MatrixPrimitive",
    "SquarePrimitive",
    "adjoint",
    "cast",
    "columns_times",
    "diagonal_of",
    "differences",
    "identity",
    "lower",
    "matrix_by_matrix",
    "of_lower_triangle",
    "product",
    "rows_times",
    "side",
    "signs",
    "sum_of",
    "transposed",
    "upper",
]


class MatrixPrimitive(Primitive):
    """A computation on stacks of matrices.

    Where it has no answer (a matrix that is singular or not positive definite, an iteration that
    does not converge), the whole result for that matrix is NaN, and the others are not touched.
    """

    def meetings(self, *inputs: Tensor) -> list[tuple[Size, Size]]:
        """Pairs of sizes of the inputs that must be equal when the function runs."""
        return []

    def check(self, *inputs: Tensor) -> None:
        """Refuse inputs that are no matrices of one floating dtype, or that do not fit together."""
        shapes = " and ".join(item.describe() for item in inputs)
        if any(item.ndim < 2 for item in inputs):
            raise ShapeError(f"{self.name}: expected matrices (2 axes or more), got {shapes}")
        dtypes = {item.dtype for item in inputs}
        if len(dtypes) > 1 or not all(map(is_differentiable, dtypes)):
            raise DTypeError(f"{self.name}: expected one floating dtype, got {shapes}")
        for first, second in self.meetings(*inputs):
            if isinstance(first, int) and isinstance(second, int) and first != second:
                raise ShapeError(
                    f"{self.name}: {shapes}: extents {first} and {second} must be equal"
                )


class SquarePrimitive(MatrixPrimitive):
    """A computation on stacks of square matrices."""

    def meetings(self, *inputs: Tensor) -> list[tuple[Size, Size]]:
        (a,) = inputs
        rows, columns = a.extents[-2:]
        return [(rows, columns)]


def matrix_by_matrix(
    function: Callable[..., Sequence[np.ndarray]], *arrays: np.ndarray
) -> Sequence[np.ndarray]:
    """A function of NumPy on stacks of matrices, NaN where it has no answer for one of them.

    NumPy refuses a whole stack for the sake of one matrix in it.
    """
    try:
        return function(*arrays)
    except np.linalg.LinAlgError:
        pass
    lead = arrays[0].shape[:-2]
    parts = []
    for index in np.ndindex(lead):
        matrices = [array[index] for array in arrays]
        try:
            parts.append(function(*matrices))
        except np.linalg.LinAlgError:
            # Something of the same shapes that has an answer tells the shapes of the answer.
            sound = [np.eye(*matrix.shape, dtype=matrix.dtype) for matrix in matrices]
            parts.append([np.full_like(part, np.nan) for part in function(*sound)])
    return [np.stack(each).reshape(*lead, *each[0].shape) for each in zip(*parts, strict=True)]


#: An element of a vector is large if it is more than so many times the largest one. Not the largest
#: itself decides on a sign: of two of equal size rounding would choose.
LARGE = 0.55


def signs(vectors: np.ndarray) -> np.ndarray:
    """The signs that make the first large element of each column positive: a row for each matrix.

    Of complex vectors they are numbers of absolute value 1.
    """
    if not vectors.size:
        return np.ones((*vectors.shape[:-2], 1, vectors.shape[-1]), vectors.dtype)
    size = np.abs(vectors)
    large = size > LARGE * np.max(size, axis=-2, keepdims=True)
    first = np.argmax(large, axis=-2)[..., np.newaxis, :]
    return np.conj(np.sign(np.take_along_axis(vectors, first, axis=-2)))


def side(a: Tensor) -> Size:
    """The number of rows and columns of square matrices, by whichever of the two is known."""
    rows, columns = a.extents[-2:]
    return rows if isinstance(rows, int) else columns


# -- matrices in graphs -------------------------------------------------------------------------


def transposed(x: Tensor) -> Tensor:
    """The last two axes exchanged."""
    rank = x.ndim
    return apply(TRANSPOSE, x, axes=(*range(rank - 2), rank - 1, rank - 2))


def adjoint(x: Tensor) -> Tensor:
    """The transposed conjugate."""
    return transposed(conjugate(x))


def product(a: Tensor, b: Tensor, *others: Tensor) -> Tensor:
    """The matrix product of stacks of equal extents, from left to right."""
    lead = tuple(range(a.ndim - 2))
    result = apply(DOT, a, b, contract=((a.ndim - 1,), (a.ndim - 2,)), batch=(lead, lead))
    return product(result, *others) if others else result


def columns_times(x: Tensor, scale: Tensor) -> Tensor:
    """x · diag(scale)."""
    return x * _spread(scale, x, (*scale.extents[:-1], 1, scale.extents[-1]))


def rows_times(scale: Tensor, x: Tensor) -> Tensor:
    """diag(scale) · x."""
    return x * _spread(scale, x, (*scale.extents, 1))


def _spread(scale: Tensor, like: Tensor, shape: tuple[Size, ...]) -> Tensor:
    column = apply(RESHAPE, cast(scale, like.dtype), shape=shape)
    return apply(BROADCAST, column, shape=like.extents)


def _positions(like: Tensor) -> tuple[Tensor, Tensor]:
    """The row and the column of every element."""
    rows, columns = like.extents[-2:]
    row = apply(RESHAPE, apply(IOTA, size=rows, dtype=int64), shape=(rows, 1))
    column = apply(IOTA, size=columns, dtype=int64)
    return apply(BROADCAST, row, shape=like.extents), apply(BROADCAST, column, shape=like.extents)


def _kept(mask: Tensor, x: Tensor) -> Tensor:
    return apply(ELEMENTWISE["where"], mask, x, filled(0, x))


def lower(x: Tensor, *, diagonal: float = 1.0) -> Tensor:
    """The lower triangle, its diagonal times a number."""
    row, column = _positions(x)
    kept = _kept(row >= column, x)
    if diagonal == 1.0:
        return kept
    return apply(ELEMENTWISE["where"], row == column, kept * diagonal, kept)


def upper(x: Tensor) -> Tensor:
    """The upper triangle."""
    row, column = _positions(x)
    return _kept(row <= column, x)


def identity(like: Tensor) -> Tensor:
    """Stacks of identity matrices, of the extents of another tensor."""
    row, column = _positions(like)
    return cast(row == column, like.dtype)


def of_lower_triangle(slope: Tensor) -> Tensor:
    """The cotangent of a lower triangle that stands for a Hermitian matrix, from that of all of it.

    An element below the diagonal occurs twice in the matrix, one on it once.
    """
    return lower(slope + adjoint(slope), diagonal=0.5)


def cast(x: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """The tensor in another dtype."""
    return x if x.dtype == dtype else apply(ELEMENTWISE["cast"], x, dtype=dtype)


def sum_of(terms: Sequence[Tensor]) -> Tensor:
    """The sum of one tensor or more."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def differences(x: Tensor) -> Tensor:
    """x[j] - x[i] at row i and column j, of stacks of vectors."""
    size = x.extents[-1]
    shape = (*x.extents[:-1], size, size)
    across = apply(RESHAPE, x, shape=(*x.extents[:-1], 1, size))
    down = apply(RESHAPE, x, shape=(*x.extents, 1))
    return apply(BROADCAST, across, shape=shape) - apply(BROADCAST, down, shape=shape)


def diagonal_of(x: Tensor) -> Tensor:
    """The diagonals of square matrices."""
    return apply(all_primitives()["sum"], x * identity(x), axes=(x.ndim - 1,))
