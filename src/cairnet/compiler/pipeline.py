"""The passes in order: from a graph to scheduled nests with their memory planned."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cairnet.base.configuration import configuration
from cairnet.compiler.costs import SERIAL_CYCLES, TURN_CYCLES
from cairnet.compiler.foresight import fetches
from cairnet.compiler.fuse import fuse
from cairnet.compiler.interleaved import side_by_side
from cairnet.compiler.layout import choose_layouts
from cairnet.compiler.likeness import Form, carried, form_of
from cairnet.compiler.loops import Affine, Axis, Buffer, Load, Loop, Nest, Store
from cairnet.compiler.nest import Lowering, NotStoredError
from cairnet.compiler.padding import pad_convolutions
from cairnet.compiler.panels import with_panels
from cairnet.compiler.plan import Life, arrange, lives_of, phase_count, phases_of
from cairnet.compiler.scans import is_fixed, join_scans, lower_scan
from cairnet.compiler.schedule import Schedule, Target
from cairnet.compiler.shape import coalesce, hint, split_folds
from cairnet.compiler.storage import stored_tensors
from cairnet.compiler.tile import tile
from cairnet.compiler.verify import verify_nests, verify_order, verify_program
from cairnet.tensor.core import Input, Tensor, Variable, topological_order
from cairnet.tensor.primitive import families

__all__ = ["Chooser", "LoopStep", "Lowered", "Observer", "Step", "lower"]

#: Called with the name of a pass and the nests it has left.
Observer = Callable[[str, Sequence[Nest]], None]
#: Chooses how a nest is walked; what is asked for each buffer is whose memory it is.
Chooser = Callable[[Nest, Callable[[Buffer], Buffer]], Schedule]


@dataclass(frozen=True, eq=False)
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

    @property
    def cycles(self) -> float:
        """What the cost model expects, on one core."""
        return self.schedule.cycles


@dataclass(frozen=True, eq=False)
class LoopStep:
    """A loop with the steps of its body.

    Attributes:
        nest: the loop.
        body: what runs at every turn.
        phase: its first phase.
    """

    nest: Loop
    body: tuple[Step | LoopStep, ...]
    phase: int

    @property
    def cycles(self) -> float:
        """What the cost model expects, on one core."""
        return hint(self.nest.length) * sum(step.cycles for step in self.body)


@dataclass(frozen=True)
class Lowered:
    """A graph as nests, ready to be emitted.

    Attributes:
        steps: the nests and loops in order.
        inputs: the buffer of each input.
        outputs: the buffer of each output.
        in_place: buffers of new values that are the memory of a variable or a carry.
        lives: the buffers of the arena, with the phases in which they live.
        fetches: what asks for memory that the next step will read (see `foresight`).
    """

    steps: tuple[Step | LoopStep, ...]
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    in_place: Mapping[Buffer, Buffer]
    lives: tuple[Life, ...]
    fetches: tuple[Step, ...] = ()

    def memory(self, buffer: Buffer) -> Buffer:
        """The buffer whose memory a buffer is: itself, or the one that it updates in place."""
        return self.in_place.get(buffer, buffer)


def lower(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]],
    target: Target,
    observe: Observer | None = None,
    choose: Chooser | None = None,
) -> Lowered:
    """Run the passes that follow rewriting.

    Args:
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values.
        target: the machine, for the cost model.
        observe: called after every pass over nests, with its name and what it has left.
        choose: how nests are walked; default: what the cost model prefers.
    """
    out_buffers = [
        Buffer(f"output{number}", tensor.dtype, tensor.extents, tensor, "output")
        for number, tensor in enumerate(outputs)
    ]
    lowering = Lowering(set())
    replaced = [(lowering.buffer(variable), value) for variable, value in updates]
    wanted = list(zip(out_buffers, outputs, strict=True))
    order, in_place = nests_of(lowering, wanted, replaced, target, observe)
    everywhere: dict[Buffer, Buffer] = {}
    _gather_in_place(order, in_place, everywhere)
    chooser: Chooser = choose or (lambda nest, _: tile(nest, target))
    steps = _schedule(order, everywhere, chooser, 0, SERIAL_CYCLES)
    lowered = Lowered(
        tuple(steps),
        tuple(lowering.buffer(item) for item in inputs),
        tuple(out_buffers),
        everywhere,
        tuple(lives_of(list(_touches(steps)), everywhere)),
        tuple(_fetches(steps, everywhere, target)),
    )
    if configuration().verify:
        verify_program(lowered)
    return lowered


def _fetches(
    steps: Sequence[Step | LoopStep], in_place: Mapping[Buffer, Buffer], target: Target
) -> Iterator[Step]:
    """What asks for memory that the next step will read."""
    walked = [(step.nest, step.schedule) for step in steps if isinstance(step, Step)]
    stored = (buffer for step in steps for buffer in step.nest.written())
    written = {in_place.get(buffer, buffer) for buffer in stored}
    for nest, schedule in fetches(walked, written, target):
        yield Step(nest, schedule, 0, serial=False)


def nests_of(
    lowering: Lowering,
    outputs: Sequence[tuple[Buffer, Tensor]],
    updates: Sequence[tuple[Buffer, Tensor]],
    target: Target,
    observe: Observer | None = None,
    turns: int | None = None,
) -> tuple[list[Nest], dict[Buffer, Buffer]]:
    """Nests that write tensors into output buffers, and new values into buffers they replace.

    Args:
        lowering: the buffers that exist already.
        outputs: where each result is wanted.
        updates: buffers that all nests read with their old values, and the new ones.
        target: the machine, for the cost model.
        observe: see `lower`.
        turns: how often they run, where this is the body of a loop.

    Returns:
        The nests in order, and which buffers are written in place of which others.
    """
    given = list(lowering.buffers.values())

    def done(name: str, nests: Sequence[Nest]) -> None:
        if configuration().verify:
            verify_nests(name, nests, given)
        if observe is not None:
            observe(name, nests)

    wanted = pad_convolutions(join_scans([tensor for _, tensor in (*outputs, *updates)]))
    lowering.stored = stored_tensors(wanted)
    lowering.companions = _companions(wanted)
    lowering.families = {
        leader: {member.parameters["output"]: member for member in members}
        for leader, members in families(topological_order(wanted)).items()
    }
    nests = _all_nests(lowering, wanted, target)
    count = len(outputs)
    for (buffer, _), tensor in zip(outputs, wanted[:count], strict=True):
        nests.append(_delivery(lowering, tensor, buffer))
    replaced: dict[Buffer, Buffer] = {}
    for (old, _), tensor in zip(updates, wanted[count:], strict=True):
        new = Buffer(f"new_{old.name}", old.dtype, old.extents, tensor, "update")
        nests.append(_delivery(lowering, tensor, new))
        replaced[new] = old
    nests = [nest for nest in nests if not _is_empty(nest)]
    done("nest", nests)
    nests = fuse(nests)
    done("fuse", nests)
    changing = {
        *(buffer for buffer, _ in updates),
        *(item for nest in nests for item in nest.written()),
    }
    expected = _Expected(target, turns, changing)
    nests = choose_layouts(nests, target, expected.shaped_cycles, expected.packed_cycles)
    done("layout", nests)
    nests = side_by_side(nests, expected.packed_cycles)
    done("side by side", nests)
    nests = [part for nest in nests for part in expected.with_panels(nest)]
    done("panels", nests)
    for nest in nests:
        coalesce(nest)
    done("coalesce", nests)
    nests = [part for nest in nests for part in expected.split(nest)]
    done("split", nests)
    order, in_place = arrange(nests, replaced)
    done("arrange", order)
    if configuration().verify:
        verify_order("arrange", order, in_place)
    return order, in_place


def _is_empty(nest: Nest) -> bool:
    """Whether the nest has no point, and so nothing to store."""
    stored_along = nest.axes if nest.kind == "map" else (*nest.axes, *nest.reduce)
    return any(axis.extent == 0 for axis in stored_along)


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


def _all_nests(lowering: Lowering, wanted: Sequence[Tensor], target: Target) -> list[Nest]:
    """Nests for every stored tensor; what cannot be read through is stored as well."""
    order = topological_order(wanted)
    body = partial(nests_of, target=target)
    while True:
        nests: list[Nest] = []
        scans: set[tuple[object, ...]] = set()
        try:
            for tensor in order:
                if tensor not in lowering.stored:
                    continue
                if tensor.primitive.name == "scan":
                    nests.extend(lower_scan(lowering, tensor, order, scans, body))
                else:
                    nests.extend(lowering.nests(tensor))
        except NotStoredError as missing:
            lowering.stored.add(missing.tensor)
        else:
            return nests


def _delivery(lowering: Lowering, tensor: Tensor, buffer: Buffer) -> Nest:
    """A nest that copies a value to where it is wanted; fusion makes it a mere store."""
    axes = tuple(Axis(f"i{i}", size) for i, size in enumerate(tensor.extents))
    index = tuple(Affine.of(axis) for axis in axes)
    place = Affine()
    for position, stride in zip(index, buffer.strides, strict=True):
        place = place + position * stride
    source = lowering.buffer(tensor)
    store = Store(buffer, place, Load(tensor.dtype, source, lowering.offset(tensor, index)))
    kept = tuple(axis for axis in axes if axis.extent != 1)
    return Nest(kept, (), (), (store,), (tensor,))


def _gather_in_place(
    order: Sequence[Nest], own: Mapping[Buffer, Buffer], found: dict[Buffer, Buffer]
) -> None:
    found.update(own)
    for nest in order:
        if isinstance(nest, Loop):
            _gather_in_place(nest.body, nest.in_place, found)


def _schedule(
    order: Sequence[Nest],
    in_place: Mapping[Buffer, Buffer],
    choose: Chooser,
    first: int,
    least: float,
) -> list[Step | LoopStep]:
    """Steps from phase `first` on; threads share nests of so many cycles."""
    schedules = _tiled(order, in_place, choose)
    serial = [schedule.cycles < least for schedule in schedules]
    phases = phases_of(order, in_place, serial, first)
    steps: list[Step | LoopStep] = []
    for nest, schedule, phase, alone in zip(order, schedules, phases, serial, strict=True):
        if isinstance(nest, Loop):
            body = _schedule(nest.body, in_place, choose, phase, TURN_CYCLES)
            steps.append(LoopStep(nest, tuple(_returning(body)), phase))
        else:
            steps.append(Step(nest, schedule, phase, alone))
    return steps


def _returning(body: Sequence[Step | LoopStep]) -> Iterator[Step | LoopStep]:
    """The steps of a loop; those that read mostly the same memory at every turn go to and fro."""
    written = {buffer for step in body for buffer in step.nest.written()}
    for step in body:
        if isinstance(step, Step) and _reads_again(step, written):
            yield replace(step, schedule=replace(step.schedule, returning=True))
        else:
            yield step


def _reads_again(step: Step, written: set[Buffer]) -> bool:
    """Whether most of what a step of a loop touches, in several blocks, no turn changes."""
    nest = step.nest
    if nest.kind != "map" or not nest.folds or _blocks(step.schedule) < 2:
        return False
    touched = {*nest.reads(), *nest.written()}
    sizes = {item: hint(item.size) * item.dtype.itemsize for item in touched}
    fixed = (item for item in touched if item.kind != "moving" and item not in written)
    return 2 * sum(sizes[item] for item in fixed) > sum(sizes.values())


def _blocks(schedule: Schedule) -> int:
    """In how many blocks a nest is walked."""
    steps = ((hint(axis.extent), schedule.step(axis)) for axis in schedule.order)
    return math.prod(-(-extent // step) for extent, step in steps)


class _Expected:
    """How nests are expected to be walked; those that are alike are looked at once."""

    def __init__(self, target: Target, turns: int | None, changing: set[Buffer]) -> None:
        self.target = target
        self.turns = turns
        self.changing = changing
        self._known: dict[Hashable, tuple[float, int]] = {}
        self._shaped: dict[Hashable, float] = {}

    def cycles(self, nest: Nest) -> float:
        """The cycles of a nest as it is."""
        return self._walk(nest)[0]

    def blocks(self, nest: Nest) -> int:
        """The blocks of a nest as it is."""
        return self._walk(nest)[1]

    def split(self, nest: Nest) -> list[Nest]:
        """The nest with its folds in chunks, where that is better."""
        return split_folds(nest, self.cycles, self.blocks, self.turns is not None)

    def shaped_cycles(self, nest: Nest) -> float:
        """The cycles of a nest after the passes that shape it."""
        copy = Nest(nest.axes, nest.reduce, nest.folds, nest.stores, nest.tensors, nest.kind)
        key = form_of(nest, lambda buffer: buffer).key
        if key not in self._shaped:
            coalesce(copy)
            self._shaped[key] = sum(map(self.cycles, self.split(copy)))
        return self._shaped[key]

    def packed_cycles(self, nest: Nest) -> float:
        """The cycles of a nest and of the copies that it reads."""
        parts = self.with_panels(nest)
        if len(parts) == 1:
            return self.shaped_cycles(nest)
        costs = (self.shaped_cycles if part.folds else self.copied_cycles for part in parts)
        return sum(cost(part) for cost, part in zip(costs, parts, strict=True))

    def copied_cycles(self, copy: Nest) -> float:
        """The cycles of a copy for every turn; what no turn changes is copied before the loop."""
        cycles = self.shaped_cycles(copy)
        if self.turns is None or not is_fixed(copy, self.changing):
            return cycles
        return cycles / max(self.turns, 1)

    def with_panels(self, nest: Nest) -> list[Nest]:
        """A nest after the copies that it reads."""
        costs = self.shaped_cycles, self.copied_cycles
        return with_panels(nest, self.target, *costs, self.turns or 1)

    def _walk(self, nest: Nest) -> tuple[float, int]:
        key = form_of(nest, lambda buffer: buffer).key
        if key not in self._known:
            schedule = tile(nest, self.target)
            self._known[key] = schedule.cycles, _blocks(schedule)
        return self._known[key]


def _tiled(
    order: Sequence[Nest], in_place: Mapping[Buffer, Buffer], choose: Chooser
) -> list[Schedule]:
    """A schedule for each nest; those that are alike are walked alike."""

    def memory(buffer: Buffer) -> Buffer:
        return in_place.get(buffer, buffer)

    known: dict[Hashable, tuple[Form, Schedule]] = {}
    schedules = []
    for nest in order:
        if isinstance(nest, Loop):
            schedules.append(Schedule(1, None))
            continue
        form = form_of(nest, memory)
        if form.key not in known:
            known[form.key] = form, choose(nest, memory)
        first, schedule = known[form.key]
        schedules.append(carried(schedule, first, form))
    return schedules


def _touches(steps: Sequence[Step | LoopStep]) -> Iterator[tuple[int, int, Nest]]:
    """Every nest with its first and last phase; a loop touches its memory in all of its phases."""
    for step in steps:
        if isinstance(step, LoopStep):
            yield step.phase, step.phase + phase_count(step.nest) + 1, step.nest
            yield from _touches(step.body)
        else:
            yield step.phase, step.phase, step.nest
