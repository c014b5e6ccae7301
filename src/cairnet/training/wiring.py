"""Wiring: the layer calls that lead from some tensors to others, found by going backwards.

A layer that is called notes the call on what it gives (see `cairnet.nn.calls`). From the outputs
of a model the notes lead back to its inputs; what is found on the way are the model's layers, and
in the reverse order a recipe that can be repeated for other inputs, in training or out of it.
Arithmetic between layers, as in `x + y`, leaves no note, but it is a graph by itself and is
repeated node by node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cairnet.base.errors import ArgumentError, GraphError, ShapeError
from cairnet.base.registry import serialize
from cairnet.nn.calls import Call, Position, call_of, tensors_in
from cairnet.nn.layers.base import Layer, registry
from cairnet.tensor.core import Input, Tensor, Variable, apply_for
from cairnet.tensor.extent import Extent, Size, evaluate, is_symbol

__all__ = ["Step", "Wiring", "restored"]


@dataclass
class Step:
    """One application of a layer, with everything that it gave.

    Attributes:
        call: the layer and what it was given.
        outputs: the tensors, by their position; that of a single one is empty.
    """

    call: Call
    outputs: dict[Position, Tensor] = field(default_factory=dict)

    def inputs(self) -> list[Tensor]:
        """The tensors that the layer was given, in one list."""
        return self.call.tensors()


class Wiring:
    """What leads from inputs to outputs.

    Args:
        inputs: placeholders, made by `cn.Input`.
        outputs: tensors that depend on them, and on no other placeholder.

    Attributes:
        steps: layer calls and single nodes of arithmetic, each behind what it needs.
        layers: the layers by name; where two have the same name, a number is added.
        variables: variables that stand in arithmetic between layers.

    Raises:
        ArgumentError: something that is not a placeholder, or not a tensor.
        GraphError: an output depends on a placeholder that is not among the inputs, or an input
            leads to no output.
    """

    def __init__(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.inputs = tuple(_checked_input(index, one) for index, one in enumerate(inputs))
        self.outputs = tuple(_checked_output(index, one) for index, one in enumerate(outputs))
        if len(set(self.inputs)) != len(self.inputs):
            raise ArgumentError("inputs: a placeholder is listed twice")
        self.steps: list[Step | Tensor] = []
        self.variables: list[Variable] = []
        self._walk()
        self.layers = _named(self.steps)

    def _walk(self) -> None:
        """List every step behind what it needs; no recursion, since networks are deep."""
        steps: dict[int, Step] = {}
        done: set[Any] = {id(tensor) for tensor in self.inputs}
        given, reached = set(self.inputs), set(self.outputs)
        stack: list[tuple[Tensor, bool]] = [(tensor, False) for tensor in reversed(self.outputs)]
        while stack:
            tensor, ready = stack.pop()
            call = None if tensor in given else call_of(tensor)
            # All tensors that one call gave share the tuple of its inputs.
            key = id(tensor) if call is None else id(call.inputs)
            if call is not None:
                step = steps.setdefault(key, Step(call))
                step.outputs[call.position] = tensor
            if key in done:
                continue
            if ready:
                done.add(key)
                self._enter(tensor if call is None else steps[key])
                continue
            needed = tensor.inputs if call is None else steps[key].inputs()
            reached.update(needed)
            stack.append((tensor, True))
            stack.extend((below, False) for below in reversed(needed) if id(below) not in done)
        for tensor in self.inputs:
            if tensor not in reached:
                raise GraphError(
                    f"inputs: {tensor.name!r} ({tensor.describe()}, made at {tensor.source}) leads "
                    "to none of the outputs"
                )

    def _enter(self, step: Step | Tensor) -> None:
        if isinstance(step, Input):
            listed = ", ".join(repr(one.name) for one in self.inputs)
            raise GraphError(
                f"outputs: they depend on the placeholder {step.name!r} ({step.describe()}, made "
                f"at {step.source}), which is not among the inputs ({listed})"
            )
        if isinstance(step, Variable):
            self.variables.append(step)
        elif isinstance(step, Step) or not step.closed:
            self.steps.append(step)

    def apply(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The outputs for other inputs: every layer is called again.

        Raises:
            ShapeError: a number of inputs, or a shape or dtype, that does not fit.
        """
        if len(inputs) != len(self.inputs):
            raise ShapeError(
                f"expected {len(self.inputs)} inputs "
                f"({', '.join(one.name for one in self.inputs)}), got {len(inputs)}"
            )
        sizes: dict[Extent, Size] = {}
        for place, given in zip(self.inputs, inputs, strict=True):
            _fit(place, given, sizes)
        known: dict[Tensor, Tensor] = dict(zip(self.inputs, inputs, strict=True))
        for step in self.steps:
            if isinstance(step, Tensor):
                known[step] = _again(step, known, sizes)
                continue
            call = step.call
            result = call.layer(
                *(_replaced(each, known) for each in call.inputs),
                training=call.training,
                **{name: _replaced(each, known) for name, each in call.options.items()},
            )
            for position, tensor in step.outputs.items():
                known[tensor] = _at(result, position)
        return [known.get(tensor, tensor) for tensor in self.outputs]

    def layer_of(self, tensor: Tensor) -> Layer | None:
        """The layer that gave an output; None for arithmetic, or for an input itself."""
        call = call_of(tensor)
        return None if call is None or tensor in set(self.inputs) else call.layer

    def configuration(self) -> dict[str, Any]:
        """Layers and calls as JSON can hold them; see `restored`.

        Raises:
            ArgumentError: there is arithmetic between the layers, which has no name to be saved
                under.
        """
        places: dict[Tensor, Any] = {one: index for index, one in enumerate(self.inputs)}
        names = {id(layer): name for name, layer in self.layers.items()}
        calls: list[dict[str, Any]] = []
        for step in self.steps:
            if isinstance(step, Tensor):
                raise ArgumentError(
                    f"{step.primitive.name}, written at {step.source}, cannot be saved: it stands "
                    "between the layers of the model. Use a layer, such as cn.layers.Add, or "
                    "write one"
                )
            for position, tensor in step.outputs.items():
                places[tensor] = [len(calls), list(position)]
            calls.append(
                {
                    "layer": names[id(step.call.layer)],
                    "inputs": [_place(given, places) for given in step.call.inputs],
                    "training": step.call.training,
                    "options": {
                        name: _saved_option(given, places)
                        for name, given in step.call.options.items()
                    },
                }
            )
        return {
            "layers": {name: _saved(name, layer) for name, layer in self.layers.items()},
            "calls": calls,
            "tensors": [_place(tensor, places) for tensor in self.outputs],
        }


