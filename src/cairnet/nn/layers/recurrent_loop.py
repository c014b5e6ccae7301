"""The loop of a recurrent layer: a cell run by `scan`, with masked steps that change nothing."""

from __future__ import annotations

import inspect
from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.nn.calls import tensors_in
from cairnet.nn.layers.base import Layer
from cairnet.nn.layers.recurrent_cells import StepCell
from cairnet.nn.layers.recurrent_states import States, as_states, kept_where
from cairnet.nn.phase import phase
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import flip, moveaxis, scan, zeros
from cairnet.tensor.source import scope

__all__ = ["Loop"]

#: Up to this many rows the products with the inputs of all steps are one product before the loop.
#: For one row that takes a sixth of the time of a step of training away. With more, a step has work
#: enough, and what it reads it finds in the cache: for 256 rows the whole loop takes a third less
#: time with the products inside, and no memory for those of all steps.
_FEW_ROWS = 4


class Loop:
    """A cell, to be run over the steps of sequences.

    Args:
        cell: what a step computes.
        training: whether it is being trained.
        reverse: whether the steps are taken from the last to the first.
        zero_masked: whether the outputs of masked steps are zeros, or repeat the one before.
    """

    def __init__(self, cell: Layer, training: bool, reverse: bool, zero_masked: bool) -> None:
        self.cell = cell
        self.training = training
        self.reverse = reverse
        self.zero_masked = zero_masked
        #: Which of the new states the output is, by its number; None if it is none of them.
        self._place: int | None = None
        self._projects_before = False

    def run(
        self, sequences: Tensor, begin: States, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, States]:
        """Walk the sequences.

        Args:
            sequences: [batch, time, …].
            begin: the states before the first step.
            mask: bool [batch, time], or None.

        Returns:
            All outputs [batch, time, …] in the order in which they are made, the last of them
            [batch, …], and the last states.
        """
        items = self._prepared(moveaxis(sequences, 1, 0), begin)
        last: Tensor | None = None
        if mask is None:
            outputs, states = scan(self._step, items, begin, reverse=self.reverse)
            if self._place is not None:
                last = list(tensors_in(states))[self._place]
        else:
            kept = moveaxis(mask, 1, 0)
            outputs, (states, last) = scan(
                self._masked_step, (items, kept), (begin, self._first(begin)), reverse=self.reverse
            )
        if last is None:
            last = outputs[0] if self.reverse else outputs[-1]
        if self.reverse:
            outputs = flip(outputs, axis=0)
        return moveaxis(outputs, 0, 1), last, states

    def _prepared(self, steps: Tensor, begin: States) -> Tensor:
        """What is worked out for all steps at once."""
        # States that are carried over from a batch know the number of rows where inputs do not.
        rows = [steps.extents[1], *(state.extents[0] for state in tensors_in(begin) if state.ndim)]
        self._projects_before = any(isinstance(n, int) and n <= _FEW_ROWS for n in rows)
        if not isinstance(self.cell, StepCell) or not self._projects_before:
            return steps
        with scope(self.cell.name):
            return self.cell.project(steps, self.training)

    def _step(self, item: Tensor, states: States) -> tuple[Tensor, States]:
        cell = self.cell
        with scope(cell.name), phase(self.training, cell.trainable):
            if isinstance(cell, StepCell):
                if not self._projects_before:
                    item = cell.project(item, self.training)
                output, new = cell.advance(item, states, self.training)
            else:
                said = {"training": self.training} if _takes_training(cell) else {}
                output, new = _pair(cell, cell.call(item, list(states), **said))
        new = as_states(new)
        places = [i for i, tensor in enumerate(tensors_in(new)) if tensor is output]
        self._place = places[0] if places else None
        return output, new

    def _masked_step(self, item: Any, carried: Any) -> Any:
        (given, mask), (states, before) = item, carried
        output, new = self._step(given, states)
        instead = zeros(output.extents, dtype=output.dtype) if before is None else before
        output = kept_where(mask, output, instead)
        return output, (kept_where(mask, new, states), None if before is None else output)

    def _first(self, begin: States) -> Tensor | None:
        """What a masked step repeats if none has come before it."""
        if self.zero_masked:
            return None
        like = next(tensors_in(begin))
        size = getattr(self.cell, "output_size", None) or like.extents[-1]
        return zeros((like.extents[0], size), dtype=like.dtype)


def _takes_training(cell: Layer) -> bool:
    return "training" in inspect.signature(cell.call).parameters


def _pair(cell: Layer, result: Any) -> tuple[Tensor, Any]:
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise ArgumentError(
            f"cell {cell.name!r} ({type(cell).__name__}): expected the pair (output, new states) "
            f"of its call, got {type(result).__name__}"
        )
    return result[0], result[1]
