"""One module a graph: the kernels, and the program that calls them in order on every thread.

    define void @program(ptr context, i64 thread, i64 threads)
        for step in 0 … steps:
            for each phase:
                this thread's share of each kernel's blocks
                (between those of a long one: ask for memory that the next step will read)
                meet the other threads
            move the pointers of inputs and outputs on by one step

Every thread runs the same program. The share of a thread is a range of blocks; each block is
computed whole by one thread, in the same way whoever does it, so the number of threads changes no
bit of any result. Kernels with the same text are one function.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from cairnet.backends.native import team
from cairnet.backends.native.addresses import ZEROS, ZEROS_BYTES
from cairnet.backends.native.barrier import read
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.checked import fault_ir
from cairnet.backends.native.clock import emit_ticks
from cairnet.backends.native.emit import Kernel, emit_kernel
from cairnet.backends.native.tables import CONTEXT_SLOTS, times_row
from cairnet.compiler.likeness import Form, carried, form_of, plain_form
from cairnet.compiler.loops import Buffer, Moving
from cairnet.compiler.pipeline import LoopStep, Lowered, Step
from cairnet.compiler.shape import hint
from cairnet.tensor.extent import Extent, Size

__all__ = ["Module", "build_module"]

#: Into how many pieces a kernel is cut to fetch in between what the next step will read.
_PIECES = 8


@dataclass(frozen=True)
class Module:
    """The text of a module and what its tables must hold.

    Attributes:
        text: LLVM IR.
        buffers: what each entry of the table of buffers points to.
        extents: what each entry of the table of extents is.
        steps: the steps that call kernels, those inside loops included.
        kernels: the function that each of these steps calls.
        arguments: what it hands to the function, after the range of blocks.
        cycles: what one step of the program is expected to take on one core.
    """

    text: str
    buffers: tuple[Buffer, ...]
    extents: tuple[Extent, ...]
    steps: tuple[Step, ...]
    kernels: tuple[str, ...]
    arguments: tuple[tuple[Buffer | Extent, ...], ...]
    cycles: float


def build_module(
    lowered: Lowered,
    timed: bool = False,
    architecture: str | None = None,
    checked: bool = False,
) -> Module:
    """Emit every kernel and the program that runs them.

    Args:
        lowered: the scheduled nests.
        timed: whether the program adds up how long each thread computes in each kernel, and how
            long it waits for the others at the meeting that follows.
        architecture: of the processor that is to run it; default: this one's.
        checked: whether every load and store is tested before it happens; see `checked`.
    """
    kernels = _Kernels(lowered, checked)
    kernels.add(lowered.steps)
    if not checked:
        kernels.add_fetches(lowered)
    writer = _ProgramWriter(kernels, timed)
    program = writer.write(lowered.steps)
    zeros = f"[{ZEROS_BYTES} x i8]"
    parts = [
        f"{ZEROS.name} = private unnamed_addr constant {zeros} zeroinitializer, align 64",
        *([fault_ir()] if checked else []),
        *sorted(kernels.declarations | program.declarations),
        team.barrier_ir(architecture),
        *(
            text.replace("define void @KERNEL(", f"define private void @{name}(")
            for text, name in kernels.names.items()
        ),
        program.text(),
    ]
    return Module(
        "\n".join(parts),
        tuple(writer.buffers),
        tuple(writer.extents),
        tuple(kernels.steps),
        tuple(kernels.name_of[step] for step in kernels.steps),
        tuple(kernels.of[step].arguments for step in kernels.steps),
        sum(step.cycles for step in lowered.steps),
    )


class _Kernels:
    """The kernels of all steps; steps whose kernels have the same text share one function."""

    def __init__(self, lowered: Lowered, checked: bool) -> None:
        self.lowered = lowered
        self.checked = checked
        self.names: dict[str, str] = {}
        self.declarations: set[str] = set()
        self.steps: list[Step] = []
        self.of: dict[Step, Kernel] = {}
        self.name_of: dict[Step, str] = {}
        self._alike: dict[Hashable, tuple[Form, Kernel]] = {}
        #: What asks for memory of the next step, and the step between whose blocks that is done.
        self.fetches: list[tuple[str, Kernel]] = []
        self.host: Step | None = None

    def add(self, steps: Sequence[Step | LoopStep]) -> None:
        """Emit the kernels of some steps and of the loops among them."""
        for step in steps:
            if isinstance(step, LoopStep):
                self.add(step.body)
                continue
            kernel = self._kernel(step)
            self.steps.append(step)
            self.of[step] = kernel
            self.name_of[step] = self.names.setdefault(kernel.text, f"kernel{len(self.names)}")
            self.declarations |= kernel.declarations

    def add_fetches(self, lowered: Lowered) -> None:
        """Emit what asks for memory of the next step, where a step is long enough to ask in it."""
        shared = [
            step
            for step in lowered.steps
            if isinstance(step, Step) and not step.serial and _count(self.of[step]) >= 2 * _PIECES
        ]
        if not shared or not lowered.fetches:
            return
        self.host = max(shared, key=lambda step: step.cycles)
        for step in lowered.fetches:
            kernel = emit_kernel(step.nest, step.schedule, lowered.memory)
            name = self.names.setdefault(kernel.text, f"fetch{len(self.names)}")
            self.fetches.append((name, kernel))
            self.declarations |= kernel.declarations

    def _kernel(self, step: Step) -> Kernel:
        """The kernel of a step; the text is written once for all steps that are alike."""
        form = form_of(step.nest, self.lowered.memory)
        key = (form.key, plain_form(step.schedule, form))
        if key not in self._alike:
            kernel = emit_kernel(step.nest, step.schedule, self.lowered.memory, self.checked)
            self._alike[key] = form, kernel
        first, kernel = self._alike[key]
        return replace(kernel, arguments=carried(kernel.arguments, first, form))


def _count(kernel: Kernel) -> int:
    """About how many blocks a kernel has."""
    return math.prod(-(-hint(extent) // step) for extent, step in kernel.blocks)


class _ProgramWriter:
    """Writes `@program`; numbers buffers and extents in the order in which it needs them."""

    def __init__(self, kernels: _Kernels, timed: bool) -> None:
        self.kernels = kernels
        self.timed = timed
        self.buffers: dict[Buffer, int] = {}
        self.extents: dict[Extent, int] = {}
        self.builder = Builder(
            "program", [("ptr", "context"), ("i64", "thread"), ("i64", "threads")]
        )
        context, self.thread, self.threads = (self.builder.parameter(i) for i in range(3))
        self.slots = {
            name: self.builder.load(
                "i64" if name == "steps" else "ptr",
                self.builder.offset(context, "i64", self.builder.integer(number)),
                8,
            )
            for number, name in enumerate(CONTEXT_SLOTS)
        }
        self.position = 0
        self.turn = self.builder.integer(0)
        self.clock = self.builder.alloca("i64", 8) if timed else Value("ptr", "null")

    def write(self, steps: Sequence[Step | LoopStep]) -> Builder:
        """The whole function."""
        builder = self.builder
        self._number_buffers(steps)
        count = len(self.buffers)
        # Every thread has pointers of its own, since they move from step to step.
        self.local = builder.alloca(f"[{max(count, 1)} x ptr]")
        size, volatile = builder.integer(8 * count), Value("i1", "false")
        builder.call(
            "void", "llvm.memcpy.p0.p0.i64", self.local, self.slots["buffers"], size, volatile
        )
        self.is_first = builder.compare("icmp eq", self.thread, builder.integer(0))
        with builder.loop(builder.integer(0), self.slots["steps"], stem="step") as step:
            self.step = step
            if self.timed:
                builder.store(emit_ticks(builder), self.clock, 8)
            self._sequence(steps, 0)
            self._meet()
            with builder.loop(builder.integer(0), builder.integer(count), stem="moved") as number:
                place = builder.offset(self.slots["strides"], "i64", number)
                self._move(builder.offset(self.local, "ptr", number), builder.load("i64", place, 8))
        builder.line("ret void")
        return builder

    def _number_buffers(self, steps: Sequence[Step | LoopStep]) -> None:
        for step in steps:
            if isinstance(step, LoopStep):
                self._number_buffers(step.body)
                for moving in step.nest.moving:
                    self._number(moving.inner)
                    self._number(moving.outer)
                for following in step.nest.following:
                    self._number(following.inner)
                    self._number(following.first)
                continue
            for argument in self.kernels.of[step].arguments:
                if isinstance(argument, Buffer):
                    self._number(argument)

    def _number(self, buffer: Buffer) -> int:
        home = self.kernels.lowered.memory(buffer)
        return self.buffers.setdefault(home, len(self.buffers))

    def _meet(self) -> None:
        team.emit_barrier(self.builder, self.slots["barrier"], self.thread, self.threads)
        if self.timed and self.position:
            self._add_time(2 * self.position - 1)

    def _sequence(self, steps: Sequence[Step | LoopStep], phase: int) -> None:
        """Steps in order, with a meeting wherever the phase changes."""
        for step in steps:
            if step.phase != phase:
                self._meet()
                phase = step.phase
            if isinstance(step, LoopStep):
                self._loop(step)
            else:
                self._kernel(step)

    # -- loops ---------------------------------------------------------------------------------

    def _loop(self, step: LoopStep) -> None:
        builder, loop = self.builder, step.nest
        length = self._size(loop.length)
        strides = []
        for moving in loop.moving:
            stride = self._bytes(moving)
            pointer = builder.load("ptr", self._slot(moving.outer), 8)
            if loop.reverse:
                last = builder.binary("sub", length, builder.integer(1))
                start = builder.binary("mul", last, stride)
                pointer = builder.offset(pointer, "i8", start)
                stride = builder.binary("sub", builder.integer(0), stride)
            builder.store(pointer, self._slot(moving.inner), 8)
            strides.append(stride)
        for following in loop.following:
            self._follow(following.first, following.inner)
        with builder.loop(builder.integer(0), length, stem="turn") as turn:
            outer, self.turn = self.turn, turn
            self._sequence(step.body, step.phase)
            self.turn = outer
            self._meet()
            for following in loop.following:
                self._follow(following.written, following.inner)
            for moving, stride in zip(loop.moving, strides, strict=True):
                self._move(self._slot(moving.inner), stride)

    def _follow(self, buffer: Buffer, inner: Buffer) -> None:
        """From now on `inner` is where a buffer is at this moment."""
        self.builder.store(self.builder.load("ptr", self._slot(buffer), 8), self._slot(inner), 8)

    def _bytes(self, moving: Moving) -> Value:
        return self._size(moving.stride * moving.inner.dtype.itemsize)

    def _slot(self, buffer: Buffer) -> Value:
        return self.builder.offset(self.local, "ptr", self.builder.integer(self._number(buffer)))

    def _move(self, slot: Value, stride: Value) -> None:
        pointer = self.builder.load("ptr", slot, 8)
        self.builder.store(self.builder.offset(pointer, "i8", stride), slot, 8)

    # -- kernels -------------------------------------------------------------------------------

    def _kernel(self, step: Step) -> None:
        builder, kernel = self.builder, self.kernels.of[step]
        arguments = [
            builder.load("ptr", self._slot(item), 8)
            if isinstance(item, Buffer)
            else self._size(item)
            for item in kernel.arguments
        ]
        if self.kernels.checked:
            arguments.insert(0, builder.integer(self.kernels.steps.index(step)))
        name = self.kernels.name_of[step]
        if step.serial:
            with builder.when(self.is_first):
                whole = builder.integer(0), self._blocks(kernel)
                self._call(name, *self._walked(kernel, *whole), arguments)
        elif step is self.kernels.host:
            self._call_in_pieces(name, kernel, arguments)
        else:
            self._call(name, *self._walked(kernel, *self._share(kernel)), arguments)
        if self.timed:
            self.position += 1
            self._add_time(2 * self.position - 2)

    def _share(self, kernel: Kernel) -> tuple[Value, Value]:
        """From which to which block this thread computes."""
        blocks, own = self._blocks(kernel), self.thread
        following = self.builder.binary("add", own, self.builder.integer(1))
        return self._part(blocks, own, self.threads), self._part(blocks, following, self.threads)

    def _walked(self, kernel: Kernel, begin: Value, end: Value) -> tuple[Value, Value]:
        """Where a walk over blocks begins and ends: at every second turn the other way round."""
        if not kernel.returning:
            return begin, end
        builder = self.builder
        odd = builder.binary("and", self.turn, builder.integer(1))
        back = builder.compare("icmp ne", odd, builder.integer(0))
        return builder.select(back, end, begin), builder.select(back, begin, end)

    def _part(self, total: Value, number: Value, count: Value) -> Value:
        return self.builder.binary("udiv", self.builder.binary("mul", total, number), count)

    def _call_in_pieces(self, name: str, kernel: Kernel, arguments: Sequence[Value]) -> None:
        """A piece of a kernel, a piece of what is to be fetched for the next step, and so on."""
        builder = self.builder
        last = builder.binary("sub", self.slots["steps"], builder.integer(1))
        more = builder.compare("icmp ult", self.step, last)
        calls = [(name, self._share(kernel), arguments)]
        for fetch, wanted in self.kernels.fetches:
            ahead = [
                self._ahead(item, more) if isinstance(item, Buffer) else self._size(item)
                for item in wanted.arguments
            ]
            calls.append((fetch, self._share(wanted), ahead))
        with builder.loop(builder.integer(0), builder.integer(_PIECES), stem="piece") as piece:
            following = builder.binary("add", piece, builder.integer(1))
            for called, (begin, end), handed in calls:
                total = builder.binary("sub", end, begin)
                start, stop = (
                    builder.binary("add", begin, self._part(total, at, builder.integer(_PIECES)))
                    for at in (piece, following)
                )
                self._call(called, start, stop, handed)

    def _ahead(self, buffer: Buffer, more: Value) -> Value:
        """Where a buffer will lie in the next step, if there is one."""
        builder = self.builder
        number = builder.integer(self._number(buffer))
        stride = builder.load("i64", builder.offset(self.slots["strides"], "i64", number), 8)
        pointer = builder.load("ptr", self._slot(buffer), 8)
        moved = builder.offset(pointer, "i8", stride)
        return builder.select(more, moved, pointer)

    def _call(self, name: str, begin: Value, end: Value, arguments: Sequence[Value]) -> None:
        listed = ", ".join(f"{value.type} {value.name}" for value in (begin, end, *arguments))
        call = f"call void @{name}({listed})"
        if not self.kernels.checked:
            self.builder.line(call)
            return
        # Once anything was noted, no kernel begins.
        noted = read(self.builder, Value("ptr", "@fault"))
        with self.builder.when(self.builder.compare("icmp eq", noted, self.builder.integer(0))):
            self.builder.line(call)

    def _blocks(self, kernel: Kernel) -> Value:
        """The number of blocks: the product of the rounded-up quotients of extent and step."""
        builder = self.builder
        known = 1
        total: Value | None = None
        for extent, step in kernel.blocks:
            if not isinstance(extent, Extent):
                known *= -(-extent // step)
                continue
            rounded = builder.binary("add", self._size(extent), builder.integer(step - 1))
            count = builder.binary("udiv", rounded, builder.integer(step))
            total = count if total is None else builder.binary("mul", total, count)
        if total is None:
            return builder.integer(known)
        return builder.binary("mul", total, builder.integer(known))

    def _size(self, size: Size) -> Value:
        if not isinstance(size, Extent):
            return self.builder.integer(size)
        number = self.builder.integer(self.extents.setdefault(size, len(self.extents)))
        return self.builder.load(
            "i64", self.builder.offset(self.slots["extents"], "i64", number), 8
        )

    def _add_time(self, entry: int) -> None:
        """Add the ticks since the last reading of the clock to an entry of the table of times."""
        builder = self.builder
        now = emit_ticks(builder)
        row = builder.integer(times_row(len(self.kernels.steps)))
        own = builder.offset(self.slots["times"], "i64", builder.binary("mul", self.thread, row))
        place = builder.offset(own, "i64", builder.integer(entry))
        spent = builder.binary("sub", now, builder.load("i64", self.clock, 8))
        builder.store(builder.binary("add", builder.load("i64", place, 8), spent), place, 8)
        builder.store(now, self.clock, 8)
