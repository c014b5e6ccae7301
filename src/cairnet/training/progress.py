"""What fit shows: a line for each epoch, and below them a bar that moves while it works."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairnet.base.errors import ArgumentError
from cairnet.training.callbacks.base import Callback, Logs

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

__all__ = ["ProgressReport", "shown", "shown_duration"]

# Redrawing more often than this costs time and is not seen.
_SECONDS_BETWEEN_FRAMES = 0.08


class ProgressReport(Callback):
    """A table that grows by a line each epoch; on a terminal with a bar below it.

    Args:
        verbose: "auto" or 1 for a bar where there is a terminal, 2 for lines only.

    Raises:
        ArgumentError: another value of `verbose`.
    """

    def __init__(self, verbose: int | str = "auto") -> None:
        if verbose not in ("auto", 1, 2):
            raise ArgumentError(f'verbose: expected "auto", 0, 1 or 2, got {verbose!r}')
        self.verbose = verbose
        self._console: Console | None = None
        self._bar: Progress | None = None
        self._columns: Sequence[str] = ()
        self._done = 0
        self._epoch = 0
        self._batches = 0
        self._drawn = 0.0
        self._began = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Show the bar."""
        from rich.console import Console

        self._console = Console(highlight=False, soft_wrap=True)
        self._columns = ()
        self._done = 0
        live = self._console.is_terminal or self._console.is_jupyter
        self._bar = self._new_bar(self._console) if live and self.verbose != 2 else None
        if self._bar is not None:
            self._bar.start()

    def _new_bar(self, console: Console) -> Progress:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            BarColumn(bar_width=None),
            TextColumn(" {task.fields[epoch]} "),
            TextColumn("{task.fields[numbers]} "),
            TimeRemainingColumn(compact=True),
            console=console,
            # Drawn by hand after each run of steps: no thread beside those that compute.
            auto_refresh=False,
            transient=True,
            expand=True,
        )
        epochs = self.params["epochs"] - self.params["first_epoch"]
        total = epochs * self.params["steps"]
        bar.add_task(
            "", total=total, epoch=self._label(self.params["first_epoch"]), numbers="getting ready"
        )
        return bar

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the clock."""
        self._began = time.perf_counter()
        self._epoch = epoch
        self._batches = 0

    def on_run_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self._batches = batch + 1
        self._draw(logs or {})

    def _draw(self, logs: Logs) -> None:
        now = time.perf_counter()
        if self._bar is None or now - self._drawn < _SECONDS_BETWEEN_FRAMES:
            return
        self._drawn = now
        self._bar.update(
            self._bar.task_ids[0],
            completed=self._done * self.params["steps"] + self._batches,
            epoch=self._label(self._epoch),
            numbers="  ".join(f"{name} {shown(value)}" for name, value in logs.items()),
        )
        self._bar.refresh()

    def _label(self, epoch: int) -> str:
        return f"epoch {epoch + 1}/{self.params['epochs']}"

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's line."""
        self._done += 1
        logs = logs or {}
        label = f"{epoch + 1}/{self.params['epochs']}"
        wide = 2 * len(str(self.params["epochs"])) + 1
        if not self._columns:
            self._columns = tuple(logs)
            self._print("epoch".rjust(wide), self._columns, "time")
        numbers = {name: shown(value) for name, value in logs.items()}
        duration = shown_duration(time.perf_counter() - self._began)
        self._print(label.rjust(max(wide, 5)), self._aligned(numbers), duration)

    def _aligned(self, numbers: Mapping[str, str]) -> list[str]:
        return [numbers.get(name, "").rjust(max(len(name), 7)) for name in self._columns]

    def _print(self, label: str, cells: Sequence[str], duration: str) -> None:
        line = "  ".join([label, *(cell.rjust(7) for cell in cells), duration.rjust(7)])
        if self._console is not None:
            self._console.print(line, markup=False)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Take the bar away, and say where the training stopped if it was not at the end."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        steps, planned = self.params["steps"], self.params["epochs"] - self.params["first_epoch"]
        if self._done < planned and not self.model.stop_training and self._console is not None:
            self._console.print(
                f"stopped in epoch {self._epoch + 1} of {self.params['epochs']}, after "
                f"{self._batches} of {steps} batches; the model keeps what it has learned",
                markup=False,
            )


def shown(value: Any) -> str:
    """A number in at most seven characters.

    >>> shown(0.98765), shown(123.456), shown(12345.6), shown(0.00001234)
    ('0.9877', '123.46', '1.2e+04', '1.2e-05')
    """
    size = abs(float(value))
    if size == 0 or 1e-3 <= size < 10:
        return f"{value:.4f}"
    return f"{value:#.5g}" if 10 <= size < 1000 else f"{value:.1e}"


def shown_duration(seconds: float) -> str:
    """A time as people say it.

    >>> shown_duration(0.0123), shown_duration(0.345), shown_duration(2.345), shown_duration(75)
    ('12 ms', '0.34 s', '2.3 s', '1 min 15 s')
    """
    if seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {round(seconds % 60)} s"
