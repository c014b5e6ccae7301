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

from cairnet.base.dtypes import is_complex, is_differentiable
from cairnet.base.errors import GraphError, ShapeError
from cairnet.tensor.core import Input, Tensor, apply, topological_order
from cairnet.tensor.extent import Extent, Size, evaluate, symbols_of
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.loop_sums import Plan, StepSums
from cairnet.tensor.primitives.movement import filled
from cairnet.tensor.substitution import substitute

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
        return _Backward(cotangents, wanted, inputs, body, length, reverse).shares()


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


class _Backward:
    """Back-propagation through time: a scan that walks the steps in the opposite order.

    Going back over one step turns the cotangents of its new carries and outputs into those of its
    old carries, items and captured tensors. The first are the carries of the backward scan, the
    second its outputs; the third are added up over all steps, in carries of their own.

    What the backward step reads of the forward step becomes a sequence: the forward scan is
    extended so that it puts those tensors out.
    """

    def __init__(
        self,
        cotangents: Mapping[int, Tensor | None],
        wanted: Sequence[bool],
        inputs: Sequence[Tensor],
        body: Body,
        length: Size,
        reverse: bool,
    ) -> None:
        self.inputs = inputs
        self.body = body
        self.length = length
        self.reverse = reverse
        after = body.carries + body.sequences
        live = _live_carries(body, wanted)
        self.carries = [i for i in range(body.carries) if live[i]]
        self.items = [i for i in range(body.carries, after) if _flows(body.inputs[i], wanted[i])]
        self.captured = [i for i in range(after, len(inputs)) if _flows(body.inputs[i], wanted[i])]
        self.final = {i: cotangents.get(i) for i in self.carries}
        self.stacked = {
            i: share
            for i, share in sorted(cotangents.items())
            if i >= body.carries and share is not None
        }

    def shares(self) -> list[Tensor | None]:
        """One cotangent for each input of the scan, None where nothing flows."""
        result: list[Tensor | None] = [None] * len(self.inputs)
        sources = [*self.carries, *self.items, *self.captured]
        if not sources or not (self.stacked or any(v is not None for v in self.final.values())):
            return result
        # Placeholders of one backward step.
        seeds = {i: _like(self.body.outputs[i]) for i in (*self.carries, *self.stacked)}
        pulled = self._pull_back(seeds, sources)
        sums, plans = self._sums(pulled)
        added = [i for i in self.captured if i not in plans]
        totals = {i: _like(self.body.inputs[i]) for i in added}
        shares = [s for i, s in pulled.items() if s is not None and i not in plans]
        read = self._residuals([*shares, *sums.emitted])
        places = {tensor: _like(tensor) for tensor in read}
        old = self.body.inputs
        new_carries = [_or_zeros(pulled[i], old[i]) for i in self.carries]
        new_totals = [totals[i] + _or_zeros(pulled[i], old[i]) for i in added]
        items = [_or_zeros(pulled[i], old[i]) for i in self.items]
        stored, captured = self._sources([*read, *(t for t in sums.stored if t not in places)])
        sequences = {tensor: stack for tensor, stack in stored.items() if tensor in places}
        results = [*new_carries, *new_totals, *items]
        more = list(sums.emitted)
        backward = Body(
            inputs=[
                *(seeds[i] for i in self.carries),
                *totals.values(),
                *(seeds[i] for i in self.stacked),
                *(places[tensor] for tensor in (*sequences, *captured)),
            ],
            outputs=substitute([*results, *more], places),
            carries=len(self.carries) + len(totals),
            sequences=len(self.stacked) + len(sequences),
        )
        arguments = [
            *(_or_zeros(self.final[i], self.inputs[i]) for i in self.carries),
            *(filled(0, self.inputs[i]) for i in added),
            *self.stacked.values(),
            *sequences.values(),
            *captured.values(),
        ]

        def output(number: int) -> Tensor:
            return scan_node(arguments, backward, number, self.length, not self.reverse)

        for number, position in enumerate([*self.carries, *added, *self.items]):
            if pulled[position] is not None or position in self.final:
                result[position] = output(number)
        first = len(self.carries) + len(added)
        stacks = dict(stored)
        stacks.update(
            (t, output(first + n)) for n, t in enumerate([*items, *more]) if t in sums.needed
        )
        for position, plan in plans.items():
            result[position] = plan(stacks.__getitem__)
        return result

    def _sums(self, pulled: Mapping[int, Tensor | None]) -> tuple[StepSums, dict[int, Plan]]:
        """What is added up after the loop, and how; what is not, in carries of the loop."""
        after = self.body.carries + self.body.sequences
        sums = StepSums(
            forward=set(topological_order(self.body.outputs)) | set(self.body.inputs),
            whole=set(self.body.inputs[after:]),
            given={share for i in self.items if (share := pulled[i]) is not None},
        )
        plans: dict[int, Plan] = {}
        # Products first: they ask for stacks of which sums can make use.
        for _ in range(2):
            for i in self.captured:
                share = pulled[i]
                plan = sums.plan(share) if share is not None and i not in plans else None
                if plan is not None:
                    plans[i] = plan
        return sums, plans

    def _pull_back(
        self, seeds: dict[int, Input], sources: Sequence[int]
    ) -> dict[int, Tensor | None]:
        from cairnet.tensor.gradient import pull_back

        outputs = [self.body.outputs[i] for i in seeds]
        targets = [self.body.inputs[i] for i in sources]
        return dict(zip(sources, pull_back(outputs, list(seeds.values()), targets), strict=True))

    def _residuals(self, shares: Sequence[Tensor]) -> list[Tensor]:
        """What the backward step reads of the forward step."""
        forward = set(topological_order(self.body.outputs)) | set(self.body.inputs)

        def is_read(tensor: Tensor) -> bool:
            # Movements are cheaper to repeat than to store; constants are no one's.
            return tensor in forward and not tensor.primitive.movement and not tensor.closed

        return [tensor for tensor in topological_order(shares, stop=is_read) if is_read(tensor)]

    def _sources(
        self, residuals: Sequence[Tensor]
    ) -> tuple[dict[Tensor, Tensor], dict[Tensor, Tensor]]:
        """Where the residuals come from: sequences, and tensors that every step reads whole."""
        given: dict[Tensor, Tensor] = dict(zip(self.body.inputs, self.inputs, strict=True))
        after = self.body.carries + self.body.sequences
        whole = set(self.body.inputs[after:])
        items = set(self.body.inputs[self.body.carries : after])
        outputs = list(self.body.outputs)
        # What the forward steps put out anyway is read off there.
        places = {t: i for i, t in enumerate(outputs) if i >= self.body.carries}
        for tensor in residuals:
            if tensor not in whole and tensor not in items and tensor not in places:
                places[tensor] = len(outputs)
                outputs.append(tensor)
        extended = self.body
        if len(outputs) > len(self.body.outputs):
            extended = Body(
                self.body.inputs, outputs, self.body.carries, self.body.sequences, self.body
            )
        stacks: dict[Tensor, Tensor] = {
            tensor: scan_node(self.inputs, extended, places[tensor], self.length, self.reverse)
            for tensor in residuals
            if tensor in places and tensor not in items
        }
        sequences = {t: stacks[t] if t in stacks else given[t] for t in residuals if t not in whole}
        return sequences, {t: given[t] for t in residuals if t in whole}


def _like(tensor: Tensor) -> Input:
    return Input(tensor.extents, tensor.dtype, getattr(tensor, "name", "") or "cotangent")


def _or_zeros(share: Tensor | None, like: Tensor) -> Tensor:
    return filled(0, like) if share is None else share


def _flows(tensor: Tensor, wanted: bool) -> bool:
    return wanted and is_differentiable(tensor.dtype)


def _live_carries(body: Body, wanted: Sequence[bool]) -> list[bool]:
    """Which carries a cotangent flows through: those that depend on a wanted input, at any step."""
    reached: set[Tensor] = {
        tensor for tensor, flag in zip(body.inputs, wanted, strict=True) if _flows(tensor, flag)
    }
    order = topological_order(body.outputs)
    carries = range(body.carries)
    while True:
        for tensor in order:
            if tensor.primitive.differentiable and any(item in reached for item in tensor.inputs):
                reached.add(tensor)
        found = {
            body.inputs[i]
            for i in carries
            if body.outputs[i] in reached and is_differentiable(body.inputs[i].dtype)
        }
        if found <= reached:
            return [body.inputs[i] in reached for i in carries]
        reached |= found


SCAN = register(Scan())
