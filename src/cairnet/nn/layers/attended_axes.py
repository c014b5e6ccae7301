"""Attention along some axes: these are one axis of steps, the others belong to the batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.layers.arguments import whole
from cairnet.nn.masks import check_mask
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import broadcast_to, permute_dims, reshape

__all__ = ["AttendedAxes", "checked_axes"]


def checked_axes(axes: Any) -> tuple[int, ...] | None:
    """The argument attention_axes: None, or the numbers of axes behind that of the batch.

    >>> checked_axes(2), checked_axes([1, 2])
    ((2,), (1, 2))
    """
    if axes is None:
        return None
    several = axes if isinstance(axes, tuple | list) else (axes,)
    numbers = tuple(whole("attention_axes", axis, 1) for axis in several)
    if not numbers or len(set(numbers)) < len(numbers):
        raise ArgumentError(f"attention_axes: expected axes that differ, got {axes!r}")
    return numbers


class AttendedAxes:
    """Brings [batch, …, features] into the form [batch · others, steps, features], and back.

    Args:
        axes: along which attention goes; None for all but batch and features.
        shapes: of query, value and key, by these names.

    Raises:
        ShapeError: shapes of different or too low ranks, or that differ in other axes.
    """

    def __init__(
        self, axes: tuple[int, ...] | None, shapes: dict[str, tuple[int | None, ...]]
    ) -> None:
        self.rank = len(next(iter(shapes.values())))
        for name, shape in shapes.items():
            if len(shape) < 3 or len(shape) != self.rank:
                raise ShapeError(
                    f"{name}: expected a shape (batch, time, features), or with more axes before "
                    f"the features, the same number as in the query; got {shape}"
                )
        between = range(1, self.rank - 1)
        self.attended = tuple(between) if axes is None else axes
        if not set(self.attended) <= set(between):
            raise ShapeError(
                f"attention_axes: expected axes between batch and features, {list(between)}, got "
                f"{list(self.attended)} for inputs of {self.rank} axes"
            )
        self.others = tuple(axis for axis in between if axis not in self.attended)
        for axis in self.others:
            if len({shape[axis] for shape in shapes.values()} - {None}) > 1:
                found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
                raise ShapeError(f"axis {axis} is not attended to and must be equal, got {found}")

    @property
    def _order(self) -> tuple[int, ...]:
        return (0, *self.others, *self.attended)

    def fold(self, x: Tensor) -> Tensor:
        """[batch · others, steps, features] from [batch, …, features]."""
        if self.rank == 3:
            return x
        moved = permute_dims(x, (*self._order, self.rank - 1))
        return reshape(moved, (self._rows(x), self._steps(x), x.extents[-1]))

    def unfold(self, y: Tensor, query: Tensor) -> Tensor:
        """[batch, …, outputs] from [batch · others, steps, outputs], for a query."""
        if self.rank == 3:
            return y
        moved = reshape(y, (*(query.extents[axis] for axis in self._order), y.extents[-1]))
        return permute_dims(moved, (*np.argsort(self._order).tolist(), self.rank - 1))

    def unfold_weights(self, weights: Tensor, query: Tensor, value: Tensor) -> Tensor:
        """[batch, *others, heads, *queries, *values] from [batch · others, heads, …]."""
        if self.rank == 3:
            return weights
        rows = [query.extents[axis] for axis in (0, *self.others)]
        pairs = [x.extents[axis] for x in (query, value) for axis in self.attended]
        return reshape(weights, (*rows, weights.extents[1], *pairs))

    def fold_mask(self, name: str, mask: Tensor | None, x: Tensor) -> Tensor | None:
        """[batch · others, steps] from a mask [batch, time], or of more of the axes of x."""
        if mask is None:
            return None
        if self.rank == 3:
            check_mask(name, mask, x)
            return mask
        missing = self.rank - 1 - mask.ndim
        if missing < 0:
            raise ShapeError(
                f"{name}: expected a shape as {x.shape[:-1]}, or of less axes, got {mask.shape}"
            )
        every = broadcast_to(reshape(mask, (*mask.extents, *([1] * missing))), x.extents[:-1])
        return reshape(permute_dims(every, self._order), (self._rows(x), self._steps(x)))

    def fold_pairs(self, mask: Tensor, query: Tensor) -> Tensor:
        """[batch · others, heads or 1, queries, values] from a mask of pairs.

        Args:
            mask: [batch, *queries, *values], with an axis of heads behind the batch or without;
                the axis of the batch may be missing too.
            query: for which.
        """
        count = len(self.attended)
        extents = mask.extents if mask.ndim > 2 * count else (1, *mask.extents)
        if mask.ndim not in (2 * count, 2 * count + 1, 2 * count + 2):
            raise ShapeError(
                "attention_mask: expected a shape (batch, queries, values), with as many axes of "
                f"queries and of values as are attended to, {count}; got {mask.shape}"
            )
        heads = extents[1] if mask.ndim == 2 * count + 2 else 1
        steps = extents[-2 * count :]
        pairs = (heads, product(steps[:count]), product(steps[count:]))
        if not self.others:
            return reshape(mask, (extents[0], *pairs))
        others = product([query.extents[axis] for axis in self.others])
        every = broadcast_to(
            reshape(mask, (extents[0], 1, *pairs)), (query.extents[0], others, *pairs)
        )
        return reshape(every, (self._rows(query), *pairs))

    def _rows(self, x: Tensor) -> Size:
        return product([x.extents[axis] for axis in (0, *self.others)])

    def _steps(self, x: Tensor) -> Size:
        return product([x.extents[axis] for axis in self.attended])


def product(sizes: Sequence[Size]) -> Size:
    """Sizes multiplied, numbers or formulas."""
    return reduce(lambda a, b: a * b, sizes)
