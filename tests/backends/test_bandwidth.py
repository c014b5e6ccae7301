"""What memory and caches deliver: a bound that copying an array keeps to."""

from cairnet.backends.native import jit
from cairnet.backends.native.bandwidth import Bandwidth, triad_ir
from cairnet.backends.native.machine import for_target, restricted


def test_arrays_in_a_cache_are_read_at_a_rate_of_this_world() -> None:
    for threads in (1, 2):
        assert 1e8 < Bandwidth(threads, 96 << 10, tries=3).sample() < 1e13


def test_the_loop_reads_and_writes_vectors_on_every_machine() -> None:
    for machine, loads in (
        (restricted("avx2"), "vmovups\t"),
        (for_target("x86_64"), "vmovups\t"),
        (for_target("aarch64"), "ld"),
    ):
        text = jit.assembly(triad_ir(machine), machine)
        assert sum(line.strip().startswith(loads) for line in text.splitlines()) >= 4
