"""How many steps go into one run, that is, into one native call.

A run should be long enough that Python's part in it costs nothing, and short enough that progress
moves and Ctrl-C is heard: some tens of milliseconds. How long a step takes is measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

__all__ = ["Pace"]


class Pace:
    """The length of the runs, adapted to the clock; it never changes what is computed.

    Args:
        seconds: how long a run should take.
        clock: what tells the time, in seconds.
        most: the longest run in steps; None for no limit.
    """

    def __init__(
        self,
        seconds: float = 0.04,
        clock: Callable[[], float] = time.perf_counter,
        most: int | None = None,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self.most = most
        # The first run is one step: it compiles, and says little about the next.
        self._steps = 1
        self._compiled = False

    def runs(self, steps: int) -> Iterator[tuple[int, int]]:
        """Divide `steps` into runs from start to stop; the caller's work between two is timed.

        >>> ticks = iter([0.0, 1.0, 1.0, 1.02, 1.02, 1.05])
        >>> list(Pace(0.04, lambda: next(ticks)).runs(12))
        [(0, 1), (1, 5), (5, 12)]
        """
        start = 0
        while start < steps:
            stop = min(start + min(self._steps, self.most or self._steps), steps)
            began = self._clock()
            yield start, stop
            self._observe(stop - start, self._clock() - began)
            start = stop

    def _observe(self, steps: int, seconds: float) -> None:
        if not self._compiled:
            self._compiled = True
            self._steps = 4
            return
        fitting = round(steps * self.seconds / max(seconds, 1e-9))
        # Growing step by step keeps one lucky measurement from making a run of minutes.
        self._steps = max(1, min(fitting, 16 * self._steps))
