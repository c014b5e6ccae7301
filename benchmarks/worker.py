"""The process that a contestant lives in: `python -m benchmarks.worker`, started by `crew`.

It is told what to do by lines of JSON on its standard input, and answers each with a line on a
pipe of its own, since libraries print what they like to standard output. Between two orders it
waits for the next line, and uses no processor.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contest import Profiled, Runner
from benchmarks.load import Load
from benchmarks.problem import Problem

__all__ = ["GAUGE", "Trainer", "main"]

#: The contestant that samples what the machine can do instead of training anything.
GAUGE = "gauge"

Order = dict[str, Any]
Answer = dict[str, Any]


class Trainer:
    """Carries out the orders for a contestant.

    Args:
        runner: its network.
        order: the rows of all steps.
        unit: what the number of steps in a window must be a multiple of.
    """

    def __init__(self, runner: Runner, order: np.ndarray, unit: int) -> None:
        self._runner = runner
        self._order = order
        self._unit = min(unit, len(order))
        self._steps = self._unit

    def obey(self, order: Order) -> Answer:
        """Carry out one order: steps, timed or not, or a question about them."""
        if order["do"] == "first":
            return self._window(order["steps"], order["steps"])
        if order["do"] == "calibrate":
            return self._calibrate(order["seconds"])
        if order["do"] == "profile":
            return {"kernels": _kernels(self._runner)}
        if order["do"] == "memory":
            return {"bytes": most_memory()}
        return self._window(self._steps, order["losses"])

    def _calibrate(self, seconds: float) -> Answer:
        """Choose how many steps a window has, and take such windows until all is warm."""
        unit, most = self._unit, len(self._order) // self._unit * self._unit
        steps = unit
        self._window(steps, 0)
        took = self._window(steps, 0)["seconds"]
        while took < seconds / 2 and steps < most:
            growth = min(seconds / max(took, 1e-9), 16.0)
            steps = min(max(2, round(steps / unit * growth)) * unit, most)
            took = self._window(steps, 0)["seconds"]
        self._steps = steps
        return {"steps": steps}

    def _window(self, steps: int, losses: int) -> Answer:
        """Train from the initial weights; the time, and the first losses to be compared."""
        self._runner.reset(self._order[:steps])
        gc.collect()
        load = Load.begin()
        start = time.perf_counter()
        values = self._runner.run()
        seconds = time.perf_counter() - start
        return {
            "seconds": seconds,
            "others": load.others(seconds),
            "steps": steps,
            "losses": [float(value) for value in values[:losses]],
            "finite": bool(np.isfinite(values).all()),
        }


class Gauge:
    """Samples what the machine can do.

    Args:
        threads: on how many threads.
    """

    def __init__(self, threads: int) -> None:
        from benchmarks.meeting import Meeting
        from cairnet.backends.native.bandwidth import cache_bandwidth, memory_bandwidth
        from cairnet.backends.native.peak import Peak

        self._samples: dict[str, Callable[[], float]] = {
            "peak": Peak(threads).sample,
            "meeting": Meeting(threads).sample,
            "memory": memory_bandwidth(threads).sample,
            "caches": cache_bandwidth(threads).sample,
        }

    def obey(self, order: Order) -> Answer:
        """A sample of each, whatever the order."""
        return {name: sample() for name, sample in self._samples.items()}


def _kernels(runner: Runner) -> list[Answer]:
    """Time and work of each kernel of a step, where the runner can tell."""
    if not isinstance(runner, Profiled):
        return []
    return [
        {
            "number": kernel.number,
            "title": kernel.title,
            "layer": kernel.layer or kernel.line,
            "seconds": kernel.seconds,
            "operations": kernel.operations,
            "bytes": kernel.bytes,
        }
        for kernel in runner.profile().kernels
    ]


def most_memory() -> int:
    """The most memory that this process has held so far, in bytes."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held << 10


def main(contest: str, contestant: str, path: str, threads: int, answers: int) -> None:
    """Build what is asked for, say how long that took, and carry out orders until there are none.

    Args:
        contest: the name of the workload.
        contestant: the name of who takes part, or GAUGE.
        path: the file of the problem.
        threads: how many threads it may use.
        answers: the file descriptor to answer on.
    """
    _keep_to_cores(threads)
    with os.fdopen(answers, "w", buffering=1) as out:
        seconds, obey = _prepare(contest, contestant, path, threads)
        print(json.dumps({"seconds": seconds}), file=out)
        for line in sys.stdin:
            print(json.dumps(obey(json.loads(line))), file=out)


def _prepare(
    contest: str, contestant: str, path: str, threads: int
) -> tuple[float, Callable[[Order], Answer]]:
    if contestant == GAUGE:
        return 0.0, Gauge(threads).obey
    from benchmarks.workloads import CONTESTS

    chosen = CONTESTS[contest].contestant(contestant)
    problem = Problem.load(Path(path))
    for name in chosen.needs:
        importlib.import_module(name)
    start = time.perf_counter()
    runner = chosen.build(problem, threads)
    seconds = time.perf_counter() - start
    return seconds, Trainer(runner, problem.order, chosen.unit).obey


def _keep_to_cores(threads: int) -> None:
    """Let the process see as many cores as it may have threads: some libraries ask for no less."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:threads])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
