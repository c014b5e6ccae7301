"""Checking the loops between passes: what every pass may rely on, and must leave behind.

Of a single nest the rules of `verify_nest` hold. Of a list of nests in order, that

- what is read has been written by nests that come before, or was there from the beginning;
- the nests that write a buffer together write each of its elements once;
- memory that holds an old value (a variable, a carry) is written after its last reader, or by a
  nest that reads it only at the point that it writes;

and of a scheduled program, that

- two nests of one phase do not touch the same memory, one of them writing, unless one thread
  does both;
- buffers of the arena that live at the same time do not overlap.

The passes call this where `configuration().verify` is on, as it is in all tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cairnet.base.errors import CompileError
from cairnet.compiler.loops import Buffer, Load, Loop, Nest, expressions
from cairnet.compiler.plan import Life, arena_layout
from cairnet.compiler.verify_nest import RULES
from cairnet.tensor.extent import Extent, Size

if TYPE_CHECKING:
    from cairnet.compiler.pipeline import LoopStep, Lowered, Step

__all__ = ["verify_nests", "verify_order", "verify_program"]

_THERE = ("input", "variable", "constant")


def verify_nests(stage: str, nests: Sequence[Nest], given: Iterable[Buffer] = ()) -> None:
    """Refuse nests that break a rule.

    Args:
        stage: the pass that has just run, for the message.
        nests: in an order in which they could run.
        given: memory that is there from the beginning, besides inputs, variables and constants.

    Raises:
        CompileError: names the pass, the nest, where it was written, and the rule it breaks.
    """
    for nest in nests:
        if not isinstance(nest, Loop):
            for rule in RULES:
                _complain(stage, nest, rule(nest))
    _verify_reads(stage, nests, set(given))
    _verify_coverage(stage, nests)


def verify_order(stage: str, order: Sequence[Nest], in_place: Mapping[Buffer, Buffer]) -> None:
    """Refuse an order in which an old value is overwritten before it has been read.

    Args:
        stage: the pass that has just run.
        order: the nests in the order in which they run.
        in_place: buffers of new values that are the memory of an old one.
    """
    last_reader = {buffer: i for i, nest in enumerate(order) for buffer in nest.reads()}
    for position, nest in enumerate(order):
        if isinstance(nest, Loop):
            continue
        for buffer in nest.written():
            old = in_place.get(buffer, buffer if buffer.kind == "variable" else None)
            if old is None:
                continue
            if last_reader.get(old, -1) > position:
                reader = order[last_reader[old]]
                fault = f"it overwrites {old}, whose old value {_describe(reader)} reads later"
                _complain(stage, nest, [fault])
            _complain(stage, nest, _in_place_faults(nest, buffer, old))


def verify_program(lowered: Lowered) -> None:
    """Refuse phases in which threads would disturb each other, and an arena that overlaps."""
    _verify_phases(lowered.steps, lowered.in_place)
    _verify_arena(lowered.lives)


# -- lists of nests -----------------------------------------------------------------------------


def _verify_reads(stage: str, nests: Sequence[Nest], given: set[Buffer]) -> None:
    writers: dict[Buffer, list[int]] = {}
    for position, nest in enumerate(nests):
        for buffer in dict.fromkeys(nest.written()):
            writers.setdefault(buffer, []).append(position)
    for position, nest in enumerate(nests):
        adds = nest.written() if nest.kind in ("scatter", "loop") else ()
        for buffer in dict.fromkeys((*nest.reads(), *adds)):
            if buffer in given or buffer.kind in _THERE or buffer.size == 0:
                continue
            others = [writer for writer in writers.get(buffer, ()) if writer != position]
            if any(writer > position for writer in others):
                writer = nests[max(others)]
                _complain(stage, nest, [f"it reads {buffer} before {_describe(writer)} writes it"])
            starts_it = nest.kind == "loop" and buffer in nest.written()
            if not others and not starts_it and buffer.kind != "moving":
                _complain(stage, nest, [f"it reads {buffer}, which nothing has written"])


def _verify_coverage(stage: str, nests: Sequence[Nest]) -> None:
    written: dict[Buffer, int] = {}
    last: dict[Buffer, Nest] = {}
    unknown: set[Buffer] = set()
    for nest in nests:
        if nest.kind in ("scatter", "loop", "call"):
            continue
        points: Size = 1
        for axis in nest.axes if nest.kind == "map" else (*nest.axes, *nest.reduce):
            points = axis.extent * points
        for buffer in nest.written():
            last[buffer] = nest
            if isinstance(points, Extent):
                unknown.add(buffer)
            else:
                written[buffer] = written.get(buffer, 0) + points
    for buffer, count in written.items():
        if buffer in unknown or isinstance(buffer.size, Extent):
            continue
        if not buffer.size - buffer.spare <= count <= buffer.size:
            fault = f"the nests that write {buffer} store {count} of its {buffer.size} elements"
            _complain(stage, last[buffer], [fault])


def _in_place_faults(nest: Nest, new: Buffer, old: Buffer) -> Iterator[str]:
    store = next(store for store in nest.stores if store.buffer is new)
    folded = {id(item) for item in expressions([fold.value for fold in nest.folds])}
    for item in expressions(nest.roots()):
        if isinstance(item, Load) and item.buffer is old:
            own = item.offset == store.offset and not item.guards and not item.computed
            if not own or id(item) in folded:
                yield f"it overwrites {old}, and reads it at other points than the one it writes"


# -- programs -----------------------------------------------------------------------------------


def _verify_phases(
    steps: Sequence[Step | LoopStep], in_place: Mapping[Buffer, Buffer], least: int = 0
) -> int:
    """Check a sequence whose first phase may be `least`; the last phase that it uses."""
    from cairnet.compiler.pipeline import LoopStep

    phase = least
    within: list[Step] = []
    for step in steps:
        if step.phase < least or step.phase < phase:
            _complain("plan", step.nest, [f"its phase {step.phase} has passed already"])
        if step.phase != phase:
            phase, within = step.phase, []
        if isinstance(step, LoopStep):
            if within:
                _complain("plan", step.nest, ["a loop shares a phase with what comes before it"])
            phase = _verify_phases(step.body, in_place, phase)
            least = phase + 1
            continue
        for other in within:
            _complain("plan", step.nest, _conflicts(other, step, in_place))
        within.append(step)
    return phase


def _conflicts(first: Step, second: Step, in_place: Mapping[Buffer, Buffer]) -> Iterator[str]:
    if first.serial and second.serial:
        return
    (reads, writes), (own_reads, own_writes) = (
        (
            {in_place.get(buffer, buffer) for buffer in step.nest.reads()},
            {in_place.get(buffer, buffer) for buffer in step.nest.written()},
        )
        for step in (first, second)
    )
    for buffer in (writes & (own_reads | own_writes)) | (reads & own_writes):
        yield f"it touches {buffer} in the same phase as {_describe(first.nest)}"


def _verify_arena(lives: Sequence[Life]) -> None:
    if any(isinstance(life.size, Extent) for life in lives):
        return
    offsets, _ = arena_layout([(life.size, life.first, life.last) for life in lives], {})
    ends = [offset + int(str(life.size)) for offset, life in zip(offsets, lives, strict=True)]
    for i, life in enumerate(lives):
        for j, other in enumerate(lives[:i]):
            together = life.first <= other.last and other.first <= life.last
            if together and offsets[i] < ends[j] and offsets[j] < ends[i]:
                raise CompileError(
                    f"broken loops after plan: {life.buffer} and {other.buffer} live at the same "
                    "time and overlap in the arena"
                )


# -- words --------------------------------------------------------------------------------------


def _complain(stage: str, nest: Nest, faults: Iterable[str]) -> None:
    for fault in faults:
        raise CompileError(f"broken loops after {stage}: {_describe(nest)}: {fault}")


def _describe(nest: Nest) -> str:
    if not nest.tensors:
        return f"a nest of kind {nest.kind!r}"
    tensor = nest.tensors[0]
    inside = f" in {tensor.path}" if tensor.path else ""
    return (
        f"the nest of {tensor.primitive.name} {tensor.describe()}{inside}, made at {tensor.source}"
    )
