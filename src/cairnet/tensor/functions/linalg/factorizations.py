"""Matrices as products of simpler ones: Cholesky, QR, eigenvectors, singular vectors."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.linalg.arguments import adjoint, hermitian_part, matrices, square
from cairnet.tensor.primitives import CHOLESKY, EIGH, QR, SVD
from cairnet.tensor.source import here

__all__ = [
    "EighResult",
    "QRResult",
    "SVDResult",
    "cholesky",
    "eigh",
    "eigvalsh",
    "qr",
    "svd",
    "svdvals",
]


class QRResult(NamedTuple):
    """What `qr` gives.

    Attributes:
        Q: orthonormal columns.
        R: an upper triangle.
    """

    Q: Tensor
    R: Tensor


class EighResult(NamedTuple):
    """What `eigh` gives.

    Attributes:
        eigenvalues: in ascending order, real.
        eigenvectors: the columns, orthonormal, in the order of the eigenvalues.
    """

    eigenvalues: Tensor
    eigenvectors: Tensor


class SVDResult(NamedTuple):
    """What `svd` gives.

    Attributes:
        U: left singular vectors, the columns.
        S: singular values, in descending order, real.
        Vh: right singular vectors, the rows, conjugated.
    """

    U: Tensor
    S: Tensor
    Vh: Tensor


def cholesky(x: Any, /, *, upper: bool = False) -> Tensor:
    r"""The Cholesky factor of symmetric (Hermitian) positive definite matrices.

    .. math:: x = L L^H, \quad L \text{ a lower triangle with positive diagonal}

    Args:
        x: matrices, shape (..., n, n). Their symmetric part (x + xᴴ)/2 is taken.
        upper: whether to give Lᴴ, an upper triangle, instead of L.

    Returns:
        L, or Lᴴ, of the shape of x; NaN where a matrix is not positive definite.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.

    The derivative is that of Murray (2016), "Differentiation of the Cholesky decomposition".

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.cholesky([[4.0, 2.0], [2.0, 5.0]])
        Tensor([[2., 0.],
                [1., 2.]], dtype=float32)
    """
    factor = apply(CHOLESKY, hermitian_part(square("cholesky", x)))
    return adjoint(factor) if upper else factor


def qr(x: Any, /, *, mode: Literal["reduced", "complete"] = "reduced") -> QRResult:
    r"""Matrices as products of orthonormal columns and an upper triangle.

    .. math:: x = Q R, \quad Q^H Q = 1, \quad R_{ij} = 0 \text{ for } i > j

    Args:
        x: matrices, shape (..., m, n).
        mode: "reduced": Q has the shape (..., m, k) and R (..., k, n), with k = min(m, n);
            "complete": Q is square, (..., m, m), and R (..., m, n).

    Returns:
        A named tuple (Q, R).

    Raises:
        ShapeError: there are fewer than two axes.
        DTypeError: the dtype is neither floating nor complex.
        ArgumentError: another mode.
        GradientError: by `cn.grad`, for the complete mode where m > n: the last m - n columns of Q
            are any that complete the others.

    By Householder reflections (LAPACK's geqrf); the derivative is that of Walter and Lehmann
    (2018), "Algorithmic differentiation of linear algebra functions". It needs the first k columns
    of x to be linearly independent.

    Example:
        >>> import cairnet as cn
        >>> q, r = cn.linalg.qr([[3.0, 1.0], [4.0, 2.0]])
        >>> cn.round(q @ r)
        Tensor([[3., 1.],
                [4., 2.]], dtype=float32)
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError(
            f'linalg.qr, at {here()}: mode must be "reduced" or "complete", got {mode!r}'
        )
    tensor = matrices("qr", x)
    complete = mode == "complete" and tensor.extents[-2] != tensor.extents[-1]
    return QRResult(*(apply(QR, tensor, complete=complete, output=i) for i in range(2)))


def eigh(x: Any, /) -> EighResult:
    r"""Eigenvalues and eigenvectors of symmetric (Hermitian) matrices.

    .. math:: x V = V \operatorname{diag}(\lambda), \quad V^H V = 1

    Args:
        x: matrices, shape (..., n, n). Their symmetric part (x + xᴴ)/2 is taken.

    Returns:
        A named tuple (eigenvalues, eigenvectors): shapes (..., n), ascending, and (..., n, n),
        in columns. The sign (the phase, of a complex one) of an eigenvector is free; here the first
        of its elements that are more than 0.55 times as large as the largest is positive, so that
        all backends give the same. What depends on that choice has no meaningful gradient.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.

    By divide and conquer (LAPACK's syevd); the derivative is that of Giles (2008), "Collected
    matrix derivative results for forward and reverse mode algorithmic differentiation". That of
    the eigenvectors is not finite where two eigenvalues are equal.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.eigh([[2.0, 0.0], [0.0, 1.0]]).eigenvalues
        Tensor([1., 2.], dtype=float32)
    """
    tensor = hermitian_part(square("eigh", x))
    return EighResult(*(apply(EIGH, tensor, output=i) for i in range(2)))


def eigvalsh(x: Any, /) -> Tensor:
    """The eigenvalues of symmetric (Hermitian) matrices, in ascending order.

    Args:
        x: matrices, shape (..., n, n). Their symmetric part (x + xᴴ)/2 is taken.

    Returns:
        The eigenvalues, shape (..., n), of real dtype.

    Raises:
        ShapeError: the matrices are not square.
        DTypeError: the dtype is neither floating nor complex.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.eigvalsh([[2.0, 0.0], [0.0, 1.0]])
        Tensor([1., 2.], dtype=float32)
    """
    return apply(EIGH, hermitian_part(square("eigvalsh", x)), output=0)


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    r"""Singular values and vectors.

    .. math:: x = U \operatorname{diag}(S) V^H, \quad U^H U = 1, \quad V^H V = 1

    Args:
        x: matrices, shape (..., m, n).
        full_matrices: whether U and V are square, so that the columns beyond the first
            k = min(m, n) complete a basis.

    Returns:
        A named tuple (U, S, Vh): shapes (..., m, m), (..., k) and (..., n, n), or (..., m, k),
        (..., k) and (..., k, n) without the full matrices. S is in descending order. The sign of a
        pair of vectors (the phase, of complex ones) is free; here the first of those elements of
        the column of U that are more than 0.55 times as large as the largest is positive, so that
        all backends give the same. What depends on that choice has no meaningful gradient.

    Raises:
        ShapeError: there are fewer than two axes.
        DTypeError: the dtype is neither floating nor complex.
        GradientError: by `cn.grad` of U or Vh with full matrices, where m and n differ.

    By divide and conquer (LAPACK's gesdd); the derivative is that of Townsend (2016),
    "Differentiating the singular value decomposition". That of the vectors is not finite where two
    singular values are equal.

    Example:
        >>> import cairnet as cn
        >>> u, s, vh = cn.linalg.svd([[0.0, 2.0], [1.0, 0.0]])
        >>> s
        Tensor([2., 1.], dtype=float32)
    """
    tensor = matrices("svd", x)
    full = full_matrices and tensor.extents[-2] != tensor.extents[-1]
    return SVDResult(*(apply(SVD, tensor, full=full, output=i) for i in range(3)))


def svdvals(x: Any, /) -> Tensor:
    """The singular values, in descending order.

    Args:
        x: matrices, shape (..., m, n).

    Returns:
        The singular values, shape (..., min(m, n)), of real dtype.

    Raises:
        ShapeError: there are fewer than two axes.
        DTypeError: the dtype is neither floating nor complex.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.svdvals([[0.0, 2.0], [1.0, 0.0]])
        Tensor([2., 1.], dtype=float32)
    """
    return apply(SVD, matrices("svdvals", x), full=False, output=1)
