"""The loop: `scan` runs a graph, its body, once for every element of some sequences.

A scan keeps a state of several tensors, the carries. Step t reads the carries and element t of
every sequence, and gives new carries and the outputs of that step:

    inputs of the node:   initial carries, sequences [length, ...], captured tensors
    inputs of the body:   carries,         items     [...],         captured tensors
    outputs of the body:  new carries,     outputs of the step

A node has one value, so each output of a scan is a node of its own: the parameter `output` is the
position among the body's outputs. Below the number of carries it stands for the final carry, from
there on for the step outputs, stacked along a new first axis. Nodes that differ in `output` alone
are one computation (`Primitive.joint`): whoever evaluates or compiles a graph runs the loop once.

What a compiler may rely on:

- `body` is an immutable `Body`, compared by identity. Its graph is closed but for `body.inputs`,
  which are placeholders; whatever it uses from outside is a captured input. A tensor that does not
  change from step to step is computed outside, unless it is a constant or only moves elements.
- Carries keep their dtype and extents. `body.outputs[i]` is the new value of `body.inputs[i]`, and
  every step reads all carries before it writes any.
- `reverse` runs from the last step to the first. Step t still reads item t and writes output t.
- `length` is the number of steps, a number or a formula; it may be 0, and then the final carries
  are the initial ones.
- Extents inside the body are formulas over the symbols of the graph around it. `sizes` lists those
  symbols (`body.symbols`), and so becomes their numbers where parameters are evaluated.
- Back-propagation needs what the forward steps computed. It asks for it by a second body that
  extends the first: `body.extends` computes the same with fewer outputs. Where a graph has scans of
  both over equal inputs, the nodes of the smaller may be read off the larger at the same `output`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import is_complex
from cairnet.base.errors import GraphError, ShapeError
from cairnet.tensor.core import Input, Tensor, apply, topological_order
from cairnet.tensor.extent import Extent, Size, evaluate, symbols_of
from cairnet.tensor.primitive import Primitive, register

__all__ = ["SCAN", "Body", "has_complex", "has_complex_numbers", "scan_node"]

Signature = tuple[tuple[Size, ...], np.dtype[Any]]


class Body:
    """What one step of a scan computes; see the module's description for the order of its parts.

    Attributes:
        inputs: placeholders: carries, items of the sequences, captured tensors.
        outputs: new carries, outputs of the step.
        carries: the number of carries.
        sequences: the number of sequences.
        extends: a body whose inputs and first outputs these are, or None.
        symbols: the unknown extents that the graph of the body mentions.
        has_complex: whether the graph of the body has complex numbers in it.
    """

    __slots__ = (
        "carries",
        "extends",
        "has_complex",
        "inputs",
        "outputs",
        "sequences",
        "symbols",
    )

    def __init__(
        self,
        inputs: Sequence[Input],
        outputs: Sequence[Tensor],
        carries: int,
        sequences: int,
        extends: Body | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.carries = carries
        self.sequences = sequences
        self.extends = extends
        graph = (*self.inputs, *topological_order(self.outputs))
        self.symbols = self._symbols(graph)
        self.has_complex = any(has_complex(tensor) for tensor in graph)

    def _symbols(self, graph: Iterable[Tensor]) -> tuple[Extent, ...]:
        known = set(self.inputs)
        found: dict[Extent, None] = {}
        for tensor in graph:
            if isinstance(tensor, Input) and tensor not in known:
                raise GraphError(
                    f"the step of a scan reads input {tensor.name!r} (made at {tensor.source}), "
                    "which is not among the inputs of its body"
                )
            found.update(dict.fromkeys(symbols_of(tensor.extents)))
            found.update(dict.fromkeys(symbols_of(tuple(tensor.parameters.values()))))
        return tuple(found)

    def __repr__(self) -> str:
        return f"<body of {self.carries} carries, {self.sequences} sequences>"


def has_complex(tensor: Tensor) -> bool:
    """Whether a node is complex, or a loop with complex numbers in its body."""
    if tensor.primitive is SCAN:
        body: Body = tensor.parameters["body"]
        return body.has_complex
    return is_complex(tensor.dtype)


def has_complex_numbers(inputs: Iterable[Tensor], results: Iterable[Tensor]) -> bool:
    """Whether there is a complex number anywhere in a graph, in the bodies of loops too."""
    return any(has_complex(tensor) for tensor in (*inputs, *topological_order(results)))


def scan_node(
    inputs: Sequence[Tensor], body: Body, output: int, length: Size, reverse: bool
) -> Tensor:
    """One output of a scan."""
    return apply(
        SCAN,
        *inputs,
        body=body,
        output=output,
        length=length,
        reverse=reverse,
        sizes=body.symbols,
    )


class Scan(Primitive):
    """One output of a loop over sequences."""

    name = "scan"
    joint = True

    def infer(
        self,
        *inputs: Tensor,
        body: Body,
        output: int,
        length: Size,
        reverse: bool,
        sizes: tuple[Size, ...],
    ) -> Signature:
        _check(inputs, body, length)
        result = body.outputs[output]
        if output < body.carries:
            return inputs[output].extents, result.dtype
        extents = evaluate(result.extents, dict(zip(body.symbols, sizes, strict=True)))
        return (length, *extents), result.dtype

    def meaning(self, *arrays: np.ndarray, output: int, **parameters: Any) -> np.ndarray:
        return self.meanings(*arrays, **parameters)[output]

    def meanings(
        self, *arrays: np.ndarray, body: Body, length: int, reverse: bool, sizes: tuple[int, ...]
    ) -> list[np.ndarray]:
        from cairnet.tensor import extent
        from cairnet.tensor.interpreter import evaluate

        bindings = dict(zip(body.symbols, sizes, strict=True))
        first = body.carries + body.sequences
        state, captured = list(arrays[: body.carries]), arrays[first:]
        sequences = arrays[body.carries : first]
        for array in sequences:
            if len(array) != length:
                raise ShapeError(
                    f"scan: a sequence of {len(array)} items where {length} are needed"
                )
        stacks = [
            np.empty((length, *extent.evaluate(item.extents, bindings)), item.dtype)
            for item in body.outputs[body.carries :]
        ]
        for step in reversed(range(length)) if reverse else range(length):
            values = (*state, *(array[step] for array in sequences), *captured)
            feeds: dict[Tensor, np.ndarray] = dict(zip(body.inputs, values, strict=True))
            results = evaluate(body.outputs, feeds, bindings)
            state = results[: body.carries]
            for stack, result in zip(stacks, results[body.carries :], strict=True):
                stack[step] = result
        return [*state, *stacks]

    def joint_vjp(
        self,
        cotangents: Mapping[int, Tensor | None],
        wanted: Sequence[bool],
        *inputs: Tensor,
        body: Body,
        length: Size,
        reverse: bool,
        sizes: tuple[Size, ...],
    ) -> Sequence[Tensor | None]:
        from cairnet.tensor.primitives.loop_gradient import Backward

        return Backward(cotangents, wanted, inputs, body, length, reverse).shares()


def _check(inputs: Sequence[Tensor], body: Body, length: Size) -> None:
    if len(inputs) != len(body.inputs):
        raise GraphError(f"scan: {len(inputs)} inputs for a body of {len(body.inputs)}")
    after = body.carries + body.sequences
    for position, (given, wanted) in enumerate(zip(inputs, body.inputs, strict=True)):
        extents = given.extents
        if body.carries <= position < after:
            if not extents or _differ(extents[:1], (length,)):
                raise ShapeError(f"scan: sequence {given.shape} over {length} steps")
            extents = extents[1:]
        if given.dtype != wanted.dtype or _differ(extents, wanted.extents):
            raise ShapeError(
                f"scan: input {position} is {given.describe()}, its body reads {wanted.describe()}"
            )
    for position, (old, new) in enumerate(zip(body.inputs[: body.carries], body.outputs)):  # noqa: B905
        if old.dtype != new.dtype or _differ(old.extents, new.extents):
            raise ShapeError(
                f"scan: carry {position} comes in as {old.describe()}, goes out as {new.describe()}"
            )


def _differ(first: Sequence[Size], second: Sequence[Size]) -> bool:
    """Whether two shapes cannot be equal, whatever the unknown extents turn out to be."""
    return len(first) != len(second) or any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(first, second, strict=True)
    )


SCAN = register(Scan())
