"""A meeting of the threads of a program: nobody goes on before everybody has come.

Two threads that arrive together need about 60 ns, the time in which a cache line crosses from one
core to another and back.
"""

from __future__ import annotations

import platform
from collections.abc import Callable

from cairnet.backends.native.builder import Builder, Value
from cairnet.base.errors import CompileError

__all__ = [
    "BARRIER_BYTES",
    "MAX_THREADS",
    "PAUSE_ONCE",
    "backoff_ir",
    "barrier_ir",
    "emit_barrier",
    "read",
    "wait_until",
    "write",
]

MAX_THREADS = 64

# A thread's row of barrier flags: one 8-byte flag for each number of threads.
_ROW_BYTES = 8 * MAX_THREADS
BARRIER_BYTES = MAX_THREADS * _ROW_BYTES

# How often to look before the first pause, and before the first sched_yield: about 1.5 µs in all,
# after which another process may well be sitting on the core that the other thread needs.
_LOOKS, _PAUSES = 16, 32
# The argument of @team.backoff for exactly one pause.
PAUSE_ONCE = _LOOKS

_PAUSE = {
    "x86_64": ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"),
    "aarch64": ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"),
}


def emit_barrier(builder: Builder, state: Value, thread: Value, threads: Value) -> None:
    """Write a meeting of all threads of a program: nobody goes on before everybody has come.

    What a thread has written before it is visible to every thread after it.

    Args:
        builder: the function being written, in a module that contains `barrier_ir()`.
        state: pointer to BARRIER_BYTES bytes, zero at first, at a multiple of 128. One state
            may serve any number of barriers and runs, with different numbers of threads too.
        thread: this thread's number, an i64.
        threads: the number of threads, an i64, at most MAX_THREADS.
    """
    arguments = ", ".join(f"{value.type} {value.name}" for value in (state, thread, threads))
    builder.line(f"call void @team.barrier({arguments})")


def barrier_ir(architecture: str | None = None) -> str:
    """The functions that `emit_barrier` calls, to be put once into a module.

    Every thread raises its own flag, on a cache line that nobody else writes, to the number of
    its meetings, and waits until the flags of the others are as high: one transfer of a cache line
    in each direction. There is a flag for each number of threads, because the threads of a run
    with two have met equally often in runs with two, but not with the third one.
    """
    return f"{backoff_ir(architecture)}\n{_barrier()}"


def backoff_ir(architecture: str | None) -> str:
    """What a thread does between two looks: nothing, then a pause, then it lets others run."""
    name = architecture or platform.machine()
    name = {"arm64": "aarch64", "AMD64": "x86_64"}.get(name, name)
    if name not in _PAUSE:
        raise CompileError(f"no pause instruction is known for {name}; known: {', '.join(_PAUSE)}")
    declaration, pause = _PAUSE[name]
    builder = Builder("team.backoff", [("i64", "looks")])
    looks = builder.parameter(0)
    with builder.when(builder.compare("icmp uge", looks, builder.integer(_LOOKS))):
        late = builder.compare("icmp uge", looks, builder.integer(_LOOKS + _PAUSES))
        builder.branch_if(late, "yielding", "pausing")
        builder.label("yielding")
        builder.line("%ignored = call i32 @sched_yield()")
        builder.branch("rested")
        builder.label("pausing")
        builder.line(pause)
        builder.branch("rested")
        builder.label("rested")
    builder.line("ret void")
    text = builder.text().replace("define void", "define private void")
    return f"{declaration}\ndeclare i32 @sched_yield()\n{text}"


def wait_until(builder: Builder, reached: Callable[[], Value]) -> None:
    """Look again and again, backing off, until a condition holds."""
    look, rest, done = (builder.fresh(stem) for stem in ("look", "rest", "seen"))
    count = f"%{builder.fresh('looks')}"
    before = builder.block
    builder.branch(look)
    builder.label(look)
    builder.line(f"{count} = phi i64 [ 0, %{before} ], [ {count}.next, %{rest} ]")
    builder.branch_if(reached(), done, rest)
    builder.label(rest)
    builder.line(f"call void @team.backoff(i64 {count})")
    builder.line(f"{count}.next = add i64 {count}, 1")
    builder.branch(look)
    builder.label(done)


def read(builder: Builder, place: Value) -> Value:
    """Load a word that another thread writes, and with it all that was written before it."""
    return builder.emit("i64", f"load atomic i64, ptr {place.name} acquire, align 8")


def write(builder: Builder, value: Value, place: Value) -> None:
    """Store a word that another thread reads, after all that was written before it."""
    builder.line(f"store atomic i64 {value.name}, ptr {place.name} release, align 8")


def _barrier() -> str:
    builder = Builder("team.barrier", [("ptr", "state"), ("i64", "thread"), ("i64", "threads")])
    state, thread, threads = (builder.parameter(i) for i in range(3))
    with builder.when(builder.compare("icmp ugt", threads, builder.integer(1))):
        column = builder.offset(state, "i64", builder.binary("sub", threads, builder.integer(1)))

        def flag(number: Value) -> Value:
            return builder.offset(column, f"[{_ROW_BYTES} x i8]", number)

        own = flag(thread)
        meeting = builder.binary("add", builder.load("i64", own, 8), builder.integer(1))
        write(builder, meeting, own)
        with builder.loop(builder.integer(0), threads) as other:
            place = flag(other)

            def arrived() -> Value:
                return builder.compare("icmp uge", read(builder, place), meeting)

            wait_until(builder, arrived)
    builder.line("ret void")
    return builder.text().replace("define void", "define private void")
