"""A contest: same losses first, then turn by turn.

Every contestant lives in a process of its own, because the threads of two libraries in one process
take the processors from each other while they wait for work. One process works at a time; the
others sleep. Turns alternate, so that a slow minute of the machine hits all alike, and backwards in
every other round, so that nobody always comes after the same one.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.crew import Worker, WorkerError
from benchmarks.options import Options
from benchmarks.results import ContestResult, Entry, Kernel, LeftOut
from benchmarks.words import duration
from benchmarks.worker import GAUGE

__all__ = ["Judge", "run_contest"]


@dataclass
class _Player:
    contestant: Contestant
    worker: Worker
    steps: int = 0
    difference: float | None = None
    seconds: list[float] = field(default_factory=list)
    ready: float | None = None
    memory: int | None = None

    def first(self, steps: int) -> dict[str, Any]:
        """Take the first steps; the first time, note how long it took from building on."""
        answer = self.worker.order("first", steps=steps)
        if self.ready is None:
            self.ready = self.worker.build_seconds + answer["seconds"]
        return answer


@dataclass
class _Samples:
    """What the machine could do, round by round, and what others took of it, window by window."""

    peaks: list[float] = field(default_factory=list)
    meetings: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    caches: list[float] = field(default_factory=list)


def run_contest(contest: Contest, options: Options) -> ContestResult:
    """Measure one workload.

    Raises:
        WorkerError: Cairnet itself failed.
    """
    say = options.say
    if contest.compared is not None:
        options = replace(options, compared=contest.compared)
    say(f"{contest.title}: preparing the data")
    problem = contest.problem(options.quick)
    left_out: list[LeftOut] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        path = folder / "problem.npz"
        problem.save(path)
        gauge = stack.enter_context(Worker(contest.name, GAUGE, path, options.threads))
        players = _assemble(contest, path, options, stack, left_out)
        losses = players[0].first(options.compared)["losses"]
        judge = Judge(np.array(losses), contest.tolerance)
        players = [player for player in players if _agrees(player, judge, options, left_out)]
        for player in players:
            answer = player.worker.order("calibrate", seconds=options.window)
            player.steps = answer["steps"]
        samples = _play(players, gauge, judge, options)
        for player in players:
            player.memory = player.worker.order("memory")["bytes"]
        kernels = [Kernel(**each) for each in players[0].worker.order("profile")["kernels"]]
    return ContestResult(
        name=contest.name,
        title=contest.title,
        description=contest.description,
        source=problem.source,
        batch=problem.batch,
        flops=contest.flops(problem.batch),
        floor=contest.floor,
        rivals=list(contest.rivals),
        share=contest.share,
        limits=contest.limits,
        tolerance=contest.tolerance,
        compared=options.compared,
        entries=[_entry(player) for player in players],
        left_out=left_out,
        peaks=samples.peaks,
        meetings=samples.meetings if options.threads > 1 else [],
        others=statistics.fmean(samples.others) if samples.others else None,
        memory=samples.memory,
        caches=samples.caches,
        bytes=sum(kernel.bytes for kernel in kernels) or None,
        kernels=kernels if contest.kernels else [],
    )


@dataclass(frozen=True)
class Judge:
    """Knows the losses that everyone must find.

    Attributes:
        expected: the losses before the first steps.
        tolerance: the largest relative difference.
    """

    expected: np.ndarray
    tolerance: float

    def difference(self, losses: Sequence[float], steps: int) -> float | None:
        """The largest relative difference between losses of the first steps.

        Args:
            losses: another's; or one number, the mean over `steps` steps; or none.
            steps: how many steps were taken.

        Returns:
            The difference, or None where there is nothing to compare.

        >>> import numpy as np
        >>> judge = Judge(np.array([2.0, 1.0]), tolerance=1e-4)
        >>> judge.difference([2.0, 1.1, 9.0], steps=3)
        0.1
        >>> judge.difference([1.5], steps=2)
        0.0
        >>> judge.difference([1.5], steps=100) is None
        True
        """
        found = np.array(losses[: len(self.expected)], float)
        wanted = self.expected[: len(found)]
        if len(found) == 1 and steps > 1:
            if steps != len(self.expected):
                return None
            wanted = self.expected.mean(keepdims=True)
        if not len(found):
            return None
        return float(np.max(np.abs(found - wanted) / np.maximum(np.abs(wanted), 1e-12)))

    def accepts(self, difference: float | None) -> bool:
        """Whether a difference is small enough; NaN is not, and neither is None."""
        return difference is not None and difference <= self.tolerance


def _assemble(
    contest: Contest,
    path: Path,
    options: Options,
    stack: contextlib.ExitStack,
    left_out: list[LeftOut],
) -> list[_Player]:
    players: list[_Player] = []
    for contestant in contest.contestants:
        reason = contestant.missing()
        if reason:
            options.say(f"  {contestant.name}: left out, {reason}")
            left_out.append(LeftOut(contestant.name, reason))
            continue
        try:
            threads = min(contestant.threads or options.threads, options.threads)
            extra = {**_empty_caches(path.parent), **contestant.environment}
            worker = Worker(contest.name, contestant.name, path, threads, extra)
        except WorkerError as error:
            if not players:
                raise
            options.say(f"  {error}")
            left_out.append(LeftOut(contestant.name, "it failed", wrong=True))
            continue
        players.append(_Player(contestant, stack.enter_context(worker)))
    return players


def _empty_caches(folder: Path) -> dict[str, str]:
    """Where libraries keep what they have compiled: nowhere that a run before has left anything."""
    return {name: str(folder / name) for name in ("CAIRNET_CACHE", "TORCHINDUCTOR_CACHE_DIR")}


def _agrees(player: _Player, judge: Judge, options: Options, left_out: list[LeftOut]) -> bool:
    """Whether the contestant may take part: it works, and has the losses if it says so."""
    name, say = player.contestant.name, options.say
    try:
        answer = player.first(options.compared)
    except WorkerError as error:
        say(f"  {error}")
        left_out.append(LeftOut(name, "it failed", wrong=True))
        return False
    took = duration(player.ready or 0.0)
    if not player.contestant.comparable:
        say(f"  {name}: ready in {took}; its losses are not compared")
        return True
    player.difference = judge.difference(answer["losses"], answer["steps"])
    if not judge.accepts(player.difference):
        wanted = judge.expected.tolist()
        say(f"  {name}: LEFT OUT, its losses are {answer['losses']} instead of {wanted}")
        left_out.append(LeftOut(name, "its losses are others", wrong=True))
        return False
    say(f"  {name}: ready in {took}; its losses differ by at most {player.difference:.1e}")
    return True


def _play(players: list[_Player], gauge: Worker, judge: Judge, options: Options) -> _Samples:
    """The rounds; what each player reaches is kept with the player."""
    samples = _Samples()
    for number in range(options.rounds):
        for player in players if number % 2 == 0 else reversed(players):
            time.sleep(options.pause)
            answer = player.worker.order("window", losses=options.compared)
            _check_window(player, answer, judge)
            player.seconds.append(answer["seconds"] / answer["steps"])
            if answer["others"] is not None:
                samples.others.append(answer["others"])
        time.sleep(options.pause)
        sampled = gauge.order("sample")
        samples.peaks.append(sampled["peak"])
        samples.meetings.append(sampled["meeting"])
        samples.memory.append(sampled["memory"])
        samples.caches.append(sampled["caches"])
        times = [f"{each.contestant.name} {duration(each.seconds[-1])}" for each in players]
        options.say(f"  round {number + 1} of {options.rounds}: {'  '.join(times)}")
    return samples


def _check_window(player: _Player, answer: dict[str, Any], judge: Judge) -> None:
    """A window that computed something else, or went astray later, must not count."""
    if not answer["finite"]:
        raise WorkerError(f"{player.contestant.name}: a loss was not finite")
    if player.contestant.comparable:
        found = judge.difference(answer["losses"], answer["steps"])
        if found is not None and not judge.accepts(found):
            raise WorkerError(
                f"{player.contestant.name}: the losses of a window differ by {found} from Cairnet's"
            )


def _entry(player: _Player) -> Entry:
    contestant = player.contestant
    return Entry(
        name=contestant.name,
        library=contestant.library,
        peer=contestant.is_peer,
        note=contestant.note,
        steps=player.steps,
        seconds=player.seconds,
        difference=player.difference,
        ready=player.ready,
        memory=player.memory,
    )
