"""The most that the processor can do: multiply-adds on registers alone, on every thread.

What a training step reaches is compared with this, sampled in the same run, because a processor
that is shared with others or warm is slower than its data sheet.
"""

from __future__ import annotations

import time

import numpy as np

from cairnet.backends.native import jit, team
from cairnet.backends.native.machine import Machine, host

__all__ = ["Peak", "peak_ir"]

_CHUNK = 20_000


class Peak:
    """A compiled loop of float32 multiply-adds that touches no memory.

    Args:
        threads: how many threads run it at once.
        seconds: how long a try is: longer ones see how other processes share the cores, short
            ones fall between.
        tries: how many of them a sample is the best of.
    """

    def __init__(self, threads: int, seconds: float = 0.02, tries: int = 3) -> None:
        machine = host()
        self._threads = threads
        self._seconds = seconds
        self._tries = tries
        self._library = jit.load(jit.compile_module(peak_ir(machine), machine))
        self._address = self._library.address("peak")
        # The number of rounds; the two factors; and, from then on, a cache line for each thread.
        self._context = np.zeros(16 * (threads + 1), np.float32)
        self._context[2:4] = 0.5, 1.0
        self._operations = 2 * _accumulators(machine) * machine.lanes("float")
        self._rounds = _CHUNK
        self.sample()

    def sample(self) -> float:
        """Floating-point operations in a second, all threads together: the best of the tries."""
        return max(self._try() for _ in range(self._tries))

    def _try(self) -> float:
        self._context[:2].view(np.int64)[0] = self._rounds
        start = time.perf_counter()
        threads = team.run(self._address, self._context.ctypes.data, self._threads)
        seconds = time.perf_counter() - start
        rate = threads * self._rounds * self._operations / seconds
        self._rounds = max(_CHUNK, int(self._rounds * self._seconds / seconds))
        return rate


def peak_ir(machine: Machine) -> str:
    """LLVM IR of the loop: as many independent sums as hide the latency and fit in registers."""
    count = _accumulators(machine)
    vector = f"<{machine.lanes('float')} x float>"
    fma = f"@llvm.fma.v{machine.lanes('float')}f32"
    phis = [f"  %a{i} = phi {vector} [ %y, %entry ], [ %n{i}, %loop ]" for i in range(count)]
    steps = [
        f"  %n{i} = call {vector} {fma}({vector} %x, {vector} %y, {vector} %a{i})"
        for i in range(count)
    ]
    sums = [f"  %s0 = fadd {vector} %n0, %n0"]
    sums += [f"  %s{i} = fadd {vector} %s{i - 1}, %n{i}" for i in range(1, count)]
    return "\n".join(
        [
            f"declare {vector} {fma}({vector}, {vector}, {vector})",
            "define void @peak(ptr %context, i64 %thread, i64 %threads) {",
            "entry:",
            "  %rounds = load i64, ptr %context",
            *_broadcast(vector, "x", 2),
            *_broadcast(vector, "y", 3),
            "  br label %loop",
            "loop:",
            "  %k = phi i64 [ 0, %entry ], [ %next, %loop ]",
            *phis,
            *steps,
            "  %next = add i64 %k, 1",
            "  %more = icmp ult i64 %next, %rounds",
            "  br i1 %more, label %loop, label %done",
            "done:",
            *sums,
            # The sums are used, or LLVM would leave the loop out.
            f"  %first = extractelement {vector} %s{count - 1}, i32 0",
            "  %slot = add i64 %thread, 1",
            "  %place = getelementptr [16 x float], ptr %context, i64 %slot",
            "  store float %first, ptr %place",
            "  ret void",
            "}",
        ]
    )


def _accumulators(machine: Machine) -> int:
    return machine.registers * 3 // 4


def _broadcast(vector: str, name: str, index: int) -> list[str]:
    """The number at an index of the context, in every lane."""
    zeros = vector.replace("float", "i32") + " zeroinitializer"
    return [
        f"  %{name}.place = getelementptr float, ptr %context, i64 {index}",
        f"  %{name}.value = load float, ptr %{name}.place",
        f"  %{name}.one = insertelement {vector} poison, float %{name}.value, i32 0",
        f"  %{name} = shufflevector {vector} %{name}.one, {vector} poison, {zeros}",
    ]
