"""The other end of `worker`: starts the processes, gives them orders, ends them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["REPOSITORY", "Worker", "WorkerError", "environment"]

REPOSITORY = Path(__file__).resolve().parent.parent

#: Every peer has a name of its own for the number of threads.
_THREADS = (
    "MKL_NUM_THREADS",
    "NPROC",  # XLA
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
_PATIENCE_SECONDS = 600.0


class WorkerError(RuntimeError):
    """A worker ended, or did not answer; the message has what it printed last."""


def environment(threads: int, extra: Mapping[str, str]) -> dict[str, str]:
    """What a process is started with, so that it uses this many threads and finds this package."""
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    # Cairnet is run as it comes: on as many of the cores that it sees as are fastest.
    inherited = {name: value for name, value in os.environ.items() if name != "CAIRNET_THREADS"}
    return {
        **inherited,
        **dict.fromkeys(_THREADS, str(threads)),
        "CAIRNET_BACKEND": "native",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        # Libraries that would greet or warn on the terminal write to the worker's log anyway.
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **extra,
    }


class Worker:
    """A process in which one contestant lives.

    Args:
        contest: the name of the workload.
        contestant: the name of the contestant.
        problem: the file of the problem; what the worker prints goes to a file beside it.
        threads: how many threads it may use.
        extra: environment variables.

    Attributes:
        build_seconds: how long it took to build the runner.

    Raises:
        WorkerError: it could not start.
    """

    def __init__(
        self,
        contest: str,
        contestant: str,
        problem: Path,
        threads: int,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.name = contestant
        self._log = problem.with_name(f"{contestant}.log")
        reading, writing = os.pipe()
        self._answers = os.fdopen(reading)
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", "benchmarks.worker"),
                        *(contest, contestant, str(problem), str(threads), str(writing)),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=[writing],
                    env=environment(threads, extra or {}),
                    text=True,
                )
        finally:
            os.close(writing)
        try:
            self.build_seconds = float(self._answer()["seconds"])
        except BaseException:
            self.close()
            raise

    def order(self, do: str, **details: Any) -> dict[str, Any]:
        """Give an order, wait until it is carried out, and return the answer.

        Raises:
            WorkerError: the worker ended, or took longer than anyone would wait.
        """
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(json.dumps({"do": do, **details}) + "\n")
                stdin.flush()
        except BrokenPipeError:
            raise WorkerError(self._last_words()) from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        ready, _, _ = select.select([self._answers], [], [], _PATIENCE_SECONDS)
        if not ready:
            raise WorkerError(f"{self.name}: no answer in {_PATIENCE_SECONDS:.0f} s")
        line = self._answers.readline()
        if not line:
            raise WorkerError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._process.wait(timeout=_PATIENCE_SECONDS)
        printed = self._log.read_text(errors="replace").strip().splitlines()
        return f"{self.name} ended:\n    " + "\n    ".join(printed[-8:] or ["nothing printed"])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
