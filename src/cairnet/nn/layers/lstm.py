"""LSTM: long short-term memory, a state that gates write, keep and read."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from cairnet.nn import activations
from cairnet.nn.layers.base import registry
from cairnet.nn.layers.recurrent import OwnCellRNN
from cairnet.nn.layers.recurrent_cells import Cell
from cairnet.tensor.core import Tensor

__all__ = ["LSTM", "LSTMCell"]


@registry.add
class LSTMCell(Cell):
    r"""One step of long short-term memory.

        i, f, g, o = x[t] · kernel + h[t−1] · recurrent_kernel + bias,  split in four
        c[t] = σ(f) · c[t−1] + σ(i) · activation(g)
        h[t] = σ(o) · activation(c[t])

    with σ the recurrent activation: the input gate i says what is written into the memory c, the
    forget gate f what is kept of it, the output gate o what of it is shown. Where f is 1, the
    gradient goes back through c unchanged.

    Args:
        units: the number of units.
        activation: of what is written and shown, a name from `cn.activations` or a function of a
            tensor; None for none.
        recurrent_activation: of the gates, likewise.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel starts, a name or an initializer.
        recurrent_initializer: how the recurrent kernel starts; an orthogonal one neither stretches
            nor shrinks the state.
        bias_initializer: how the bias starts.
        unit_forget_bias: whether that of the forget gate starts with 1, so that the memory is kept
            at first.
        kernel_regularizer: a penalty on the kernel, a name or a regularizer; None for none.
        recurrent_regularizer: a penalty on the recurrent kernel.
        bias_regularizer: a penalty on the bias.
        kernel_constraint: what the kernel must meet after every step, a name or a constraint.
        recurrent_constraint: what the recurrent kernel must meet.
        bias_constraint: what the bias must meet.
        dropout: the share of the inputs that is silenced in training, from 0 to 1.
        recurrent_dropout: the share of the units of the state that is silenced in training.
        seed: of the cell's own random numbers; None for the next stream of `cn.seed`.
        name, trainable: see `Layer`.

    Call arguments:
        inputs: x[t], [batch, inputs].
        states: a list of h[t−1] and c[t−1], [batch, units] each.

    Shapes:
        kernel [inputs, 4 · units], recurrent_kernel [units, 4 · units], bias [4 · units], gates in
        the order i, f, g, o; the output h[t] and a list of the new states h[t], c[t], [batch,
        units].

    Raises:
        ArgumentError: units is no whole number, 1 or more, or a rate is not from 0 to 1.
        ShapeError: an input without known extents, or of another number of inputs than before.

    Source:
        S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9 (8), 1997; with
        the forget gate of F. Gers, J. Schmidhuber, F. Cummins: Learning to forget. Neural
        Computation 12 (10), 2000, and its bias of R. Jozefowicz, W. Zaremba, I. Sutskever: An
        empirical exploration of recurrent network architectures. ICML 2015. Arguments and weights
        as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cell = cn.layers.LSTMCell(3)
        >>> output, states = cell(cn.ones((2, 4)), [cn.zeros((2, 3)), cn.zeros((2, 3))])
        >>> output.shape, [state.shape for state in states]
        ((2, 3), [(2, 3), (2, 3)])
    """

    gates: ClassVar[int] = 4
    state_count: ClassVar[int] = 2

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(locals())
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def start_of_bias(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The values that the bias starts with: ones for the forget gate."""
        if not self.unit_forget_bias:
            return super().start_of_bias(shape, dtype)
        first = self.bias_initializer((self.units,), dtype)
        rest = self.bias_initializer((2 * self.units,), dtype)
        return np.concatenate([first, np.ones(self.units, dtype), rest])

    def advance(
        self, projected: Tensor, states: Any, training: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """The graphs of h[t], and of both states."""
        state, memory = states
        gates = projected + self.recur(state, training)
        write, keep, content, show = (self.part(gates, gate) for gate in range(4))
        gate = self.recurrent_activation
        memory = gate(keep) * memory + gate(write) * self.activation(content)
        output = gate(show) * self.activation(memory)
        return output, [output, memory]


@registry.add
class LSTM(OwnCellRNN):
    r"""Long short-term memory over sequences: `RNN` of an `LSTMCell`.

        i, f, g, o = x[t] · kernel + h[t−1] · recurrent_kernel + bias,  split in four
        c[t] = σ(f) · c[t−1] + σ(i) · activation(g)
        h[t] = σ(o) · activation(c[t])

    Args:
        units: the number of units.
        activation: of what is written and shown, a name from `cn.activations` or a function of a
            tensor; None for none.
        recurrent_activation: of the gates, likewise.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the bias of the forget gate starts with 1, so that the memory is
            kept at first.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output, divided by the number of samples.
        kernel_constraint, recurrent_constraint, bias_constraint: what the weights must meet.
        dropout, recurrent_dropout: the shares of inputs and of the state that are silenced in
            training, the same at all steps.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name, trainable: see `Layer`.

    Call arguments:
        sequences, initial_state, mask: see `RNN`.

    Shapes:
        x [batch, time, inputs], kernel [inputs, 4 · units], recurrent_kernel [units, 4 · units],
        bias [4 · units], h and c [batch, units]; y is h of the last step or, with
        `return_sequences`, of all, [batch, time, units]. The states are h and c.

    Raises:
        ArgumentError, ShapeError: see `LSTMCell` and `RNN`.

    Source:
        S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9 (8), 1997; with
        the forget gate of F. Gers, J. Schmidhuber, F. Cummins: Learning to forget. Neural
        Computation 12 (10), 2000, and its bias of R. Jozefowicz, W. Zaremba, I. Sutskever: An
        empirical exploration of recurrent network architectures. ICML 2015. Arguments and weights
        as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.LSTM(8, return_sequences=True, return_state=True)
        >>> y, h, c = layer(cn.ones((2, 5, 3)))
        >>> y.shape, h.shape, c.shape
        ((2, 5, 8), (2, 8), (2, 8))
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(LSTMCell, locals())
