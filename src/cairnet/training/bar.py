"""A bar that moves on a terminal while something works."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cairnet.base.errors import ArgumentError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Bar", "check_verbose", "shown"]

# Redrawing more often than this costs time and is not seen.
_SECONDS_BETWEEN_FRAMES = 0.08


class Bar:
    """A bar at the bottom of a terminal, which is gone when it is stopped.

    Args:
        console: the terminal.
        total: how much there is to do.
        label: what stands behind the bar.
    """

    def __init__(self, console: Console, total: int, label: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._drawn = 0.0
        self._progress = Progress(
            BarColumn(bar_width=None),
            TextColumn(" {task.fields[label]} "),
            TextColumn("{task.fields[numbers]} "),
            TimeRemainingColumn(compact=True),
            console=console,
            # Drawn by hand after each run of steps: no thread beside those that compute.
            auto_refresh=False,
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("", total=total, label=label, numbers="getting ready")
        self._progress.start()

    def move(self, done: int, label: str, logs: Mapping[str, float]) -> None:
        """Show how much is done, unless the last frame has only just been drawn."""
        now = time.perf_counter()
        if now - self._drawn < _SECONDS_BETWEEN_FRAMES:
            return
        self._drawn = now
        numbers = "  ".join(f"{name} {shown(value)}" for name, value in logs.items())
        self._progress.update(self._task, completed=done, label=label, numbers=numbers)
        self._progress.refresh()

    def stop(self) -> None:
        """Take the bar away."""
        self._progress.stop()


def check_verbose(verbose: Any) -> Any:
    """How much is to be shown, or an error that names the argument.

    Raises:
        ArgumentError: neither "auto" nor 0, 1 or 2.
    """
    if verbose not in ("auto", 0, 1, 2):
        raise ArgumentError(f'verbose: expected "auto", 0, 1 or 2, got {verbose!r}')
    return verbose


def shown(value: Any) -> str:
    """A number in at most seven characters.

    >>> shown(0.98765), shown(123.456), shown(12345.6), shown(0.00001234)
    ('0.9877', '123.46', '1.2e+04', '1.2e-05')
    """
    size = abs(float(value))
    if size == 0 or 1e-3 <= size < 10:
        return f"{value:.4f}"
    return f"{value:#.5g}" if 10 <= size < 1000 else f"{value:.1e}"
