"""A program as text: every kernel with its loops and its schedule, then the memory.

    kernel 4: convolve, add, maximum                  phase 3, shared by the threads
        # conv2d_1, lenet.py:41
        # 16 lanes along o; 5 of y × 5 of x in registers; k0 written out; about 1,008,640 cycles
        for n < 128, y < 10, x < 10, o < 16:
            …

Kernels are numbered in the order in which they run. The threads meet between phases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cairnet.compiler.calls import Call
from cairnet.compiler.loops import Buffer, Nest
from cairnet.compiler.nest_listing import INDENT, Names, axis_names, format_nest, loop_header
from cairnet.compiler.pipeline import LoopStep, Lowered, Step
from cairnet.compiler.plan import Life, arena_layout
from cairnet.tensor.core import CONSTANT, INPUT, VARIABLE, Tensor
from cairnet.tensor.extent import Extent, evaluate, symbols_of

__all__ = ["format_kernel", "format_program", "place", "primitives", "source_line"]

_COLUMN = 50
_MOST_PLACES = 3
_MOST_PRIMITIVES = 6
_OUTSIDE = ("input", "variable", "constant", "output")


def format_program(
    lowered: Lowered,
    bindings: Mapping[Extent, int] | None = None,
    *,
    functions: Mapping[Step, str] | None = None,
    remarks: bool = True,
) -> str:
    """The listing of a program.

    Args:
        lowered: the scheduled nests.
        bindings: sizes of unknown extents, so that the arena can be laid out; default: none.
        functions: the function that each step calls, to say where several call the same.
        remarks: whether to say where each nest comes from: layers, file and line.

    Returns:
        Lines of text, without a newline at the end.
    """
    writer = _Writer(lowered, functions or {}, remarks)
    kernels = writer.steps(lowered.steps, "")
    memory = _memory(lowered, bindings or {}, writer.names)
    return "\n".join([writer.summary(), *kernels, *writer.fetches(), "", *memory])


def format_kernel(
    lowered: Lowered, number: int, *, functions: Mapping[Step, str] | None = None
) -> str:
    """The listing of one kernel, with the name that each buffer has in the whole listing."""
    writer = _Writer(lowered, functions or {}, remarks=True)
    writer.steps(lowered.steps, "")
    return "\n".join(writer.kernels[number])


class _Writer:
    """Writes steps, numbering the kernels as the module does."""

    def __init__(self, lowered: Lowered, functions: Mapping[Step, str], remarks: bool) -> None:
        self.lowered = lowered
        self.functions = functions
        self.remarks = remarks
        self.names = Names(lowered.in_place)
        self.phases: set[int] = set()
        self.kernels: list[list[str]] = []
        self._first: dict[str, int] = {}

    def summary(self) -> str:
        """The first line, once all steps have been written."""
        cycles = sum(step.cycles for step in self.lowered.steps)
        kernels, phases = _counted(len(self.kernels), "kernel"), _counted(len(self.phases), "phase")
        return f"{kernels} in {phases}, about {cycles:,.0f} cycles on one core"

    def steps(self, steps: Sequence[Step | LoopStep], indent: str) -> list[str]:
        """The lines of some steps, a blank one before each."""
        lines: list[str] = []
        for step in steps:
            own = self._loop(step) if isinstance(step, LoopStep) else self._kernel(step)
            lines += ["", *(f"{indent}{line}".rstrip() for line in own)]
        return lines

    def fetches(self) -> list[str]:
        """The lines of what is fetched ahead, if anything is."""
        if not self.lowered.fetches:
            return []
        lines = ["", "meanwhile, between the blocks of a long kernel, for the next step of a run:"]
        for step in self.lowered.fetches:
            lines += [INDENT + line for line in format_nest(step.nest, self.names).splitlines()]
        return lines

    def _loop(self, step: LoopStep) -> list[str]:
        turn = self.names.enter(step.nest)
        title = f"loop: {primitives(step.nest)}"
        lines = [
            f"{title:<{_COLUMN}}phase {step.phase}",
            *self._places(step.nest),
            *(
                f"{INDENT}# at the first turn {self.names(item.inner)} is {self.names(item.first)}"
                for item in step.nest.following
            ),
            INDENT + loop_header(step.nest, turn),
            *self.steps(step.body, 2 * INDENT),
        ]
        self.names.leave()
        return lines

    def _kernel(self, step: Step) -> list[str]:
        number = len(self.kernels)
        self.phases.add(step.phase)
        who = "one thread" if step.serial else "shared by the threads"
        title = f"kernel {number}: {primitives(step.nest)}"
        lines = [f"{title + '  ':<{_COLUMN}}phase {step.phase}, {who}", *self._places(step.nest)]
        schedule = step.schedule.describe(axis_names(step.nest))
        if isinstance(step.nest, Call):
            schedule = "one call for each point"
        lines.append(f"{INDENT}# {schedule}; about {step.schedule.cycles:,.0f} cycles")
        if step.schedule.remark:
            lines.append(f"{INDENT}# {step.schedule.remark}")
        first = self._first.setdefault(self.functions.get(step, f"step {number}"), number)
        if first != number:
            lines.append(f"{INDENT}# the same code as kernel {first}")
        lines += [INDENT + line for line in format_nest(step.nest, self.names).splitlines()]
        self.kernels.append(lines)
        return lines

    def _places(self, nest: Nest) -> list[str]:
        """Where the user wrote what the nest computes."""
        if not self.remarks:
            return []
        places = list(dict.fromkeys(place(tensor) for tensor in nest.tensors))
        more = len(places) - _MOST_PLACES
        shown = [*places[:_MOST_PLACES], *([f"and {more} more"] if more > 0 else [])]
        return [f"{INDENT}# {'; '.join(shown)}"]


def primitives(nest: Nest) -> str:
    """The primitives that a nest computes, in words: what a kernel is called."""
    leaves = (INPUT, VARIABLE, CONSTANT)
    names = dict.fromkeys(t.primitive.name for t in nest.tensors if t.primitive not in leaves)
    shown = list(names)[:_MOST_PRIMITIVES]
    return ", ".join([*shown, *(["…"] if len(names) > len(shown) else [])]) or "copy"


def place(tensor: Tensor) -> str:
    """Layers, file name and line."""
    line = source_line(tensor)
    return f"{tensor.path}, {line}" if tensor.path else line


def source_line(tensor: Tensor) -> str:
    """The user's line."""
    return tensor.source.short


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# -- memory -------------------------------------------------------------------------------------


