"""The memory of a program and the tables of addresses and sizes that its code reads.

There is one arena. It grows when a call needs more than any before, and smaller sizes use a part
of it, so a function that sees a thousand batch sizes holds the memory of the largest.
"""

from __future__ import annotations

import ctypes
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cairnet.backends.native import team
from cairnet.backends.native.blueprint import Blueprint
from cairnet.backends.native.fingerprint import Fingerprint
from cairnet.backends.native.pace import Pace
from cairnet.backends.native.sizes import value
from cairnet.compiler.plan import ALIGNMENT, arena_layout
from cairnet.tensor.core import aligned_copy

__all__ = ["CONTEXT_SLOTS", "Result", "Sizes", "Tables", "address", "times_row"]

#: What the context holds, one 8-byte slot each: addresses of the table of buffers, of the table of
#: extents, of the table of strides (bytes from one step to the next), of the barrier, of the times
#: (a row a thread: the ticks that it has computed in each kernel, and waited after it, if the
#: module is timed), and the number of steps.
CONTEXT_SLOTS = ("buffers", "extents", "strides", "barrier", "times", "steps")
_EXTENTS, _STEPS = CONTEXT_SLOTS.index("extents"), CONTEXT_SLOTS.index("steps")
#: How many sets of sizes are remembered; working one out anew takes well under a millisecond.
_REMEMBERED = 8
#: An arena that has to grow gets this much more than it needs, so that it seldom has to.
_SPARE = 0.25


def times_row(kernels: int) -> int:
    """How many entries of the table of times lie from one thread's to the next, in lines apart."""
    return -(-max(2 * kernels, 1) // 16) * 16


@dataclass(frozen=True)
class Result:
    """One output for one set of sizes: its entry in the table of buffers, if any, and its form."""

    place: int | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stride: int


@dataclass
class Sizes:
    """What follows from the values of the symbols.

    Attributes:
        extents: the table of extents.
        results: the outputs.
        paces: how many threads are fastest, for each length of a run in which that has been asked:
            what waking a thread costs tells in one step, and not in a thousand.
    """

    extents: Any
    results: tuple[Result, ...]
    paces: dict[int, Pace] = field(default_factory=dict)

    def pace(self, steps: int, threads: int) -> Pace:
        """The choice for runs of about so many steps, on up to so many threads."""
        about = steps.bit_length() // 4
        if about not in self.paces:
            self.paces[about] = Pace(threads)
        return self.paces[about]


class Tables:
    """Everything that the code of one program is given.

    Args:
        blueprint: what the tables hold.
        graph: the variables and constants that it refers to.

    Attributes:
        buffers: addresses, to be filled in for inputs and outputs at every call.
        strides: for each of them how many bytes it moves on at every step.
        context: address of the table that the program is called with.
        times: for each thread and kernel the ticks of computing and of waiting, if the program is
            timed.
    """

    def __init__(self, blueprint: Blueprint, graph: Fingerprint) -> None:
        self._blueprint = blueprint
        count = max(len(blueprint.buffers), 1)
        self.buffers = (ctypes.c_uint64 * count)()
        self.strides = (ctypes.c_int64 * count)()
        times = np.zeros((team.MAX_THREADS, times_row(blueprint.kernels)), np.int64)
        self.times = times[:, : 2 * blueprint.kernels].reshape(team.MAX_THREADS, -1, 2)
        self._barrier = _aligned(team.BARRIER_BYTES)
        self._context = (ctypes.c_int64 * len(CONTEXT_SLOTS))(
            ctypes.addressof(self.buffers),
            0,
            ctypes.addressof(self.strides),
            self._barrier.ctypes.data,
            times.ctypes.data,
            1,
        )
        self.context = ctypes.addressof(self._context)
        self._kept = self._place_arrays(graph)
        self._rooms: list[int] = []
        self._arena = np.zeros(0, np.uint8)
        self._known: dict[tuple[int, ...], Sizes] = {}

    def places(self, kind: str, count: int) -> list[int | None]:
        """For each buffer of a kind ("input", "output") its entry in the table, None if unused."""
        known = {buffer: place for place, buffer in enumerate(self._blueprint.buffers)}
        return [known.get((kind, number)) for number in range(count)]

    def sizes(self, symbols: tuple[int, ...]) -> Sizes:
        """What follows from the values of the symbols, in the order of their numbers."""
        found = self._known.get(symbols)
        return self._learn(symbols) if found is None else found

    def load(self, sizes: Sizes, steps: int) -> None:
        """Get ready for calls with these sizes that run so many steps."""
        self._context[_EXTENTS] = ctypes.addressof(sizes.extents)
        self._context[_STEPS] = steps

    def _learn(self, symbols: tuple[int, ...]) -> Sizes:
        """Make room for these sizes, and remember what follows from them."""
        blueprint = self._blueprint
        rooms = [value(room.size, symbols) for room in blueprint.rooms]
        if not self._rooms or any(map(operator.gt, rooms, self._rooms)):
            self._grow(rooms)
        numbers = [value(size, symbols) for size in blueprint.extents]
        results = []
        for place, output in zip(
            self.places("output", len(blueprint.outputs)), blueprint.outputs, strict=True
        ):
            shape = tuple(value(size, symbols) for size in output.extents)
            stride = math.prod(shape) * output.dtype.itemsize
            results.append(Result(place, shape, output.dtype, stride))
        if len(self._known) == _REMEMBERED:
            del self._known[next(iter(self._known))]
        sizes = Sizes((ctypes.c_int64 * max(len(numbers), 1))(*numbers), tuple(results))
        self._known[symbols] = sizes
        return sizes

    def _grow(self, needed: list[int]) -> None:
        """A new arena in which these sizes and all earlier ones have room."""
        if self._rooms:
            pairs = zip(needed, self._rooms, strict=True)
            needed = [max(size + int(_SPARE * size), held) for size, held in pairs]
        rooms = self._blueprint.rooms
        lives = [(size, room.first, room.last) for size, room in zip(needed, rooms, strict=True)]
        offsets, total = arena_layout(lives, {})
        self._rooms = needed
        self._arena = _aligned(total)
        start = self._arena.ctypes.data
        for place, (kind, number) in enumerate(self._blueprint.buffers):
            if kind == "arena":
                self.buffers[place] = start + offsets[number]

    def _place_arrays(self, graph: Fingerprint) -> list[np.ndarray]:
        """Enter what exists before the first call; the arrays, which must outlive the program."""
        constants = [aligned_copy(array) for array in self._blueprint.constants]
        kept = []
        for place, (kind, number) in enumerate(self._blueprint.buffers):
            if kind == "variable":
                kept.append(graph.variables[number].data)
            elif kind == "literal":
                kept.append(graph.literals[number].array)
            elif kind == "constant":
                kept.append(constants[number])
            else:
                continue
            self.buffers[place] = kept[-1].ctypes.data
        return kept


#: The first byte of a writeable, contiguous array, as a number of C's.
_first_byte: Callable[[Any], ctypes.c_char] = ctypes.c_char.from_buffer


def address(array: np.ndarray) -> int:
    """Where the elements of a contiguous array begin."""
    try:
        # Three times faster than what follows, which empty and read-only arrays need.
        return ctypes.addressof(_first_byte(array))
    except (TypeError, ValueError):
        return int(array.ctypes.data)


def _aligned(size: int) -> np.ndarray:
    """Zeroed memory that begins at a multiple of the alignment of the arena."""
    whole = np.zeros(size + ALIGNMENT, np.uint8)
    start = -whole.ctypes.data % ALIGNMENT
    return whole[start : start + size]
