"""Ctrl-C, heard between two runs and nowhere else."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

__all__ = ["BetweenRuns"]


class BetweenRuns:
    """While inside, Ctrl-C is only noted; `check` raises it, where variables are consistent.

    A second Ctrl-C interrupts at once. Outside the main thread, and where the program handles
    the signal itself, nothing is changed.
    """

    def __init__(self) -> None:
        self._asked = False
        self._active = False

    def __enter__(self) -> Self:
        self._active = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._active:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._active:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed since the beginning."""
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