def restored(inputs: Sequence[Tensor], saved: Mapping[str, Any]) -> list[Tensor]:
    """The outputs that `Wiring.configuration` described, made from new layers.

    A place is the number of an input, or the number of a call and the position of its output.

    Raises:
        ArgumentError: the description is not one.
    """
    try:
        layers = {name: registry.get(value) for name, value in saved["layers"].items()}
        for name, layer in layers.items():
            layer.name = name
        results: list[Any] = []

        def find(place: Any) -> Any:
            if isinstance(place, int):
                return inputs[place]
            call, position = place
            return _at(results[call], position)

        for call in saved["calls"]:
            given = [_restored_input(each, find) for each in call["inputs"]]
            said = {name: _restored_input(each, find) for name, each in call["options"].items()}
            results.append(layers[call["layer"]](*given, training=call["training"], **said))
        return [find(place) for place in saved["tensors"]]
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ArgumentError(f"the calls of its layers are damaged: {error!r}") from None


def _at(result: Any, position: Sequence[Any]) -> Any:
    """The tensor at a position of what a layer gave."""
    for key in position:
        result = result[key]
    return result


def _replaced(given: Any, known: Mapping[Tensor, Tensor]) -> Any:
    """An input or option with other tensors in the places of those that are known."""
    if isinstance(given, list):
        return [_replaced(one, known) for one in given]
    return known.get(given, given) if isinstance(given, Tensor) else given


def _place(given: Any, places: Mapping[Tensor, Any]) -> Any:
    if isinstance(given, list):
        return {"list": [_place(one, places) for one in given]}
    if given not in places:
        raise ArgumentError(
            f"{given.describe()}, made at {given.source}, cannot be saved: it is a constant or a "
            "variable outside of all layers. Write a layer that owns it"
        )
    return places[given]


def _saved_option(given: Any, places: Mapping[Tensor, Any]) -> Any:
    """An option: the places of tensors, or plain data as it is."""
    if any(True for _ in tensors_in(given)):
        return _place(given, places)
    return {"value": serialize(given)}


def _restored_input(saved: Any, find: Callable[[Any], Any]) -> Any:
    if not isinstance(saved, Mapping):
        return find(saved)
    if "value" in saved:
        return saved["value"]
    return [_restored_input(one, find) for one in saved["list"]]


def _saved(name: str, layer: Layer) -> Any:
    """A layer in its saved form, under its name in the model."""
    saved = serialize(layer)
    if "name" in saved["config"]:
        saved["config"] = {**saved["config"], "name": name}
    return saved


def _named(steps: Sequence[Step | Tensor]) -> dict[str, Layer]:
    """Every layer once, under its name, or its name and a number where that is taken.

    Names that the user gave come first; two layers to which he gave one name are refused.
    """
    layers = list({id(s.call.layer): s.call.layer for s in steps if isinstance(s, Step)}.values())
    own = [layer.name for layer in layers if layer.has_own_name]
    for name in own:
        if own.count(name) > 1:
            raise ArgumentError(
                f"layers: expected different names, got {name!r} twice; give one of them "
                "another, with name=…"
            )
    named: dict[str, Layer] = {}
    for layer in layers:
        name, number = layer.name, 0
        while not layer.has_own_name and (name in named or name in own):
            number += 1
            name = f"{layer.name}_{number}"
        named[name] = layer
    return named


def _again(node: Tensor, known: Mapping[Tensor, Tensor], sizes: Mapping[Extent, Any]) -> Tensor:
    """A node of arithmetic, with other inputs and the sizes that those have."""
    inputs = [known.get(one, one) for one in node.inputs]
    parameters = {name: evaluate(value, sizes) for name, value in node.parameters.items()}
    return apply_for(node, node.primitive, *inputs, **parameters)


def _fit(place: Input, given: Tensor, sizes: dict[Extent, Size]) -> None:
    """Check what is given for an input, and note what its unknown extents have become."""
    fits = given.ndim == place.ndim and all(
        own is None or other is None or own == other
        for own, other in zip(place.shape[1:], given.shape[1:], strict=True)
    )
    if not fits or given.dtype != place.dtype:
        raise ShapeError(
            f"input {place.name!r}: expected {place.describe()}, got {given.describe()}"
        )
    pairs = zip(place.extents, given.extents, strict=True)
    sizes.update((own, size) for own, size in pairs if isinstance(own, Extent) and is_symbol(own))


def _checked_input(index: int, value: Any) -> Input:
    if not isinstance(value, Input):
        given = value.describe() if isinstance(value, Tensor) else type(value).__name__
        raise ArgumentError(
            f"inputs[{index}]: expected a placeholder made by cn.Input(shape), got {given}"
        )
    return value


def _checked_output(index: int, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise ArgumentError(
            f"outputs[{index}]: expected a tensor that layers gave, got {type(value).__name__}"
        )
    return value
