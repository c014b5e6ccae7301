"""Which program runs a call: one for the first shapes met, then one for shapes that vary.

The first call compiles with every extent that something runs over a known number. When one turns
out to vary, one more program is compiled in which all of them are run-time numbers; it serves every
size from then on. So a ragged last batch costs one compilation, and so do twenty lengths with
ragged batches.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from cairnet.backends.program import Program
from cairnet.backends.reference import ReferenceProgram
from cairnet.base.configuration import configuration
from cairnet.runtime.graph import FunctionGraph
from cairnet.tensor.extent import Extent

__all__ = ["Specialized", "Specializer"]


class Specialized(NamedTuple):
    """A program, and the extents that were compiled into it as numbers."""

    fixed: Mapping[Extent, int]
    program: Program


class Specializer:
    """Keeps the programs of one function and finds the one that fits a call.

    Args:
        graph: the function's graph.
        backend: "native" or "reference".
        watching: whether the programs compute the watched values instead of the function's own.
    """

    def __init__(self, graph: FunctionGraph, backend: str, watching: bool = False) -> None:
        self.graph = graph
        self.backend = backend
        # Watched values are a program of their own, so that watching cannot change a bit of what
        # the function gives: its own program is the same with and without a watcher.
        self.outputs = graph.watches if watching else graph.outputs
        self.updates = () if watching else graph.updates
        self.compilations = 0
        #: The program that was asked for last.
        self.last: Specialized | None = None
        self._every: dict[bool, list[Specialized]] = {}
        # Two Python threads that need the same program compile it once.
        self._compiling = threading.Lock()

    @property
    def _programs(self) -> list[Specialized]:
        """The programs compiled so far; those that test their accesses are apart."""
        return self._every.setdefault(configuration().bounds, [])

    def specialized(self, bindings: Mapping[Extent, int]) -> Specialized:
        """The program for these sizes, compiled if there is none yet."""
        self.graph.check_sizes(bindings)
        self.last = self._find(bindings) or self._made(bindings)
        return self.last

    def fixed(self, bindings: Mapping[Extent, int]) -> Mapping[Extent, int]:
        """The extents that are numbers in the program for these sizes, compiled or not."""
        self.graph.check_sizes(bindings)
        found = self._find(bindings)
        return self._fixed(bindings) if found is None else found.fixed

    def _find(self, bindings: Mapping[Extent, int]) -> Specialized | None:
        for found in self._programs:
            if all(bindings[size] == value for size, value in found.fixed.items()):
                return found
        return None

    def _made(self, bindings: Mapping[Extent, int]) -> Specialized:
        with self._compiling:
            found = self._find(bindings)
            if found is None:
                fixed = self._fixed(bindings)
                found = Specialized(fixed, self._compile(fixed))
                self._programs.append(found)
                self.compilations += 1
            return found

    def _fixed(self, bindings: Mapping[Extent, int]) -> dict[Extent, int]:
        """The extents to compile as numbers: all at first, and none as soon as one varies.

        Where one varies the next may: who trains on sequences of many lengths has a ragged last
        batch as well. What is compiled for run-time numbers is hardly slower. An extent that
        nothing runs over, the number of rows in a data set, is never worth a program of its own.
        """
        if self._programs:
            return {}
        return {extent: bindings[extent] for extent in self.graph.counted}

    def _compile(self, fixed: Mapping[Extent, int]) -> Program:
        if self.backend == "reference":
            return ReferenceProgram(self.graph.inputs, self.outputs, self.updates)
        from cairnet.backends.native.program import compile_program

        return compile_program(self.graph.inputs, self.outputs, self.updates, fixed)
