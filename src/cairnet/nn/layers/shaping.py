"""Layers that change the shape, or the order of the axes, and no values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.layers.arguments import positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import broadcast_to, permute_dims, reshape

__all__ = ["Flatten", "Permute", "RepeatVector", "Reshape"]


@registry.add
class Flatten(Layer):
    """All axes but the batch as one, in row-major order.

        y[n, (i · b + j) · c + …] = x[n, i, j, …]

    Args:
        name: see `Layer`.

    Shapes:
        x [batch, a, b, …], y [batch, a · b · …].

    Raises:
        ShapeError: the input has no axes at all.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Flatten()(cn.input((None, 7, 7, 16))).shape
        (None, 784)
    """

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        if not input_shape:
            raise ShapeError("expected a shape (batch, …), got a scalar")

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        count: Size = 1
        for size in x.extents[1:]:
            count = size * count
        return reshape(x, (x.extents[0], count))


@registry.add
class Reshape(Layer):
    """The features of every sample in another shape, in row-major order.

        y[b, i, j, …] = x[b, k, l, …] where both stand at the same place in row-major order

    Args:
        target_shape: the shape of one sample, without the batch; one extent may be −1, for what is
            left over.
        name: see `Layer`.

    Shapes:
        x [batch, …], y [batch, *target_shape]; a sample has as many elements as before.

    Raises:
        ArgumentError: an extent is not a whole number from −1, or two of them are −1.
        ShapeError: a sample of x has another number of elements.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Reshape((7, 7, -1))(cn.input((None, 784))).shape
        (None, 7, 7, 16)
    """

    def __init__(self, target_shape: Sequence[int], *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.target_shape = _target(target_shape)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        if not input_shape:
            raise ShapeError("expected a shape (batch, …), got a scalar")

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        count = _product(x.extents[1:])
        known = math.prod(size for size in self.target_shape if size != -1)
        if -1 in self.target_shape:
            fits = known != 0 and (not isinstance(count, int) or count % known == 0)
        else:
            fits = not isinstance(count, int) or count == known
        if not fits:
            raise ShapeError(
                f"expected samples whose {count} elements fit target_shape={self.target_shape}, "
                f"got {x.shape}"
            )
        sizes = (count // known if size == -1 else size for size in self.target_shape)
        return reshape(x, (x.extents[0], *sizes))


@registry.add
class Permute(Layer):
    """The axes of every sample in another order.

        y[n, i_dims₁, i_dims₂, …] = x[n, i₁, i₂, …]

    Args:
        dims: for each axis of y the axis of x that it is, both counted from 1, since the batch,
            axis 0, stays in front: (2, 1) transposes matrices.
        name: see `Layer`.

    Shapes:
        x [batch, a, b, …], y [batch, …] with the extents in the order of dims.

    Raises:
        ArgumentError: dims does not hold each of 1, 2, … once.
        ShapeError: x has another number of axes.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Permute((3, 1, 2))(cn.input((None, 28, 20, 3))).shape
        (None, 3, 28, 20)
    """

    def __init__(self, dims: Sequence[int], *, name: str | None = None) -> None:
        super().__init__(name=name)
        listed = tuple(dims) if isinstance(dims, list | tuple) else ()
        whole = all(type(axis) is int for axis in listed)
        if not listed or not whole or sorted(listed) != list(range(1, len(listed) + 1)):
            raise ArgumentError(
                f"dims: expected each of 1, 2, … once, such as (2, 1), got {dims!r}"
            )
        self.dims = listed

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        if len(input_shape) != len(self.dims) + 1:
            raise ShapeError(
                f"expected {len(self.dims)} axes behind the batch, one for each of "
                f"dims={self.dims}, got {input_shape}"
            )

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return permute_dims(x, (0, *self.dims))


@registry.add
class RepeatVector(Layer):
    """The vector of every sample n times, one below the other.

        y[b, t, f] = x[b, f] for every t < n

    Args:
        n: how often, 1 or more.
        name: see `Layer`.

    Shapes:
        x [batch, features], y [batch, n, features].

    Raises:
        ArgumentError: n is not a whole number, 1 or more.
        ShapeError: x is not of rank 2.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.RepeatVector(2)([[1.0, 3.0]]).numpy()
        array([[[1., 3.],
                [1., 3.]]], dtype=float32)
    """

    def __init__(self, n: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.n = positive("n", n)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        if len(input_shape) != 2:
            raise ShapeError(f"expected a shape (batch, features), got {input_shape}")

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        batch, features = x.extents
        return broadcast_to(reshape(x, (batch, 1, features)), (batch, self.n, features))


def _product(sizes: Iterable[Size]) -> Size:
    count: Size = 1
    for size in sizes:
        count = size * count
    return count


def _target(shape: Any) -> tuple[int, ...]:
    listed = tuple(shape) if isinstance(shape, list | tuple) else (None,)
    if not all(type(size) is int and size >= -1 for size in listed) or listed.count(-1) > 1:
        raise ArgumentError(
            "target_shape: expected a tuple of whole numbers, 0 or more, one of which may be -1, "
            f"got {shape!r}"
        )
    return listed
