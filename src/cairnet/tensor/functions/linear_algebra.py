"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_sizes,
    normalize_axis,
    numeric,
    stretch,
    together,
)
from cairnet.tensor.functions.complex_numbers import conj
from cairnet.tensor.functions.manipulation import expand_dims, moveaxis, permute_dims, squeeze
from cairnet.tensor.primitives import DOT
from cairnet.tensor.source import here

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]

Pair = tuple[tuple[int, ...], tuple[int, ...]]


def matmul(x1: Any, x2: Any, /) -> Tensor:
    """The matrix product: over the last axis of x1 and the last but one of x2.

    The axes before the last two number a stack of matrices, and broadcast. A vector stands for a
    matrix of one row on the left and of one column on the right; that axis is dropped again.

    Raises:
        ShapeError: the extents to be summed over differ, or one side has no axes.

    Example:
        >>> import cairnet as cn
        >>> cn.matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
        Tensor([21., 43.], dtype=float32)
    """
    first, second = _factors("matmul", x1, x2)
    if first.ndim == 0 or second.ndim == 0:
        raise ShapeError(
            f"matmul, at {here()}: expected at least one axis each, got shapes {first.shape} "
            f"and {second.shape}; multiply by a scalar with *"
        )
    if second.ndim <= 2:
        return _dot("matmul", first, second, ((first.ndim - 1,), (0,)), ((), ()))
    if first.ndim == 1:
        return squeeze(_stacks(expand_dims(first, axis=0), second), axis=-2)
    return _stacks(first, second)


def _factors(name: str, x1: Any, x2: Any) -> list[Tensor]:
    return together(name, *(numeric(name, x) if isinstance(x, Tensor) else x for x in (x1, x2)))


def _dot(name: str, first: Tensor, second: Tensor, contract: Pair, batch: Pair) -> Tensor:
    try:
        return apply(DOT, first, second, contract=contract, batch=batch)
    except ShapeError:
        wrong = next(
            (i, j)
            for i, j in zip(*contract, strict=True)
            if None not in (first.shape[i], second.shape[j]) and first.shape[i] != second.shape[j]
        )
        raise ShapeError(
            f"{name}, at {here()}: shapes {first.shape} and {second.shape} do not fit: axis "
            f"{wrong[0]} of the first has extent {first.shape[wrong[0]]}, axis {wrong[1]} of the "
            f"second has {second.shape[wrong[1]]}"
        ) from None


def _stacks(first: Tensor, second: Tensor) -> Tensor:
    """The product of two stacks of matrices, matrix by matrix."""
    lead = broadcast_sizes("matmul", first.extents[:-2], second.extents[:-2])
    first = stretch(first, (*lead, *first.extents[-2:]))
    second = stretch(second, (*lead, *second.extents[-2:]))
    count = len(lead)
    batch = tuple(range(count))
    return _dot("matmul", first, second, ((count + 1,), (count,)), (batch, batch))


def matrix_transpose(x: Any, /) -> Tensor:
    """The last two axes exchanged.

    Example:
        >>> import cairnet as cn
        >>> cn.matrix_transpose([[1, 2], [3, 4]])
        Tensor([[1, 3],
                [2, 4]], dtype=int64)
    """
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(
            f"matrix_transpose, at {here()}: expected at least 2 axes, got shape {tensor.shape}"
        )
    rank = tensor.ndim
    return permute_dims(tensor, (*range(rank - 2), rank - 1, rank - 2))


def tensordot(
    x1: Any, x2: Any, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2
) -> Tensor:
    """The sum of products over pairs of axes.

    Args:
        x1: the first factor.
        x2: the second factor.
        axes: how many of the last axes of x1 and the first of x2 are summed over, in order; or
            two equally long lists, the axes of x1 and their partners in x2.

    Returns:
        A tensor with the remaining axes of x1, then those of x2.

    Example:
        >>> import cairnet as cn
        >>> cn.tensordot(cn.ones((2, 3, 4)), cn.ones((4, 3)), axes=([1, 2], [1, 0]))
        Tensor([12., 12.], dtype=float32)
    """
    first, second = _factors("tensordot", x1, x2)
    if isinstance(axes, int):
        if not 0 <= axes <= min(first.ndim, second.ndim):
            raise ShapeError(
                f"tensordot, at {here()}: axes={axes}, for shapes {first.shape} and "
                f"{second.shape}; expected from 0 to {min(first.ndim, second.ndim)}"
            )
        pairs = (tuple(range(first.ndim - axes, first.ndim)), tuple(range(axes)))
    else:
        pairs = (
            tuple(normalize_axis("tensordot", axis, first.ndim) for axis in axes[0]),
            tuple(normalize_axis("tensordot", axis, second.ndim) for axis in axes[1]),
        )
        if len(pairs[0]) != len(pairs[1]):
            raise ShapeError(
                f"tensordot, at {here()}: axes must come in pairs, got {axes[0]} and {axes[1]}"
            )
    return _dot("tensordot", first, second, pairs, ((), ()))


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The sum of products along one axis; the other axes broadcast.

    Args:
        x1: the first factor; of complex numbers the conjugate is taken.
        x2: the second factor.
        axis: the axis of the vectors in both; their extents there must be equal.

    Example:
        >>> import cairnet as cn
        >>> cn.vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
        Tensor([21., 43.], dtype=float32)
    """
    first, second = (
        moveaxis(x, normalize_axis("vecdot", axis, x.ndim), -1) for x in _factors("vecdot", x1, x2)
    )
    lead = broadcast_sizes("vecdot (axes not summed)", first.extents[:-1], second.extents[:-1])
    first = stretch(first, (*lead, first.extents[-1]))
    second = stretch(second, (*lead, second.extents[-1]))
    last, batch = (len(lead),), tuple(range(len(lead)))
    return _dot("vecdot", conj(first), second, (last, last), (batch, batch))
