"""Recurrent cells: what one step of a recurrent layer computes, with whatever they have in common.

A cell is a layer that takes a step's input and the states before it, and gives its output and the
states after it. Its work falls into two parts. What does not hang on the states, the products with
the inputs, is done by `project`, of one step or of all steps of a sequence at once; what does is
left to `advance`, which a scan runs step after step:

    cell(x, states)  =  cell.advance(cell.project(x), states)
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from cairnet.base.errors import ShapeError
from cairnet.nn import activations, constraints, initializers, regularizers
from cairnet.nn.layers.arguments import fraction, positive
from cairnet.nn.layers.base import Layer, Shape
from cairnet.nn.layers.random_keys import RandomKeys, check_seed
from cairnet.tensor import random
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import astype, concat, tensordot, zeros
from cairnet.tensor.functions.arguments import as_tensor, floating

__all__ = ["Cell", "StepCell"]

_WEIGHTS = ("kernel", "recurrent", "bias")

#: One tensor for each state, or nests of them for cells of cells.
States = Any


class StepCell(Layer):
    """Base of the cells whose input products can be made for all steps at once.

    Attributes:
        state_size: the number of units of each state; for cells of cells a list of such lists.
        output_size: the number of units of the output.
    """

    state_size: Any
    output_size: int

    def _converted(self, value: Any) -> Any:
        if isinstance(value, list | tuple) and not _is_numbers(value):
            return [self._converted(item) for item in value]
        return as_tensor(value)

    @abstractmethod
    def project(self, x: Tensor, training: bool) -> Tensor:
        """What the input comes to before any state is met.

        Args:
            x: one step, or several on axes before that of the batch: […, batch, inputs].
            training: whether units are silenced.
        """

    @abstractmethod
    def advance(self, projected: Tensor, states: States, training: bool) -> tuple[Tensor, States]:
        """One step: the output and the new states.

        Args:
            projected: what `project` made of the step's input.
            states: before the step.
            training: whether units are silenced.
        """

    def call(self, inputs: Tensor, states: States, training: bool = False) -> Any:
        """One step from its input: the graphs of the output and of the new states."""
        return self.advance(self.project(inputs, training), states, training)

    @abstractmethod
    def get_initial_state(self, batch_size: Size, dtype: Any = None) -> States:
        """States of zeros, nested as `state_size` is.

        Args:
            batch_size: a number, or an unknown extent.
            dtype: default: that of the cell.
        """


class Cell(StepCell):
    """Base of SimpleRNNCell, LSTMCell and GRUCell: two kernels and a bias for some gates.

    The kernels of the gates stand side by side, so that each step is one product:

        kernel [inputs, gates · units],  recurrent_kernel [units, gates · units]

    Dropout silences the same inputs and the same units of the state at all steps of a sequence.
    With dropout of the states, every gate draws silent units of its own, of inputs and states, as
    in Keras.

    Args:
        arguments: of the cell's constructor, by name: `locals()` at its beginning. What all cells
            have is kept and checked here.
    """

    #: How many blocks of `units` columns the kernels have.
    gates: ClassVar[int]
    #: How many states there are.
    state_count: ClassVar[int] = 1

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__(name=arguments["name"], trainable=arguments["trainable"])
        self.units = positive("units", arguments["units"])
        self.activation = activations.get(arguments["activation"])
        self.use_bias = arguments["use_bias"]
        self.kernel_initializer, self.recurrent_initializer, self.bias_initializer = (
            initializers.get(arguments[f"{weight}_initializer"]) for weight in _WEIGHTS
        )
        self.kernel_regularizer, self.recurrent_regularizer, self.bias_regularizer = (
            regularizers.get(arguments[f"{weight}_regularizer"]) for weight in _WEIGHTS
        )
        self.kernel_constraint, self.recurrent_constraint, self.bias_constraint = (
            constraints.get(arguments[f"{weight}_constraint"]) for weight in _WEIGHTS
        )
        self.dropout = fraction("dropout", arguments["dropout"])
        self.recurrent_dropout = fraction("recurrent_dropout", arguments["recurrent_dropout"])
        self.seed = check_seed(arguments["seed"])
        self.state_size = [self.units] * self.state_count
        self.output_size = self.units

    def build(self, input_shape: Shape, states_shape: Any = None) -> None:
        """Make the kernels, the bias and the stream of random keys."""
        if len(input_shape) < 2:
            raise ShapeError(f"expected a shape (batch, inputs) for a step, got {input_shape}")
        columns = self.gates * self.units
        self.kernel = self.add_weight(
            (input_shape[-1], columns),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            (self.units, columns),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                self.bias_shape(),
                self.start_of_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        if self.dropout or self.recurrent_dropout:
            self.random = RandomKeys(self.seed)

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def start_of_bias(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The values that the bias starts with."""
        return self.bias_initializer(shape, dtype)

    def input_bias(self) -> Tensor:
        """The bias that is added to the products with the inputs."""
        return self.bias

    def project(self, x: Tensor, training: bool) -> Tensor:
        """The products with the inputs, biases added, of all gates side by side."""
        x = floating(type(self).__name__, x)
        projected = self._product(x, self.kernel, self.dropout if training else 0.0)
        return projected + self.input_bias() if self.use_bias else projected

    def recur(self, state: Tensor, training: bool, first: int = 0, last: int | None = None) -> Any:
        """The product of the state with the recurrent kernel, or with some gates' part of it."""
        last = self.gates if last is None else last
        kernel: Tensor = self.recurrent_kernel
        if (first, last) != (0, self.gates):
            kernel = self.part(kernel, first, last)
        return self._product(state, kernel, self.recurrent_dropout if training else 0.0)

    def part(self, gates: Tensor, first: int, last: int | None = None) -> Tensor:
        """The columns of a gate, or of several."""
        end = (first + 1 if last is None else last) * self.units
        return gates[..., first * self.units : end]

    def _product(self, x: Tensor, kernel: Tensor, rate: float) -> Tensor:
        if not rate:
            return tensordot(x, kernel, axes=1)
        blocks = (kernel.shape[-1] or 0) // self.units if self.recurrent_dropout else 1
        width = (kernel.shape[-1] or 0) // blocks
        shape = (blocks, *x.extents[-2:])
        kept = random.bernoulli(self.random.next(), 1 - rate, shape)
        factors = astype(kept, x.dtype) * (1 / (1 - rate) if rate < 1 else 0.0)
        products = [
            tensordot(x * factors[block], kernel[:, block * width : (block + 1) * width], axes=1)
            for block in range(blocks)
        ]
        return products[0] if blocks == 1 else concat(products, axis=-1)

    def get_initial_state(self, batch_size: Size, dtype: Any = None) -> list[Tensor]:
        """Zeros for every state, [batch, units]."""
        return [zeros((batch_size, size), dtype=dtype or self.dtype) for size in self.state_size]


def _is_numbers(value: Any) -> bool:
    """Whether a nested list holds plain numbers only, so that it is one array."""
    if isinstance(value, list | tuple):
        return all(_is_numbers(item) for item in value)
    return isinstance(value, bool | int | float)
