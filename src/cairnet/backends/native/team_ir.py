"""The native half of the team of threads: the worker, and the call that runs a program.

Everything that happens between two threads happens in this code and not in Python, so that a
worker never needs the interpreter lock: it is woken, works and goes to sleep again while Python
does as it likes.

A worker's state is one word, and every step away from AWAKE is an atomic exchange of it:

    AWAKE → CLAIMED        a caller wants the worker
    CLAIMED → WORK         and has written down what to run
    WORK → AWAKE           the worker has run it
    AWAKE → ASLEEP         the worker has waited long enough
    ASLEEP → CLAIMED       a caller wants it nonetheless, and signals
    ASLEEP → WAKING        a caller wants it for the next time, and signals
    WAKING → AWAKE         the worker has woken up, or begun
    WAKING → CLAIMED       a caller cannot wait for that
    … → STOP               the interpreter ends; from each of the idle states

The worker falls asleep on its condition variable only while it reads ASLEEP under its mutex, and
whoever changes ASLEEP signals under the same mutex afterwards: no wakeup can be lost.
"""

from __future__ import annotations

import platform

from cairnet.backends.native.barrier import PAUSE_ONCE, backoff_ir, read, wait_until, write
from cairnet.backends.native.builder import Builder, Value

__all__ = ["AWAKE", "BLOCK_BYTES", "JOB", "WORKERS", "team_ir"]

# The team's memory: block 0 is common, block i belongs to worker i. Fields by their offset; what
# different threads write lies 128 bytes apart, as far as processors fetch at once.
BLOCK_BYTES = 512
BUSY, WORKERS, MISSED = 0, 128, 256
STATUS, PROGRAM, CONTEXT, THREAD, THREADS, HANDLE, CORE, MOVED = 0, 8, 16, 24, 32, 40, 48, 384
MUTEX, CONDITION = 128, 256

#: What a call is told, one 8-byte slot each: the address of the team's memory, the program, its
#: context, how many threads are wanted, and whether only those that are awake.
JOB = ("state", "program", "context", "threads", "eager")

AWAKE, ASLEEP, WAKING, CLAIMED, WORK, STOP = 1, 2, 3, 4, 5, 6

# How long an idle worker looks for work before it lets others have the core in between, and before
# it goes to sleep, in nanoseconds. Calls that follow each other in a loop find it awake.
_YIELD_AFTER, _SLEEP_AFTER = 2_000, 150_000
# Two calls that find sleepers within this time are the beginning of a series.
_SERIES = 1_000_000

# A worker that finds itself on the core of its caller leaves it, but not more often than this:
# where there are more threads than cores, some share one.
_STAYS = 1_000_000
# Bytes of a set of cores.
_CORES_BYTES = 128
_LINUX = platform.system() == "Linux"

_CLOCK = 6 if platform.system() == "Darwin" else 1  # CLOCK_MONOTONIC


def team_ir(architecture: str | None = None) -> str:
    """The module of the team; `team.run` and its kin call its functions."""
    builders = [_clock(), _wake(), _worker(), _start(), _stop(), _seize(), _release(), _run()]
    if _LINUX:
        builders.append(_leave())
    declarations = sorted(set().union(*(builder.declarations for builder in builders)))
    functions = [builder.text() for builder in builders]
    return "\n".join([backoff_ir(architecture), *declarations, *functions])


# -- pieces ----------------------------------------------------------------------------------------


def _field(builder: Builder, block: Value, offset: int) -> Value:
    return builder.offset(block, "i8", builder.integer(offset))


def _exchange(builder: Builder, place: Value, old: int, new: int) -> Value:
    """Replace `old` by `new`; whether it was `old`."""
    pair = builder.emit(
        "{ i64, i1 }",
        f"cmpxchg ptr {place.name}, i64 {old}, i64 {new} acq_rel acquire",
    )
    return builder.emit("i1", f"extractvalue {{ i64, i1 }} {pair.name}, 1")


def _block(builder: Builder, state: Value, number: Value) -> Value:
    """The block of the worker that a counter from 0 means."""
    following = builder.binary("add", number, builder.integer(1))
    return builder.offset(state, f"[{BLOCK_BYTES} x i8]", following)


# -- the worker ------------------------------------------------------------------------------------


def _clock() -> Builder:
    builder = Builder("team.clock", [], "i64")
    time = builder.alloca("[2 x i64]", 8)
    builder.call("i32", "clock_gettime", Value("i32", str(_CLOCK)), time)
    seconds = builder.load("i64", time, 8)
    rest = builder.load("i64", _field(builder, time, 8), 8)
    scaled = builder.binary("mul", seconds, builder.integer(1_000_000_000))
    builder.line(f"ret i64 {builder.binary('add', scaled, rest).name}")
    return builder


