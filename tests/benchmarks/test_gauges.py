"""What the machine can do, and what a step asks of it: peak, meetings and operations."""

import time

import numpy as np

import cairnet as cn
from benchmarks.meeting import Meeting
from benchmarks.operations import convolution
from benchmarks.peak import Peak, peak_ir
from benchmarks.workloads import CONTESTS
from cairnet.backends.native import jit, team
from cairnet.backends.native.machine import for_target, restricted


def test_a_product_of_matrices_stays_below_the_peak() -> None:
    size, peak = 512, Peak(1)
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


def test_threads_meet_in_less_than_they_would_sleep() -> None:
    assert 0 < Meeting(1).sample() < 1e-4
    # On busy cores a meeting lasts until the other thread has its turn.
    assert 0 < Meeting(2).sample() < 0.1


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


def test_the_taps_of_a_padded_convolution_are_those_that_meet_the_image() -> None:
    size, kernel = 7, 5
    ones = np.ones((1, size, size, 1), np.float32)
    taps = cn.conv2d(ones, np.ones((kernel, kernel, 1, 1), np.float32), padding="same")
    counted = int(np.asarray(cn.sum(taps)))
    assert convolution(1, size, kernel, 1, 1, "same", first=True) == 2 * 2 * counted


def test_the_operations_of_lenet_count_each_product_in_every_direction() -> None:
    first = 2 * 2 * (28 * 5 - 6) ** 2 * 6
    second = 3 * 2 * 100 * 25 * 6 * 16
    dense = 3 * 2 * (400 * 120 + 120 * 84 + 84 * 10)
    assert CONTESTS["lenet5"].flops(1) == first + second + dense
