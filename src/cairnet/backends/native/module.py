"""One module a graph: the kernels, and the program that calls them in order on every thread.

    define void @program(ptr context, i64 thread, i64 threads)
        for step in 0 … steps:
            for each phase:
                this thread's share of each kernel's blocks
                meet the other threads
            move the pointers of inputs and outputs on by one step

Every thread runs the same program. The share of a thread is a range of blocks; each block is
computed whole by one thread, in the same way whoever does it, so the number of threads changes no
bit of any result. Kernels with the same text are one function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cairnet.backends.native import team
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.emit import Kernel, emit_kernel
from cairnet.compiler.loops import Buffer
from cairnet.compiler.pipeline import Lowered, Step
from cairnet.tensor.extent import Extent, Size

__all__ = ["CONTEXT_SLOTS", "Module", "build_module"]

#: What the context holds, one 8-byte slot each: addresses of the table of buffers, of the table of
#: extents, of the table of strides (bytes from one step to the next), of the barrier, and the
#: number of steps.
CONTEXT_SLOTS = ("buffers", "extents", "strides", "barrier", "steps")


@dataclass(frozen=True)
class Module:
    """The text of a module and what its tables must hold.

    Attributes:
        text: LLVM IR.
        buffers: what each entry of the table of buffers points to.
        extents: what each entry of the table of extents is.
        kernels: the function that each step of the program calls.
        cycles: what one step of the program is expected to take on one core.
    """

    text: str
    buffers: tuple[Buffer, ...]
    extents: tuple[Extent, ...]
    kernels: tuple[str, ...]
    cycles: float


class _Tables:
    """Numbers the buffers and extents in the order in which they are first needed."""

    def __init__(self) -> None:
        self.buffers: dict[Buffer, int] = {}
        self.extents: dict[Extent, int] = {}

    def buffer(self, buffer: Buffer) -> int:
        return self.buffers.setdefault(buffer, len(self.buffers))

    def extent(self, extent: Extent) -> int:
        return self.extents.setdefault(extent, len(self.extents))


def build_module(lowered: Lowered) -> Module:
    """Emit every kernel and the program that runs them."""
    tables = _Tables()
    texts: dict[str, str] = {}
    declarations: set[str] = set()
    calls: list[tuple[Step, Kernel, str]] = []
    for step in lowered.steps:
        kernel = emit_kernel(step.nest, step.schedule, lowered.memory)
        name = texts.setdefault(kernel.text, f"kernel{len(texts)}")
        declarations |= kernel.declarations
        calls.append((step, kernel, name))
    program = _program(calls, tables)
    parts = [
        "@zeros = private unnamed_addr constant [512 x i8] zeroinitializer, align 64",
        *sorted(declarations | program.declarations),
        team.barrier_ir(),
        *(
            text.replace("define void @KERNEL(", f"define private void @{name}(")
            for text, name in texts.items()
        ),
        program.text(),
    ]
    return Module(
        "\n".join(parts),
        tuple(tables.buffers),
        tuple(tables.extents),
        tuple(name for _, _, name in calls),
        sum(step.schedule.cycles for step, _, _ in calls),
    )


def _program(calls: Sequence[tuple[Step, Kernel, str]], tables: _Tables) -> Builder:
    builder = Builder("program", [("ptr", "context"), ("i64", "thread"), ("i64", "threads")])
    context, thread, threads = (builder.parameter(i) for i in range(3))
    slots = {
        name: builder.load(
            "i64" if name == "steps" else "ptr",
            builder.offset(context, "i64", builder.integer(number)),
            8,
        )
        for number, name in enumerate(CONTEXT_SLOTS)
    }
    for _, kernel, _ in calls:
        for argument in kernel.arguments:
            if isinstance(argument, Buffer):
                tables.buffer(argument)
    count = len(tables.buffers)
    # Every thread has pointers of its own, since they move from step to step.
    local = builder.alloca(f"[{max(count, 1)} x ptr]")
    builder.call(
        "void", "llvm.memcpy.p0.p0.i64", local, slots["buffers"], builder.integer(8 * count), Value("i1", "false")
    )
    is_first = builder.compare("icmp eq", thread, builder.integer(0))
    with builder.loop(builder.integer(0), slots["steps"], stem="step"):
        phase = 0
        for step, kernel, name in calls:
            if step.phase != phase:
                team.emit_barrier(builder, slots["barrier"], thread, threads)
                phase = step.phase
            arguments = [
                _argument(builder, argument, local, slots["extents"], tables)
                for argument in kernel.arguments
            ]
            blocks = _blocks(builder, kernel.blocks, slots["extents"], tables)
            _call(builder, name, arguments, blocks, (thread, threads), is_first, step.serial)
        team.emit_barrier(builder, slots["barrier"], thread, threads)
        with builder.loop(builder.integer(0), builder.integer(count), stem="moved") as number:
            place = builder.offset(local, "ptr", number)
            stride = builder.load("i64", builder.offset(slots["strides"], "i64", number), 8)
            pointer = builder.load("ptr", place, 8)
            builder.store(builder.offset(pointer, "i8", stride), place, 8)
    builder.line("ret void")
    return builder


def _argument(
    builder: Builder, item: Buffer | Extent, local: Value, extents: Value, tables: _Tables
) -> Value:
    if isinstance(item, Buffer):
        number = builder.integer(tables.buffer(item))
        return builder.load("ptr", builder.offset(local, "ptr", number), 8)
    return _extent(builder, item, extents, tables)


def _extent(builder: Builder, item: Size, extents: Value, tables: _Tables) -> Value:
    if not isinstance(item, Extent):
        return builder.integer(item)
    number = builder.integer(tables.extent(item))
    return builder.load("i64", builder.offset(extents, "i64", number), 8)


def _blocks(
    builder: Builder, blocks: Sequence[tuple[Size, int]], extents: Value, tables: _Tables
) -> Value:
    """The number of blocks: the product of the rounded-up quotients of extent and step."""
    known = 1
    total: Value | None = None
    for extent, step in blocks:
        if not isinstance(extent, Extent):
            known *= -(-extent // step)
            continue
        size = _extent(builder, extent, extents, tables)
        rounded = builder.binary("add", size, builder.integer(step - 1))
        count = builder.binary("udiv", rounded, builder.integer(step))
        total = count if total is None else builder.binary("mul", total, count)
    if total is None:
        return builder.integer(known)
    return builder.binary("mul", total, builder.integer(known))


def _call(
    builder: Builder,
    name: str,
    arguments: Sequence[Value],
    blocks: Value,
    who: tuple[Value, Value],
    is_first: Value,
    serial: bool,
) -> None:
    thread, threads = who

    def write(begin: Value, end: Value) -> None:
        listed = ", ".join(f"{value.type} {value.name}" for value in (begin, end, *arguments))
        builder.line(f"call void @{name}({listed})")

    if serial:
        with builder.when(is_first):
            write(builder.integer(0), blocks)
        return
    following = builder.binary("add", thread, builder.integer(1))
    begin, end = (
        builder.binary("udiv", builder.binary("mul", blocks, number), threads)
        for number in (thread, following)
    )
    write(begin, end)


