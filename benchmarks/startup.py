"""How long fresh processes take: to import a library, and to call a training function first."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.crew import Worker, environment
from benchmarks.options import Options
from benchmarks.results import LeftOut, Start, StartResult
from benchmarks.words import duration
from benchmarks.workloads import CONTESTS

__all__ = ["STARTS", "first_call", "run_first_call", "run_import"]

_LIBRARIES = ("cairnet", "numpy", "jax", "torch")
_IMPORT_LIMIT = 0.3
_COLD_LIMIT, _WARM_LIMIT = 3.0, 0.3
_COLD, _WARM = "Cairnet, cold cache", "Cairnet, warm cache"
_PEERS = ("torch, eager", "JAX, jitted step")


def run_import(options: Options) -> StartResult:
    """Import each library in processes of their own, in turns."""
    options.say("Import: one process for each library and round")
    left_out = []
    seconds: dict[str, list[float]] = {}
    for library in _LIBRARIES:
        if importlib.util.find_spec(library) is None:
            left_out.append(LeftOut(library, "not installed"))
            options.say(f"  {library}: left out, not installed")
            continue
        _import(library, options.threads)  # writes bytecode, and brings the files into memory
        seconds[library] = []
    for number in range(options.rounds):
        for library, taken in seconds.items():
            taken.append(_import(library, options.threads))
        _tell(options, number, {library: taken[-1] for library, taken in seconds.items()})
    return StartResult(
        name="import",
        title="Import",
        description="What the import statement takes in a fresh interpreter, its files in memory.",
        before="",
        starts=[
            Start(library, library, taken, limit=_IMPORT_LIMIT if library == "cairnet" else None)
            for library, taken in seconds.items()
        ],
        left_out=left_out,
    )


def _import(library: str, threads: int) -> float:
    program = (
        "import time; start = time.perf_counter(); "
        f"import {library}; print('seconds', time.perf_counter() - start)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env=environment(threads, {}),
        text=True,
    )
    return float(finished.stdout.split()[-1])


def run_first_call(options: Options) -> StartResult:
    """Build LeNet-5's training function in fresh processes, and call it once."""
    contest = CONTESTS["lenet5"]
    options.say("First call: one process for each contestant and round")
    starts = {
        _COLD: Start(_COLD, "cairnet", [], [], _COLD_LIMIT),
        _WARM: Start(_WARM, "cairnet", [], [], _WARM_LIMIT),
    }
    left_out = []
    for name in _PEERS:
        reason = contest.contestant(name).missing()
        if reason:
            left_out.append(LeftOut(name, reason))
            options.say(f"  {name}: left out, {reason}")
        else:
            starts[name] = Start(name, contest.contestant(name).library, [], [])
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder) / "problem.npz"
        contest.problem(True).save(path)
        for number in range(options.rounds):
            cache = Path(folder) / f"cache{number}"
            for name, start in starts.items():
                who = "Cairnet" if name in (_COLD, _WARM) else name
                before, seconds = first_call(contest.name, who, path, cache, options.threads)
                start.before.append(before)
                start.seconds.append(seconds)
            _tell(options, number, {name: start.seconds[-1] for name, start in starts.items()})
    return StartResult(
        name="first-call",
        title="LeNet-5, first call",
        description=(
            "The first call of LeNet-5's training function in a fresh process, everything that is "
            "compiled for it included; imports come before. The cold cache is an empty folder, the "
            "warm one is what the cold call left there. The peers compile anew in every process, "
            "or not at all."
        ),
        before="before it: building the function",
        starts=list(starts.values()),
        left_out=left_out,
    )


def first_call(
    contest: str, contestant: str, path: Path, cache: Path, threads: int
) -> tuple[float, float]:
    """What a fresh process takes for its first step.

    Args:
        contest: the name of the workload.
        contestant: who takes the step.
        path: the file of the problem.
        cache: the folder where Cairnet looks for what it has compiled before.
        threads: how many threads may be used.

    Returns:
        Seconds to build the runner, and seconds of its first step.
    """
    with Worker(contest, contestant, path, threads, {"CAIRNET_CACHE": str(cache)}) as worker:
        return worker.build_seconds, float(worker.order("first", steps=1)["seconds"])


def _tell(options: Options, number: int, seconds: dict[str, float]) -> None:
    times = "  ".join(f"{name} {duration(value)}" for name, value in seconds.items())
    options.say(f"  round {number + 1} of {options.rounds}: {times}")


#: By their names on the command line, in the order of the page.
STARTS: dict[str, Callable[[Options], StartResult]] = {
    "import": run_import,
    "first-call": run_first_call,
}
