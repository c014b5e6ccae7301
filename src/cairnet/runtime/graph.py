"""What a function is made of, before any backend sees it: inputs, outputs, updates, checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cairnet.base.errors import ArgumentError, GraphError, ShapeError
from cairnet.tensor.core import Input, Tensor, Variable, topological_order
from cairnet.tensor.extent import Extent, Size, evaluate, is_symbol, symbols_of
from cairnet.tensor.primitives import GATHER, SIZE, WATCH
from cairnet.tensor.primitives.linalg_matrices import MatrixPrimitive
from cairnet.tensor.primitives.loops import Body
from cairnet.tensor.substitution import substitute

__all__ = ["FunctionGraph", "build_graph"]


@dataclass(frozen=True)
class FunctionGraph:
    """A checked graph.

    Attributes:
        inputs: the placeholders, in the order of the call's arguments.
        outputs: what a call returns.
        updates: variables with the expressions of their new values.
        watches: the nodes whose values are reported to their watchers.
        constraints: pairs of sizes that must turn out equal, with the node where they meet.
        counted: the unknown extents that loops run over: all but those along which inputs are
            only looked up, as the rows of a data set are.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Tensor, ...]
    updates: tuple[tuple[Variable, Tensor], ...]
    watches: tuple[Tensor, ...]
    constraints: tuple[tuple[Size, Size, Tensor], ...]
    counted: tuple[Extent, ...]

    def check_sizes(self, bindings: Mapping[Extent, int]) -> None:
        """Refuse sizes under which shapes that meet do not agree."""
        for first, second, tensor in self.constraints:
            a, b = evaluate(first, bindings), evaluate(second, bindings)
            if a != b:
                raise ShapeError(
                    f"{tensor.primitive.name}, written at {tensor.source}: unknown extents that "
                    f"meet must be equal, but here {first} is {a} and {second} is {b}"
                )


def build_graph(
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    updates: Mapping[Any, Any] | None,
    givens: Mapping[Any, Any] | None,
) -> FunctionGraph:
    """Check the parts of a function and put them together."""
    _check_inputs(inputs)
    for output in outputs:
        if not isinstance(output, Tensor):
            raise ArgumentError(f"outputs: expected tensors, got {type(output).__name__}")
    pairs = [_check_update(variable, value) for variable, value in (updates or {}).items()]
    results = [*outputs, *(value for _, value in pairs)]
    if givens:
        results = substitute(results, givens, _sizes_given(inputs, givens))
    listed = set(inputs)
    order = topological_order(results)
    for tensor in order:
        if isinstance(tensor, Input) and tensor not in listed:
            raise GraphError(
                f"input {tensor.name!r} ({tensor.describe()}, made at {tensor.source}) is needed, "
                "but is not among the function's inputs"
            )
    _check_symbols(inputs, order)
    constraints: dict[tuple[Size, Size], Tensor] = {}
    for tensor in order:
        for first, second, place in _constraints(tensor):
            constraints.setdefault((first, second), place)
    return FunctionGraph(
        tuple(inputs),
        tuple(results[: len(outputs)]),
        tuple(
            (variable, value)
            for (variable, _), value in zip(pairs, results[len(outputs) :], strict=True)
        ),
        tuple(tensor for tensor in order if tensor.primitive is WATCH),
        tuple((first, second, place) for (first, second), place in constraints.items()),
        _counted(results, order),
    )


def _check_inputs(inputs: Sequence[Any]) -> None:
    for position, tensor in enumerate(inputs):
        if not isinstance(tensor, Input):
            made = tensor.describe() if isinstance(tensor, Tensor) else type(tensor).__name__
            raise ArgumentError(
                f"inputs[{position}]: expected a placeholder made by cn.input, got {made}"
            )
    if len(set(inputs)) != len(inputs):
        raise ArgumentError("inputs: a placeholder is listed twice")


def _sizes_given(inputs: Sequence[Input], givens: Mapping[Tensor, Tensor]) -> dict[Extent, Size]:
    """What the extents of replaced tensors come to, where no argument of a call tells it."""
    told = {symbol for tensor in inputs for symbol in symbols_of(tensor.extents)}
    sizes: dict[Extent, Size] = {}
    for old, new in givens.items():
        for own, size in zip(old.extents, new.extents, strict=False):
            if isinstance(own, Extent):
                if is_symbol(own) and own not in told:
                    sizes.setdefault(own, size)
            elif isinstance(size, int) and size != own:
                raise ShapeError(
                    f"givens: {old.describe()} (made at {old.source}) cannot be replaced by "
                    f"{new.describe()}: known extents must agree"
                )
    return sizes


def _check_symbols(inputs: Sequence[Input], order: Sequence[Tensor]) -> None:
    """Refuse sizes that no argument of a call can tell."""
    told = {
        size
        for tensor in inputs
        for size in tensor.extents
        if isinstance(size, Extent) and is_symbol(size)
    }
    for tensor in (*inputs, *order):
        for symbol in symbols_of((tensor.extents, *tensor.parameters.values())):
            if symbol not in told:
                name = getattr(tensor, "name", tensor.primitive.name)
                raise GraphError(
                    f"{name} ({tensor.describe()}, made at {tensor.source}) has a size that "
                    f"depends on {symbol}, and none of the function's inputs has that extent; add "
                    "the input whose axis it is"
                )