def _wake() -> Builder:
    """Signal a sleeper whose state has been changed already."""
    builder = Builder("team.wake", [("ptr", "block")])
    block = builder.parameter(0)
    mutex = _field(builder, block, MUTEX)
    builder.call("i32", "pthread_mutex_lock", mutex)
    builder.call("i32", "pthread_cond_signal", _field(builder, block, CONDITION))
    builder.call("i32", "pthread_mutex_unlock", mutex)
    builder.line("ret void")
    return builder


def _worker() -> Builder:
    """What a worker's thread does from its beginning to its end."""
    builder = Builder("team.worker", [("ptr", "block")], "ptr")
    block = builder.parameter(0)
    status = _field(builder, block, STATUS)
    builder.branch("risen")
    builder.label("risen")
    _exchange(builder, status, WAKING, AWAKE)
    builder.branch("rested")
    builder.label("rested")
    since = builder.emit("i64", "call i64 @team.clock()")
    builder.branch("look")
    builder.label("look")
    builder.line("%looks = phi i64 [ 0, %rested ], [ %again, %nothing ], [ %again, %late ]")
    found = read(builder, status)
    builder.line(
        f"switch i64 {found.name}, label %idle [ i64 {WORK}, label %work i64 {STOP}, label %stop ]"
    )
    _idle(builder, status, since)
    _work(builder, block, status)
    _sleep(builder, block, status)
    builder.label("stop")
    builder.line("ret ptr null")
    return builder


def _idle(builder: Builder, status: Value, since: Value) -> None:
    builder.label("idle")
    builder.line("%again = add i64 %looks, 1")
    builder.line(f"call void @team.backoff(i64 {PAUSE_ONCE})")  # one pause
    # Every 32nd look is at the clock too, whose reading takes as long as a look.
    rounds = builder.binary("and", Value("i64", "%again"), builder.integer(31))
    builder.branch_if(builder.compare("icmp eq", rounds, builder.integer(0)), "check", "nothing")
    builder.label("check")
    now = builder.emit("i64", "call i64 @team.clock()")
    waited = builder.binary("sub", now, since)
    patient = builder.compare("icmp slt", waited, builder.integer(_YIELD_AFTER))
    builder.branch_if(patient, "nothing", "tired")
    builder.label("tired")
    awake = builder.compare("icmp slt", waited, builder.integer(_SLEEP_AFTER))
    builder.branch_if(awake, "late", "drowsy")
    builder.label("late")
    builder.line("%ignored = call i32 @sched_yield()")
    builder.branch("look")
    builder.label("drowsy")
    builder.branch_if(_exchange(builder, status, AWAKE, ASLEEP), "asleep", "nothing")
    builder.label("nothing")
    builder.branch("look")


def _work(builder: Builder, block: Value, status: Value) -> None:
    builder.label("work")
    program, context, thread, threads = (
        builder.load(type_, _field(builder, block, offset), 8)
        for type_, offset in (
            ("ptr", PROGRAM),
            ("ptr", CONTEXT),
            ("i64", THREAD),
            ("i64", THREADS),
        )
    )
    if _LINUX:
        core = builder.load("i32", _field(builder, block, CORE), 4)
        together = builder.compare("icmp eq", core, builder.call("i32", "sched_getcpu"))
        told = builder.compare("icmp sge", core, builder.integer(0, "i32"))
        with builder.when(builder.binary("and", together, told)):
            builder.line(f"call void @team.leave(ptr {block.name}, i32 {core.name})")
    builder.line(
        f"call void {program.name}(ptr {context.name}, i64 {thread.name}, i64 {threads.name})"
    )
    write(builder, builder.integer(AWAKE), status)
    builder.branch("rested")


def _leave() -> Builder:
    """Leave a core for any other that this thread may use.

    The system puts a thread that it wakes on the core of the one that has signalled where the
    others are busy, and may leave it there for half a second: long after they have become idle.
    """
    builder = Builder("team.leave", [("ptr", "block"), ("i32", "core")])
    moved = _field(builder, builder.parameter(0), MOVED)
    now = builder.emit("i64", "call i64 @team.clock()")
    since = builder.binary("sub", now, builder.load("i64", moved, 8))
    with builder.when(builder.compare("icmp sgt", since, builder.integer(_STAYS))):
        builder.store(now, moved, 8)
        allowed, others = (builder.alloca(f"[{_CORES_BYTES} x i8]", 8) for _ in range(2))
        thread, size = builder.integer(0, "i32"), builder.integer(_CORES_BYTES)
        failed = [
            builder.call("i32", "sched_getaffinity", thread, size, cores)
            for cores in (allowed, others)
        ]
        known = builder.compare("icmp eq", builder.binary("or", *failed), builder.integer(0, "i32"))
        with builder.when(known):
            core = builder.convert("zext", builder.parameter(1), "i64")
            place = builder.offset(others, "i64", builder.binary("udiv", core, builder.integer(64)))
            within = builder.binary("and", core, builder.integer(63))
            bit = builder.binary("shl", builder.integer(1), within)
            rest = builder.binary("xor", bit, builder.integer(-1))
            builder.store(builder.binary("and", builder.load("i64", place, 8), rest), place, 8)
            # Refused where there is no other; then the thread stays.
            for cores in (others, allowed):
                builder.call("i32", "sched_setaffinity", thread, size, cores)
    builder.line("ret void")
    return builder


