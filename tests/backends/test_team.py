"""The team of threads: who runs what, meetings, sleeping and waking, forks and the end."""

from __future__ import annotations

import ctypes
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cairnet.backends.native import jit, team
from cairnet.backends.native.builder import Builder, Value
from cairnet.backends.native.machine import for_target, host
from cairnet.base.configuration import configuration, configure
from cairnet.base.errors import ArgumentError, CompileError

SLOT = "[128 x i8]"


def rounds_program() -> str:
    """In every round each thread writes its slot, meets, and counts slots that are not as written.

    The context holds: address of the barrier's state, number of rounds, address of the count of
    errors, address of the slots.
    """
    builder = Builder("program", [("ptr", "context"), ("i64", "thread"), ("i64", "threads")])
    context, thread, threads = (builder.parameter(i) for i in range(3))

    def entry(type_: str, number: int) -> Value:
        place = builder.offset(context, "i64", builder.integer(number))
        return builder.load(type_, place, 8)

    state, rounds, wrong, slots = entry("ptr", 0), entry("i64", 1), entry("ptr", 2), entry("ptr", 3)
    mine = builder.offset(slots, SLOT, thread)
    with builder.loop(builder.integer(0), rounds):
        value = builder.binary("add", builder.load("i64", mine, 8), builder.integer(1))
        builder.store(value, mine, 8)
        team.emit_barrier(builder, state, thread, threads)
        with builder.loop(builder.integer(0), threads) as other:
            seen = builder.load("i64", builder.offset(slots, SLOT, other), 8)
            with builder.when(builder.compare("icmp ne", seen, value)):
                builder.emit("i64", f"atomicrmw add ptr {wrong.name}, i64 1 monotonic")
        team.emit_barrier(builder, state, thread, threads)
    builder.line("ret void")
    return f"{team.barrier_ir()}\n{builder.text()}"


def aligned(size: int) -> np.ndarray:
    memory = np.zeros(size + 128, np.uint8)
    start = -memory.ctypes.data % 128
    return memory[start : start + size]


class Rounds:
    """The program with memory of its own."""

    def __init__(self, library: jit.Library) -> None:
        self.library = library
        self.program = library.address("program")
        self.state = aligned(team.BARRIER_BYTES)
        self.slots = aligned(128 * team.MAX_THREADS)
        self.wrong = np.zeros(1, np.int64)

    def run(self, rounds: int, threads: int, eager: bool = False) -> int:
        """Run on equal slots; the number of threads used."""
        self.slots[:] = 0
        addresses = [self.state.ctypes.data, rounds, self.wrong.ctypes.data, self.slots.ctypes.data]
        context = np.array(addresses, np.int64)
        used = team.run(self.program, context.ctypes.data, threads, eager)
        done = self.slots.view(np.int64)[::16]
        assert np.all(done[:used] == rounds)
        assert np.all(done[used:] == 0)
        assert self.wrong[0] == 0
        return used


@pytest.fixture(scope="module")
def library() -> jit.Library:
    return jit.load(jit.compile_module(rounds_program(), host()))


@pytest.fixture
def rounds(library: jit.Library) -> Rounds:
    return Rounds(library)


@pytest.fixture
def busy_cores() -> Iterator[None]:
    """Other processes that want every core."""
    command = [
        sys.executable,
        "-c",
        "import time\nend = time.time() + 60\nwhile time.time() < end: pass",
    ]
    hogs = [subprocess.Popen(command) for _ in range(os.cpu_count() or 2)]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_short_runs(rounds: Rounds, threads: int) -> None:
    for _ in range(1500):
        assert rounds.run(2, threads) == threads


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_long_run(rounds: Rounds, threads: int) -> None:
    assert rounds.run(3000, threads) == threads


def test_short_runs_while_others_want_the_cores(rounds: Rounds, busy_cores: None) -> None:
    for threads in (1, 2, 3, 5, 2):
        for _ in range(40):
            assert rounds.run(2, threads) == threads


def test_one_barrier_serves_changing_numbers_of_threads(rounds: Rounds) -> None:
    numbers = random.Random(5)
    for _ in range(500):
        threads = numbers.choice([1, 2, 3, 4])
        assert rounds.run(numbers.randrange(4), threads) == threads


def test_no_wakeup_is_lost(rounds: Rounds) -> None:
    # Workers fall asleep after about 150 µs: call at all moments around that one.
    numbers = random.Random(1)
    for _ in range(600):
        time.sleep(numbers.uniform(0, 400e-6))
        assert rounds.run(1, 3) == 3


def test_idle_workers_sleep(rounds: Rounds) -> None:
    rounds.run(1, 3)
    deadline = time.monotonic() + 10
    while team.awake() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert team.awake() == 0
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def test_eager_run_uses_those_who_are_awake(rounds: Rounds) -> None:
    rounds.run(1, 3)
    while team.awake():
        time.sleep(0.001)
    time.sleep(0.01)  # longer than two calls of a series are apart
    assert rounds.run(1, 3, eager=True) == 1
    # A series of calls wakes them for the calls that follow.
    used = set()
    deadline = time.monotonic() + 10
    while 3 not in used and time.monotonic() < deadline:
        used.add(rounds.run(1, 3, eager=True))
    assert 3 in used


def test_calls_from_several_python_threads(library: jit.Library) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        mine = Rounds(library)
        try:
            for _ in range(300):
                assert mine.run(2, 3) in {1, 3}
        except AssertionError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_python_threads_go_on_during_a_run(rounds: Rounds) -> None:
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1

    counter = threading.Thread(target=count)
    counter.start()
    before = counted
    for _ in range(20):
        rounds.run(500, 2)
    stop.set()
    counter.join()
    assert counted > before


