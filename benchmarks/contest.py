"""What a workload is, what takes part in it, and what a contestant must be able to do."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from benchmarks.problem import Problem

if TYPE_CHECKING:
    from cairnet.runtime import Profile

__all__ = ["Contest", "Contestant", "Profiled", "Runner"]


class Runner(Protocol):
    """A network in training, as one library does it; lives in a worker process."""

    def reset(self, order: np.ndarray) -> None:
        """Go back to the initial weights and get ready for these steps; this is not timed.

        Args:
            order: the rows of each step, shape (steps, batch): few, or a multiple of the
                contestant's `unit`.
        """

    def run(self) -> np.ndarray:
        """Take the steps that `reset` was given, and return when they are done; this is timed.

        Returns:
            The loss before each step; or one number, the mean of these; or nothing, where they
            cannot be compared with others'.
        """


@runtime_checkable
class Profiled(Protocol):
    """A runner that can be measured kernel by kernel."""

    def profile(self) -> Profile:
        """The kernels of a step."""


@dataclass(frozen=True)
class Contestant:
    """One library's way to train the network.

    Attributes:
        name: as it stands in the tables, "torch, channels last".
        library: "cairnet", or the peer that it belongs to.
        build: makes the runner out of the problem and the number of threads.
        needs: the modules that must be installed.
        needs_compiler: whether it works only where a C++ compiler is found.
        unit: a window has a multiple of so many steps: those of a compiled run, or an epoch.
        comparable: whether it computes the same losses; if not, it does not count as a peer.
        note: what the reader should know of it, a sentence.
        threads: the most that it may use, if that is fewer than the others'.
        environment: variables that its process is started with.
    """

    name: str
    library: str
    build: Callable[[Problem, int], Runner]
    needs: tuple[str, ...] = ()
    needs_compiler: bool = False
    unit: int = 1
    comparable: bool = True
    note: str = ""
    threads: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def alone(self) -> Contestant:
        """The same on one thread: quicker for work that is too small to be divided."""
        return replace(self, name=f"{self.name}, one thread", threads=1)

    @property
    def is_peer(self) -> bool:
        """Whether it is what Cairnet is measured against."""
        return self.library != "cairnet" and self.comparable

    def missing(self) -> str:
        """Why it cannot take part here, or nothing."""
        absent = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if absent:
            return f"{' and '.join(absent)} not installed"
        if self.needs_compiler and not (shutil.which("c++") or shutil.which("g++")):
            return "no C++ compiler"
        return ""


@dataclass(frozen=True)
class Contest:
    """A workload: one network, trained step by step by every contestant.

    Attributes:
        name: what it is called on the command line.
        title: what it is called on the page.
        description: the network and its training, a few sentences for the page.
        problem: makes the arrays; with True, fewer and without files, for a quick look.
        contestants: Cairnet's first; the first one is the one that the floor is held to.
        flops: floating-point operations of products and convolutions in a step, for a batch.
        floor: how many times faster than the best peer the first contestant has to be, if any.
        rivals: the peers that the floor is meant for, if it is not all of them.
        share: the share of the processor's peak that the first contestant has to reach, if any.
        limits: what stands in the way and what was tried, for the page where a floor is missed.
        tolerance: largest relative difference of a loss.
        compared: how many losses are compared, where steps are long; default: as many as always.
        kernels: whether the page is to show its kernels under the roofline.
    """

    name: str
    title: str
    description: str
    problem: Callable[[bool], Problem]
    contestants: tuple[Contestant, ...]
    flops: Callable[[int], int]
    floor: float | None = None
    rivals: tuple[str, ...] = ()
    share: float | None = None
    limits: str = ""
    tolerance: float = 1e-4
    compared: int | None = None
    kernels: bool = False

    def contestant(self, name: str) -> Contestant:
        """The contestant of a name."""
        return next(each for each in self.contestants if each.name == name)
