"""Primitives that read and write at computed places: gather, scatter_add, argsort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import int64, is_complex, is_integer
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.elementwise import merge_extents

__all__ = ["ARGSORT", "GATHER", "SCATTER_ADD"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]


def _check_indices(name: str, indices: Sequence[Tensor], axes: Sequence[int]) -> None:
    if len(indices) != len(axes) or not indices:
        raise ShapeError(f"{name}: {len(indices)} index tensors for the axes {tuple(axes)}")
    for index in indices:
        if not is_integer(index.dtype):
            raise DTypeError(f"{name}: indices must be integers, got {index.describe()}")


class Gather(Primitive):
    """Read at computed places: result[s, r] = x[index_1[s], …, index_k[s] on `axes`, r elsewhere].

    The axes of the index tensors (all of one shape) come first in the result, then the axes of x
    that are not indexed. Indices must lie in range; negative ones are made positive before.
    """

    name = "gather"

    def infer(self, x: Tensor, *indices: Tensor, axes: tuple[int, ...]) -> Signature:
        _check_indices(self.name, indices, axes)
        rest = tuple(size for i, size in enumerate(x.extents) if i not in axes)
        return (*merge_extents(self.name, indices), *rest), x.dtype

    def meaning(self, x: np.ndarray, *indices: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        rest = [i for i in range(x.ndim) if i not in axes]
        return np.transpose(x, (*axes, *rest))[tuple(indices)]

    def vjp(
        self, g: Tensor, y: Tensor, x: Tensor, *indices: Tensor, axes: tuple[int, ...]
    ) -> Sequence[Tensor | None]:
        back = apply(SCATTER_ADD, g, *indices, axes=axes, shape=x.extents)
        return (back, *(None for _ in indices))


class ScatterAdd(Primitive):
    """Zeros of `shape` with each update added at its place; where several meet, they add up."""

    name = "scatter_add"

    def infer(
        self, updates: Tensor, *indices: Tensor, axes: tuple[int, ...], shape: tuple[Size, ...]
    ) -> Signature:
        _check_indices(self.name, indices, axes)
        if updates.ndim != indices[0].ndim + len(shape) - len(axes):
            raise ShapeError(
                f"scatter_add: updates {updates.shape} do not fit indices {indices[0].shape} "
                f"into {len(shape)} axes of which {tuple(axes)} are indexed"
            )
        return shape, updates.dtype

    def meaning(
        self,
        updates: np.ndarray,
        *indices: np.ndarray,
        axes: tuple[int, ...],
        shape: tuple[int, ...],
    ) -> np.ndarray:
        rest = [i for i in range(len(shape)) if i not in axes]
        order = (*axes, *rest)
        result = np.zeros([shape[i] for i in order], updates.dtype)
        np.add.at(result, tuple(indices), updates)
        return np.transpose(result, np.argsort(order))

    def vjp(
        self,
        c: Tensor,
        y: Tensor,
        updates: Tensor,
        *indices: Tensor,
        axes: tuple[int, ...],
        shape: tuple[Size, ...],
    ) -> Sequence[Tensor | None]:
        return (apply(GATHER, c, *indices, axes=axes), *(None for _ in indices))


class Argsort(Primitive):
    """The order that sorts along an axis, stable; NaN sorts last when ascending."""

    name = "argsort"
    differentiable = False

    def infer(self, x: Tensor, *, axis: int, descending: bool) -> Signature:
        if is_complex(x.dtype):
            raise DTypeError(f"argsort: complex numbers have no order, got {x.describe()}")
        return x.extents, int64

    def meaning(self, x: np.ndarray, *, axis: int, descending: bool) -> np.ndarray:
        if not descending:
            return np.argsort(x, axis=axis, kind="stable")
        # Sorting backwards from the end keeps equal elements in their order.
        backwards = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
        return x.shape[axis] - 1 - np.flip(backwards, axis)


GATHER = register(Gather())
SCATTER_ADD = register(ScatterAdd())
ARGSORT = register(Argsort())
