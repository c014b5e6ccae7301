"""The counter that timed programs read: a few cycles to read, the same on all cores."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import cache

from cairnet.backends.native import jit
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.machine import host

__all__ = ["Clock", "emit_ticks"]


def emit_ticks(builder: Builder) -> Value:
    """Write a reading of the counter, in ticks whose length `Clock` finds out."""
    return builder.call("i64", "llvm.readcyclecounter")


class Clock:
    """How long a tick is: the counter is compared with the system's clock, from here to `seconds`.

    The counter (the time stamp of an x86 processor, the virtual timer of an aarch64) advances
    evenly, whatever the frequency of the core; but what it counts differs from model to model.

    Example:
        >>> clock = Clock()
        >>> total = sum(range(1_000_000))
        >>> 0 < clock.seconds_per_tick() < 1e-6
        True
    """

    def __init__(self) -> None:
        # The library is held: its memory goes with the last reference to it.
        self._library, self._ticks = _counter()
        self._start = self._now()

    def _now(self) -> tuple[float, int]:
        return time.perf_counter(), self._ticks()

    def seconds_per_tick(self) -> float:
        """The seconds since the clock was made, by the ticks since then."""
        (began, first), (ended, last) = self._start, self._now()
        return (ended - began) / max(last - first, 1)


@cache
def _counter() -> tuple[jit.Library, Callable[[], int]]:
    """The reading of the counter as a function, and the library that it is in."""
    builder = Builder("ticks", [], "i64")
    builder.line(f"ret i64 {emit_ticks(builder).name}")
    text = "\n".join([*sorted(builder.declarations), builder.text()])
    library = jit.load(jit.compile_module(text, host()))
    return library, ctypes.CFUNCTYPE(ctypes.c_int64)(library.address("ticks"))
