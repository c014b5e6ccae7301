"""The native backend: compile a graph or find it compiled, hold its tables, run it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.backends.native import cache, jit, team
from cairnet.backends.native.blueprint import Blueprint, blueprint_of, pack, unpack
from cairnet.backends.native.faults import raise_noted
from cairnet.backends.native.fingerprint import Fingerprint, fingerprint, sources_unchanged
from cairnet.backends.native.machine import host
from cairnet.backends.native.outside import one_thread_each
from cairnet.backends.native.tables import Sizes, Tables, address
from cairnet.base.configuration import configuration
from cairnet.base.errors import CompileError
from cairnet.tensor.core import Input, Tensor, Variable
from cairnet.tensor.extent import Extent
from cairnet.tensor.primitives.loops import has_complex_numbers

if TYPE_CHECKING:
    from cairnet.backends.native.module import Module
    from cairnet.backends.native.passes import Passes
    from cairnet.compiler.pipeline import Lowered

__all__ = ["NativeProgram", "compile_program"]

#: A call that is expected to take fewer cycles than this runs on the calling thread alone.
_ALONE_CYCLES = 20_000.0


def compile_program(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]],
    fixed: Mapping[Extent, int],
    timed: bool = False,
) -> NativeProgram:
    """Compile a graph for this machine, or load what was compiled for an equal graph before.

    Args:
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values.
        fixed: the unknown extents that are compiled as numbers; the others stay run-time numbers.
        timed: whether the program adds up the time spent in each kernel (see `times`).
    """
    results = [*outputs, *(value for _, value in updates)]
    if not has_complex_numbers(inputs, results):
        return NativeProgram(_Source(inputs, outputs, updates, fixed, timed))
    # Imported here because few programs have any.
    from cairnet.compiler.complex import split_complex

    real = split_complex(inputs, outputs, updates)
    source = _Source(real.inputs, real.outputs, real.updates, fixed, timed)
    return NativeProgram(source, [output.dtype for output in outputs])


class _Source:
    """What a program is made from: a graph, and the passes that compile it."""

    def __init__(
        self,
        inputs: Sequence[Input],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
        fixed: Mapping[Extent, int],
        timed: bool,
    ) -> None:
        self.count = len(inputs)
        self._arguments = (inputs, outputs, updates, fixed)
        self._timed = timed
        self.checked = configuration().bounds
        self._tuned = configuration().tune

    def passes(self) -> Passes:
        """The passes, none of which has run yet."""
        # Imported here because a program that is found on the disk needs none of the compiler.
        from cairnet.backends.native.passes import Passes

        return Passes(*self._arguments, self._timed, self.checked, self._tuned)

    def fingerprint(self) -> Fingerprint:
        """What the code depends on."""
        options = ["timed"] if self._timed else []
        if self._tuned:
            options.append("tuned")
        if configuration().verify:
            options.append("verified")
        return fingerprint(*self._arguments, options)


def _built(source: _Source, graph: Fingerprint) -> tuple[Blueprint, jit.Library]:
    """The program from the disk, or else compiled and kept there."""
    if graph.digest is not None:
        found = _loaded(cache.lookup(graph.digest))
        if found is not None:
            return found
    passes = source.passes()
    code = jit.compile_module(passes.module.text, host(), plain=source.checked)
    blueprint = blueprint_of(passes.lowered, passes.module, graph)
    if graph.digest is not None and sources_unchanged():
        cache.store(graph.digest, pack(blueprint, code))
    return blueprint, jit.load(code)


def _loaded(entry: bytes | None) -> tuple[Blueprint, jit.Library] | None:
    """A program out of the cache; None where there is none that can be used."""
    parts = None if entry is None else unpack(entry)
    if parts is None:
        return None
    blueprint, code = parts
    try:
        library = jit.load(code)
        library.address("program")
    except CompileError:
        return None
    return blueprint, library


class NativeProgram:
    """Machine code for a graph, with its memory.

    Args:
        source: what it is made from.
        dtypes: those of the outputs, where some are complex: the source is in real numbers then,
            and each complex output has one axis more, of its two parts.
    """

    def __init__(self, source: _Source, dtypes: Sequence[np.dtype[Any]] | None = None) -> None:
        self._source = source
        self._dtypes = dtypes
        graph = source.fingerprint()
        self.blueprint, self._library = _built(source, graph)
        self._entry = self._library.address("program")
        self._symbols = graph.symbols
        self._tables = Tables(self.blueprint, graph)
        self._inputs = self._tables.places("input", source.count)
        #: How many threads the last call ran on.
        self.threads = 0
        # The tables and the arena serve one call at a time.
        self._lock = threading.Lock()

    # -- what it was made of -------------------------------------------------------------------

    @property
    def rewritten(self) -> list[Tensor]:
        """The outputs and the new values of the updates, after rewriting."""
        return self._passes.rewritten

    @property
    def lowered(self) -> Lowered:
        """The nests, scheduled and with their memory planned."""
        return self._passes.lowered

    @property
    def module(self) -> Module:
        """The LLVM IR of the program."""
        return self._passes.module

    @cached_property
    def _passes(self) -> Passes:
        return self._source.passes()

    @property
    def times(self) -> np.ndarray:
        """What the threads of a timed program have spent on each kernel of `module` so far.

        The axes are threads, kernels, and two numbers, in ticks of the processor's counter:
        computing, and waiting for the other threads at the meeting that follows.
        """
        return self._tables.times

    # -- running -------------------------------------------------------------------------------

    def run(
        self,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None = None,
    ) -> list[np.ndarray]:
        """See `cairnet.backends.program.Program.run`."""
        symbols = tuple([bindings[symbol] for symbol in self._symbols])
        with self._lock:
            results = self._run(arrays, symbols, steps)
        if self._dtypes is None:
            return results
        return [
            result if result.dtype == dtype else result.view(dtype)[..., 0]
            for result, dtype in zip(results, self._dtypes, strict=True)
        ]

    def _run(
        self, arrays: Sequence[np.ndarray], symbols: tuple[int, ...], steps: int | None
    ) -> list[np.ndarray]:
        tables = self._tables
        buffers, strides = tables.buffers, tables.strides
        count = 1 if steps is None else steps
        sizes = tables.prepare(symbols, count)
        results = []
        for form in sizes.results:
            shape = form.shape if steps is None else (steps, *form.shape)
            result = np.empty(shape, form.dtype)
            results.append(result)
            if form.place is not None:
                buffers[form.place] = address(result)
                strides[form.place] = form.stride
        for array, place in zip(arrays, self._inputs, strict=True):
            if place is not None:
                buffers[place] = address(array)
                strides[place] = array.nbytes // count
        with one_thread_each if self._library.calls_outside else nullcontext():
            self._run_on_threads(sizes, count)
        if self._source.checked:
            raise_noted(self._library.address("fault"), self)
        return results

    def _run_on_threads(self, sizes: Sizes, count: int) -> None:
        """On as many threads as the user asked for, or else on as many as are fastest."""
        context = self._tables.context
        if configuration().threads is not None:
            self.threads = team.run(self._entry, context, team.get_threads())
            return
        if self.blueprint.cycles * count < _ALONE_CYCLES:
            self.threads = team.run(self._entry, context, 1)
            return
        pace = sizes.pace(count, team.get_threads())
        threads = pace.choose()
        start = time.perf_counter()
        self.threads = team.run(self._entry, context, threads)
        pace.record(threads, (time.perf_counter() - start) / count)
