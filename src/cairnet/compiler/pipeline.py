"""The passes in order: from a graph to scheduled nests with their memory planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cairnet.compiler.fuse import fuse
from cairnet.compiler.loops import Affine, Axis, Buffer, Load, Nest, Store
from cairnet.compiler.nest import Lowering, NeedsStorage
from cairnet.compiler.plan import Life, arrange, lives_of, phases_of
from cairnet.compiler.shape import coalesce, split_long_folds
from cairnet.compiler.storage import stored_tensors
from cairnet.compiler.tile import Schedule, Target, tile
from cairnet.tensor.core import Input, Tensor, Variable, topological_order

__all__ = ["SERIAL_CYCLES", "Lowered", "Step", "lower"]

#: Below this many cycles a nest is not worth a meeting of the threads: one thread does it alone.
SERIAL_CYCLES = 3000.0


@dataclass(frozen=True)
class Step:
    """A nest with its schedule and its place in the program.

    Attributes:
        nest: what is computed.
        schedule: how.
        phase: threads meet between phases.
        serial: whether one thread does it alone.
    """

    nest: Nest
    schedule: Schedule
    phase: int
    serial: bool


@dataclass(frozen=True)
class Lowered:
    """A graph as nests, ready to be emitted.

    Attributes:
        steps: the nests in order.
        inputs: the buffer of each input.
        outputs: the buffer of each output.
        in_place: buffers of new values that are the memory of a variable.
        lives: the buffers of the arena, with the phases in which they live.
    """

    steps: tuple[Step, ...]
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    in_place: dict[Buffer, Buffer]
    lives: tuple[Life, ...]

    def memory(self, buffer: Buffer) -> Buffer:
        """The buffer whose memory a buffer is: itself, or the variable that it updates."""
        return self.in_place.get(buffer, buffer)


def lower(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]],
    target: Target,
) -> Lowered:
    """Run the passes that follow rewriting.

    Args:
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values.
        target: the machine, for the cost model.
    """
    wanted = [*outputs, *(value for _, value in updates)]
    stored = stored_tensors(wanted)
    lowering = Lowering(stored, _companions(wanted))
    nests = _all_nests(lowering, wanted)
    out_buffers = []
    for number, tensor in enumerate(outputs):
        nest, buffer = _delivery(lowering, tensor, f"output{number}", "output")
        nests.append(nest)
        out_buffers.append(buffer)
    replaced: dict[Buffer, Buffer] = {}
    for variable, value in updates:
        nest, buffer = _delivery(lowering, value, f"new_{variable.name}", "update")
        nests.append(nest)
        replaced[buffer] = lowering.buffer(variable)
    nests = fuse(nests)
    for nest in nests:
        coalesce(nest)
    nests = [part for nest in nests for part in split_long_folds(nest)]
    order, in_place = arrange(nests, replaced)
    schedules = [tile(nest, target) for nest in order]
    serial = [schedule.cycles < SERIAL_CYCLES for schedule in schedules]
    phases = phases_of(order, in_place, serial)
    steps = tuple(
        Step(nest, schedule, phase, alone)
        for nest, schedule, phase, alone in zip(order, schedules, phases, serial, strict=True)
    )
    return Lowered(
        steps,
        tuple(lowering.buffer(item) for item in inputs),
        tuple(out_buffers),
        in_place,
        tuple(lives_of(order, phases, in_place)),
    )


def _companions(wanted: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    """For each window_argmax the window_take that reads the same windows where it points."""
    result: dict[Tensor, Tensor] = {}
    for tensor in topological_order(wanted):
        if tensor.primitive.name != "window_take":
            continue
        x, position = tensor.inputs
        same = (
            position.primitive.name == "window_argmax"
            and position.inputs[0] is x
            and position.parameters == tensor.parameters
        )
        if same:
            result.setdefault(position, tensor)
    return result


def _all_nests(lowering: Lowering, wanted: Sequence[Tensor]) -> list[Nest]:
    """Nests for every stored tensor; what cannot be read through is stored as well."""
    order = topological_order(wanted)
    while True:
        nests: list[Nest] = []
        try:
            for tensor in order:
                if tensor in lowering.stored:
                    nests.extend(lowering.nests(tensor))
            return nests
        except NeedsStorage as missing:
            lowering.stored.add(missing.tensor)


def _delivery(
    lowering: Lowering, tensor: Tensor, name: str, kind: str
) -> tuple[Nest, Buffer]:
    """A nest that copies a value to where it is wanted; fusion makes it a mere store."""
    buffer = Buffer(name, tensor.dtype, tensor.extents, tensor, kind)
    axes = tuple(Axis(f"i{i}", size) for i, size in enumerate(tensor.extents))
    place = Affine()
    for axis, stride in zip(axes, buffer.strides, strict=True):
        place = place + Affine.of(axis) * stride
    source = lowering.buffer(tensor)
    store = Store(buffer, place, Load(tensor.dtype, source, place))
    kept = tuple(axis for axis in axes if axis.extent != 1)
    return Nest(kept, (), (), (store,), (tensor,)), buffer
