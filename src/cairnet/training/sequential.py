"""Sequential: layers one after another."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.registry import serialize
from cairnet.nn.effects import Effects
from cairnet.nn.layers import InputLayer, Lambda, Layer
from cairnet.nn.layers.base import Shape, registry
from cairnet.nn.parts import Part
from cairnet.nn.phase import phase
from cairnet.tensor.core import Input as Placeholder
from cairnet.tensor.core import Tensor, Variable
from cairnet.training.engine import Engine
from cairnet.training.learner import Learner
from cairnet.training.model import Model
from cairnet.training.preparation import Place

__all__ = ["Sequential"]


@registry.add
class Sequential(Model):
    """A model whose layers are applied one after another.

    Args:
        layers: the layers, in order; a function of a tensor is one too. The first may be
            `cn.Input(shape)`, the shape of one sample; then every layer is checked as soon as it is
            added. Without it, the shape is taken from the first data.
        name: shown in summaries and errors.
        trainable: whether `fit` may change the variables.

    Raises:
        ArgumentError: something that is not a layer, or two layers of one name.
        ShapeError, DTypeError: a layer cannot take what the one before it gives.

    Example:
        >>> import cairnet as cn
        >>> model = cn.Sequential(
        ...     [
        ...         cn.Input((28, 28, 1)),
        ...         cn.layers.Flatten(),
        ...         cn.layers.Dense(30, activation="sigmoid"),
        ...         cn.layers.Dense(10, activation="softmax"),
        ...     ]
        ... )
        >>> model.output_shape, model.count_params()
        ((None, 10), 23860)
    """

    def __init__(
        self,
        layers: Sequence[Layer | Placeholder | Callable[..., Any]] = (),
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._first: InputLayer | None = None
        self._layers: list[Layer] = []
        self._outputs: list[Tensor] = []
        for layer in layers:
            self.add(layer)

    def add(self, layer: Layer | Placeholder | Mapping[str, Any] | Callable[..., Any]) -> None:
        """Put a layer behind the others.

        Args:
            layer: a layer, `cn.Input(shape)` as the first, or a function of a tensor, which becomes
                a `cn.layers.Lambda`.

        Raises:
            ArgumentError, ShapeError, DTypeError: see the class.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential()
            >>> model.add(cn.Input((4,)))
            >>> model.add(cn.layers.Dense(3))
            >>> model.output_shape
            (None, 3)
        """
        if isinstance(layer, Mapping):
            layer = registry.get(layer)
        if isinstance(layer, Placeholder):
            rows, *sample = layer.shape
            layer = InputLayer(sample, layer.dtype, batch_size=rows, name=layer.name)
        if callable(layer) and not isinstance(layer, Layer | type):
            layer = Lambda(layer)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"layers: expected a layer, cn.Input(shape) or a function, got {_kind(layer)}"
            )
        if isinstance(layer, InputLayer):
            self._begin(layer)
            return
        self._name(layer)
        if self._outputs:
            self._outputs.append(layer(self._outputs[-1]))
        self._layers.append(layer)
        self._engine = Engine(self)

    def _begin(self, layer: InputLayer) -> None:
        if self._first is not None or self._layers:
            raise ArgumentError("layers: expected the input as the first layer, and only there")
        self._first = layer
        self._outputs = [layer.placeholder()]

    def _name(self, layer: Layer) -> None:
        """Give a layer without a name of its own a number where its name is taken."""
        taken = {other.name for other in self._layers}
        if any(other is layer for other in self._layers):
            raise ArgumentError(f"layers: layer {layer.name!r} is in this model already")
        if layer.name not in taken:
            return
        if layer.has_own_name or layer.built:
            raise ArgumentError(
                f"layers: expected different names, got {layer.name!r} twice; give one of them "
                "another, with name=…"
            )
        number = 1
        while f"{layer.name}_{number}" in taken:
            number += 1
        layer.name = f"{layer.name}_{number}"

    def parts(self) -> Mapping[str, Part | Variable]:
        """The layers by name."""
        return {layer.name: layer for layer in self._layers}

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        self._begin_with(x)
        if self._first is not None:
            x = self._first(x)
        for layer in self._layers:
            x = layer(x)
        return x

    def outputs_for(self, inputs: Sequence[np.ndarray]) -> list[Tensor]:
        """The graph of the output for arrays like these; makes the variables if need be."""
        if not self._outputs:
            Learner.outputs_for(self, inputs)
        return self._outputs[-1:]

    def _begin_with(self, x: Tensor) -> None:
        """Take the shape of the input from the first one, and make all variables."""
        if self._first is not None:
            return
        if not x.ndim:
            raise ArgumentError(f"model {self.name!r}: expected a batch of samples, got a scalar")
        self._begin_empty(InputLayer(x.shape[1:], x.dtype))

    def _begin_empty(self, first: InputLayer) -> None:
        outputs: list[Tensor] = [first.placeholder()]
        # Only to make the variables: not in training, and what it comes to beside is let go.
        with phase(training=False), Effects():
            for layer in self._layers:
                outputs.append(layer(outputs[-1]))
        self._first, self._outputs = first, outputs

    @property
    def places(self) -> list[Place] | None:
        """The input; None if it is not known."""
        if self._first is None:
            return None
        return [Place(self._first.name, self._first.shape, self._first.input_dtype)]

    def input_limits(self) -> list[int | None]:
        """Those of the first layer, which reads the input."""
        return self._layers[0].input_limits() if self._layers else []

    @property
    def inputs(self) -> list[Tensor]:
        """The placeholder that the model begins with; none if its shape is not known yet."""
        return self._outputs[:1]

    @property
    def outputs(self) -> list[Tensor]:
        """The graph of the output; none if the shape of the input is not known yet."""
        return self._outputs[-1:]

    @property
    def output_shapes(self) -> list[Shape | None]:
        """The output shape of every layer; None where it is not known yet."""
        if not self._outputs:
            return [None] * len(self._layers)
        return [tensor.shape for tensor in self._outputs[1:]]

    def applications(self) -> list[tuple[Layer, list[Tensor], Tensor]]:
        """Every call of a layer: what was called, with what, and what it gave."""
        pairs = itertools.pairwise(self._outputs)
        return [
            (layer, [below], output)
            for layer, (below, output) in zip(self._layers, pairs, strict=False)
        ]

    def get_config(self) -> dict[str, Any]:
        """The layers, the input first, as JSON can hold them."""
        first = [] if self._first is None else [self._first]
        return {
            "layers": [serialize(layer) for layer in (*first, *self._layers)],
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A model like the one that gave this configuration."""
        return cls(**config)


def _kind(value: Any) -> str:
    """What something that is no layer is, for an error: a class is offered its brackets."""
    if isinstance(value, type):
        return f"the class {value.__name__}; write {value.__name__}(…)"
    return type(value).__name__
