"""What fit, evaluate and predict show: lines of numbers, and a bar that moves while they work."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cairnet.training.bar import Bar, check_verbose, shown
from cairnet.training.callbacks.base import Callback, Logs

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["PassReport", "ProgressReport", "shown_duration"]


class ProgressReport(Callback):
    """A table that grows by a line each epoch; on a terminal with a bar below it.

    Args:
        verbose: "auto" or 1 for a bar where there is a terminal, 2 for lines only.

    Raises:
        ArgumentError: another value of `verbose`.
    """

    def __init__(self, verbose: int | str = "auto") -> None:
        self.verbose = check_verbose(verbose)
        self._console: Console | None = None
        self._bar: Bar | None = None
        self._columns: Sequence[str] = ()
        self._done = 0
        self._epoch = 0
        self._batches = 0
        self._began = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Show the bar."""
        from rich.console import Console

        self._console = Console(highlight=False, soft_wrap=True)
        self._columns = ()
        self._done = 0
        if _is_live(self._console, self.verbose):
            epochs = self.params["epochs"] - self.params["first_epoch"]
            label = self._label(self.params["first_epoch"])
            self._bar = Bar(self._console, epochs * self.params["steps"], label)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the clock."""
        self._began = time.perf_counter()
        self._epoch = epoch
        self._batches = 0

    def on_run_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self._batches = batch + 1
        if self._bar is not None:
            done = self._done * self.params["steps"] + self._batches
            self._bar.move(done, self._label(self._epoch), logs or {})

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


class PassReport:
    """What `evaluate` and `predict` show: a bar while they work, and a line at the end.

    Args:
        verbose: "auto" or 1 for both, where there is a terminal; 2 for the line only; 0 for
            nothing.
        rows: how many samples there are.

    Raises:
        ArgumentError: another value of `verbose`.
    """

    def __init__(self, verbose: int | str, rows: int) -> None:
        self.verbose = check_verbose(verbose)
        self.rows = rows
        self._console: Console | None = None
        self._bar: Bar | None = None
        self._began = 0.0

    def __enter__(self) -> Self:
        if self.verbose != 0:
            from rich.console import Console

            self._began = time.perf_counter()
            self._console = Console(highlight=False, soft_wrap=True)
            if _is_live(self._console, self.verbose):
                self._bar = Bar(self._console, self.rows, self._label(0))
        return self

    def _label(self, done: int) -> str:
        return f"{done:,} of {self.rows:,} samples"

    @property
    def moves(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def move(self, done: int, logs: Mapping[str, float]) -> None:
        """Move the bar: so many samples are done."""
        if self._bar is not None:
            self._bar.move(done, self._label(done), logs)

    def finish(self, logs: Mapping[str, float]) -> None:
        """Write the line, in place of the bar."""
        self._stop()
        if self._console is not None:
            numbers = [f"{name} {shown(value)}" for name, value in logs.items()]
            duration = shown_duration(time.perf_counter() - self._began)
            line = "  ".join([f"{self.rows:,} samples", *numbers, duration])
            self._console.print(line, markup=False)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()


def _is_live(console: Console, verbose: int | str) -> bool:
    """Whether there is to be a bar: where something moves, and was not asked to keep still."""
    return verbose != 2 and (console.is_terminal or console.is_jupyter)


def shown_duration(seconds: float) -> str:
    """A time as people say it.

    >>> shown_duration(0.0123), shown_duration(0.345), shown_duration(2.345), shown_duration(75)
    ('12 ms', '345 ms', '2.3 s', '1 min 15 s')
    """
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {round(seconds % 60)} s"
