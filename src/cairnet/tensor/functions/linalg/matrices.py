"""Products and parts of vectors and matrices: cross, outer, diagonal, trace."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import DTypeLike, int64
from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import maximum, minimum
from cairnet.tensor.functions.arguments import normalize_axis, numeric, together
from cairnet.tensor.functions.linalg.arguments import any_matrices
from cairnet.tensor.functions.manipulation import moveaxis, stack, unstack
from cairnet.tensor.functions.statistics import sum
from cairnet.tensor.primitives import GATHER, IOTA
from cairnet.tensor.source import here

__all__ = ["cross", "diagonal", "outer", "trace"]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    r"""The vector product of vectors of three elements.

    .. math:: (x_1 \times x_2)_i = x_{1,i+1} x_{2,i+2} - x_{1,i+2} x_{2,i+1}
        \quad \text{(indices modulo 3)}

    Args:
        x1: the first factors.
        x2: the second factors.
        axis: the axis of the vectors in both, of extent 3; the others broadcast.

    Raises:
        ShapeError: the extent of the axis is not 3.
        DTypeError: a dtype is bool.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.cross([1, 0, 0], [0, 1, 0])
        Tensor([0, 0, 1], dtype=int64)
    """
    tensors = [numeric("linalg.cross", x) for x in together("linalg.cross", x1, x2)]
    rank = max(tensor.ndim for tensor in tensors)
    place = normalize_axis("linalg.cross", axis, rank) - rank
    parts = []
    for tensor in tensors:
        if tensor.ndim < -place or tensor.shape[place] != 3:
            raise ShapeError(
                f"linalg.cross, at {here()}: expected vectors of 3 elements along axis {axis}, got "
                f"shapes {tensors[0].shape} and {tensors[1].shape}"
            )
        parts.append(unstack(tensor, axis=place))
    a, b = parts
    pairs = ((1, 2), (2, 0), (0, 1))
    return stack([a[i] * b[j] - a[j] * b[i] for i, j in pairs], axis=place)


def outer(x1: Any, x2: Any, /) -> Tensor:
    """Every product of an element of one vector with one of another.

    Args:
        x1: a vector, shape (n,).
        x2: a vector, shape (m,).

    Returns:
        A matrix, shape (n, m): x1[i] · x2[j] at row i and column j.

    Raises:
        ShapeError: an argument is not a vector.
        DTypeError: a dtype is bool.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.outer([1, 2], [10, 20])
        Tensor([[10, 20],
                [20, 40]], dtype=int64)
    """
    first, second = (numeric("linalg.outer", x) for x in together("linalg.outer", x1, x2))
    if first.ndim != 1 or second.ndim != 1:
        raise ShapeError(
            f"linalg.outer, at {here()}: expected two vectors, got shapes {first.shape} and "
            f"{second.shape}; for others write x1[..., :, None] * x2[..., None, :]"
        )
    return first[:, None] * second[None, :]


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """The elements on a diagonal of matrices.

    Args:
        x: matrices, shape (..., n, m), of any dtype.
        offset: how far right of the main diagonal; left of it for negative numbers.

    Returns:
        Vectors, shape (..., k): the elements [i, i + offset], as many as there are.

    Raises:
        ShapeError: there are fewer than two axes.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.diagonal([[1, 2], [3, 4]], offset=1)
        Tensor([2], dtype=int64)
    """
    tensor = any_matrices("diagonal", x)
    rows, columns = tensor.extents[-2:]
    down, right = max(-offset, 0), max(offset, 0)
    size = maximum(minimum(rows - down, columns - right), 0)
    steps = apply(IOTA, size=size, dtype=int64)
    rank = tensor.ndim
    picked = apply(GATHER, tensor, steps + down, steps + right, axes=(rank - 2, rank - 1))
    return moveaxis(picked, 0, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """The sum of the elements on a diagonal of matrices.

    Args:
        x: matrices, shape (..., n, m).
        offset: how far right of the main diagonal; left of it for negative numbers.
        dtype: in which to add; default: that of x, for integers one of 64 bits.

    Returns:
        The sums, shape (...).

    Raises:
        ShapeError: there are fewer than two axes.

    Example:
        >>> import cairnet as cn
        >>> cn.linalg.trace([[1.0, 2.0], [3.0, 4.0]])
        Tensor(5., dtype=float32)
    """
    return sum(diagonal(any_matrices("trace", x), offset=offset), axis=-1, dtype=dtype)
