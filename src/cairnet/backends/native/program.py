"""The native backend: compile a graph or find it compiled, hold its tables, run it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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
        self.tables = Tables(self.blueprint, graph)
        #: For each input its entry in the table of buffers, None if unused.
        self.places = self.tables.places("input", source.count)
        #: How many threads the last call ran on.
        self.threads = 0
        #: What the tables were last filled for; they and the arena serve one call at a time.
        self.loaded: object | None = None
        self.lock = threading.Lock()
        #: Whether nothing has to be done before and after the code runs.
        self.is_plain = not (self._library.calls_outside or source.checked)

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
        return self.tables.times

    # -- running -------------------------------------------------------------------------------

    def prepare(
        self, bindings: Mapping[Extent, int], steps: int | None = None, whole: int = 0
    ) -> Callable[[Sequence[np.ndarray]], list[np.ndarray]]:
        """See `cairnet.backends.program.Program.prepare`."""
        symbols = tuple([bindings[symbol] for symbol in self._symbols])
        with self.lock:
            sizes = self.tables.sizes(symbols)
        prepared = _Prepared(self, sizes, steps, whole)
        dtypes = self._dtypes
        if dtypes is None:
            return prepared
        return lambda arrays: [
            result if result.dtype == dtype else result.view(dtype)[..., 0]
            for result, dtype in zip(prepared(arrays), dtypes, strict=True)
        ]

    def run(
        self,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None = None,
        whole: int = 0,
    ) -> list[np.ndarray]:
        """See `cairnet.backends.program.Program.run`."""
        return self.prepare(bindings, steps, whole)(arrays)

    @cached_property
    def job(self) -> team.Job:
        """What the team of threads is told."""
        return team.Job(self._entry, self.tables.context)

    def surroundings(self) -> AbstractContextManager[object]:
        """In which the code has to run."""
        return one_thread_each if self._library.calls_outside else nullcontext()

    def check(self) -> None:
        """Raise what the code has noted, where it tests its accesses."""
        if self._source.checked:
            raise_noted(self._library.address("fault"), self)


class _Prepared:
    """A call of a program but for its arrays: what follows from the sizes is worked out once.

    Args:
        program: what is called.
        sizes: what follows from the values of the symbols.
        steps: as for `run`.
        whole: as for `run`.
    """

    def __init__(self, program: NativeProgram, sizes: Sizes, steps: int | None, whole: int) -> None:
        self._program = program
        self._sizes = sizes
        self._count = 1 if steps is None else steps
        lead = () if steps is None else (steps,)
        self._results = [((*lead, *form.shape), form.dtype, form.place) for form in sizes.results]
        places = enumerate(program.places)
        self._inputs = [(number, place) for number, place in places if place is not None]
        self._moving = len(program.places) - whole
        self._alone = program.blueprint.cycles * self._count < _ALONE_CYCLES

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        program = self._program
        with program.lock:
            buffers = program.tables.buffers
            if program.loaded is not self:
                self._load(arrays)
            results = []
            for shape, dtype, place in self._results:
                result = np.empty(shape, dtype)
                results.append(result)
                if place is not None:
                    buffers[place] = address(result)
            for number, place in self._inputs:
                buffers[place] = address(arrays[number])
            if program.is_plain:
                self._run()
            else:
                with program.surroundings():
                    self._run()
                program.check()
        return results

    def _load(self, arrays: Sequence[np.ndarray]) -> None:
        """Fill in all that stays the same while calls like this follow each other."""
        tables = self._program.tables
        tables.load(self._sizes, self._count)
        for form in self._sizes.results:
            if form.place is not None:
                tables.strides[form.place] = form.stride
        for number, place in self._inputs:
            moves = number < self._moving
            tables.strides[place] = arrays[number].nbytes // self._count if moves else 0
        self._program.loaded = self

    def _run(self) -> None:
        """On as many threads as the user asked for, or else on as many as are fastest."""
        program, job = self._program, self._program.job
        if configuration().threads is not None:
            program.threads = job.run(team.get_threads())
        elif self._alone:
            program.threads = job.run(1)
        else:
            pace = self._sizes.pace(self._count, team.get_threads())
            threads = pace.choose()
            start = time.perf_counter()
            program.threads = job.run(threads)
            pace.record(threads, (time.perf_counter() - start) / self._count)
