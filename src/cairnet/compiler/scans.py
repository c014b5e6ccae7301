"""Scans: a loop whose body is a program of its own, lowered by the same passes.

The carries are to the body what variables are to a function: all nests read the old values, new
ones are written in place where that is safe. The items of the sequences are its inputs and the
outputs of a step are its outputs; their memory moves on at every turn.

A carry whose new value is an output of the step as well, as the state of a simple recurrent network
is, is not stored a second time: the next turn reads it among the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cairnet.compiler.loops import (
    Affine,
    Axis,
    Buffer,
    Expression,
    Following,
    Guard,
    Guarded,
    Literal,
    Load,
    Loop,
    Moving,
    Nest,
    Store,
)
from cairnet.compiler.nest import Lowering, NotStoredError
from cairnet.compiler.rewrite import rewrite
from cairnet.compiler.rewrite.matching import is_number
from cairnet.compiler.rotation import rotate
from cairnet.compiler.scan_items import suit_scans
from cairnet.compiler.shape import hint
from cairnet.compiler.specialize import specialize
from cairnet.compiler.storage import is_leaf
from cairnet.tensor.core import CONSTANT, Input, Tensor, apply_for, topological_order
from cairnet.tensor.extent import Extent
from cairnet.tensor.primitives import RESHAPE, SLICE
from cairnet.tensor.primitives.loops import SCAN, Body

__all__ = ["is_fixed", "join_scans", "lower_scan"]

NestsOf = Callable[..., tuple[list[Nest], dict[Buffer, Buffer]]]


def join_scans(wanted: Sequence[Tensor]) -> list[Tensor]:
    """Read the outputs of a scan off a larger scan that computes the same and more.

    Afterwards every output of a loop is one node, whoever reads it, and a loop reads what it
    reads in the form that suits it (`suit_scans`).
    """
    order = topological_order(wanted)
    largest: dict[tuple[object, ...], Tensor] = {}
    for tensor in order:
        for body in _family(tensor):
            found = largest.setdefault((body, *_place(tensor)), tensor)
            if len(tensor.parameters["body"].outputs) > len(found.parameters["body"].outputs):
                largest[body, *_place(tensor)] = tensor
    result: dict[Tensor, Tensor] = {}
    outputs: dict[tuple[object, ...], Tensor] = {}
    for tensor in order:
        inputs = tuple(result[item] for item in tensor.inputs)
        if tensor.primitive is not SCAN:
            result[tensor] = _rebuilt(tensor, inputs, tensor.parameters)
            continue
        larger = largest[tensor.parameters["body"], *_place(tensor)].parameters
        # The sizes are those of the symbols that the larger body mentions.
        parameters = {**larger, "output": tensor.parameters["output"]}
        key = (parameters["body"], *_place(tensor), parameters["output"])
        if key not in outputs:
            outputs[key] = _rebuilt(tensor, inputs, parameters)
        result[tensor] = outputs[key]
    return suit_scans([result[tensor] for tensor in wanted])


def _rebuilt(tensor: Tensor, inputs: Sequence[Tensor], parameters: Mapping[str, object]) -> Tensor:
    same = all(new is old for new, old in zip(inputs, tensor.inputs, strict=True))
    if same and parameters.get("body") is tensor.parameters.get("body"):
        return tensor
    return apply_for(tensor, tensor.primitive, *inputs, **parameters)


def _family(tensor: Tensor) -> list[Body]:
    """The body of a scan, and the smaller ones that it extends."""
    found: list[Body] = []
    body: Body | None = tensor.parameters["body"] if tensor.primitive is SCAN else None
    while body is not None:
        found.append(body)
        body = body.extends
    return found


def _place(tensor: Tensor) -> tuple[object, ...]:
    """What two nodes have in common that are outputs of one loop."""
    return (*map(id, tensor.inputs), tensor.parameters["length"], tensor.parameters["reverse"])


def lower_scan(
    lowering: Lowering,
    tensor: Tensor,
    order: Sequence[Tensor],
    done: set[tuple[object, ...]],
    nests_of: NestsOf,
) -> list[Nest]:
    """The nests of all outputs of a scan, when the first of them is met.

    Args:
        lowering: of the graph that contains the scan.
        tensor: one output of the scan.
        order: the graph's tensors, among them the other outputs.
        done: the scans that have been lowered; this one is entered.
        nests_of: the passes, for the body.
    """
    body: Body = tensor.parameters["body"]
    key = (body, *_place(tensor))
    if key in done:
        return []
    done.add(key)
    siblings = {
        other.parameters["output"]: other
        for other in order
        if other.primitive is SCAN and (other.parameters["body"], *_place(other)) == key
    }
    return _LoopBuilder(lowering, tensor, body, siblings).nests(nests_of)


class _LoopBuilder:
    def __init__(
        self, lowering: Lowering, tensor: Tensor, body: Body, siblings: dict[int, Tensor]
    ) -> None:
        self.outer = lowering
        self.tensor = tensor
        self.body = body
        self.siblings = siblings
        self.length = tensor.parameters["length"]
        self.reads: list[Buffer] = []
        self.moving: list[Moving] = []
        self.following: list[Following] = []
        self.prepared: list[Nest] = []
        self.afterwards: list[Nest] = []

    def nests(self, nests_of: NestsOf) -> list[Nest]:
        """Fill the carries, then the loop, then what is left in them."""
        body, tensor = self.body, self.tensor
        sizes = dict(zip(body.symbols, tensor.parameters["sizes"], strict=True))
        placeholders, results = specialize(body.inputs, body.outputs, sizes)
        placeholders, results, rotated = self._rotated(placeholders, rewrite(results))
        inner = Lowering(set())
        after = body.carries + body.sequences
        carries: list[Buffer] = []
        kept = {**self._kept(results), **rotated}
        first: dict[int, Buffer] = {}
        for position, (placeholder, given) in enumerate(
            zip(placeholders, tensor.inputs, strict=True)
        ):
            if position in kept:
                first[position] = (
                    self._zeros(placeholder, given) if position in rotated else self._memory(given)
                )
                buffer = self._before(placeholder, first[position])
            elif position < body.carries:
                buffer = self._carry(position, given)
                carries.append(buffer)
            elif position < after:
                buffer = self._item(placeholder, self._walked(given), f"item{position}")
            else:
                buffer = self._memory(given)
                self.reads.append(buffer)
            inner.buffers[placeholder] = buffer
        wanted = []
        written = list(carries)
        for number in range(body.carries, len(body.outputs)):
            sibling = self.siblings.get(number)
            if sibling is not None:
                whole = self.outer.buffer(sibling)
                written.append(whole)
                output = self._step_output(results[number], whole)
                wanted.append((output, results[number]))
                for position in (at for at, chosen in kept.items() if chosen == number):
                    before = inner.buffers[placeholders[position]]
                    self.following.append(Following(before, first[position], output))
                    self._leave(position, whole)
        changing = [results[at] for at in range(body.carries) if at not in kept]
        new = list(zip(carries, changing, strict=True))
        order, in_place = nests_of(inner, wanted, new, turns=hint(self.length))
        order = self._hoisted(order, {*carries, *in_place, *in_place.values()})
        moved = {item.inner for item in self.moving} | {item.inner for item in self.following}
        self._read_leaves(order, moved)
        loop = Loop(
            (),
            (),
            (),
            tuple(_named(buffer) for buffer in written),
            tuple(self.siblings.values()),
            "loop",
            length=self.length,
            reverse=tensor.parameters["reverse"],
            body=tuple(order),
            in_place=in_place,
            moving=tuple(self.moving),
            following=tuple(self.following),
            read=tuple(dict.fromkeys((*self.reads, *carries))),
        )
        return [*self.prepared, loop, *self.afterwards]

    def _kept(self, results: Sequence[Tensor]) -> dict[int, int]:
        """The carries whose new values are outputs of the step too, and which outputs those are."""
        if not isinstance(self.length, Extent) and self.length < 1:
            return {}
        found: dict[int, int] = {}
        for position in range(self.body.carries):
            given = self.tensor.inputs[position]
            if is_leaf(results[position]):
                continue
            if given.primitive is CONSTANT and not is_leaf(given):
                continue
            for number in range(self.body.carries, len(results)):
                if number in self.siblings and results[number] is results[position]:
                    found.setdefault(position, number)
        return found

    def _hoisted(self, order: Sequence[Nest], changing: set[Buffer]) -> list[Nest]:
        """The nests without the copies of what no turn changes: those come before the loop."""
        changing.update(buffer for nest in order for buffer in nest.written())
        kept = []
        for nest in order:
            copies = not nest.folds and all(buffer.kind == "arena" for buffer in nest.written())
            if nest.kind == "map" and copies and nest.loads() and is_fixed(nest, changing):
                self.prepared.append(nest)
                self.reads += nest.written()
            else:
                kept.append(nest)
        return kept

    def _rotated(
        self, placeholders: Sequence[Input], results: Sequence[Tensor]
    ) -> tuple[list[Input], list[Tensor], dict[int, int]]:
        """The body with products at its beginning instead of its end, where that is possible."""
        body = self.body
        carries = [
            position
            for position in range(body.carries)
            if position not in self.siblings and is_number(self.tensor.inputs[position], 0)
        ]
        outputs = [n for n in range(body.carries, len(results)) if n in self.siblings]
        changing = body.carries + body.sequences
        inputs, given, found = rotate(placeholders, results, changing, carries, outputs)
        return inputs, rewrite(given) if found else given, found

    def _zeros(self, placeholder: Tensor, given: Tensor) -> Buffer:
        """Memory full of zeros, of the form of a carry."""
        dtype = placeholder.dtype
        buffer = Buffer("zeros", dtype, placeholder.extents, given, "arena")
        self._fill(buffer, given, lambda _: Literal(dtype, 0))
        return buffer

    def _before(self, placeholder: Tensor, first: Buffer) -> Buffer:
        """What a carry was at the turn before; at first, it is where it is given."""
        self.reads.append(first)
        return Buffer("before", placeholder.dtype, placeholder.extents, placeholder, "moving")

    def _leave(self, position: int, whole: Buffer) -> None:
        """The nest that copies the last value of a carry out of the outputs, if it is wanted."""
        sibling = self.siblings.get(position)
        if sibling is None:
            return
        index, place, axes = self._points(sibling)
        last = 0 if self.tensor.parameters["reverse"] else self.length - 1
        buffer = self.outer.buffer(sibling)
        guards: tuple[Guard, ...] = ()
        if isinstance(self.length, Extent):
            guards = (Guard(Affine(last), self.length),)
        value: Expression = Load(whole.dtype, whole, place + last * buffer.size, guards)
        if guards:  # a loop without turns leaves what it was given
            given = self.outer.read(self.tensor.inputs[position], index)
            value = Guarded(whole.dtype, guards, value, given)
        self.afterwards.append(Nest(axes, (), (), (Store(buffer, place, value),), (sibling,)))

    def _points(self, tensor: Tensor) -> tuple[tuple[Affine, ...], Affine, tuple[Axis, ...]]:
        """Axes over the elements of a tensor: the index, the place in memory, and the axes."""
        axes = tuple(Axis(f"i{i}", size) for i, size in enumerate(tensor.extents))
        index = tuple(Affine.of(axis) for axis in axes)
        place = Affine()
        for at, stride in zip(index, self.outer.buffer(tensor).strides, strict=True):
            place = place + at * stride
        return index, place, tuple(axis for axis in axes if axis.extent != 1)

    def _read_leaves(self, order: Sequence[Nest], moved: set[Buffer]) -> None:
        """Variables and constants that the body reads by itself are read by the loop."""
        for nest in order:
            for buffer in nest.reads():
                if buffer.kind in ("variable", "constant", "input") and buffer not in moved:
                    self.reads.append(buffer)

    def _memory(self, given: Tensor) -> Buffer:
        """The memory of an input of the scan."""
        if not is_leaf(given) and given not in self.outer.stored:
            raise NotStoredError(given)
        return self.outer.buffer(given)

    def _walked(self, given: Tensor) -> Buffer:
        """The memory of a sequence, which begins where that of what it is only a view of does.

        So a sequence in chunks, x[: n·k] as n rows of k items, is read where x lies.
        """
        below = given
        while below not in self.outer.stored and not is_leaf(below) and _begins_alike(below):
            below = below.inputs[0]
        if below is given or is_leaf(below) or below in self.outer.stored:
            return self._memory(below)
        raise NotStoredError(given)

    def _carry(self, position: int, given: Tensor) -> Buffer:
        """Memory of the carry, and the nest that fills it with the initial value."""
        sibling = self.siblings.get(position)
        if sibling is not None:
            buffer = self.outer.buffer(sibling)
        else:
            buffer = Buffer(f"carry{position}", given.dtype, given.extents, given, "arena")
        self._fill(buffer, given, lambda index: self.outer.read(given, index))
        return buffer

    def _fill(
        self, buffer: Buffer, given: Tensor, value: Callable[[tuple[Affine, ...]], Expression]
    ) -> None:
        """The nest that writes a value into memory before the loop."""
        axes = tuple(Axis(f"i{i}", size) for i, size in enumerate(buffer.extents))
        index = tuple(Affine.of(axis) for axis in axes)
        place = Affine()
        for at, stride in zip(index, buffer.strides, strict=True):
            place = place + at * stride
        kept = tuple(axis for axis in axes if axis.extent != 1)
        self.prepared.append(Nest(kept, (), (), (Store(buffer, place, value(index)),), (given,)))

    def _item(self, placeholder: Tensor, outer: Buffer, name: str) -> Buffer:
        inner = Buffer(name, placeholder.dtype, placeholder.extents, placeholder, "moving")
        self.reads.append(outer)
        self.moving.append(Moving(inner, outer, inner.size))
        return inner

    def _step_output(self, result: Tensor, outer: Buffer) -> Buffer:
        inner = Buffer(f"{outer.name}.step", result.dtype, result.extents, result, "moving")
        self.moving.append(Moving(inner, outer, inner.size))
        return inner


def is_fixed(nest: Nest, changing: set[Buffer]) -> bool:
    """Whether all that a nest of a loop reads is the same at every turn."""
    return all(buffer.kind != "moving" and buffer not in changing for buffer in nest.reads())


def _begins_alike(tensor: Tensor) -> bool:
    """Whether the elements are the first of those of the input, in the same order."""
    if tensor.primitive is RESHAPE:
        return True
    if tensor.primitive is not SLICE or set(tensor.parameters["steps"]) != {1}:
        return False
    starts, inner = tensor.parameters["starts"], tensor.extents[1:]
    return not any(starts) and inner == tensor.inputs[0].extents[1:]


def _named(buffer: Buffer) -> Store:
    """A store that only says that the loop writes a buffer."""
    return Store(buffer, Affine(), Literal(buffer.dtype, 0))