def _memory(lowered: Lowered, bindings: Mapping[Extent, int], names: Names) -> list[str]:
    """What lies where, and for how long."""
    updated = {old for new, old in lowered.in_place.items() if new.kind == "update"}
    rows = []
    for buffer in _outside(lowered):
        remark = ", updated in place" if buffer in updated else ""
        rows.append((names(buffer), *_size(buffer), buffer.kind + remark))
    title = "memory"
    places = [""] * len(lowered.lives)
    sizes = [(evaluate(life.size, bindings), life.first, life.last) for life in lowered.lives]
    if lowered.lives and not any(list(symbols_of(size)) for size, _, _ in sizes):
        offsets, total = arena_layout(sizes, bindings)
        apart = sum(int(size) for size, _, _ in sizes)
        title = f"memory: an arena of {total:,} bytes ({apart:,} if no memory were used twice)"
        places = [f" + {offset:,}" for offset in offsets]
    for life, place in zip(lowered.lives, places, strict=True):
        rows.append((names(life.buffer), *_size(life.buffer), f"arena{place}, {_lived(life)}"))
    return [title, *_columns(rows)]


def _outside(lowered: Lowered) -> list[Buffer]:
    """The buffers that exist outside the program, in the order in which they are met."""
    found: dict[Buffer, None] = {}
    for nest in _nests(lowered.steps):
        for buffer in (*nest.reads(), *nest.written()):
            found[lowered.memory(buffer)] = None
    kept = [buffer for buffer in found if buffer.kind in _OUTSIDE]
    return sorted(kept, key=lambda buffer: _OUTSIDE.index(buffer.kind))


def _nests(steps: Sequence[Step | LoopStep]) -> Iterator[Nest]:
    """Every nest: the loops, and what is inside them."""
    for step in steps:
        yield step.nest
        if isinstance(step, LoopStep):
            yield from _nests(step.body)


def _size(buffer: Buffer) -> tuple[str, str]:
    size = buffer.size * buffer.dtype.itemsize
    shape = f"{buffer.dtype.name}[{', '.join(map(str, buffer.extents))}]"
    return shape, f"{size:,} bytes" if isinstance(size, int) else f"{size} bytes"


def _lived(life: Life) -> str:
    if life.first == life.last:
        return f"phase {life.first}"
    return f"phases {life.first} to {life.last}"


def _columns(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    name, shape, size = (max((len(row[i]) for row in rows), default=0) for i in range(3))
    return [
        f"{INDENT}{row[0]:<{name}}  {row[1]:<{shape}}  {row[2]:>{size}}  {row[3]}" for row in rows
    ]
