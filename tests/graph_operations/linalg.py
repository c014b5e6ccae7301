"""Linear algebra, on matrices that are near to a diagonal with well-separated elements.

So they are positive definite, none is nearly singular, and no two of their eigenvalues or singular
values are nearly equal, whatever they were made from.
"""

from __future__ import annotations

from typing import Any

from tests.graph_operations.registry import OPERATIONS, Operation, operation
from tests.graphs import Builder

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import (
    CHOLESKY,
    COMPLEX_MATRICES,
    DETERMINANT,
    EIGH,
    PINV,
    QR,
    SOLVE,
    SOLVE_TRIANGULAR,
    SVD,
)

#: Larger matrices would take long, and have many eigenvalues between the same bounds.
_MOST = 33


def _near_diagonal(b: Builder, x: Tensor) -> Tensor | None:
    """A matrix of the extents of x, whose diagonal is 1, 2, 3, … but for less than a half."""
    rows, columns = b.shape_of(x)[-2:]
    if max(rows, columns) > _MOST:
        return None
    counted = cn.eye(*x.extents[-2:], dtype=x.dtype) * cn.astype(
        cn.arange(x.extents[-1]) + 1, x.dtype
    )
    return counted + cn.tanh(x) * (0.4 / max(rows, columns, 1))


def _symmetric(b: Builder) -> Tensor | None:
    x = cn.tanh(b.tensor(least_rank=2))
    columns = b.shape_of(x)[-1]
    return _near_diagonal(b, cn.matmul(x, cn.matrix_transpose(x)) / max(columns, 1))


def _factor(primitive: Any, outputs: int, symmetric: bool, **choices: Any) -> Operation:
    def build(b: Builder) -> Tensor | None:
        a = _symmetric(b) if symmetric else _near_diagonal(b, b.tensor(least_rank=2))
        if a is None:
            return None
        parameters = {name: b.choose(values) for name, values in choices.items()}
        if outputs > 1:
            parameters["output"] = b.number(0, outputs - 1)
        return apply(primitive, a, **parameters)

    return build


OPERATIONS["cholesky"] = _factor(CHOLESKY, 1, True)
OPERATIONS["determinant"] = _factor(DETERMINANT, 3, True)
OPERATIONS["eigh"] = _factor(EIGH, 2, True)
OPERATIONS["qr"] = _factor(QR, 2, False, complete=[False])
OPERATIONS["svd"] = _factor(SVD, 3, False, full=[False])


def _system(primitive: Any, **choices: Any) -> Operation:
    def build(b: Builder) -> Tensor | None:
        x = b.tensor(least_rank=2)
        a = cn.matmul(cn.tanh(x), cn.matrix_transpose(cn.tanh(x))) / max(b.shape_of(x)[-1], 1)
        matrix = _near_diagonal(b, a)
        if matrix is None:
            return None
        return apply(
            primitive, matrix, x, **{name: b.choose(values) for name, values in choices.items()}
        )

    return build


OPERATIONS["solve"] = _system(SOLVE)
OPERATIONS["solve_triangular"] = _system(SOLVE_TRIANGULAR, low=[False, True], turned=[False, True])


@operation("pinv")
def pinv(b: Builder) -> Tensor | None:
    a = _near_diagonal(b, b.tensor(least_rank=2))
    return None if a is None else apply(PINV, a, cn.full(a.extents[:-2], 1e-3, dtype=a.dtype))


@operation("complex_matrices")
def complex_matrices(b: Builder) -> Tensor | None:
    """The solution of a system of complex equations, in parts."""
    x = b.tensor(least_rank=2)
    product = cn.matmul(cn.tanh(x), cn.matrix_transpose(cn.tanh(x)))
    matrix = _near_diagonal(b, product / max(b.shape_of(x)[-1], 1))
    if matrix is None:
        return None
    parts = (matrix, cn.sin(matrix) / max(b.shape_of(x)[-2], 1), x, cn.cos(x))
    return apply(COMPLEX_MATRICES, *parts, of="solve", given=(), output=b.number(0, 1))
