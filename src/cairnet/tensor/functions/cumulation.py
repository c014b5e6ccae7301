"""Running sums and products, and their opposite: differences of neighbours."""

from __future__ import annotations

from typing import Any

from cairnet.base.dtypes import DTypeLike
from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import cast_to, normalize_axis, numeric, size_of, stretch
from cairnet.tensor.functions.manipulation import concat, joined
from cairnet.tensor.functions.statistics import accumulator
from cairnet.tensor.functions.subscripts import getitem
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import CUMULATIVE_PRODUCT, CUMULATIVE_SUM
from cairnet.tensor.source import here

__all__ = ["cumulative_prod", "cumulative_sum", "diff"]


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: bool = False,
) -> Tensor:
    """The running sum along an axis: element i is x₀ + … + xᵢ.

    Args:
        x: the tensor.
        axis: along which axis; a vector needs none.
        dtype: in which to add and return; default: that of x, and 64 bits for integers.
        include_initial: start with the sum of nothing, 0, so that the axis grows by one.

    Example:
        >>> import cairnet as cn
        >>> cn.cumulative_sum([1, 2, 3], include_initial=True)
        Tensor([0, 1, 3, 6], dtype=int64)
    """
    return _running("cumulative_sum", CUMULATIVE_SUM, 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: bool = False,
) -> Tensor:
    """The running product along an axis: element i is x₀ · … · xᵢ.

    Its derivative is right where elements are zero too; it takes memory quadratic in the extent.

    Args:
        x: the tensor.
        axis: along which axis; a vector needs none.
        dtype: in which to multiply and return; default: that of x, and 64 bits for integers.
        include_initial: start with the product of nothing, 1, so that the axis grows by one.

    Example:
        >>> import cairnet as cn
        >>> cn.cumulative_prod([1, 2, 3])
        Tensor([1, 2, 6], dtype=int64)
    """
    return _running("cumulative_prod", CUMULATIVE_PRODUCT, 1, x, axis, dtype, include_initial)


def _running(
    name: str,
    primitive: Primitive,
    neutral: int,
    x: Any,
    axis: int | None,
    dtype: DTypeLike | None,
    include_initial: bool,
) -> Tensor:
    tensor = numeric(name, x)
    if axis is None:
        if tensor.ndim != 1:
            raise ArgumentError(
                f"{name}, at {here()}: shape {tensor.shape} has {tensor.ndim} axes; say along "
                "which, for instance axis=-1"
            )
        axis = 0
    place = normalize_axis(name, axis, tensor.ndim)
    tensor = cast_to(tensor, accumulator(tensor, dtype))
    result = apply(primitive, tensor, axis=place)
    if not include_initial:
        return result
    first = tuple(1 if i == place else s for i, s in enumerate(tensor.extents))
    return concat([stretch(size_of(neutral, tensor.dtype), first), result], axis=place)


def diff(
    x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None
) -> Tensor:
    """The differences of neighbours along an axis: element i is xᵢ₊₁ - xᵢ.

    Args:
        x: the tensor.
        axis: along which axis.
        n: how often to take differences.
        prepend: a tensor to put before x along the axis first.
        append: a tensor to put behind x along the axis first.

    Example:
        >>> import cairnet as cn
        >>> cn.diff([1, 4, 9, 16]), cn.diff([1, 4, 9, 16], n=2)
        (Tensor([3, 5, 7], dtype=int64), Tensor([2, 2], dtype=int64))
    """
    tensor = numeric("diff", x)
    place = normalize_axis("diff", axis, tensor.ndim)
    if n < 0:
        raise ArgumentError(f"diff, at {here()}: n must be 0 or more, got {n}")
    if prepend is not None or append is not None:
        parts = [part for part in (prepend, tensor, append) if part is not None]
        tensor = joined("diff", parts, place)
    before = (slice(None),) * place
    for _ in range(n):
        tensor = getitem(tensor, (*before, slice(1, None))) - getitem(
            tensor, (*before, slice(None, -1))
        )
    return tensor