def test_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    before = configure(threads=None)
    try:
        available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        assert team.get_threads() == (available or os.cpu_count())
        team.set_threads(3)
        assert team.get_threads() == 3
        assert configuration().threads == 3
        configure(threads=10_000)
        assert team.get_threads() == team.MAX_THREADS
    finally:
        configure(threads=before.threads)


@pytest.mark.parametrize("threads", [0, -1, 65, 2.0, True, "2", None])
def test_wrong_numbers_of_threads_are_refused(threads: object) -> None:
    with pytest.raises(ArgumentError, match="expected a whole number from 1 to 64, got"):
        team.set_threads(threads)


def test_default_number_of_threads_is_used(rounds: Rounds) -> None:
    before = configure(threads=2)
    try:
        context = np.array(
            [rounds.state.ctypes.data, 1, rounds.wrong.ctypes.data, rounds.slots.ctypes.data]
        )
        assert team.run(rounds.program, context.ctypes.data) == 2
    finally:
        configure(threads=before.threads)


def test_other_architectures() -> None:
    text = team.barrier_ir("aarch64")
    assert "yield" in jit.assembly(text + CALLER, for_target("aarch64"))
    with pytest.raises(CompileError, match="no pause instruction is known for riscv64"):
        team.barrier_ir("riscv64")


CALLER = """
define void @program(ptr %state, i64 %thread, i64 %threads) {
  call void @team.barrier(ptr %state, i64 %thread, i64 %threads)
  ret void
}
"""


# -- processes -----------------------------------------------------------------------------------


def run_script(tmp_path: Path, body: str) -> str:
    """Run a program that has `Rounds` in a process of its own; its output, if it ended well."""
    source = Path(__file__).read_text().split("@pytest.fixture")[0]
    script = tmp_path / "script.py"
    script.write_text(
        f"{source}\nlibrary = jit.load(jit.compile_module(rounds_program(), host()))\n"
        f"rounds = Rounds(library)\n{textwrap.dedent(body)}"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


def test_interpreter_ends_while_workers_look_for_work(tmp_path: Path) -> None:
    assert run_script(tmp_path, "assert rounds.run(10, 3) == 3\nprint('done')") == "done\n"


def test_interpreter_ends_while_workers_sleep(tmp_path: Path) -> None:
    body = "rounds.run(10, 3)\nwhile team.awake(): time.sleep(0.001)\nprint('done')"
    assert run_script(tmp_path, body) == "done\n"


def test_interpreter_ends_while_a_daemon_thread_is_running(tmp_path: Path) -> None:
    body = """
        def forever():
            while True:
                rounds.run(200, 3)
        threading.Thread(target=forever, daemon=True).start()
        time.sleep(0.3)
        print("done")
    """
    assert run_script(tmp_path, body) == "done\n"


def test_runs_at_exit_are_alone(tmp_path: Path) -> None:
    body = """
        import atexit
        atexit.register(lambda: print(rounds.run(3, 3)))  # runs after what is registered later
        print(rounds.run(3, 3))
    """
    assert run_script(tmp_path, body) == "3\n1\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_child_of_a_fork_has_a_team_of_its_own(tmp_path: Path) -> None:
    body = """
        assert rounds.run(10, 3) == 3
        for _ in range(5):
            child = os.fork()
            if child == 0:
                good = rounds.run(10, 3) == 3 and rounds.run(10, 2) == 2
                os._exit(0 if good else 1)
            assert rounds.run(10, 3) == 3
            assert os.waitpid(child, 0)[1] == 0
        print("done")
    """
    assert run_script(tmp_path, body) == "done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_fork_while_another_thread_runs(tmp_path: Path) -> None:
    # The child goes on with the barrier of the run that the other thread was in.
    body = """
        stop = threading.Event()
        def forever():
            while not stop.is_set():
                rounds.run(50, 3)
        thread = threading.Thread(target=forever, daemon=True)
        thread.start()
        for _ in range(10):
            time.sleep(0.003)
            child = os.fork()
            if child == 0:
                os._exit(0 if rounds.run(20, 3) == 3 else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        thread.join()
        print("done")
    """
    assert run_script(tmp_path, body) == "done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_fork_while_another_thread_compiles(tmp_path: Path) -> None:
    body = """
        def compiled():
            return Rounds(jit.load(jit.compile_module(rounds_program(), host())))
        def forever():
            while True:
                compiled()
        threading.Thread(target=forever, daemon=True).start()
        for _ in range(10):
            time.sleep(0.003)
            child = os.fork()
            if child == 0:
                os._exit(0 if compiled().run(3, 2) == 2 else 1)
            assert os.waitpid(child, 0)[1] == 0
        print("done")
    """
    assert run_script(tmp_path, body) == "done\n"


@pytest.mark.slow
def test_a_run_on_an_awake_worker_costs_little(rounds: Rounds) -> None:
    """Measures; generous, since other processes may be running."""
    context = np.array([rounds.state.ctypes.data, 0, 0, rounds.slots.ctypes.data])
    address = context.ctypes.data
    plain = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(rounds.program)

    def fastest(call: object) -> float:
        times = []
        for _ in range(300):
            start = time.perf_counter()
            for _ in range(20):
                call()
            times.append((time.perf_counter() - start) / 20)
        return min(times)

    alone = fastest(lambda: plain(address, 0, 1))
    together = fastest(lambda: team.run(rounds.program, address, 2))
    assert together - alone < 5e-6
