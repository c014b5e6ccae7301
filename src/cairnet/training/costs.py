"""What the layers of a model cost: parameters, memory and arithmetic for one sample."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cairnet.nn.layers import Layer
from cairnet.nn.layers.base import Shape
from cairnet.tensor.core import Tensor, topological_order
from cairnet.tensor.extent import Extent, evaluate, symbols_of

if TYPE_CHECKING:
    from cairnet.training.model import Model

__all__ = ["Cost", "costs"]

_CONVOLUTIONS = ("convolve", "convolve_input_gradient")
_REDUCTIONS = ("sum", "product", "max", "min", "argmax", "argmin")
_FREE = ("cast", "bitcast")


@dataclass(frozen=True)
class Cost:
    """What one layer of a model comes to.

    Attributes:
        name: of the layer in the model.
        layer: itself.
        shape: of its output; None where it is not known yet.
        operations: additions, multiplications and other elementary functions for one sample, a
            product and its addition being two; None where an extent is not known.
        output_bytes: the size of its output for one sample.
    """

    name: str
    layer: Layer
    shape: Shape | None
    operations: int | None
    output_bytes: int | None


def costs(model: Model) -> list[Cost]:
    """The cost of every layer of a model, in order; a shared layer counts all its calls.

    >>> import cairnet as cn
    >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
    >>> [(cost.name, cost.operations, cost.output_bytes) for cost in costs(model)]
    [('dense', 27, 12)]
    """
    applied: dict[int, list[tuple[Sequence[Tensor], Tensor]]] = {}
    for layer, inputs, output in model.applications():
        applied.setdefault(id(layer), []).append((inputs, output))
    found = []
    for name, part in model.parts().items():
        if not isinstance(part, Layer):
            continue
        calls = applied.get(id(part), [])
        if not calls:
            found.append(Cost(name, part, None, None, None))
            continue
        operations = [_operations(inputs, output) for inputs, output in calls]
        sizes = [_bytes(output) for _, output in calls]
        found.append(Cost(name, part, calls[-1][1].shape, _total(operations), _total(sizes)))
    return found


def _total(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _operations(inputs: Sequence[Tensor], output: Tensor) -> int | None:
    """The operations between the inputs of a layer and its output."""
    below = set(inputs)
    nodes = topological_order([output], stop=lambda tensor: tensor in below)
    inside = [node for node in nodes if node not in below and not node.closed]
    # All outputs of a loop are one computation.
    unique = {_loop_of(node): node for node in inside}
    return _for_one(output, _total([_of_node(node, output) for node in unique.values()]))


def _loop_of(node: Tensor) -> tuple[int, ...]:
    if node.primitive.name != "scan":
        return (id(node),)
    return (id(node.parameters["body"]), *map(id, node.inputs))


def _for_one(output: Tensor, number: int | None) -> int | None:
    """What is so for a batch of a known number of samples, for one of them."""
    rows = output.shape[0] if output.ndim else None
    return number if number is None or not rows else number // rows


def _of_node(node: Tensor, output: Tensor) -> int | None:
    name = node.primitive.name
    if name == "scan":
        body = node.parameters["body"]
        steps = topological_order(body.outputs)
        inside = [_of_node(step, output) for step in steps if not step.closed]
        return _scaled(1, _total(inside), *_numbers(output, [node.parameters["length"]]))
    if name == "dot":
        inner = [node.inputs[0].extents[axis] for axis in node.parameters["contract"][0]]
        return _scaled(2, _size(node, output), *_numbers(output, inner))
    if name in _CONVOLUTIONS:
        wide = node if name == "convolve" else node.inputs[0]
        return _scaled(2, _size(wide, output), *_numbers(output, node.inputs[1].extents[:-1]))
    if name in _REDUCTIONS:
        return _size(node.inputs[0], output)
    if name in ("window_sum", "window_argmax"):
        return _scaled(1, _size(node, output), *_numbers(output, node.parameters["window"]))
    if node.primitive.elementwise and name not in _FREE:
        return _size(node, output)
    return 0


def _size(tensor: Tensor, output: Tensor) -> int | None:
    return _scaled(1, *_numbers(output, tensor.extents))


def _bytes(tensor: Tensor) -> int | None:
    return _for_one(tensor, _scaled(tensor.dtype.itemsize, _size(tensor, tensor)))


def _scaled(factor: int, *numbers: int | None) -> int | None:
    known = [number for number in numbers if number is not None]
    return factor * math.prod(known) if len(known) == len(numbers) else None


def _numbers(output: Tensor, extents: Sequence[int | Extent]) -> Iterator[int | None]:
    """Extents as numbers for a batch of one sample; None for those that stay unknown.

    The first axis of the layer's output is that of the batch.
    """
    for extent in extents:
        first = output.extents[0] if output.ndim else None
        single = {symbol: 1 for symbol in symbols_of(first) if symbol == first}
        value = evaluate(extent, single)
        yield value if isinstance(value, int) else None
