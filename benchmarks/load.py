"""How busy other processes keep the processors while something is timed; on Linux."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Load"]

_STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Load:
    """The clocks of all processors and of this process at one moment.

    Attributes:
        busy: seconds that the processors have worked, for any process; None where that is not told.
        own: seconds that they have worked for this process.
    """

    busy: float | None
    own: float

    @staticmethod
    def begin() -> Load:
        """The clocks of now."""
        return Load(_busy_seconds(), time.process_time())

    def others(self, seconds: float) -> float | None:
        """The share of all processors that other processes took since `begin`, from 0 to 1.

        Args:
            seconds: how long ago `begin` was called.

        Returns:
            The share. The kernel counts in hundredths of a second, so that of a short time is
            rough, and the mean of many is not. None where the kernel does not tell.
        """
        now = Load.begin()
        if self.busy is None or now.busy is None or seconds <= 0:
            return None
        taken = (now.busy - self.busy) - (now.own - self.own)
        return min(max(taken / (seconds * (os.cpu_count() or 1)), 0.0), 1.0)


def _busy_seconds() -> float | None:
    try:
        fields = _STAT.read_text().splitlines()[0].split()[1:]
    except OSError:
        return None
    # user, nice, system, idle, waiting for input, interrupts, soft interrupts, stolen by the host
    user, nice, system, _, _, interrupts, soft, stolen = (int(field) for field in fields[:8])
    ticks = user + nice + system + interrupts + soft + stolen
    return float(ticks / os.sysconf("SC_CLK_TCK"))