def _sleep(builder: Builder, block: Value, status: Value) -> None:
    builder.label("asleep")
    mutex, condition = _field(builder, block, MUTEX), _field(builder, block, CONDITION)
    builder.call("i32", "pthread_mutex_lock", mutex)
    builder.branch("dream")
    builder.label("dream")
    sleeping = builder.compare("icmp eq", read(builder, status), builder.integer(ASLEEP))
    builder.branch_if(sleeping, "wait", "wakened")
    builder.label("wait")
    builder.call("i32", "pthread_cond_wait", condition, mutex)
    builder.branch("dream")
    builder.label("wakened")
    builder.call("i32", "pthread_mutex_unlock", mutex)
    builder.branch("risen")


# -- the calls from Python -------------------------------------------------------------------------


def _start() -> Builder:
    """Start the thread of a block; 0, or the error of the operating system."""
    builder = Builder("team.start", [("ptr", "block")], "i32")
    block, null = builder.parameter(0), Value("ptr", "null")
    builder.call("i32", "pthread_mutex_init", _field(builder, block, MUTEX), null)
    builder.call("i32", "pthread_cond_init", _field(builder, block, CONDITION), null)
    write(builder, builder.integer(WAKING), _field(builder, block, STATUS))
    handle = _field(builder, block, HANDLE)
    error = builder.call("i32", "pthread_create", handle, null, Value("ptr", "@team.worker"), block)
    builder.line(f"ret i32 {error.name}")
    return builder


def _stop() -> Builder:
    """End the idle thread of a block, and wait until it has ended."""
    builder = Builder("team.stop", [("ptr", "block")])
    block = builder.parameter(0)
    _change_idle(builder, block, STOP)
    handle = builder.load("ptr", _field(builder, block, HANDLE), 8)
    builder.call("i32", "pthread_join", handle, Value("ptr", "null"))
    builder.line("ret void")
    return builder


def _change_idle(builder: Builder, block: Value, new: int) -> Value:
    """Give an idle worker a new state, waking it if it sleeps; false if it has ended."""
    status = _field(builder, block, STATUS)
    again, signal, failed, changed = (
        builder.fresh(stem) for stem in ("again", "signal", "failed", "changed")
    )
    steps = {state: builder.fresh("from") for state in (AWAKE, ASLEEP, WAKING)}
    builder.branch(again)
    builder.label(again)
    found = read(builder, status)
    cases = " ".join(f"i64 {state}, label %{label}" for state, label in steps.items())
    builder.line(f"switch i64 {found.name}, label %{failed} [ {cases} ]")
    for state, label in steps.items():
        builder.label(label)
        done = _exchange(builder, status, state, new)
        # The worker may have changed its state in between; then look again.
        builder.branch_if(done, signal if state == ASLEEP else changed, again)
    builder.label(signal)
    builder.line(f"call void @team.wake(ptr {block.name})")
    builder.branch(changed)
    builder.label(failed)
    builder.branch(changed)
    builder.label(changed)
    incoming = [steps[AWAKE], steps[WAKING], signal]
    listed = ", ".join(f"[ true, %{label} ]" for label in incoming)
    return builder.emit("i1", f"phi i1 {listed}, [ false, %{failed} ]")


def _seize() -> Builder:
    """Take the whole team; whether nobody else had it."""
    builder = Builder("team.seize", [("ptr", "state")], "i64")
    taken = _exchange(builder, _field(builder, builder.parameter(0), BUSY), 0, 1)
    builder.line(f"ret i64 {builder.convert('zext', taken, 'i64').name}")
    return builder


def _release() -> Builder:
    builder = Builder("team.release", [("ptr", "state")])
    write(builder, builder.integer(0), _field(builder, builder.parameter(0), BUSY))
    builder.line("ret void")
    return builder


