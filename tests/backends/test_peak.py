"""The peak of the processor: a bound for what kernels reach, and a loop without memory."""

import time

import numpy as np

import cairnet as cn
from cairnet.backends.native import jit, team
from cairnet.backends.native.machine import for_target, restricted
from cairnet.backends.native.peak import Peak, peak_ir


def test_a_product_of_matrices_stays_below_the_peak() -> None:
    size, peak = 512, Peak(1, seconds=0.002, tries=20)
    x = cn.input((size, size))
    product = cn.function([x], x @ x, backend="native")
    value = np.ones((size, size), np.float32)
    product(value)
    threads = team.get_threads()
    rates = []
    for _ in range(5):
        start = time.perf_counter()
        product(value)
        rates.append(2 * size**3 / (time.perf_counter() - start))
    # The machine's state may change between the samples, and a peak may be a little too low.
    assert 1e9 < max(rates) < 1.5 * threads * max(peak.sample() for _ in range(5))


def test_the_loop_keeps_to_registers_on_every_machine() -> None:
    for machine, instruction in (
        (restricted("avx2"), "vfmadd"),
        (for_target("x86_64"), "vfmadd"),
        (for_target("aarch64"), "fmla"),
    ):
        text = jit.assembly(peak_ir(machine), machine)
        loop = [line for line in text.splitlines() if instruction in line]
        assert len(loop) == machine.registers * 3 // 4
        assert not any("(%" in line or ", [" in line for line in loop), "an operand is in memory"
