"""Dense: every unit reads every input."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ShapeError
from cairnet.nn import activations, constraints, initializers, regularizers
from cairnet.nn.layers.arguments import positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import tensordot

__all__ = ["Dense"]


@registry.add
class Dense(Layer):
    r"""The fully connected layer, y = activation(x · kernel + bias).

    Args:
        units: the number of outputs.
        activation: a name from `cn.activations` or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel starts, a name or an initializer.
        bias_initializer: how the bias starts.
        kernel_regularizer: a penalty on the kernel, a name or a regularizer; None for none.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the output, divided by the number of samples.
        kernel_constraint: what the kernel must meet after every step, a name or a constraint.
        bias_constraint: what the bias must meet.
        name, trainable: see `Layer`.

    Shapes:
        x [batch, …, inputs], kernel [inputs, units], bias [units], y [batch, …, units].

    Raises:
        ArgumentError: units is not a whole number, 1 or more.
        ShapeError: the input has no axis beside the batch, or another number of inputs than at
            the first call.

    Source:
        F. Rosenblatt: The perceptron. Psychological Review 65 (6), 1958. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Dense(2, activation="relu", kernel_initializer="ones")
        >>> layer([[1.0, 2.0, 3.0], [-1.0, 0.0, 0.0]]).numpy()
        array([[6., 6.],
               [0., 0.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.units = positive("units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> None:
        """Make kernel and bias."""
        if len(input_shape) < 2:
            raise ShapeError(f"expected a shape (batch, …, inputs), got {input_shape}")
        self.kernel = self.add_weight(
            (input_shape[-1], self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        y = tensordot(x, self.kernel, axes=1)
        return self.activation(y + self.bias if self.use_bias else y)
