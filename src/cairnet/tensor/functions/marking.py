"""Functions that mark: a class among classes, a value that `grad` takes for a constant."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import DTypeLike, as_dtype, float32, int64, is_integer
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    normalize_axis,
)
from cairnet.tensor.functions.comparison import equal
from cairnet.tensor.functions.manipulation import expand_dims, reshape
from cairnet.tensor.primitives import IOTA, STOP_GRADIENT
from cairnet.tensor.source import here

__all__ = [
    "one_hot",
    "stop_gradient",
]


def one_hot(
    indices: Any,
    num_classes: int | Extent,
    /,
    *,
    axis: int = -1,
    dtype: DTypeLike = float32,
) -> Tensor:
    """Vectors that are 1 at an index and 0 elsewhere.

    Args:
        indices: whole numbers, of any shape. One outside 0 … num_classes - 1 gives all zeros.
        num_classes: extent of the new axis.
        axis: where in the result the new axis stands; default: last.
        dtype: of the result.

    Returns:
        The shape of `indices` with an axis of extent `num_classes` put in.

    Raises:
        DTypeError: the indices are not integers.

    Example:
        >>> import cairnet as cn
        >>> cn.one_hot(cn.asarray([2, 0]), 3).numpy()
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    tensor = as_tensor(indices)
    if not is_integer(tensor.dtype):
        raise DTypeError(f"one_hot, at {here()}: expected integer indices, got {tensor.describe()}")
    if isinstance(num_classes, bool) or not isinstance(num_classes, int | Extent):
        raise ArgumentError(
            f"one_hot, at {here()}: num_classes must be a whole number, got {num_classes!r}"
        )
    if isinstance(num_classes, int) and num_classes < 0:
        raise ShapeError(f"one_hot, at {here()}: num_classes must be 0 or more, got {num_classes}")
    place = normalize_axis("one_hot", axis, tensor.ndim + 1)
    shape: list[Size] = [1] * (tensor.ndim + 1)
    shape[place] = num_classes
    # Compared in 64 bits: 200 as int8 would be -56.
    classes = reshape(apply(IOTA, size=num_classes, dtype=int64), shape)
    return cast_to(equal(expand_dims(cast_to(tensor, int64), axis=place), classes), as_dtype(dtype))


def stop_gradient(x: Any, /) -> Tensor:
    """The value itself, which `grad` takes for a constant.

    >>> import cairnet as cn
    >>> x = cn.Variable(3.0)
    >>> float(cn.grad(x * cn.stop_gradient(x), x))
    3.0
    """
    return apply(STOP_GRADIENT, as_tensor(x))
