"""Layers that merge several tensors, element by element: `Add()([a, b])`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import reduce
from typing import Any

from cairnet.base.dtypes import bool_
from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import (
    concat,
    logical_and,
    logical_or,
    maximum,
    minimum,
    ones,
    reshape,
)
from cairnet.tensor.functions.arguments import floating, normalize_axis

__all__ = ["Add", "Average", "Concatenate", "Maximum", "Merge", "Minimum", "Multiply", "Subtract"]


class Merge(Layer):
    """Base of the layers that merge tensors, element by element.

    The tensors have the same number of samples. Extents of 1 stretch; a tensor with fewer axes is
    given axes of extent 1 behind the batch, so that one vector a sample meets every pixel.

    Args:
        name: see `Layer`.

    Example:
        >>> import cairnet as cn
        >>> class Norm(cn.layers.Merge):
        ...     def merge(self, inputs):
        ...         return cn.sqrt(sum(x * x for x in inputs))
        >>> Norm()([cn.asarray([[3.0]]), cn.asarray([[4.0]])]).numpy()
        array([[5.]], dtype=float32)
    """

    takes_list = True

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check the number of tensors and of samples; there are no variables."""
        if not input_shape:
            raise ShapeError("expected at least one tensor, got an empty list")
        _check_batch(input_shape)

    def compute_mask(self, inputs: Any, mask: Any) -> Tensor | None:
        """A step counts where it counts in any of the inputs, if all have masks; as in Keras."""
        return None if any(one is None for one in mask) else reduce(logical_or, mask)

    @abstractmethod
    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The tensors, all of one rank, as one."""

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """The graph of the output."""
        rank = max(x.ndim for x in inputs)
        aligned = [x if x.ndim == rank else reshape(x, _aligned(x.extents, rank)) for x in inputs]
        return self.merge(aligned)


@registry.add
class Add(Merge):
    """The sum of several tensors, as where a residual block meets its shortcut.

        y = x₁ + x₂ + …

    Args:
        name: see `Layer`.

    Shapes:
        a list of tensors whose shapes meet (see `Merge`), and the shape in which they do.

    Raises:
        ShapeError: shapes that do not meet, or no list.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Add()([cn.asarray([[1.0, 2.0]]), cn.asarray([[10.0, 20.0]])]).numpy()
        array([[11., 22.]], dtype=float32)
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The sum."""
        return reduce(lambda a, b: a + b, inputs)


@registry.add
class Subtract(Merge):
    """The difference of two tensors, the first minus the second.

        y = x₁ − x₂

    Args:
        name: see `Layer`.

    Shapes:
        a list of two tensors whose shapes meet, and the shape in which they do.

    Raises:
        ShapeError: not two tensors, or shapes that do not meet.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Subtract()([cn.asarray([[1.0, 2.0]]), cn.asarray([[0.5, 4.0]])]).numpy()
        array([[ 0.5, -2. ]], dtype=float32)
    """

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check the number of tensors and of samples; there are no variables."""
        if len(input_shape) != 2:
            raise ShapeError(f"expected a list of two tensors, got {len(input_shape)}")
        super().build(input_shape)

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The difference."""
        first, second = inputs
        return first - second


@registry.add
class Multiply(Merge):
    """The product of several tensors, element by element, as where a gate meets a signal.

        y = x₁ · x₂ · …

    Args:
        name: see `Layer`.

    Shapes:
        a list of tensors whose shapes meet, and the shape in which they do.

    Raises:
        ShapeError: shapes that do not meet, or no list.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Multiply()([cn.asarray([[1.0, 2.0]]), cn.asarray([[3.0]])]).numpy()
        array([[3., 6.]], dtype=float32)
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The product."""
        return reduce(lambda a, b: a * b, inputs)


@registry.add
class Average(Merge):
    """The mean of several tensors, element by element, as of the votes of several networks.

        y = (x₁ + … + xₙ) / n

    Args:
        name: see `Layer`.

    Shapes:
        a list of tensors whose shapes meet, and the shape in which they do.

    Raises:
        ShapeError: shapes that do not meet, or no list.
        DTypeError: the tensors are not floating.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Average()([cn.asarray([[1.0, 2.0]]), cn.asarray([[3.0, 0.0]])]).numpy()
        array([[2., 1.]], dtype=float32)
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The mean."""
        total = reduce(lambda a, b: a + b, [floating("Average", x) for x in inputs])
        return total / len(inputs)


@registry.add
class Maximum(Merge):
    """The largest of several tensors, element by element.

        y = max(x₁, x₂, …)

    Args:
        name: see `Layer`.

    Shapes:
        a list of tensors whose shapes meet, and the shape in which they do.

    Raises:
        ShapeError: shapes that do not meet, or no list.

    Notes:
        Where elements are equal, the gradient goes to the first.

    Source:
        I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville, Y. Bengio: Maxout networks. ICML
        2013. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Maximum()([cn.asarray([[1.0, 2.0]]), cn.asarray([[3.0, 0.0]])]).numpy()
        array([[3., 2.]], dtype=float32)
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The largest."""
        return reduce(maximum, inputs)


@registry.add
class Minimum(Merge):
    """The smallest of several tensors, element by element.

        y = min(x₁, x₂, …)

    Args:
        name: see `Layer`.

    Shapes:
        a list of tensors whose shapes meet, and the shape in which they do.

    Raises:
        ShapeError: shapes that do not meet, or no list.

    Notes:
        Where elements are equal, the gradient goes to the first.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Minimum()([cn.asarray([[1.0, 2.0]]), cn.asarray([[3.0, 0.0]])]).numpy()
        array([[1., 0.]], dtype=float32)
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The smallest."""
        return reduce(minimum, inputs)


@registry.add
class Concatenate(Layer):
    """Several tensors side by side along an axis, as the feature maps of a dense block.

        y[…, k, …] = x₁[…, k, …] for k < n₁, then x₂[…, k − n₁, …], …

    Args:
        axis: which axis; the others must be equal.
        name: see `Layer`.

    Shapes:
        a list of tensors [batch, …, n₁, …], [batch, …, n₂, …], … and one with n₁ + n₂ + … on the
        axis.

    Raises:
        ArgumentError: axis is no whole number.
        ShapeError: other extents than those on the axis differ, or no list.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.Concatenate()([cn.asarray([[1.0, 2.0]]), cn.asarray([[3.0]])]).numpy()
        array([[1., 2., 3.]], dtype=float32)
    """

    takes_list = True

    def __init__(self, axis: int = -1, *, name: str | None = None) -> None:
        super().__init__(name=name)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"axis: expected a whole number, got {axis!r}")
        self.axis = axis

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Check the number of tensors; there are no variables."""
        if not input_shape:
            raise ShapeError("expected at least one tensor, got an empty list")

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """The graph of the output."""
        return concat(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any) -> Tensor | None:
        """Side by side in time, so are the masks; else a step counts where it does in all."""
        if all(one is None for one in mask):
            return None
        if normalize_axis("Concatenate", self.axis, inputs[0].ndim) != 1:
            return reduce(logical_and, [one for one in mask if one is not None])
        shown = [
            ones(x.extents[:2], dtype=bool_) if one is None else one
            for x, one in zip(inputs, mask, strict=True)
        ]
        return concat(shown, axis=1)


def _check_batch(shapes: Sequence[Shape]) -> None:
    """Refuse tensors without samples, or with different numbers of them."""
    if any(not shape for shape in shapes):
        raise ShapeError(f"expected a batch of samples in each, got shapes {_words(shapes)}")
    known = {shape[0] for shape in shapes if shape[0] is not None}
    if len(known) > 1:
        raise ShapeError(f"expected the same number of samples, got shapes {_words(shapes)}")


def _words(shapes: Sequence[Shape]) -> str:
    return " and ".join(str(tuple(shape)) for shape in shapes)


def _aligned(extents: Sequence[Size], rank: int) -> tuple[Size, ...]:
    batch, *rest = extents
    return (batch, *[1] * (rank - len(extents)), *rest)