def _counted(results: Sequence[Tensor], order: Sequence[Tensor]) -> tuple[Extent, ...]:
    """The unknown extents of results, and of all that is computed or read as a whole."""
    sizes: list[Any] = [tensor.extents for tensor in results]
    for tensor in order:
        if isinstance(tensor, Input):
            continue
        looked_up = tensor.primitive is GATHER
        sizes += [item.extents for item in tensor.inputs[1 if looked_up else 0 :]]
        sizes.append(tensor.extents)
        if tensor.primitive is not SIZE:
            sizes += tensor.parameters.values()
    return tuple(dict.fromkeys(symbols_of(tuple(sizes))))


def _check_update(variable: Any, value: Any) -> tuple[Variable, Tensor]:
    from cairnet.tensor.functions.arguments import as_tensor

    if not isinstance(variable, Variable):
        raise ArgumentError(f"updates: expected variables as keys, got {type(variable).__name__}")
    new = as_tensor(value)
    if new.dtype != variable.dtype:
        raise ArgumentError(
            f"updates: variable {variable.name!r} is {variable.describe()}, its new value "
            f"(made at {new.source}) is {new.describe()}; convert it with cn.astype"
        )
    fits = new.ndim == variable.ndim and all(
        size == own or not isinstance(size, int)
        for size, own in zip(new.extents, variable.extents, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"updates: variable {variable.name!r} is {variable.describe()}, its new value "
            f"(made at {new.source}) is {new.describe()}"
        )
    return variable, new


def _constraints(tensor: Tensor) -> list[tuple[Size, Size, Tensor]]:
    """Sizes that this node takes for equal and that are not the same formula."""
    own = [(a, b, tensor) for a, b in _meetings(tensor)]
    body = tensor.parameters.get("body")
    if isinstance(body, Body):
        inside = topological_order(body.outputs)
        own += [constraint for inner in inside for constraint in _constraints(inner)]
        sizes = dict(zip(body.symbols, tensor.parameters["sizes"], strict=True))
        own = [(evaluate(a, sizes), evaluate(b, sizes), place) for a, b, place in own]
    return [(a, b, place) for a, b, place in own if a != b]


def _meetings(tensor: Tensor) -> list[tuple[Size, Size]]:
    inputs, parameters = tensor.inputs, tensor.parameters
    name = tensor.primitive.name
    if tensor.primitive.elementwise:
        return [pair for item in inputs for pair in zip(item.extents, tensor.extents, strict=True)]
    if name == "broadcast":
        lead = tensor.ndim - inputs[0].ndim
        pairs = zip(inputs[0].extents, tensor.extents[lead:], strict=True)
        return [(own, wanted) for own, wanted in pairs if own != 1]
    if name == "dot":
        return [
            (inputs[0].extents[i], inputs[1].extents[j])
            for left, right in (parameters["contract"], parameters["batch"])
            for i, j in zip(left, right, strict=True)
        ]
    if name == "concatenate":
        axis = parameters["axis"]
        return [
            (own, wanted)
            for item in inputs
            for i, (own, wanted) in enumerate(zip(item.extents, tensor.extents, strict=True))
            if i != axis
        ]
    if name == "reshape":
        return [(_product(inputs[0].extents), _product(tensor.extents))]
    if name in ("gather", "scatter_add"):
        indices = inputs[1:]
        return [
            pair
            for index in indices[1:]
            for pair in zip(index.extents, indices[0].extents, strict=True)
        ]
    if name == "convolve_weight_gradient":
        return [(inputs[0].extents[0], inputs[1].extents[0])]
    if name == "window_take":
        return list(zip(inputs[1].extents, tensor.extents, strict=True))
    if name == "window_put":
        return list(zip(inputs[0].extents, inputs[1].extents, strict=True))
    if name == "scan":
        return _scan_meetings(tensor)
    if isinstance(tensor.primitive, MatrixPrimitive):
        return tensor.primitive.meetings(*inputs)
    return []


def _scan_meetings(tensor: Tensor) -> list[tuple[Size, Size]]:
    """Sequences are as long as the loop; a new carry has the shape of the old one."""
    body, length = tensor.parameters["body"], tensor.parameters["length"]
    after = body.carries + body.sequences
    pairs: list[tuple[Size, Size]] = []
    for position, (given, place) in enumerate(zip(tensor.inputs, body.inputs, strict=True)):
        extents = given.extents
        if body.carries <= position < after:
            pairs.append((extents[0], length))
            extents = extents[1:]
        pairs.extend(zip(extents, place.extents, strict=True))
    for old, new in zip(body.inputs[: body.carries], body.outputs, strict=False):
        pairs.extend(zip(new.extents, old.extents, strict=True))
    return pairs


def _product(sizes: Sequence[Size]) -> Size:
    total: Size = 1
    for size in sizes:
        total = size * total
    return total
