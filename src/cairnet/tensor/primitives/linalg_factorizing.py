"""Primitives of linear algebra that take matrices apart: QR, eigenvectors, singular vectors.

Their gradients divide by differences of eigenvalues (or of squared singular values, or by the
diagonal of R): where two are equal the factors are not unique, and their derivative is not finite.

The native backend calls LAPACK for all of them (`compiler/routines.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_complex, real_of
from cairnet.base.errors import GradientError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size, minimum
from cairnet.tensor.primitive import register
from cairnet.tensor.primitives.elementwise import ELEMENTWISE, conjugate
from cairnet.tensor.primitives.linalg_matrices import (
    MatrixPrimitive,
    SquarePrimitive,
    adjoint,
    cast,
    columns_times,
    diagonal_of,
    differences,
    identity,
    lower,
    matrix_by_matrix,
    of_lower_triangle,
    product,
    rows_times,
    side,
    signs,
    sum_of,
)
from cairnet.tensor.primitives.linalg_solving import SOLVE_TRIANGULAR
from cairnet.tensor.primitives.movement import CONCATENATE, SLICE, filled

__all__ = ["EIGH", "QR", "SVD"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]
Cotangents = Mapping[int, Tensor | None]


class QRFactors(MatrixPrimitive):
    """Factors q (output 0, orthonormal columns) and r (output 1, an upper triangle), q·r = a.

    Of a with m rows and n columns, q has min(m, n) columns, or all m if `complete`.
    """

    name = "qr"
    joint = True

    def infer(self, a: Tensor, *, complete: bool, output: int) -> Signature:
        self.check(a)
        *lead, rows, columns = a.extents
        inner = rows if complete else minimum(rows, columns)
        return ((*lead, inner, columns) if output else (*lead, rows, inner)), a.dtype

    def meaning(self, a: np.ndarray, *, complete: bool, output: int) -> np.ndarray:
        return self.meanings(a, complete=complete)[output]

    def meanings(self, a: np.ndarray, *, complete: bool) -> Sequence[np.ndarray]:
        return np.linalg.qr(a, mode="complete" if complete else "reduced")

    def joint_vjp(
        self, cotangents: Cotangents, wanted: Sequence[bool], a: Tensor, *, complete: bool
    ) -> Sequence[Tensor | None]:
        # See Walter and Lehmann (2018), "Algorithmic differentiation of linear algebra functions",
        # and for wide matrices Roberts and Roberts (2020), "QR and LQ decomposition matrix
        # backpropagation algorithms": a = [x y], r = [u v], x = q·u, y = q·v.
        rows, columns = a.extents[-2:]
        inner = minimum(rows, columns)
        if complete and rows != inner:
            raise GradientError(
                f"the complete QR factors of {a.describe()} (made at {a.source}) have no gradient: "
                "the last columns of q are any that complete a basis; use mode='reduced'"
            )
        q, r = (apply(QR, a, complete=complete, output=i) for i in range(2))
        q_slope, r_slope = (
            filled(0, factor) if slope is None else conjugate(slope)
            for factor, slope in ((q, cotangents.get(0)), (r, cotangents.get(1)))
        )
        rest = columns - inner
        if rest == 0:
            return (conjugate(_of_tall(q, r, q_slope, r_slope)),)
        right_slope = _last_columns(r_slope, inner, rest)
        left, left_slope = (_first_columns(each, inner) for each in (r, r_slope))
        # y = q·v also says v = qᴴ·y.
        y = _last_columns(a, inner, rest)
        left_share = _of_tall(q, left, q_slope + product(y, adjoint(right_slope)), left_slope)
        shares = left_share, product(q, right_slope)
        return (conjugate(apply(CONCATENATE, *shares, axis=a.ndim - 1)),)


def _of_tall(q: Tensor, r: Tensor, q_slope: Tensor, r_slope: Tensor) -> Tensor:
    """The conjugate cotangent of q·r, r square, from those of the factors."""
    inner = product(r, adjoint(r_slope)) - product(adjoint(q_slope), q)
    # The Hermitian matrix with this lower triangle.
    whole = lower(inner, diagonal=0.5)
    right = q_slope + product(q, whole + adjoint(whole))
    # right · r⁻ᴴ
    turned = apply(SOLVE_TRIANGULAR, r, adjoint(right), low=False, turned=False)
    return adjoint(turned)


class Eigh(SquarePrimitive):
    """The eigenvalues w (output 0, ascending) and orthonormal eigenvectors v (output 1, columns).

    a·v = v·diag(w) for a symmetric, or Hermitian, matrix a, whose upper triangle is not read. The
    first large element of an eigenvector is positive; derivatives are those of what does not
    depend on that choice.
    """

    name = "eigh"
    joint = True

    def infer(self, a: Tensor, *, output: int) -> Signature:
        self.check(a)
        size = side(a)
        lead = a.extents[:-2]
        return ((*lead, size, size), a.dtype) if output else ((*lead, size), real_of(a.dtype))

    def meaning(self, a: np.ndarray, *, output: int) -> np.ndarray:
        return self.meanings(a)[output]

    def meanings(self, a: np.ndarray) -> Sequence[np.ndarray]:
        values, vectors = matrix_by_matrix(np.linalg.eigh, a)
        return values, vectors * signs(vectors)

    def joint_vjp(
        self, cotangents: Cotangents, wanted: Sequence[bool], a: Tensor
    ) -> Sequence[Tensor | None]:
        # Giles (2008), 3.1: ā = v (diag(w̄) + f ∘ (vᴴ v̄)) vᴴ, f[i, j] = 1 / (w[j] - w[i]).
        values, vectors = (apply(EIGH, a, output=i) for i in range(2))
        terms = []
        slope = cotangents.get(0)
        if slope is not None:
            terms.append(columns_times(vectors, slope))
        slope = cotangents.get(1)
        if slope is not None:
            turn = product(adjoint(vectors), conjugate(slope))
            terms.append(product(vectors, turn * cast(_inverse(differences(values)), a.dtype)))
        whole = product(sum_of(terms), adjoint(vectors))
        # Each of the two elements of a pair is half of what is moved.
        return (conjugate(of_lower_triangle(whole)),)


class SingularValues(MatrixPrimitive):
    """Singular vectors and values: u (output 0), s (1, descending), vᴴ (2); a = u·diag(s)·vᴴ.

    Of a with m rows and n columns, s has k = min(m, n) elements, u has k columns and vᴴ k rows; or
    m and n, if `full`. The first large element of each column of u is positive; derivatives are
    those of what does not depend on that choice.
    """

    name = "svd"
    joint = True

    def infer(self, a: Tensor, *, full: bool, output: int) -> Signature:
        self.check(a)
        *lead, rows, columns = a.extents
        inner = minimum(rows, columns)
        if output == 1:
            return (*lead, inner), real_of(a.dtype)
        if output == 0:
            return (*lead, rows, rows if full else inner), a.dtype
        return (*lead, columns if full else inner, columns), a.dtype

    def meaning(self, a: np.ndarray, *, full: bool, output: int) -> np.ndarray:
        return self.meanings(a, full=full)[output]

    def meanings(self, a: np.ndarray, *, full: bool) -> Sequence[np.ndarray]:
        u, s, v = matrix_by_matrix(lambda a: np.linalg.svd(a, full_matrices=full), a)
        left, count = signs(u), s.shape[-1]
        right = signs(np.swapaxes(v, -1, -2))
        right[..., :count] = np.conj(left[..., :count])
        return u * left, s, np.swapaxes(right, -1, -2) * v

    def joint_vjp(
        self, cotangents: Cotangents, wanted: Sequence[bool], a: Tensor, *, full: bool
    ) -> Sequence[Tensor | None]:
        vectors = any(cotangents.get(i) is not None for i in (0, 2))
        if full and vectors and a.extents[-2] != a.extents[-1]:
            raise GradientError(
                f"all singular vectors of {a.describe()} (made at {a.source}) have no gradient: "
                "the last ones are any that complete a basis; use full_matrices=False"
            )
        u, s, v = (apply(SVD, a, full=False, output=i) for i in range(3))
        slopes = [cotangents.get(i) for i in range(3)]
        left, values, right = (None if each is None else conjugate(each) for each in slopes)
        return (conjugate(_svd_slope(u, s, v, left, values, right)),)


def _svd_slope(
    u: Tensor,
    s: Tensor,
    v: Tensor,
    left: Tensor | None,
    values: Tensor | None,
    right: Tensor | None,
) -> Tensor:
    """The conjugate cotangent of u·diag(s)·v from those of u, s and v (which is called vᴴ above).

    Townsend (2016), "Differentiating the singular value decomposition"; the last term, of complex
    matrices alone, is that of Wan and Zhang (2019), "Automatic differentiation for complex valued
    SVD": u and v turn together.
    """
    f = cast(_inverse(differences(s * s)), u.dtype)
    inverse = filled(1, s) / s
    middle: list[Tensor] = []
    outside: list[Tensor] = []
    if left is not None:
        turn = product(adjoint(u), left)
        middle.append(columns_times(f * (turn - adjoint(turn)), s))
        beyond = columns_times(left - product(u, turn), inverse)
        outside.append(product(beyond, v))
        if is_complex(u.dtype):
            middle.append(_turned_together(turn, inverse))
    if values is not None:
        middle.append(columns_times(identity(f), values))
    if right is not None:
        turn = product(v, adjoint(right))
        middle.append(rows_times(s, f * (turn - adjoint(turn))))
        beyond = rows_times(inverse, right - product(adjoint(turn), v))
        outside.append(product(u, beyond))
    inside = [product(u, sum_of(middle), v)] if middle else []
    return sum_of([*inside, *outside])


def _turned_together(turn: Tensor, inverse: Tensor) -> Tensor:
    """i·Im(diagonal of uᴴ·ū) / s, on a diagonal."""
    imaginary = apply(ELEMENTWISE["imag"], diagonal_of(turn))
    spread = imaginary * inverse
    on_diagonal = apply(ELEMENTWISE["complex"], filled(0, spread), spread)
    return columns_times(identity(turn), on_diagonal)


def _inverse(x: Tensor) -> Tensor:
    """1 / x off the diagonal, 0 on it."""
    eye = identity(x)
    return (filled(1, x) - eye) / (x + eye)


def _first_columns(x: Tensor, count: Size) -> Tensor:
    """The first columns of matrices."""
    return _part(x, (0, 0), (x.extents[-2], count))


def _last_columns(x: Tensor, start: Size, count: Size) -> Tensor:
    return _part(x, (0, start), (x.extents[-2], count))


def _part(x: Tensor, corner: tuple[Size, Size], sizes: tuple[Size, Size]) -> Tensor:
    if sizes == x.extents[-2:]:
        return x
    lead = x.extents[:-2]
    starts = (*(0 for _ in lead), *corner)
    return apply(SLICE, x, starts=starts, sizes=(*lead, *sizes), steps=(1,) * x.ndim)


EIGH = register(Eigh())
QR = register(QRFactors())
SVD = register(SingularValues())
