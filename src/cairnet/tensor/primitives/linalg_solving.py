"""Primitives of linear algebra that solve systems of equations, and what comes with them.

The gradients are those of Giles (2008), "An extended collection of matrix derivative results for
forward and reverse mode algorithmic differentiation"; that of the Cholesky factor is the blocked
form of Murray (2016), "Differentiation of the Cholesky decomposition", that of the pseudo-inverse
the formula of Golub and Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear least
squares problems whose variables separate". Each is a formula of the same primitives, so it can be
differentiated again.

The native backend calls LAPACK for all of them (`compiler/routines.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_complex, real_of
from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import register
from cairnet.tensor.primitives.elementwise import ELEMENTWISE, conjugate
from cairnet.tensor.primitives.linalg_matrices import (
    MatrixPrimitive,
    SquarePrimitive,
    adjoint,
    cast,
    identity,
    lower,
    matrix_by_matrix,
    of_lower_triangle,
    product,
    side,
    sum_of,
    transposed,
    upper,
)
from cairnet.tensor.primitives.movement import BROADCAST, RESHAPE, filled

__all__ = ["CHOLESKY", "DETERMINANT", "PINV", "SOLVE", "SOLVE_TRIANGULAR"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]


class _System(MatrixPrimitive):
    """Unknowns x of op(a) · x = b."""

    def meetings(self, *inputs: Tensor) -> list[tuple[Size, Size]]:
        a, b = inputs
        rows, columns = a.extents[-2:]
        lead = zip(a.extents[:-2], b.extents[:-2], strict=True)
        return [(rows, columns), (columns, b.extents[-2]), *lead]

    def infer(self, a: Tensor, b: Tensor, **parameters: Any) -> Signature:
        self.check(a, b)
        lead = [
            own if isinstance(own, int) else other
            for own, other in zip(b.extents[:-2], a.extents[:-2], strict=True)
        ]
        rows = b.extents[-2] if isinstance(b.extents[-2], int) else side(a)
        return (*lead, rows, b.extents[-1]), b.dtype


class SolveTriangular(_System):
    """The solution x of a·x = b, or of aᵀ·x = b, of which a is a triangle.

    The other triangle of a is not read. A zero on the diagonal divides by zero.
    """

    name = "solve_triangular"

    def meaning(self, a: np.ndarray, b: np.ndarray, *, low: bool, turned: bool) -> np.ndarray:
        if turned:
            a, low = np.swapaxes(a, -1, -2), not low
        x = np.array(b)
        order = range(b.shape[-2]) if low else reversed(range(b.shape[-2]))
        for row in order:
            known = slice(0, row) if low else slice(row + 1, None)
            sums = np.matmul(a[..., row : row + 1, known], x[..., known, :])[..., 0, :]
            x[..., row, :] = (b[..., row, :] - sums) / a[..., row, row, np.newaxis]
        return x

    def vjp(
        self, g: Tensor, y: Tensor, a: Tensor, b: Tensor, *, low: bool, turned: bool
    ) -> Sequence[Tensor]:
        # dx = op(a)⁻¹ (db - op(da)·x)
        right = apply(SOLVE_TRIANGULAR, a, g, low=low, turned=not turned)
        slope = -(product(y, transposed(right)) if turned else product(right, transposed(y)))
        return (lower(slope) if low else upper(slope)), right


class Solve(_System):
    """The solution x of a·x = b for square matrices a, by elimination with row exchanges."""

    name = "solve"

    def meaning(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return matrix_by_matrix(lambda a, b: [np.linalg.solve(a, b)], a, b)[0]

    def vjp(self, g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor]:
        right = apply(SOLVE, transposed(a), g)
        return -product(right, transposed(y)), right


class Determinant(SquarePrimitive):
    """The determinant (output 0), its sign and the logarithm of its absolute value (1 and 2).

    The latter do not overflow. The sign of a complex determinant is that number over its absolute
    value. Singular matrices have the values 0, 0, -∞ and no derivative.
    """

    name = "determinant"
    joint = True

    def infer(self, a: Tensor, *, output: int) -> Signature:
        self.check(a)
        return a.extents[:-2], real_of(a.dtype) if output == 2 else a.dtype

    def meaning(self, a: np.ndarray, *, output: int) -> np.ndarray:
        return np.asarray(self.meanings(a)[output])

    def meanings(self, a: np.ndarray) -> Sequence[np.ndarray]:
        sign, logarithm = np.linalg.slogdet(a)
        return [np.linalg.det(a), np.where(np.isnan(logarithm), np.nan, sign), logarithm]

    def joint_vjp(
        self, cotangents: Mapping[int, Tensor | None], wanted: Sequence[bool], a: Tensor
    ) -> Sequence[Tensor | None]:
        # With t = tr(a⁻¹ da): d det = det·t, d log|det| = Re t, d sign = sign·i·Im t.
        determinant, sign, logarithm = (cotangents.get(i) for i in range(3))
        terms = []
        if determinant is not None:
            terms.append(determinant * apply(DETERMINANT, a, output=0))
        if sign is not None and is_complex(a.dtype):
            turn = apply(ELEMENTWISE["imag"], sign * apply(DETERMINANT, a, output=1))
            terms.append(apply(ELEMENTWISE["complex"], filled(0, turn), turn))
        if logarithm is not None:
            terms.append(cast(logarithm, a.dtype))
        if not terms:
            return (None,)
        inverse = apply(SOLVE, transposed(a), identity(a))
        total = apply(RESHAPE, sum_of(terms), shape=(*a.extents[:-2], 1, 1))
        return (inverse * apply(BROADCAST, total, shape=inverse.extents),)


class Cholesky(SquarePrimitive):
    """The lower triangle l with positive diagonal and l·lᴴ = a, for positive definite a.

    The upper triangle of a is not read.
    """

    name = "cholesky"

    def infer(self, a: Tensor) -> Signature:
        self.check(a)
        return (*a.extents[:-2], side(a), side(a)), a.dtype

    def meaning(self, a: np.ndarray) -> np.ndarray:
        return matrix_by_matrix(lambda a: [np.linalg.cholesky(a)], a)[0]

    def vjp(self, g: Tensor, y: Tensor, a: Tensor) -> Sequence[Tensor]:
        # With Φ the lower triangle with half its diagonal: s = l⁻ᴴ Φ(lᴴ·ḡ) l⁻¹.
        middle = lower(product(adjoint(y), conjugate(g)), diagonal=0.5)
        half = _solve_adjoint(y, middle)
        both = adjoint(_solve_adjoint(y, adjoint(half)))
        return (conjugate(of_lower_triangle(both)),)


def _solve_adjoint(factor: Tensor, b: Tensor) -> Tensor:
    """l⁻ᴴ · b for a lower triangle l, the factor."""
    return conjugate(apply(SOLVE_TRIANGULAR, factor, conjugate(b), low=True, turned=True))


class PseudoInverse(MatrixPrimitive):
    """The pseudo-inverse p of a: singular values turned over, and negligible ones left out.

    Negligible is what is no more than the second input, one number for each matrix, times the
    largest singular value.
    """

    name = "pinv"

    def meetings(self, *inputs: Tensor) -> list[tuple[Size, Size]]:
        a, *limits = inputs
        return [pair for x in limits for pair in zip(a.extents[:-2], x.extents, strict=True)]

    def infer(self, a: Tensor, limit: Tensor) -> Signature:
        self.check(a)
        *lead, rows, columns = a.extents
        if limit.ndim != len(lead) or limit.dtype != real_of(a.dtype):
            raise ShapeError(f"pinv: {limit.describe()} is no limit for each of {a.describe()}")
        return (*lead, columns, rows), a.dtype

    def meaning(self, a: np.ndarray, limit: np.ndarray) -> np.ndarray:
        u, s, v = matrix_by_matrix(lambda a: np.linalg.svd(a, full_matrices=False), a)
        kept = s > limit[..., np.newaxis] * s[..., :1]
        inverse = np.where(kept, 1 / np.where(kept, s, 1), 0).astype(s.dtype)
        right, left = (np.conj(np.swapaxes(each, -1, -2)) for each in (v, u))
        return (right * inverse[..., np.newaxis, :]) @ left

    def vjp(self, g: Tensor, y: Tensor, a: Tensor, limit: Tensor) -> Sequence[Tensor]:
        # Golub and Pereyra (1973), for matrices whose rank stays what it is:
        # dp = -p·da·p + p·pᴴ·daᴴ·(1 - a·p) + (1 - p·a)·daᴴ·pᴴ·p
        slope, turned = conjugate(g), adjoint(y)
        columns, rows = product(a, y), product(y, a)
        terms = [
            -product(turned, slope, turned),
            product(identity(columns) - columns, adjoint(slope), y, turned),
            product(turned, y, adjoint(slope), identity(rows) - rows),
        ]
        return conjugate(sum_of(terms)), filled(0, limit)


SOLVE_TRIANGULAR = register(SolveTriangular())
SOLVE = register(Solve())
DETERMINANT = register(Determinant())
CHOLESKY = register(Cholesky())
PINV = register(PseudoInverse())
