"""Positions of values: nonzero, and searchsorted for places in an order."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.tensor.core import Tensor, constant
from cairnet.tensor.functions.arguments import as_tensor, comparable, together
from cairnet.tensor.functions.floating import isnan
from cairnet.tensor.functions.indexing import take
from cairnet.tensor.functions.known import known_value
from cairnet.tensor.functions.manipulation import expand_dims
from cairnet.tensor.functions.statistics import count_nonzero
from cairnet.tensor.source import here

__all__ = ["nonzero", "searchsorted"]


def nonzero(x: Any, /) -> tuple[Tensor, ...]:
    """The positions of the elements that are true, or not zero: one vector for each axis.

    Raises:
        ShapeError: the elements are known only when the function runs, so that the number of
            positions would be too. `cn.where` chooses without changing the shape.

    Example:
        >>> import cairnet as cn
        >>> cn.nonzero([0, 5, 7])
        (Tensor([1, 2], dtype=int64),)
    """
    value = known_value("nonzero", x, "cn.where(x != 0, …, …) chooses without changing it")
    if value.ndim == 0:
        raise ShapeError(f"nonzero, at {here()}: a tensor without axes has no positions")
    return tuple(constant(positions) for positions in np.nonzero(value))


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Tensor:
    """Where each element of x2 would have to be put into x1 for x1 to stay in order.

    The order is that of `sort`: ascending, NaN last. All elements are compared, so the work is
    the product of the two sizes.

    Args:
        x1: a vector in ascending order.
        x2: the elements to find a place for.
        side: beside equal elements, "left" is before them and "right" behind them.
        sorter: positions that put x1 in order, as of `argsort`, where it is not yet.

    Returns:
        Positions from 0 to the length of x1, int64, of the shape of x2.

    Example:
        >>> import cairnet as cn
        >>> cn.searchsorted([10, 20, 30], [5, 20, 35])
        Tensor([0, 1, 3], dtype=int64)
    """
    if side not in ("left", "right"):
        raise ArgumentError(f'searchsorted, at {here()}: side is "left" or "right", got {side!r}')
    vector, values = together("searchsorted", x1, x2)
    comparable("searchsorted", vector)
    if vector.ndim != 1:
        raise ShapeError(
            f"searchsorted, at {here()}: x1 must be a vector, got shape {vector.shape}"
        )
    if sorter is not None:
        vector = take(vector, as_tensor(sorter), axis=0)
    wanted = expand_dims(values, axis=-1)
    before = vector < wanted if side == "left" else vector <= wanted
    if is_floating(vector.dtype):
        last = isnan(wanted) if side == "right" else isnan(wanted) & ~isnan(vector)
        before = before | last
    return count_nonzero(before, axis=-1)
