"""The search that CAIRNET_TUNE=1 asks for: ways to walk a nest are timed instead of weighed.

The cost model of `compiler/tile` proposes, the clock decides: each of the likeliest ways is
compiled as a program of one kernel, run on memory of its own, and the fastest is taken. The answer
is kept on disk beside compiled functions, under a digest of the nest, the machine and the compiler,
so that a nest is measured once on a machine.

What is measured is one thread with its operands in the caches, as far as they go in; a nest whose
extents are not all known is left to the model.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from cairnet.backends.native import cache, jit, team
from cairnet.backends.native.fingerprint import compiler_digest
from cairnet.backends.native.machine import Machine
from cairnet.backends.native.module import Module, build_module
from cairnet.backends.native.tables import CONTEXT_SLOTS
from cairnet.compiler.likeness import Form, form_of
from cairnet.compiler.loops import Axis, Buffer, Nest
from cairnet.compiler.pipeline import Lowered, Step
from cairnet.compiler.plan import ALIGNMENT
from cairnet.compiler.schedule import Schedule, Target
from cairnet.compiler.shape import hint
from cairnet.compiler.tile import candidates
from cairnet.tensor.extent import Extent

__all__ = ["Tuner", "varied"]

#: Nests that are expected to take fewer cycles are not worth a search.
_WORTH = 3_000.0
#: How long one run is, in seconds, how many there are for a first look, and how many in all.
_RUN, _LOOKS, _RUNS = 0.5e-3, 4, 32
#: After the first look, ways that are slower than the best by this factor are let go.
_HOPELESS = 1.7
#: How many ways the cost model proposes, how many of them are timed, and how many times as long as
#: the first any of them may be expected to take.
_PROPOSED, _TIMED = 400, 10
_FAR = 3.0
#: What is left free between buffers, in bytes.
_APART = 5 * 128


class Tuner:
    """Chooses among ways to walk a nest.

    Args:
        machine: this machine; code for another cannot be timed.
        target: the same machine, for the cost model.
    """

    def __init__(self, machine: Machine, target: Target) -> None:
        self._machine = machine
        self._target = target

    def choose(self, nest: Nest, memory: Callable[[Buffer], Buffer]) -> Schedule:
        """The fastest way to walk a nest, with what it took.

        Args:
            nest: no loop.
            memory: for each buffer the buffer whose memory it is.
        """
        proposed = varied(candidates(nest, self._target, _PROPOSED), _TIMED)
        if len(proposed) < 2 or proposed[0].cycles < _WORTH or not _is_known(nest, memory):
            return proposed[0]
        key = self._key(form_of(nest, memory), proposed)
        kept = None if key is None else _read(cache.lookup(key), len(proposed))
        if kept is None:
            times = self._times(nest, proposed, memory)
            best = min(range(len(times)), key=times.__getitem__)
            kept = best, times[best], times[0]
            if key is not None:
                cache.store(key, json.dumps(kept).encode())
        number, seconds, first = kept
        remark = f"{1e6 * seconds:.3g} µs measured, the fastest of {len(proposed)} ways"
        if number:
            remark += f"; {1e6 * first:.3g} µs for the one that was expected to be"
        return replace(proposed[number], remark=remark)

    def _key(self, form: Form, proposed: Sequence[Schedule]) -> str | None:
        """What the answer is kept under; None where sources have changed since they were loaded."""
        sources = compiler_digest()
        if sources is None:
            return None
        listed = [_plain(schedule, form.parts) for schedule in proposed]
        parts = ("tuned", sources, self._machine.identity, form.key, listed)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _times(
        self, nest: Nest, proposed: Sequence[Schedule], memory: Callable[[Buffer], Buffer]
    ) -> list[float]:
        """Seconds of each way; of those that are out of the race, after a first look."""
        trials = [_Trial(nest, schedule, memory, self._machine) for schedule in proposed]
        times = [float("inf")] * len(trials)
        hopeful = list(range(len(trials)))
        # In turns, so that a disturbance meets all of them.
        for turn in range(_RUNS):
            if turn == _LOOKS:
                limit = _HOPELESS * min(times)
                hopeful = [number for number in hopeful if times[number] <= limit]
            for number in hopeful:
                times[number] = min(times[number], trials[number].seconds())
        return times


class _Trial:
    """One way to walk a nest, compiled, with memory to run on."""

    def __init__(
        self,
        nest: Nest,
        schedule: Schedule,
        memory: Callable[[Buffer], Buffer],
        machine: Machine,
    ) -> None:
        homes = {b: memory(b) for b in (*nest.reads(), *nest.written()) if memory(b) is not b}
        step = Step(nest, schedule, 0, serial=True)
        module = build_module(Lowered((step,), (), (), homes, ()))
        self._library = jit.load(jit.compile_module(module.text, machine))
        self._entry = self._library.address("program")
        self._kept, self._context = _context(module)
        self._steps = 1
        self._steps = max(int(_RUN / max(self.seconds(), 1e-9)), 1)

    def seconds(self) -> float:
        """What one execution takes, in the mean of a run."""
        # The others' memory has been in the caches meanwhile; in a program, what a kernel reads
        # was mostly written by the one before it.
        self._run(1)
        start = time.perf_counter()
        self._run(self._steps)
        return (time.perf_counter() - start) / self._steps

    def _run(self, steps: int) -> None:
        self._context[CONTEXT_SLOTS.index("steps")] = steps
        team.run(self._entry, ctypes.addressof(self._context), 1)


def _context(module: Module) -> tuple[list[Any], Any]:
    """Memory for the tables and the buffers of a module: what has to be held, and the context."""
    arrays = _contents(module.buffers)
    count = max(len(arrays), 1)
    pointers = (ctypes.c_uint64 * count)(*(array.ctypes.data for array in arrays))
    strides = (ctypes.c_int64 * count)()  # every step finds the same memory
    extents = (ctypes.c_int64 * 1)()
    barrier = np.zeros(team.BARRIER_BYTES + 128, np.uint8)
    tables = {
        "buffers": ctypes.addressof(pointers),
        "extents": ctypes.addressof(extents),
        "strides": ctypes.addressof(strides),
        "barrier": barrier.ctypes.data + -barrier.ctypes.data % 128,
        "times": 0,
        "steps": 1,
    }
    context = (ctypes.c_int64 * len(CONTEXT_SLOTS))(*(tables[slot] for slot in CONTEXT_SLOTS))
    return [arrays, pointers, strides, extents, barrier], context


def _contents(buffers: Sequence[Buffer]) -> list[np.ndarray]:
    """Memory for buffers, one behind the other as in the arena of a program.

    Buffers that each began a page of their own would be in each other's way: a load waits for an
    earlier store whose address has the same last twelve bits. Floating-point numbers are near one,
    so that none becomes tiny; indices are zero.
    """
    sizes = [int(hint(buffer.size)) * buffer.dtype.itemsize for buffer in buffers]
    rooms = [-(-size // ALIGNMENT) * ALIGNMENT + _APART for size in sizes]
    memory = np.zeros(sum(rooms) + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    arrays = []
    for buffer, size, room in zip(buffers, sizes, rooms, strict=True):
        array = memory[start : start + size].view(buffer.dtype)
        if buffer.dtype.kind == "f":
            array[:] = np.linspace(0.9, 1.1, len(array))
        arrays.append(array)
        start += room
    return arrays


def varied(schedules: Sequence[Schedule], most: int) -> list[Schedule]:
    """Some of many ways to walk a nest: the first, then those that differ most from it.

    Args:
        schedules: from the cheapest expected on.
        most: how many to keep: half of them the best of a family each (one vector axis, one choice
            of what is written out), the others in order.
    """
    near = [schedule for schedule in schedules if schedule.cycles <= _FAR * schedules[0].cycles]
    heads: dict[Any, Schedule] = {}
    for schedule in near:
        heads.setdefault((schedule.vector, schedule.unrolled), schedule)
    chosen = list(heads.values())[: max(most // 2, 1)]
    chosen += [schedule for schedule in near if schedule not in chosen][: most - len(chosen)]
    return sorted(chosen, key=lambda schedule: schedule.cycles)


def _is_known(nest: Nest, memory: Callable[[Buffer], Buffer]) -> bool:
    """Whether all extents are numbers."""
    axes = (*nest.axes, *nest.reduce)
    buffers = [memory(buffer) for buffer in (*nest.reads(), *nest.written())]
    sizes = [*(axis.extent for axis in axes), *(buffer.size for buffer in buffers)]
    return not any(isinstance(size, Extent) for size in sizes)


def _plain(schedule: Schedule, numbers: Any) -> list[Any]:
    """A schedule as numbers, the same in every process."""

    def plain(value: Any) -> Any:
        if isinstance(value, Axis):
            return numbers[value]
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return [[plain(key), item] for key, item in value.items()]
        return value

    return [plain(getattr(schedule, field.name)) for field in fields(schedule)]


def _read(entry: bytes | None, count: int) -> tuple[int, float, float] | None:
    """What was kept, if it is whole: which of the ways, its seconds, and those of the first."""
    if entry is None:
        return None
    try:
        number, seconds, first = json.loads(entry)
        found = int(number), float(seconds), float(first)
    except (ValueError, TypeError):
        return None
    return found if 0 <= found[0] < count else None
