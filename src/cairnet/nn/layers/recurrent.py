"""RNN: a cell run over the steps of sequences."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.base.registry import serialize
from cairnet.nn import regularizers
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.recurrent_cells import StepCell
from cairnet.nn.layers.recurrent_loop import Loop
from cairnet.nn.layers.recurrent_states import (
    KeptStates,
    States,
    as_states,
    checked_states,
    zero_states,
)
from cairnet.nn.layers.stacked_cells import StackedRNNCells
from cairnet.nn.masks import check_mask
from cairnet.tensor.core import Tensor, input
from cairnet.tensor.functions.arguments import floating
from cairnet.tensor.source import scope

__all__ = ["RNN", "OwnCellRNN"]


@registry.add
class RNN(Layer):
    r"""A recurrent layer: a cell that reads a sequence step by step and remembers.

        y[t], s[t] = cell(x[t], s[t−1]),    s[−1] = initial_state, zeros by default

    The loop is one `cn.scan`, whatever the length of the sequences, and its gradient is
    back-propagation through time.

    Args:
        cell: what a step computes: `SimpleRNNCell`, `LSTMCell`, `GRUCell`, or a layer of one's own
            that is called with (input, states), gives (output, new states), both as lists, and
            says in `state_size` how many units each state has (and in `output_size` how many the
            output has, if not as many as the first state). A list of cells is a stack.
        return_sequences: whether to give the outputs of all steps, or of the last alone.
        return_state: whether to give the states after the last step beside the output.
        go_backwards: whether to read from the last step to the first; the outputs come in the
            order in which they are made.
        stateful: whether a batch begins with the states that the one before ended with, row by
            row. The model's input must then have a known number of rows,
            `cn.Input(shape, batch_size=…)`; `reset_state` makes the states zeros again.
        unroll: taken for Keras's sake and without effect: the loop is compiled as a loop, which
            costs no more than its steps written out, and gives the same numbers.
        zero_output_for_mask: whether the outputs of masked steps are zeros, or repeat the last
            one that counts.
        name, trainable: see `Layer`.

    Call arguments:
        sequences: [batch, time, …].
        initial_state: the states before the first step, a tensor or a list of them, each
            [batch, units].
        mask: bool [batch, time], False where a step is skipped: the states stay as they are.
            Default: the mask of the sequences.

    Shapes:
        y [batch, time, units] or, without `return_sequences`, [batch, units]; with `return_state`
        a list of y and every state, [batch, units].

    Raises:
        ArgumentError: the cell is no cell.
        ShapeError: no sequences, states that do not fit them, or a stateful layer for any number
            of rows.

    Source:
        J. Elman: Finding structure in time. Cognitive Science 14 (2), 1990. P. Werbos:
        Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78
        (10), 1990. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> class Sum(cn.layers.Layer):  # a cell of one's own
        ...     state_size = 2
        ...
        ...     def call(self, x, states):
        ...         total = states[0] + x
        ...         return total, [total]
        >>> x = cn.asarray([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]])
        >>> cn.layers.RNN(Sum())(x).numpy()
        array([[ 6., 60.]], dtype=float32)
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.cell = _checked_cell(cell)
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.states: KeptStates | None = None

    def build(self, input_shape: Shape) -> None:
        """Make the variables of the cell and, if the layer is stateful, the states."""
        if len(input_shape) < 3:
            raise ShapeError(f"expected a shape (batch, time, features), got {input_shape}")
        if self.stateful and input_shape[0] is None:
            raise ShapeError(
                "stateful=True keeps a state for every row, and their number is not known; begin "
                "the model with cn.Input(shape, batch_size=…)"
            )
        with scope(self.cell.name):
            self.cell.build_for(input((input_shape[0], *input_shape[2:]), self.dtype, "step"))
        if self.stateful:
            self.states = KeptStates(self._zeros(input_shape[0]))

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,
    ) -> Any:
        """The graph of the output; with `return_state` a list of it and the states."""
        x = floating(type(self).__name__, sequences)
        check_mask("mask", mask, x)
        loop = Loop(self.cell, training, self.go_backwards, self.zero_output_for_mask)
        outputs, last, states = loop.run(x, self._begin(x, initial_state), mask)
        if self.states is not None:
            self.states.follow(states)
        y = outputs if self.return_sequences else last
        return [y, *states] if self.return_state else y

    def _begin(self, x: Tensor, initial_state: Any) -> States:
        """The states before the first step."""
        if self.states is not None and x.shape[0] not in (None, self.states.rows):
            raise ShapeError(
                f"stateful=True keeps the states of {self.states.rows} rows, got {x.shape[0]}; "
                "give whole batches"
            )
        if initial_state is not None:
            return checked_states(initial_state, self._zeros(x.extents[0]))
        return self._zeros(x.extents[0]) if self.states is None else self.states.latest()

    def _zeros(self, rows: Any) -> States:
        if isinstance(self.cell, StepCell):
            return as_states(self.cell.get_initial_state(rows, self.dtype))
        make = getattr(self.cell, "get_initial_state", None)
        if make is not None:
            return as_states(make(batch_size=rows))
        return zero_states(self.cell.state_size, rows, self.dtype)

    def compute_mask(self, inputs: Any, mask: Any) -> Any:
        """That of the input for the outputs of all steps, none for the states."""
        own = mask if self.return_sequences else None
        return [own] if self.return_state else own

    def reset_state(self) -> None:
        """Make the states of a stateful layer zeros again, as before the first batch."""
        if self.states is not None:
            self.states.reset()


#: The arguments of a layer that are those of its loop; the others are those of its cell.
_OF_THE_LOOP = frozenset(inspect.signature(RNN).parameters)


class OwnCellRNN(RNN):
    """Base of SimpleRNN, LSTM and GRU: recurrent layers that make their cell themselves.

    Args:
        kind: the class of the cell.
        arguments: of the layer's constructor, by name: `locals()` at its beginning, in which self
            and its class are left out of account.
    """

    def __init__(self, kind: type[StepCell], arguments: Mapping[str, Any]) -> None:
        apart = ("self", "__class__", "activity_regularizer")
        given = {name: value for name, value in arguments.items() if name not in apart}
        of_the_cell = {name: value for name, value in given.items() if name not in _OF_THE_LOOP}
        of_the_loop = {name: value for name, value in given.items() if name in _OF_THE_LOOP}
        super().__init__(kind(**of_the_cell), **of_the_loop)
        self.activity_regularizer = regularizers.get(arguments["activity_regularizer"])

    @property
    def units(self) -> int:
        """The number of units of the cell."""
        return int(self.cell.units)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name: those of the cell, and those of the loop."""
        own = {*_OF_THE_LOOP, "activity_regularizer"}
        return {
            name: serialize(getattr(self if name in own else self.cell, name))
            for name in inspect.signature(type(self)).parameters
        }


def _checked_cell(cell: Any) -> Any:
    """The cell itself, from any form that it is given in: a layer, its saved form, or a list."""
    if isinstance(cell, list | tuple):
        return StackedRNNCells(cell)
    made = registry.get(cell) if not isinstance(cell, Layer) else cell
    if not isinstance(made, Layer) or getattr(made, "state_size", None) is None:
        raise ArgumentError(
            "cell: expected a layer that says its state_size, such as cn.layers.LSTMCell(units), "
            f"got {made!r}"
        )
    return made
