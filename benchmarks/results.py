"""What was measured, in a form that JSON can hold; what the page says is worked out from this."""

from __future__ import annotations

import dataclasses
import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ContestResult", "Entry", "Kernel", "LeftOut", "Results", "Start", "StartResult"]

#: The share of the processors that a quiet machine's own services stay below.
_QUIET = 0.05


@dataclass(frozen=True)
class LeftOut:
    """A contestant that did not take part.

    Attributes:
        name: who.
        reason: why.
        wrong: whether something is wrong, rather than merely not installed.
    """

    name: str
    reason: str
    wrong: bool = False


@dataclass(frozen=True)
class Entry:
    """What a contestant reached.

    Attributes:
        name: who, as in the tables.
        library: whose it is; "cairnet" or a peer.
        peer: whether Cairnet is measured against it.
        note: a sentence for the page, or nothing.
        steps: how many steps a window had.
        seconds: for each round, the time of a step: the window's divided by its steps.
        difference: the largest relative difference of a loss from Cairnet's; None where the
            losses cannot be compared.
        ready: seconds from building the network to the first losses, compiling included.
        memory: the most that the process has held, in bytes.
    """

    name: str
    library: str
    peer: bool
    note: str
    steps: int
    seconds: list[float]
    difference: float | None
    ready: float | None = None
    memory: int | None = None

    @property
    def median(self) -> float:
        """The middle of the rounds, in seconds a step."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """The best of the rounds, in seconds a step."""
        return min(self.seconds)


@dataclass(frozen=True)
class Kernel:
    """A kernel of Cairnet's step, as `cn.profile` measured it.

    Attributes:
        number: its number in the step.
        title: what it computes.
        layer: for which layer.
        seconds: how long it takes in a step.
        operations: floating-point operations in a step.
        bytes: of memory that it touches in a step, each element once.
    """

    number: int
    title: str
    layer: str
    seconds: float
    operations: int
    bytes: int


@dataclass(frozen=True)
class ContestResult:
    """What all contestants reached in one workload; see `Contest` for what is repeated from it.

    Attributes:
        source: what the rows of the data are.
        batch: rows in a step.
        flops: floating-point operations in a step.
        compared: how many losses were compared, at the beginning of every window.
        entries: Cairnet's first.
        left_out: who did not take part.
        peaks: samples of the processor's peak between the windows, operations in a second.
        meetings: samples of the time in which the threads meet, in seconds; none for one thread.
        others: the share of the processors that other processes took meanwhile, if known.
        memory: samples of what memory delivers, bytes in a second.
        caches: samples of what the second-level caches deliver, bytes in a second.
        bytes: of memory that the kernels of Cairnet's step touch, if it could be measured.
        kernels: these kernels, where the page is to show them.
    """

    name: str
    title: str
    description: str
    source: str
    batch: int
    flops: int
    floor: float | None
    tolerance: float
    compared: int
    entries: list[Entry]
    left_out: list[LeftOut]
    peaks: list[float]
    meetings: list[float]
    others: float | None
    rivals: list[str] = field(default_factory=list)
    share: float | None = None
    limits: str = ""
    memory: list[float] = field(default_factory=list)
    caches: list[float] = field(default_factory=list)
    bytes: int | None = None
    kernels: list[Kernel] = field(default_factory=list)

    @property
    def ours(self) -> Entry:
        """What the floor is held to."""
        return self.entries[0]

    @property
    def best_peer(self) -> Entry | None:
        """The quickest of the peers that computed the same losses."""
        return min((each for each in self.entries if each.peer), key=_median, default=None)

    @property
    def ratio(self) -> float | None:
        """How many times faster than the best peer, by the medians."""
        peer = self.best_peer
        return None if peer is None else peer.median / self.ours.median

    @property
    def rival(self) -> Entry | None:
        """The quickest of the peers that the floor is meant for."""
        if not self.rivals:
            return self.best_peer
        rivals = [each for each in self.entries if each.peer and each.name in self.rivals]
        return min(rivals, key=_median, default=None)

    @property
    def reached(self) -> float | None:
        """How many times faster than the rival, by the medians."""
        return None if self.rival is None else self.rival.median / self.ours.median

    @property
    def peak(self) -> float:
        """The peak, operations in a second."""
        return statistics.median(self.peaks)

    @property
    def reached_share(self) -> float:
        """The share of the peak that Cairnet reaches, by the medians."""
        return self.flops / self.ours.median / self.peak

    @property
    def missed(self) -> bool:
        """Whether there is a floor that was not reached."""
        return self.too_slow or (self.share is not None and self.reached_share < self.share)

    @property
    def too_slow(self) -> bool:
        """Whether it is not as many times faster than its rival as it has to be."""
        return self.floor is not None and self.reached is not None and self.reached < self.floor


@dataclass(frozen=True)
class Start:
    """One thing that fresh processes do.

    Attributes:
        name: what, as in the tables.
        library: whose it is.
        seconds: how long it took, for each round.
        before: how long what comes before it took, if that is a time of its own.
        limit: how long it may take, if there is a limit.
    """

    name: str
    library: str
    seconds: list[float]
    before: list[float] = field(default_factory=list)
    limit: float | None = None

    @property
    def median(self) -> float:
        """The middle of the rounds, in seconds."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """The best of the rounds, in seconds."""
        return min(self.seconds)

    @property
    def missed(self) -> bool:
        """Whether there is a limit that was not kept."""
        return self.limit is not None and self.median >= self.limit


@dataclass(frozen=True)
class StartResult:
    """How long fresh processes take to get going.

    Attributes:
        before: what the column of the times before is called; empty if there is none.
    """

    name: str
    title: str
    description: str
    before: str
    starts: list[Start]
    left_out: list[LeftOut]


@dataclass(frozen=True)
class Results:
    """A run of the benchmarks.

    Attributes:
        command: what was typed.
        date: when, as 2026-01-31.
        machine: what it ran on, in words, by name.
        versions: of Python and the libraries, by name.
        threads: how many each contestant could use.
        rounds: how many turns each contestant had.
        contests: the workloads.
        starts: what fresh processes do.
    """

    command: str
    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    threads: int
    rounds: int
    contests: list[ContestResult]
    starts: list[StartResult]

    @property
    def wrong(self) -> list[LeftOut]:
        """The contestants that failed, or computed something else."""
        parts: list[ContestResult | StartResult] = [*self.contests, *self.starts]
        return [each for part in parts for each in part.left_out if each.wrong]

    @property
    def others(self) -> float | None:
        """The largest share of the processors that other processes took in a workload."""
        return max((each.others for each in self.contests if each.others is not None), default=None)

    @property
    def disturbed(self) -> bool:
        """Whether other processes took so much that the times mean little."""
        return self.others is not None and self.others > _QUIET

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False) + "\n")

    @staticmethod
    def load(path: Path) -> Results:
        """Read what `save` wrote."""
        stored: dict[str, Any] = json.loads(path.read_text())
        contests = [_contest(each) for each in stored.pop("contests")]
        starts = [_start(each) for each in stored.pop("starts")]
        return Results(**stored, contests=contests, starts=starts)


def _contest(stored: dict[str, Any]) -> ContestResult:
    entries = [Entry(**each) for each in stored.pop("entries")]
    left_out = [LeftOut(**each) for each in stored.pop("left_out")]
    kernels = [Kernel(**each) for each in stored.pop("kernels", [])]
    return ContestResult(**stored, entries=entries, left_out=left_out, kernels=kernels)


def _start(stored: dict[str, Any]) -> StartResult:
    starts = [Start(**each) for each in stored.pop("starts")]
    left_out = [LeftOut(**each) for each in stored.pop("left_out")]
    return StartResult(**stored, starts=starts, left_out=left_out)


def _median(entry: Entry) -> float:
    return entry.median
