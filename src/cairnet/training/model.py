"""Model: a network that can be trained, measured, used and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, GraphError, UnknownNameError
from cairnet.nn.layers import Input, Layer
from cairnet.nn.layers.base import Shape, registry
from cairnet.nn.parts import Part
from cairnet.tensor.core import Tensor, Variable
from cairnet.training.preparation import Place
from cairnet.training.stored import Stored
from cairnet.training.wiring import Wiring, restored

__all__ = ["Model"]


@registry.add
class Model(Stored):
    """A network that knows how to be trained, in one of two forms.

    From tensors: `Model(inputs, outputs)` is everything that leads from the inputs to the outputs.
    Layers may be shared, there may be several inputs and outputs, and arithmetic may stand between
    layers. From a class of one's own, which keeps its layers in attributes and states its output
    in `call`, as every layer does. Layers in a row are simplest as a `Sequential`.

    A model is itself a layer, and can be called in other models.

    Args:
        inputs: a placeholder made by `cn.Input`, or a list of them, or a dict by name.
        outputs: a tensor that layers gave, or a list of them, or a dict by name.
        name: shown in summaries and errors.
        trainable: whether `fit` may change the variables.

    Attributes:
        history: the `History` of the last `fit`.
        stop_training: set to True, ends `fit`.

    Raises:
        ArgumentError: an input that is no placeholder, or two layers that were given one name.
        GraphError: an output depends on a placeholder that is not listed, or an input is not used.

    Example:
        >>> import cairnet as cn
        >>> a, b = cn.Input((4,), name="a"), cn.Input((4,), name="b")
        >>> shared = cn.layers.Dense(3, activation="tanh")
        >>> outputs = cn.concat([shared(a), shared(b)], axis=-1)
        >>> model = cn.Model([a, b], outputs)
        >>> model.output_shape, model.count_params()
        ((None, 6), 15)
        >>> class Twice(cn.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.inner = cn.layers.Dense(1, kernel_initializer="ones")
        ...
        ...     def call(self, x):
        ...         return self.inner(self.inner(x))
        >>> Twice().predict([[3.0]])
        array([[3.]], dtype=float32)
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._wiring: Wiring | None = None
        self._names: list[str] = []
        if (inputs is None) != (outputs is None):
            missing = "inputs" if inputs is None else "outputs"
            raise ArgumentError(f"{missing}: expected tensors, since the other end was given")
        if inputs is not None:
            self._wire(inputs, outputs)

    def _wire(self, inputs: Any, outputs: Any) -> None:
        places, _ = _listed(inputs)
        ends, form = _listed(outputs)
        self._wiring = Wiring(places, ends)
        self._form = form
        self.takes_list = len(places) > 1
        taken: list[str] = []
        for place in self._wiring.inputs:
            taken.append(_free(place.name, taken))
        self._names = list(inputs) if isinstance(inputs, Mapping) else taken
        self.built = True

    @property
    def inputs(self) -> list[Tensor]:
        """The placeholders that the model begins with; empty for a class of one's own."""
        return [] if self._wiring is None else list(self._wiring.inputs)

    @property
    def rows(self) -> int | None:
        """The number of samples in every batch, if it is always the same; None if it varies."""
        return self.inputs[0].shape[0] if self.inputs else None

    @property
    def outputs(self) -> list[Tensor]:
        """The graphs of the outputs; empty for a class of one's own."""
        return [] if self._wiring is None else list(self._wiring.outputs)

    @property
    def input(self) -> Any:
        """What the model begins with: a placeholder, or a list of them if there are several.

        Raises:
            GraphError: it is not known yet.

        Example:
            >>> import cairnet as cn
            >>> base = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
            >>> head = cn.layers.Dense(2)(base.output)
            >>> cn.Model(base.input, head).output_shape
            (None, 2)
        """
        return self._only(self.inputs, "input")

    @property
    def output(self) -> Any:
        """What the model gives: a tensor, or a list of them if there are several; see `input`.

        Raises:
            GraphError: it is not known yet.
        """
        return self._only(self.outputs, "output")

    def _only(self, tensors: list[Tensor], name: str) -> Any:
        if not tensors:
            raise GraphError(
                f"model {self.name!r} has no {name} yet: begin it with cn.Input(shape), or give it "
                "data"
            )
        return tensors[0] if len(tensors) == 1 else tensors

    @property
    def layers(self) -> list[Layer]:
        """The layers, in the order in which they are first needed, without the inputs."""
        return [part for part in self.parts().values() if isinstance(part, Layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name, or of a position.

        Args:
            name: of the layer.
            index: its position, in place of a name.

        Raises:
            UnknownNameError: there is none; the nearest name is offered.
            ArgumentError: no name and no position, or a position beyond the last layer.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3, name="classes")])
            >>> model.get_layer("classes").units, model.get_layer(index=-1).name
            (3, 'classes')
        """
        found = {key: part for key, part in self.parts().items() if isinstance(part, Layer)}
        if name is not None:
            if name not in found:
                raise UnknownNameError("layer", name, found)
            return found[name]
        if index is None or not -len(found) <= index < len(found):
            raise ArgumentError(
                f"index: expected a name, or a position below {len(found)}, got {index!r}"
            )
        return list(found.values())[index]

    def applications(self) -> list[tuple[Layer, list[Tensor], Tensor]]:
        """Every call of a layer: what was called, with what, and what it gave."""
        if self._wiring is None:
            return []
        return [
            (step.call.layer, step.inputs(), output)
            for step in self._wiring.steps
            if not isinstance(step, Tensor)
            for output in step.outputs.values()
        ]

    def parts(self) -> Mapping[str, Part | Variable]:
        """The layers by name, and variables that stand in arithmetic between them."""
        if self._wiring is None:
            return super().parts()
        found: dict[str, Part | Variable] = dict(self._wiring.layers)
        for variable in self._wiring.variables:
            found[_free(variable.name.replace("/", "_"), found)] = variable
        return found

    def call(self, *inputs: Any) -> Any:
        """The graphs of the outputs; a class of one's own states them here."""
        if self._wiring is None:
            raise GraphError(
                f"model {self.name!r} ({type(self).__name__}) says nowhere what it computes: give "
                "it inputs and outputs, or write `def call(self, x)` in its class"
            )
        given = inputs[0] if self.takes_list else inputs
        return self._formed(self._wiring.apply(given))

    @property
    def places(self) -> list[Place] | None:
        """The inputs; None if they are not known."""
        if self._wiring is None:
            return None
        return [
            Place(name, place.shape[1:], place.dtype)
            for name, place in zip(self._names, self._wiring.inputs, strict=True)
        ]

    def input_limits(self) -> list[int | None]:
        """For inputs that are numbers of rows in a table, how many rows; None for other inputs."""
        if self._wiring is None:
            return []
        limits: dict[Tensor, int] = {}
        for layer, inputs, _ in self.applications():
            for tensor, limit in zip(inputs, layer.input_limits(), strict=False):
                if limit is not None:
                    limits[tensor] = min(limit, limits.get(tensor, limit))
        return [limits.get(tensor) for tensor in self._wiring.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of several outputs: the dict's keys, or those of the layers that gave them."""
        if self._wiring is None or self._form is Tensor:
            return []
        if isinstance(self._form, tuple):
            return [str(name) for name in self._form]
        names = {id(layer): name for name, layer in self._wiring.layers.items()}
        taken: list[str] = []
        for tensor in self._wiring.outputs:
            layer = self._wiring.layer_of(tensor)
            taken.append(_free("output" if layer is None else names[id(layer)], taken))
        return taken

    def outputs_for(self, inputs: Sequence[np.ndarray]) -> list[Tensor]:
        """The graphs of the outputs for arrays like these; makes the variables if need be."""
        return self.outputs or super().outputs_for(inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, with None for extents that vary; for several outputs a list.

        Raises:
            GraphError: the shape of the input is not known yet.
        """
        shapes: list[Shape] = [tensor.shape for tensor in self.outputs]
        if not shapes:
            raise GraphError(
                f"model {self.name!r} has no output shape yet: begin it with cn.Input(shape), "
                "or give it data"
            )
        return shapes[0] if len(shapes) == 1 else shapes

    def summary(self) -> None:
        """Print the layers: output shapes, parameters, memory and arithmetic for one sample.

        Example:
            >>> import cairnet as cn
            >>> cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)]).summary()
            Sequential 'sequential'
            ...
            15 parameters, 60 bytes
            27 floating-point operations and 12 bytes of layer outputs for one sample
        """
        from cairnet.training.summary import print_summary

        print_summary(self)

    def get_config(self) -> dict[str, Any]:
        """Inputs, layers and calls, as JSON can hold them; or the constructor's arguments."""
        if self._wiring is None:
            return super().get_config()
        inputs = [
            {"name": name, "shape": list(place.shape), "dtype": place.dtype.name}
            for name, place in zip(self._names, self._wiring.inputs, strict=True)
        ]
        form = list(self._form) if isinstance(self._form, tuple) else self._form is list
        return {
            "inputs": inputs,
            "outputs": {**self._wiring.configuration(), "form": form},
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A model like the one that gave this configuration."""
        saved = config.get("outputs")
        if not isinstance(saved, Mapping):
            return cls(**config)
        try:
            places = [
                Input(one["shape"][1:], one["dtype"], one["name"], batch_size=one["shape"][0])
                for one in config["inputs"]
            ]
        except (IndexError, KeyError, TypeError) as error:
            raise ArgumentError(f"the inputs of the model are damaged: {error!r}") from None
        tensors, form = restored(places, saved), saved.get("form")
        outputs: Any = tensors if form is True else tensors[0]
        if isinstance(form, list):
            outputs = dict(zip(form, tensors, strict=False))
        rest = {name: config[name] for name in ("name", "trainable") if name in config}
        return cls(places if len(places) > 1 else places[0], outputs, **rest)


def _listed(tensors: Any) -> tuple[list[Any], Any]:
    """One tensor, a list or a dict of them, as a list and its form."""
    if isinstance(tensors, Mapping):
        return list(tensors.values()), tuple(tensors)
    if not isinstance(tensors, list | tuple):
        return [tensors], Tensor
    if not tensors:
        raise ArgumentError("inputs, outputs: expected at least one tensor, got an empty list")
    return list(tensors), Tensor if len(tensors) == 1 else list


def _free(name: str, taken: Any) -> str:
    """The name, or the name and a number where it is taken."""
    candidate, number = name, 0
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
