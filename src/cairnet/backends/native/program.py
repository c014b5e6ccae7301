"""The native backend: compile a graph, hold its tables, run it."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cairnet.backends.native import cache, jit, team
from cairnet.backends.native.machine import Machine, host
from cairnet.backends.native.pace import Pace
from cairnet.backends.native.module import CONTEXT_SLOTS, Module, build_module
from cairnet.base.configuration import configuration
from cairnet.compiler.loops import Buffer
from cairnet.compiler.pipeline import Lowered, lower
from cairnet.compiler.plan import ALIGNMENT, arena_layout
from cairnet.compiler.rewrite import rewrite
from cairnet.compiler.specialize import specialize
from cairnet.compiler.tile import Target
from cairnet.tensor.core import Input, Tensor, Variable
from cairnet.tensor.extent import Extent, evaluate

__all__ = ["NativeProgram", "compile_program"]

#: A call that is expected to take fewer cycles than this runs on the calling thread alone.
_ALONE_CYCLES = 20_000.0


def compile_program(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]],
    fixed: Mapping[Extent, int],
) -> NativeProgram:
    """Compile a graph for this machine.

    Args:
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values.
        fixed: the unknown extents that are compiled as numbers; the others stay run-time numbers.
    """
    machine = host()
    wanted = [*outputs, *(value for _, value in updates)]
    placeholders, known = specialize(inputs, wanted, fixed)
    results = rewrite(known)
    count = len(outputs)
    pairs = [
        (variable, value)
        for (variable, _), value in zip(updates, results[count:], strict=True)
    ]
    target = Target(machine.vector_bytes, machine.registers)
    lowered = lower(placeholders, results[:count], pairs, target)
    module = build_module(lowered)
    return NativeProgram(lowered, module, _library(module, machine))


def _library(module: Module, machine: Machine) -> jit.Library:
    text = "\n".join([jit.generator_version(), machine.identity, module.text])
    key = hashlib.sha256(text.encode()).hexdigest()
    code = cache.lookup(key)
    if code is None:
        code = jit.compile_module(module.text, machine)
        cache.store(key, code)
    return jit.load(code)


@dataclass
class _Tables:
    """The memory and the tables of a program for one set of sizes."""

    arena: np.ndarray
    buffers: np.ndarray
    extents: np.ndarray
    strides: np.ndarray
    barrier: np.ndarray
    times: np.ndarray
    context: np.ndarray
    pace: Pace | None = None


class NativeProgram:
    """Machine code for a graph, with its memory.

    Args:
        lowered: the nests, for the buffers they use and for explanations.
        module: the IR, for what its tables must hold.
        library: the machine code.
    """

    def __init__(self, lowered: Lowered, module: Module, library: jit.Library) -> None:
        self.lowered = lowered
        self.module = module
        self.library = library
        # The tables and the arena serve one call at a time.
        self._lock = threading.Lock()
        self._entry = library.address("program")
        self._tables: dict[tuple[int, ...], _Tables] = {}
        places = {buffer: number for number, buffer in enumerate(module.buffers)}
        self._inputs = [places.get(buffer) for buffer in lowered.inputs]
        self._outputs = [places.get(buffer) for buffer in lowered.outputs]

    def run(
        self,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None = None,
    ) -> list[np.ndarray]:
        """See `cairnet.backends.program.Program.run`."""
        with self._lock:
            return self._run(arrays, bindings, steps)

    def _run(
        self, arrays: Sequence[np.ndarray], bindings: Mapping[Extent, int], steps: int | None
    ) -> list[np.ndarray]:
        key = tuple(bindings.values())
        tables = self._tables.get(key)
        if tables is None:
            tables = self._tables[key] = self._make_tables(bindings)
        results = []
        for buffer, number in zip(self.lowered.outputs, self._outputs, strict=True):
            shape = evaluate(buffer.extents, bindings)
            whole = shape if steps is None else (steps, *shape)
            result = np.empty(whole, buffer.dtype)
            results.append(result)
            if number is not None:
                tables.buffers[number] = result.ctypes.data
                tables.strides[number] = 0 if steps is None else math.prod(shape) * result.itemsize
        for array, number in zip(arrays, self._inputs, strict=True):
            if number is not None:
                tables.buffers[number] = array.ctypes.data
                tables.strides[number] = 0 if steps is None else array.nbytes // steps
        count = steps or 1
        tables.context[-1] = count
        self._run_on_threads(tables, count)
        return results

    def _run_on_threads(self, tables: _Tables, count: int) -> None:
        """On as many threads as the user asked for, or else on as many as are fastest."""
        context = tables.context.ctypes.data
        if configuration().threads is not None:
            team.run(self._entry, context, team.get_threads())
            return
        if self.module.cycles * count < _ALONE_CYCLES:
            team.run(self._entry, context, 1)
            return
        if tables.pace is None:
            tables.pace = Pace(team.get_threads())
        threads = tables.pace.choose()
        start = time.perf_counter()
        team.run(self._entry, context, threads)
        tables.pace.record(threads, (time.perf_counter() - start) / count)

    def _make_tables(self, bindings: Mapping[Extent, int]) -> _Tables:
        lives = self.lowered.lives
        offsets, total = arena_layout(
            [(life.size, life.first, life.last) for life in lives], bindings
        )
        arena = np.zeros(total + ALIGNMENT, np.uint8)
        start = arena.ctypes.data + (-arena.ctypes.data % ALIGNMENT)
        place = {life.buffer: start + offset for life, offset in zip(lives, offsets, strict=True)}
        buffers = np.zeros(max(len(self.module.buffers), 1), np.uint64)
        for number, buffer in enumerate(self.module.buffers):
            buffers[number] = place.get(buffer, 0) or _address(buffer)
        extents = np.array([evaluate(item, bindings) for item in self.module.extents], np.int64)
        strides = np.zeros(len(buffers), np.int64)
        barrier = np.zeros(team.BARRIER_BYTES + 128, np.uint8)
        state = barrier.ctypes.data + (-barrier.ctypes.data % 128)
        times = np.zeros(max(len(self.module.kernels), 1), np.int64)
        addresses = {
            "buffers": buffers.ctypes.data,
            "extents": extents.ctypes.data,
            "strides": strides.ctypes.data,
            "barrier": state,
            "times": times.ctypes.data,
            "steps": 1,
        }
        context = np.array([addresses[name] for name in CONTEXT_SLOTS], np.int64)
        return _Tables(arena, buffers, extents, strides, barrier, times, context)


def _address(buffer: Buffer) -> int:
    """Where a buffer lies that exists before the program runs; 0 for inputs and outputs."""
    tensor = buffer.tensor
    if buffer.kind == "variable" and isinstance(tensor, Variable):
        return int(tensor.data.ctypes.data)
    if buffer.kind == "constant":
        return int(tensor.parameters["value"].array.ctypes.data)
    return 0

