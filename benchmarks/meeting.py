"""How long the threads of a program need to meet: what dividing small work over threads costs.

It depends on where the cores lie. In a virtual machine the host decides that, and may change its
mind between two rounds: the time of a meeting, and with it that of small steps on several threads,
then jumps by several times.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from cairnet.backends.native import jit, team
from cairnet.backends.native.machine import host

__all__ = ["Meeting"]

_ROUNDS, _TRIES = 2000, 5

_LOOP = """
define void @meet(ptr %context, i64 %thread, i64 %threads) {
entry:
  %rounds = load i64, ptr %context
  %place = getelementptr i64, ptr %context, i64 1
  %state = load ptr, ptr %place
  br label %loop
loop:
  %k = phi i64 [ 0, %entry ], [ %next, %loop ]
  call void @team.barrier(ptr %state, i64 %thread, i64 %threads)
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


class Meeting:
    """A compiled loop of barriers, the same that stand between the kernels of a step.

    Args:
        threads: how many threads meet.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._library = jit.load(jit.compile_module(team.barrier_ir() + _LOOP, host()))
        self._address = self._library.address("meet")
        # The barrier's state has to begin at a multiple of 128 bytes.
        self._memory = np.zeros(team.BARRIER_BYTES + 128, np.uint8)
        state = self._memory.ctypes.data + -self._memory.ctypes.data % 128
        self._context = np.array([_ROUNDS, state], np.int64)
        self.sample()

    def sample(self) -> float:
        """Seconds that a meeting takes: the middle of a few tries."""
        return statistics.median(self._try() for _ in range(_TRIES))

    def _try(self) -> float:
        start = time.perf_counter()
        team.run(self._address, self._context.ctypes.data, self._threads)
        return (time.perf_counter() - start) / _ROUNDS
