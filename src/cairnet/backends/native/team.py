"""A team of threads that runs one native function on all of them at once.

The thread that calls is number 0 of the team. The others are threads of the operating system that
never enter Python: between calls they look for work for a moment, and then sleep until they are
signalled. Starting a program on them takes well under a microsecond while they are awake, and it
needs no lock of the interpreter, which other Python threads may be holding.

A program computes the same bits whatever the number of threads; so a call that finds the team
busy with a call from another Python thread just runs alone.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from cairnet.backends.native import team_ir
from cairnet.backends.native.barrier import BARRIER_BYTES, MAX_THREADS, barrier_ir, emit_barrier
from cairnet.backends.native.forking import around
from cairnet.base.configuration import configuration, configure
from cairnet.base.errors import ArgumentError

__all__ = [
    "BARRIER_BYTES",
    "MAX_THREADS",
    "Job",
    "awake",
    "barrier_ir",
    "emit_barrier",
    "get_threads",
    "run",
    "set_threads",
]


_THREADS = team_ir.JOB.index("threads")


class Job:
    """A program that is run on several threads, once or again and again.

    Args:
        program: address of `void program(ptr context, i64 thread, i64 threads)`, which is called
            once on each thread, with thread = 0 … threads - 1.
        context: handed on to the program.
        eager: use only those workers that are awake, rather than wait for sleepers: right for
            programs that take less time than waking a thread. In a series of such calls the
            sleepers are woken for the calls that follow.
    """

    def __init__(self, program: int, context: int, eager: bool = False) -> None:
        self._team = team = _team if _team is not None else _begin()
        self._threads = 1
        # All that a call is told lies in memory, since every argument of one costs time.
        told = (team.state, program, context, self._threads, int(eager))
        self._told = (ctypes.c_int64 * len(team_ir.JOB))(*told)
        self._address = ctypes.addressof(self._told)
        self._call = team.call

    def run(self, threads: int) -> int:
        """Run the program, and return when all threads have finished.

        Args:
            threads: how many to use.

        Returns:
            The number of threads that it ran on: fewer than wanted for an eager call, and where
            the operating system refuses more threads; 1 while another Python thread uses the team.
        """
        if threads - 1 > self._team.workers:
            self._team.grow(threads - 1)
        if threads != self._threads:
            self._told[_THREADS] = self._threads = threads
        return self._call(self._address)


def run(program: int, context: int, threads: int | None = None, eager: bool = False) -> int:
    """Run a program once; see `Job`.

    Args:
        program: its address.
        context: handed on to it.
        threads: how many threads to use; None for `get_threads()`.
        eager: use only those workers that are awake.
    """
    return Job(program, context, eager).run(get_threads() if threads is None else threads)


def awake() -> int:
    """The number of workers that would begin at once."""
    return 0 if _team is None else _team.count(team_ir.AWAKE)


def get_threads() -> int:
    """How many threads a compiled function uses.

    The number given to `set_threads`, to `cn.configure(threads=…)` or by the environment variable
    CAIRNET_THREADS; else one for each core that this process may use.

    >>> get_threads() >= 1
    True
    """
    threads = configuration().threads
    return min(_available_cores() if threads is None else threads, MAX_THREADS)


def set_threads(threads: int) -> None:
    """Choose how many threads a compiled function uses.

    The number changes how long a computation takes, never a bit of its result.

    Raises:
        ArgumentError: not a whole number from 1 to MAX_THREADS.
    """
    if not isinstance(threads, int) or isinstance(threads, bool) or not 1 <= threads <= MAX_THREADS:
        raise ArgumentError(
            f"threads: expected a whole number from 1 to {MAX_THREADS}, got {threads!r}"
        )
    configure(threads=threads)


@cache
def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Team:
    """The workers of this process and the memory they share with native code."""

    def __init__(self) -> None:
        from cairnet.backends.native import jit

        self.library = jit.load(_object_code())
        block = team_ir.BLOCK_BYTES
        self._memory = np.zeros(block * (MAX_THREADS + 1), np.uint8)
        self.state = self._memory.ctypes.data + -self._memory.ctypes.data % block
        self.workers = 0
        self.closed = False
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self.call: Callable[[int], int] = self._function("run", number, pointer)
        self._start = self._function("start", ctypes.c_int32, pointer)
        self._stop = self._function("stop", None, pointer)
        self._seize = self._function("seize", number, pointer)
        self._release = self._function("release", None, pointer)

    def _function(self, name: str, result: type | None, *arguments: type) -> Callable[..., Any]:
        return ctypes.CFUNCTYPE(result, *arguments)(self.library.address(f"team.{name}"))

    def block(self, worker: int) -> int:
        """Address of the block of a worker, counted from 0."""
        return self.state + (worker + 1) * team_ir.BLOCK_BYTES

    def count(self, status: int) -> int:
        """How many workers are in a state."""
        return sum(
            ctypes.c_int64.from_address(self.block(worker)).value == status
            for worker in range(self.workers)
        )

    def grow(self, wanted: int) -> None:
        """Start workers until there are as many as wanted; fewer where the system refuses."""
        with _lock:
            if self.closed:
                return
            wanted = min(wanted, MAX_THREADS - 1)
            # Signals are for Python's main thread; a thread inherits what is blocked.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            try:
                while self.workers < wanted and self._start(self.block(self.workers)) == 0:
                    self.workers += 1
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            ctypes.c_int64.from_address(self.state + team_ir.WORKERS).value = self.workers

    def take(self) -> None:
        """Wait until no run is under way, and keep others from beginning one on several threads."""
        while not self._seize(self.state):
            time.sleep(50e-6)

    def give_back(self) -> None:
        """Undo `take`."""
        self._release(self.state)

    def forget_workers(self) -> None:
        """Begin anew in a forked child, which has the memory of the workers but not the threads."""
        self._memory[:] = 0
        self.workers = 0

    def close(self) -> None:
        """End the workers; whatever runs after that runs alone."""
        self.closed = True
        if self._seize(self.state):  # else a daemon thread is still running something: leave it
            for worker in range(self.workers):
                self._stop(self.block(worker))


_team: _Team | None = None
# Held while the team is made or grows; and during a fork.
_lock = threading.RLock()


def _begin() -> _Team:
    global _team
    with _lock:
        if _team is None:
            _team = _Team()
            atexit.register(_team.close)
        return _team


def _object_code() -> bytes:
    from cairnet.backends.native import cache as disk
    from cairnet.backends.native import jit
    from cairnet.backends.native.machine import host

    machine = host()
    text = team_ir.team_ir(machine.architecture)
    inputs = f"{jit.generator_version()}\n{machine.identity}\n{text}"
    key = hashlib.sha256(inputs.encode()).hexdigest()
    code = disk.lookup(key)
    if code is None:
        code = jit.compile_module(text, machine)
        disk.store(key, code)
    return code


# A fork copies the memory of all threads as it is at that moment. In the middle of a run the flags
# of its barrier would be raised by some threads and not by others, for ever; so a fork waits until
# the run is over.


def _before_fork() -> None:
    _lock.acquire()  # first of all, so that no team can come into being in between
    if _team is not None and not _team.closed:
        _team.take()


def _after_fork_in_parent() -> None:
    if _team is not None and not _team.closed:
        _team.give_back()
    _lock.release()


def _after_fork_in_child() -> None:
    if _team is not None and not _team.closed:
        _team.forget_workers()
    _lock.release()


around(_before_fork, _after_fork_in_parent, _after_fork_in_child)
