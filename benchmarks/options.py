"""How thoroughly to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """The settings of a run.

    Attributes:
        threads: how many threads each contestant may use.
        rounds: how many turns each contestant has.
        window: how long a turn is about, in seconds.
        pause: how long to wait between turns, so that threads that look for work give up.
        compared: how many losses are compared.
        quick: whether the problems are small, to see that all works.
        say: where to tell how far it is.
    """

    threads: int
    rounds: int
    window: float = 0.3
    pause: float = 0.05
    compared: int = 6
    quick: bool = False
    say: Callable[[str], None] = print
