"""SimpleRNN: the recurrent network whose state is its last output."""

from __future__ import annotations

from typing import Any, ClassVar

from cairnet.nn.layers.base import registry
from cairnet.nn.layers.recurrent import OwnCellRNN
from cairnet.nn.layers.recurrent_cells import Cell
from cairnet.tensor.core import Tensor

__all__ = ["SimpleRNN", "SimpleRNNCell"]


@registry.add
class SimpleRNNCell(Cell):
    r"""One step of the simple recurrent network.

        h[t] = activation(x[t] · kernel + h[t−1] · recurrent_kernel + bias)

    Args:
        units: the number of units.
        activation: a name from `cn.activations` or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel starts, a name or an initializer.
        recurrent_initializer: how the recurrent kernel starts; an orthogonal one neither stretches
            nor shrinks the state.
        bias_initializer: how the bias starts.
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
        states: a list with h[t−1], [batch, units].

    Shapes:
        kernel [inputs, units], recurrent_kernel [units, units], bias [units]; the output h[t] and
        a list of the new states, again h[t], [batch, units].

    Raises:
        ArgumentError: units is no whole number, 1 or more, or a rate is not from 0 to 1.
        ShapeError: an input without known extents, or of another number of inputs than before.

    Source:
        J. Elman: Finding structure in time. Cognitive Science 14 (2), 1990. Arguments and weights
        as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cell = cn.layers.SimpleRNNCell(3)
        >>> output, states = cell(cn.ones((2, 4)), [cn.zeros((2, 3))])
        >>> output.shape, [state.shape for state in states]
        ((2, 3), [(2, 3)])
    """

    gates: ClassVar[int] = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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

    def advance(
        self, projected: Tensor, states: Any, training: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """The graphs of h[t], as output and as state."""
        (state,) = states
        output = self.activation(projected + self.recur(state, training))
        return output, [output]


@registry.add
class SimpleRNN(OwnCellRNN):
    r"""The simple recurrent network over sequences: `RNN` of a `SimpleRNNCell`.

        h[t] = activation(x[t] · kernel + h[t−1] · recurrent_kernel + bias)

    Args:
        units: the number of units.
        activation: a name from `cn.activations` or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
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
        x [batch, time, inputs], kernel [inputs, units], recurrent_kernel [units, units], bias
        [units], h [batch, units]; y is h of the last step or, with `return_sequences`, of all,
        [batch, time, units].

    Raises:
        ArgumentError, ShapeError: see `SimpleRNNCell` and `RNN`.

    Notes:
        Going back through time, the gradient is multiplied with recurrent_kernel and the slope of
        the activation at every step, so that it fades (or grows) geometrically; LSTM and GRU were
        made to remember longer.

    Source:
        J. Elman: Finding structure in time. Cognitive Science 14 (2), 1990. Arguments and weights
        as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.SimpleRNN(
        ...     1, "linear", kernel_initializer="ones", recurrent_initializer="ones"
        ... )
        >>> layer([[[1.0], [2.0], [3.0]]]).numpy()  # the sum
        array([[6.]], dtype=float32)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
        super().__init__(SimpleRNNCell, locals())
