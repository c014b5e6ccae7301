"""GRU: gated recurrent units, whose state is kept or replaced by one gate."""

from __future__ import annotations

from typing import Any, ClassVar

from cairnet.nn import activations
from cairnet.nn.layers.base import registry
from cairnet.nn.layers.recurrent import OwnCellRNN
from cairnet.nn.layers.recurrent_cells import Cell
from cairnet.tensor.core import Tensor

__all__ = ["GRU", "GRUCell"]


@registry.add
class GRUCell(Cell):
    r"""One step of gated recurrent units.

        z = σ(x[t] · kernel_z + h[t−1] · recurrent_kernel_z + bias_z)
        r = σ(x[t] · kernel_r + h[t−1] · recurrent_kernel_r + bias_r)
        g = activation(x[t] · kernel_g + r · (h[t−1] · recurrent_kernel_g + b) + bias_g)
        h[t] = z · h[t−1] + (1 − z) · g

    with σ the recurrent activation: the update gate z says what of the state is kept, the reset
    gate r how much of it the new content g sees. That is with `reset_after`, which has biases b of
    its own beside the recurrent kernels (those of z and r are not written out here); without it, r
    is applied before the product, and there is one bias:

        g = activation(x[t] · kernel_g + (r · h[t−1]) · recurrent_kernel_g + bias_g)

    Args:
        units: the number of units.
        activation: of the new content, a name from `cn.activations` or a function of a
            tensor; None for none.
        recurrent_activation: of the gates, likewise.
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
        reset_after: whether the reset gate is applied after the product with the recurrent kernel.
        seed: of the cell's own random numbers; None for the next stream of `cn.seed`.
        name, trainable: see `Layer`.

    Call arguments:
        inputs: x[t], [batch, inputs].
        states: a list with h[t−1], [batch, units].

    Shapes:
        kernel [inputs, 3 · units], recurrent_kernel [units, 3 · units], gates in the order z, r, g;
        bias [2, 3 · units] with `reset_after`, of the input and of the state, else [3 · units]; the
        output h[t] and a list of the new states, again h[t], [batch, units].

    Raises:
        ArgumentError: units is no whole number, 1 or more, or a rate is not from 0 to 1.
        ShapeError: an input without known extents, or of another number of inputs than before.

    Source:
        K. Cho and others: Learning phrase representations using RNN encoder-decoder for statistical
        machine translation. EMNLP 2014 (version 1 has the reset gate after the product, later ones
        before it). Arguments and weights as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cell = cn.layers.GRUCell(3)
        >>> output, states = cell(cn.ones((2, 4)), [cn.zeros((2, 3))])
        >>> output.shape, [state.shape for state in states]
        ((2, 3), [(2, 3)])
    """

    gates: ClassVar[int] = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(locals())
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias: with `reset_after`, a row for the input and one for the state."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def input_bias(self) -> Tensor:
        """The bias that is added to the products with the inputs."""
        return self.bias[0] if self.reset_after else self.bias

    def advance(
        self, projected: Tensor, states: Any, training: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """The graphs of h[t], as output and as state."""
        (state,) = states
        if self.reset_after:
            inner = self.recur(state, training)
            if self.use_bias:
                inner = inner + self.bias[1]
        else:
            inner = self.recur(state, training, 0, 2)
        update, reset = (
            self.recurrent_activation(self.part(projected, gate) + self.part(inner, gate))
            for gate in range(2)
        )
        if self.reset_after:
            seen = reset * self.part(inner, 2)
        else:
            seen = self.recur(reset * state, training, 2, 3)
        content = self.activation(self.part(projected, 2) + seen)
        output = update * state + (1 - update) * content
        return output, [output]


@registry.add
class GRU(OwnCellRNN):
    r"""Gated recurrent units over sequences: `RNN` of a `GRUCell`.

        z = σ(x[t] · kernel_z + h[t−1] · recurrent_kernel_z + bias_z)
        r = σ(x[t] · kernel_r + h[t−1] · recurrent_kernel_r + bias_r)
        g = activation(x[t] · kernel_g + r · (h[t−1] · recurrent_kernel_g + b) + bias_g)
        h[t] = z · h[t−1] + (1 − z) · g

    Args:
        units: the number of units.
        activation: of the new content, a name from `cn.activations` or a function of a
            tensor; None for none.
        recurrent_activation: of the gates, likewise.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output, divided by the number of samples.
        kernel_constraint, recurrent_constraint, bias_constraint: what the weights must meet.
        dropout, recurrent_dropout: the shares of inputs and of the state that are silenced in
            training, the same at all steps.
        reset_after: whether the reset gate is applied after the product with the recurrent kernel;
            see `GRUCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name, trainable: see `Layer`.

    Call arguments:
        sequences, initial_state, mask: see `RNN`.

    Shapes:
        x [batch, time, inputs], kernel [inputs, 3 · units], recurrent_kernel [units, 3 · units],
        bias [2, 3 · units] with `reset_after`, else [3 · units], h [batch, units]; y is h of the
        last step or, with `return_sequences`, of all, [batch, time, units].

    Raises:
        ArgumentError, ShapeError: see `GRUCell` and `RNN`.

    Source:
        K. Cho and others: Learning phrase representations using RNN encoder-decoder for statistical
        machine translation. EMNLP 2014 (version 1 has the reset gate after the product, later ones
        before it). Arguments and weights as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.GRU(8, return_sequences=True)
        >>> layer(cn.ones((2, 5, 3))).shape
        (2, 5, 8)
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
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
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
        super().__init__(GRUCell, locals())
