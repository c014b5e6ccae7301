"""Tensors as sets of their elements: membership, and distinct values.

How many distinct values there are is data, so those are found for known values only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cairnet.tensor.core import Tensor, constant
from cairnet.tensor.functions.arguments import as_tensor, together
from cairnet.tensor.functions.indexing import take
from cairnet.tensor.functions.known import known_value
from cairnet.tensor.functions.manipulation import expand_dims, reshape
from cairnet.tensor.functions.statistics import any

__all__ = [
    "UniqueAll",
    "UniqueCounts",
    "UniqueInverse",
    "isin",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


class UniqueAll(NamedTuple):
    """What `unique_all` finds.

    Attributes:
        values: the distinct elements, in ascending order.
        indices: where each of them first stands in the flat tensor.
        inverse_indices: which of them stands at each place of the tensor.
        counts: how often each of them stands there.
    """

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """What `unique_counts` finds.

    Attributes:
        values: the distinct elements, in ascending order.
        counts: how often each of them stands in the tensor.
    """

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """What `unique_inverse` finds.

    Attributes:
        values: the distinct elements, in ascending order.
        inverse_indices: which of them stands at each place of the tensor.
    """

    values: Tensor
    inverse_indices: Tensor


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Tensor:
    """Whether each element of x1 is (or, inverted, is not) an element of x2.

    All pairs are compared, so the work is the product of the two sizes; x2 is meant to be short.

    Example:
        >>> import cairnet as cn
        >>> cn.isin([[1, 2], [3, 4]], [4, 1])
        Tensor([[ True, False],
                [False,  True]], dtype=bool)
    """
    elements, members = together("isin", x1, x2)
    found = any(expand_dims(elements, axis=-1) == reshape(members, (-1,)), axis=-1)
    return ~found if invert else found


def unique_all(x: Any, /) -> UniqueAll:
    """The distinct elements, where they stand, and how often; every NaN is distinct.

    Raises:
        ShapeError: the elements are known only when the function runs.

    Example:
        >>> import cairnet as cn
        >>> cn.unique_all([3, 1, 3]).inverse_indices
        Tensor([1, 0, 1], dtype=int64)
    """
    value = known_value(
        "unique", x, "cn.sort sets equal elements side by side without changing the shape"
    )
    _, indices, inverse, counts = np.unique(
        value, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    return UniqueAll(
        take(reshape(as_tensor(x), (-1,)), indices),
        constant(indices),
        constant(inverse.reshape(value.shape)),
        constant(counts),
    )


def unique_counts(x: Any, /) -> UniqueCounts:
    """The distinct elements and how often each of them occurs; every NaN is distinct.

    Raises:
        ShapeError: the elements are known only when the function runs.

    Example:
        >>> import cairnet as cn
        >>> cn.unique_counts([3, 1, 3]).counts
        Tensor([1, 2], dtype=int64)
    """
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any, /) -> UniqueInverse:
    """The distinct elements, and which of them stands at each place; every NaN is distinct.

    Raises:
        ShapeError: the elements are known only when the function runs.

    Example:
        >>> import cairnet as cn
        >>> cn.unique_inverse([3, 1, 3]).values
        Tensor([1, 3], dtype=int64)
    """
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any, /) -> Tensor:
    """The distinct elements in ascending order; every NaN is distinct.

    Raises:
        ShapeError: the elements are known only when the function runs.

    Example:
        >>> import cairnet as cn
        >>> cn.unique_values([3, 1, 3])
        Tensor([1, 3], dtype=int64)
    """
    return unique_all(x).values
