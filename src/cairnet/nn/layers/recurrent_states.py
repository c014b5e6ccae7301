"""States of recurrent layers: those that a user gives, and those that are kept between batches."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from cairnet.base.errors import ShapeError
from cairnet.nn.calls import tensors_in
from cairnet.nn.effects import add_update, latest
from cairnet.nn.parts import Part
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import astype, broadcast_to, reshape, where, zeros
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import current_path

__all__ = ["KeptStates", "States", "as_states", "checked_states", "kept_where", "zero_states"]

#: A list with a tensor for each state; for a stack of cells, a list of such lists.
States = list[Any]


def as_states(value: Any) -> States:
    """States as a list, however a cell gives them: one tensor, or a nest of them."""
    return list(value) if isinstance(value, list | tuple) else [value]


def zero_states(sizes: Any, rows: Size, dtype: np.dtype[Any]) -> States:
    """States of zeros, for the sizes that a cell states: a number, or a nest of them."""
    if isinstance(sizes, list | tuple):
        return [
            zero_states(size, rows, dtype)
            if isinstance(size, list | tuple)
            else zeros((rows, size), dtype=dtype)
            for size in sizes
        ]
    return [zeros((rows, sizes), dtype=dtype)]


def checked_states(given: Any, like: States) -> States:
    """The states that a user gave, in the form and dtype of those that a cell needs.

    Raises:
        ShapeError: another number of states, or one of another shape.
    """
    listed = as_states(given) if not isinstance(given, np.ndarray) else [given]
    if len(listed) != len(like):
        raise ShapeError(
            f"initial_state: expected {len(like)} state{'s' if len(like) > 1 else ''}, got "
            f"{len(listed)}"
        )
    return [
        checked_states(one, other) if isinstance(other, list) else _checked(place, one, other)
        for place, (one, other) in enumerate(zip(listed, like, strict=True))
    ]


def _checked(place: int, given: Any, like: Tensor) -> Tensor:
    state = as_tensor(given)
    fits = state.ndim == like.ndim and all(
        own is None or other is None or own == other
        for own, other in zip(state.shape, like.shape, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"initial_state[{place}]: expected a shape (batch, units), here {like.shape}, got "
            f"{state.shape}"
        )
    return state if state.dtype == like.dtype else astype(state, like.dtype)


def kept_where(mask: Tensor, new: Any, old: Any) -> Any:
    """New states in the rows that a mask [batch] marks, the old ones in the others."""
    if isinstance(new, list | tuple):
        return [kept_where(mask, one, other) for one, other in zip(new, old, strict=True)]
    rows = reshape(mask, (mask.extents[0], *([1] * (new.ndim - 1))))
    return where(broadcast_to(rows, new.extents), new, old)


class KeptStates(Part):
    """The states of a stateful layer between two batches: variables that are no weights.

    Args:
        start: the states before the first batch.
    """

    holds_weights: ClassVar[bool] = False

    def __init__(self, start: States) -> None:
        self.values = self._kept(start)

    def _kept(self, start: States) -> States:
        return [
            self._kept(one)
            if isinstance(one, list)
            else Variable(one.numpy(), name=f"{current_path()}/state", trainable=False)
            for one in start
        ]

    @property
    def rows(self) -> int:
        """How many rows a batch has."""
        return int(self.variables[0].data.shape[0])

    def latest(self) -> States:
        """The states as the layers called before have left them."""
        return _mapped(latest, self.values)

    def follow(self, states: States) -> None:
        """State that these are the states that the next batch begins with."""
        for variable, state in zip(self.variables, tensors_in(states), strict=True):
            add_update(variable, state)

    def reset(self) -> None:
        """Make all states zeros."""
        for variable in self.variables:
            variable.assign(np.zeros_like(variable.data))


def _mapped(function: Any, values: States) -> States:
    return [_mapped(function, one) if isinstance(one, list) else function(one) for one in values]
