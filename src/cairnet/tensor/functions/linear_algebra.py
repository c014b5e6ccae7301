"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import (
    as_tensor,
    broadcast_extents,
    broadcast_sizes,
    normalize_axis,
    stretch,
    together,
)
from cairnet.tensor.functions.manipulation import expand_dims, permute_dims, squeeze
from cairnet.tensor.primitives import DOT
from cairnet.tensor.source import here

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def matmul(x1: Any, x2: Any, /) -> Tensor:
    """The matrix product over the last two axes; leading axes are a batch and broadcast."""
    first, second = together("matmul", x1, x2)
    if first.ndim == 0 or second.ndim == 0:
        raise ShapeError(
            f"matmul, at {here()}: expected at least one axis each, got shapes {first.shape} "
            f"and {second.shape}; multiply by a scalar with *"
        )
    if first.ndim == 1:
        return squeeze(
            matmul(expand_dims(first, axis=0), second), axis=-2 if second.ndim > 1 else 0
        )
    if second.ndim == 1:
        return _dot("matmul", first, second, ((first.ndim - 1,), (0,)), ((), ()))
    if second.ndim == 2:
        return _dot("matmul", first, second, ((first.ndim - 1,), (0,)), ((), ()))
    return _batched(first, second)


def _dot(name: str, first: Tensor, second: Tensor, contract: Any, batch: Any) -> Tensor:
    try:
        return apply(DOT, first, second, contract=contract, batch=batch)
    except ShapeError as error:
        raise ShapeError(
            f"{name}, at {here()}: shapes {first.shape} and {second.shape} do not fit: {error}"
        ) from None


def _batched(first: Tensor, second: Tensor) -> Tensor:
    lead = broadcast_sizes("matmul", first.extents[:-2], second.extents[:-2])
    first = stretch(first, (*lead, *first.extents[-2:]))
    second = stretch(second, (*lead, *second.extents[-2:]))
    count = len(lead)
    batch = tuple(range(count))
    return _dot("matmul", first, second, ((count + 1,), (count,)), (batch, batch))


def matrix_transpose(x: Any, /) -> Tensor:
    """The last two axes exchanged."""
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
    """Sum of products over pairs of axes; the free axes of x1 come first, then those of x2."""
    first, second = together("tensordot", x1, x2)
    if isinstance(axes, int):
        if not 0 <= axes <= min(first.ndim, second.ndim):
            raise ShapeError(
                f"tensordot, at {here()}: axes={axes} for shapes {first.shape} and {second.shape}"
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
    """The sum of products along one axis; the other axes broadcast."""
    first, second = together("vecdot", x1, x2)
    shape = broadcast_extents("vecdot", first, second)
    first, second = stretch(first, shape), stretch(second, shape)
    place = normalize_axis("vecdot", axis, len(shape))
    batch = tuple(i for i in range(len(shape)) if i != place)
    return _dot("vecdot", first, second, ((place,), (place,)), (batch, batch))
