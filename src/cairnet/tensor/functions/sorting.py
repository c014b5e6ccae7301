"""Elements in order: sort, argsort."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import bool_, uint8
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import cast_to, comparable, normalize_axis
from cairnet.tensor.functions.indexing import take_along_axis
from cairnet.tensor.primitives import ARGSORT

__all__ = ["argsort", "sort"]


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The positions of the elements along an axis, in the order of their size.

    Args:
        x: the tensor.
        axis: along which axis.
        descending: whether the largest comes first.
        stable: accepted for the standard's sake: equal elements always keep their order.

    Returns:
        Positions, int64, of the shape of x. NaN counts as larger than every number.

    Example:
        >>> import cairnet as cn
        >>> cn.argsort([3, 1, 2])
        Tensor([1, 2, 0], dtype=int64)
    """
    tensor = comparable("argsort", x)
    place = normalize_axis("argsort", axis, tensor.ndim)
    key = cast_to(tensor, uint8) if tensor.dtype == bool_ else tensor
    return apply(ARGSORT, key, axis=place, descending=descending)


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements along an axis, in the order of their size; derivatives follow each element.

    Args:
        x: the tensor.
        axis: along which axis.
        descending: whether the largest comes first.
        stable: accepted for the standard's sake: equal elements always keep their order.

    Example:
        >>> import cairnet as cn
        >>> cn.sort([3, 1, 2], descending=True)
        Tensor([3, 2, 1], dtype=int64)
    """
    tensor = comparable("sort", x)
    order = argsort(tensor, axis=axis, descending=descending, stable=stable)
    return take_along_axis(tensor, order, axis=axis)
