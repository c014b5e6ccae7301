"""Dot: the product of two tensors, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions import expand_dims, maximum, sqrt, square
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import floating, normalize_axis, together
from cairnet.tensor.primitives import DOT

__all__ = ["Dot"]

# What keeps a vector of zeros from dividing: lengths below 10⁻⁷ count as that, as in Keras.
_LEAST_SQUARE = 1e-14


@registry.add
class Dot(Layer):
    r"""The products of the vectors along one axis of two tensors, for each sample by itself.

        y[n, i…, j…] = Σ_k a[n, i…, k, …] · b[n, k, j…, …]

    where k runs along the chosen axis of each, and i…, j… are the other axes, in order.

    Args:
        axes: the axis in both, or a pair of axes; counted with the batch as 0, from the end where
            negative.
        normalize: whether the vectors are brought to length 1 first: y is then the cosine of the
            angle between them.
        name: see `Layer`.

    Shapes:
        a list of a [batch, i…, k, …] and b [batch, k, j…, …], and y [batch, i…, j…];
        [batch, 1] where both are [batch, k].

    Raises:
        ArgumentError: axes is neither a whole number nor a pair, or names the batch.
        ShapeError: not two tensors, no such axis, or axes of different extents.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> a, b = cn.asarray([[1.0, 2.0]]), cn.asarray([[3.0, 4.0]])
        >>> cn.layers.Dot(axes=1)([a, b]).numpy()
        array([[11.]], dtype=float32)
        >>> cn.layers.Dot(axes=1, normalize=True)([a, 2 * a]).numpy()
        array([[1.]], dtype=float32)
    """

    takes_list = True

    def __init__(
        self, axes: int | Sequence[int], normalize: bool = False, *, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.axes = _checked(axes)
        self.normalize = normalize

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check the number of tensors, and their axes; there are no variables."""
        if len(input_shape) != 2:
            raise ShapeError(f"expected a list of two tensors, got {len(input_shape)}")
        first, second = input_shape
        left, right = self._places(len(first), len(second))
        sizes = (first[left], second[right])
        if None not in sizes and sizes[0] != sizes[1]:
            raise ShapeError(
                f"expected equal extents on the axes, got {sizes[0]} on axis {left} of {first} and "
                f"{sizes[1]} on axis {right} of {second}"
            )

    def _places(self, *ranks: int) -> tuple[int, int]:
        given = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        left, right = (
            normalize_axis("Dot", axis, rank) for axis, rank in zip(given, ranks, strict=True)
        )
        if 0 in (left, right):
            raise ShapeError(f"expected axes beside the batch, got axes={self.axes}")
        return left, right

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """The graph of the output."""
        first, second = together("Dot", *inputs)
        left, right = self._places(first.ndim, second.ndim)
        if self.normalize:
            first, second = _unit(first, left), _unit(second, right)
        y = apply(DOT, first, second, contract=((left,), (right,)), batch=((0,), (0,)))
        return expand_dims(y, axis=-1) if y.ndim == 1 else y


def _unit(x: Tensor, axis: int) -> Tensor:
    """The vectors along an axis, scaled to length 1."""
    squares = total(square(floating("Dot", x)), axis=axis, keepdims=True)
    return x / sqrt(maximum(squares, _LEAST_SQUARE))


def _checked(axes: Any) -> int | tuple[int, int]:
    if type(axes) is int:
        return axes
    if (
        isinstance(axes, list | tuple)
        and len(axes) == 2
        and all(type(axis) is int for axis in axes)
    ):
        return axes[0], axes[1]
    raise ArgumentError(f"axes: expected a whole number or a pair of them, got {axes!r}")
