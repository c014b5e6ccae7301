"""How fast the memory and the caches are: the other bound, beside the peak, of what kernels reach.

The loop is the *triad* of J. McCalpin's STREAM benchmark (1995), a[i] = b[i] + s · c[i], two
elements read and one written. It counts 12 bytes for each i; that a processor reads a line of `a`
before it writes it does not count.
"""

from __future__ import annotations

import time

import numpy as np

from cairnet.backends.native import jit, team
from cairnet.backends.native.machine import Machine, host

__all__ = ["Bandwidth", "cache_bandwidth", "memory_bandwidth", "triad_ir"]

_ARRAYS = 3
#: Vectors of each array in a turn of the loop.
_VECTORS = 4
#: So that equal places of the arrays do not share a set of a cache.
_APART = 1152
_LEAST_SECONDS = 0.002


class Bandwidth:
    """A compiled triad over arrays of a certain size.

    Args:
        threads: how many threads run it at once, each on arrays of its own.
        size: bytes of all arrays of a thread together; what holds them is what is measured.
        tries: how many runs a sample is the best of.
    """

    def __init__(self, threads: int, size: int, tries: int = 5) -> None:
        machine = host()
        turn = _VECTORS * machine.lanes("float")
        self._count = max(size // (_ARRAYS * 4 * turn), 1) * turn
        self._threads = threads
        self._tries = tries
        self._library = jit.load(jit.compile_module(triad_ir(machine), machine))
        self._address = self._library.address("triad")
        each = 4 * self._count + _APART
        # Ones, since pages that were never written would all be one page of zeros.
        self._memory = np.ones(threads * _ARRAYS * each // 4 + 16, np.float32)
        start = self._memory.ctypes.data + -self._memory.ctypes.data % 64
        # The number of rounds, elements of an array, bytes from one to the next, the first one.
        self._context = np.array([1, self._count, each - each % 64, start], np.int64)
        self._rounds = 1
        self._try()

    def sample(self) -> float:
        """Bytes in a second, all threads together: the best of the tries."""
        return max(self._try() for _ in range(self._tries))

    def _try(self) -> float:
        self._context[0] = self._rounds
        start = time.perf_counter()
        threads = team.run(self._address, self._context.ctypes.data, self._threads)
        seconds = time.perf_counter() - start
        rate = threads * self._rounds * self._count * _ARRAYS * 4 / seconds
        if seconds < _LEAST_SECONDS:
            self._rounds = int(self._rounds * 1.5 * _LEAST_SECONDS / seconds) + 1
        return rate


def memory_bandwidth(threads: int) -> Bandwidth:
    """The triad over arrays that no cache holds."""
    return Bandwidth(threads, 2 * host().l3_bytes // threads)


def cache_bandwidth(threads: int) -> Bandwidth:
    """The triad over arrays that lie in the second-level cache of each core."""
    return Bandwidth(threads, host().l2_bytes // 2)


def triad_ir(machine: Machine) -> str:
    """LLVM IR of the loop, for one thread among several."""
    lanes = machine.lanes("float")
    vector = f"<{lanes} x float>"
    body = []
    for number in range(_VECTORS):
        body += [f"  %i{number} = add i64 %i, {number * lanes}"]
        for name in "abc":
            body.append(f"  %{name}{number} = getelementptr float, ptr %{name}, i64 %i{number}")
        body += [
            f"  %x{number} = load {vector}, ptr %b{number}, align 4",
            f"  %y{number} = load {vector}, ptr %c{number}, align 4",
            f"  %p{number} = fmul {vector} %y{number}, splat (float 0.5)",
            f"  %s{number} = fadd {vector} %x{number}, %p{number}",
            f"  store {vector} %s{number}, ptr %a{number}, align 4",
        ]
    return "\n".join([_TRIAD_HEAD, *body, _TRIAD_TAIL.format(step=_VECTORS * lanes)])


_TRIAD_HEAD = """
define void @triad(ptr %context, i64 %thread, i64 %threads) {
entry:
  %rounds = load i64, ptr %context
  %count.place = getelementptr i64, ptr %context, i64 1
  %count = load i64, ptr %count.place
  %each.place = getelementptr i64, ptr %context, i64 2
  %each = load i64, ptr %each.place
  %start.place = getelementptr i64, ptr %context, i64 3
  %start = load ptr, ptr %start.place
  %first = mul i64 %thread, 3
  %own = mul i64 %first, %each
  %a = getelementptr i8, ptr %start, i64 %own
  %b = getelementptr i8, ptr %a, i64 %each
  %c = getelementptr i8, ptr %b, i64 %each
  br label %round
round:
  %k = phi i64 [ 0, %entry ], [ %k.next, %round.end ]
  br label %loop
loop:
  %i = phi i64 [ 0, %round ], [ %i.next, %loop ]"""

_TRIAD_TAIL = """  %i.next = add i64 %i, {step}
  %more = icmp ult i64 %i.next, %count
  br i1 %more, label %loop, label %round.end
round.end:
  %k.next = add i64 %k, 1
  %again = icmp ult i64 %k.next, %rounds
  br i1 %again, label %round, label %done
done:
  ret void
}}"""