def _run() -> Builder:
    """Run a program on the caller and on workers; the number of threads that it ran on."""
    builder = Builder("team.run", [("ptr", "job")], "i64")
    job, types = builder.parameter(0), ("ptr", "ptr", "ptr", "i64", "i64")
    state, program, context, threads, eager = (
        builder.load(type_, _field(builder, job, 8 * number), 8)
        for number, type_ in enumerate(types)
    )
    several = builder.compare("icmp sgt", threads, builder.integer(1))
    builder.branch_if(several, "several", "alone")
    builder.label("several")
    builder.branch_if(_exchange(builder, _field(builder, state, BUSY), 0, 1), "mine", "alone")
    builder.label("alone")
    builder.line(f"call void {program.name}(ptr {context.name}, i64 0, i64 1)")
    builder.line("ret i64 1")
    builder.label("mine")
    there = read(builder, _field(builder, state, WORKERS))
    wanted = builder.binary("sub", threads, builder.integer(1))
    count = builder.select(builder.compare("icmp slt", wanted, there), wanted, there)
    total = _claim(builder, state, count, eager)
    _publish(builder, state, count, (program, context, total))
    builder.line(f"call void {program.name}(ptr {context.name}, i64 0, i64 {total.name})")
    with builder.loop(builder.integer(0), count) as number:
        status = _field(builder, _block(builder, state, number), STATUS)
        wait_until(
            builder,
            lambda: builder.compare("icmp ne", read(builder, status), builder.integer(WORK)),
        )
    write(builder, builder.integer(0), _field(builder, state, BUSY))
    builder.line(f"ret i64 {total.name}")
    return builder


def _claim(builder: Builder, state: Value, count: Value, eager: Value) -> Value:
    """Claim the workers that may take part; the number of threads, the caller's among them."""
    joined, missed = builder.alloca("i64", 8), builder.alloca("i64", 8)
    builder.store(builder.integer(1), joined, 8)
    builder.store(builder.integer(0), missed, 8)
    waits = builder.compare("icmp eq", eager, builder.integer(0))
    with builder.loop(builder.integer(0), count) as number:
        block = _block(builder, state, number)
        builder.branch_if(waits, "claim.any", "claim.awake")
        builder.label("claim.any")
        builder.branch_if(_change_idle(builder, block, CLAIMED), "claim.join", "claim.skip")
        builder.label("claim.awake")
        at_once = _exchange(builder, _field(builder, block, STATUS), AWAKE, CLAIMED)
        builder.branch_if(at_once, "claim.join", "claim.skip")
        builder.label("claim.join")
        place = builder.load("i64", joined, 8)
        builder.store(place, _field(builder, block, THREAD), 8)
        builder.store(builder.binary("add", place, builder.integer(1)), joined, 8)
        builder.branch("claim.next")
        builder.label("claim.skip")
        builder.store(builder.integer(1), missed, 8)
        builder.branch("claim.next")
        builder.label("claim.next")
    some = builder.compare("icmp ne", builder.load("i64", missed, 8), builder.integer(0))
    with builder.when(some):
        _wake_for_next_time(builder, state, count)
    return builder.load("i64", joined, 8)


def _wake_for_next_time(builder: Builder, state: Value, count: Value) -> None:
    """Wake the sleepers if this is not a single call; a signal costs a few microseconds."""
    place = _field(builder, state, MISSED)
    now = builder.emit("i64", "call i64 @team.clock()")
    since = builder.binary("sub", now, builder.load("i64", place, 8))
    builder.store(now, place, 8)
    series = builder.compare("icmp slt", since, builder.integer(_SERIES))
    with builder.when(series), builder.loop(builder.integer(0), count) as number:
        block = _block(builder, state, number)
        slept = _exchange(builder, _field(builder, block, STATUS), ASLEEP, WAKING)
        with builder.when(slept):
            builder.line(f"call void @team.wake(ptr {block.name})")


def _publish(
    builder: Builder, state: Value, count: Value, task: tuple[Value, Value, Value]
) -> None:
    """Tell the claimed workers what to run: a program, its context, and on how many threads."""
    core = builder.call("i32", "sched_getcpu") if _LINUX else builder.integer(-1, "i32")
    with builder.loop(builder.integer(0), count) as number:
        block = _block(builder, state, number)
        status = _field(builder, block, STATUS)
        claimed = builder.compare("icmp eq", read(builder, status), builder.integer(CLAIMED))
        with builder.when(claimed):
            builder.store(core, _field(builder, block, CORE), 4)
            for value, offset in zip(task, (PROGRAM, CONTEXT, THREADS), strict=True):
                builder.store(value, _field(builder, block, offset), 8)
            write(builder, builder.integer(WORK), status)
