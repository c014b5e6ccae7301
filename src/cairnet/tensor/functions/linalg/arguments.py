"""Matrices as arguments: what the functions of `cn.linalg` accept."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import as_tensor, continuous
from cairnet.tensor.functions.complex_numbers import conj
from cairnet.tensor.functions.linear_algebra import matrix_transpose
from cairnet.tensor.source import here

__all__ = ["adjoint", "any_matrices", "hermitian_part", "matrices", "square"]


def any_matrices(name: str, x: Any) -> Tensor:
    """The value as a stack of matrices of any dtype.

    Raises:
        ShapeError: it has fewer than two axes.
    """
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(
            f"linalg.{name}, at {here()}: expected a matrix or a stack of them (2 axes or more), "
            f"got shape {tensor.shape}"
        )
    return tensor


def matrices(name: str, x: Any) -> Tensor:
    """The value as a stack of matrices of floating or complex dtype.

    Raises:
        ShapeError: it has fewer than two axes.
        DTypeError: it has another dtype.
    """
    return any_matrices(name, continuous(f"linalg.{name}", x))


def square(name: str, x: Any) -> Tensor:
    """The value as a stack of square matrices of floating or complex dtype.

    Raises:
        ShapeError: it has fewer than two axes, or as many rows as columns it has not.
        DTypeError: it has another dtype.
    """
    tensor = matrices(name, x)
    rows, columns = tensor.shape[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise ShapeError(
            f"linalg.{name}, at {here()}: expected square matrices, got shape {tensor.shape}: "
            f"{rows} rows and {columns} columns; for others there are cn.linalg.pinv (least "
            "squares), cn.linalg.qr and cn.linalg.svd"
        )
    return tensor


def adjoint(x: Tensor) -> Tensor:
    """The transposed conjugate."""
    return matrix_transpose(conj(x))


def hermitian_part(x: Tensor) -> Tensor:
    """(x + xᴴ) / 2: exactly x where x is symmetric, and every element has its derivative."""
    return (x + adjoint(x)) * 0.5
