"""Monitor: one number in the logs, and whether it has become better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cairnet.base.errors import ArgumentError, UnknownNameError

__all__ = ["Monitor", "finite"]

_LARGER_IS_BETTER = ("accuracy", "acc", "auc", "precision", "recall", "f1")
_SMALLER_IS_BETTER = ("loss", "error", "mse", "mae", "cost", "crossentropy", "divergence")


class Monitor:
    """A watched number.

    Args:
        name: of an entry of the logs, such as "val_loss".
        mode: "min" if smaller is better, "max" if larger is; "auto" decides by the name.
        least: only a change by more than this counts.

    Raises:
        UnknownNameError: an unknown mode.
        ArgumentError: "auto", and the name does not say which direction is better.
    """

    def __init__(self, name: str, mode: str = "auto", least: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise UnknownNameError("mode", mode, ("auto", "min", "max"))
        self.name = name
        self.least = abs(finite("min_delta", least))
        self.larger = _larger(name) if mode == "auto" else mode == "max"

    @property
    def worst(self) -> float:
        """A value that every other is better than."""
        return -math.inf if self.larger else math.inf

    def value(self, logs: Mapping[str, float] | None) -> float:
        """The number in the logs of an epoch.

        Raises:
            UnknownNameError: it is not among them.
        """
        if self.name not in (logs or {}):
            raise UnknownNameError("number to monitor", self.name, logs or ())
        return float((logs or {})[self.name])

    def better(self, value: float, best: float) -> bool:
        """Whether a value is better than the best so far, by more than the least change."""
        return value > best + self.least if self.larger else value < best - self.least


def _larger(name: str) -> bool:
    words = name.lower()
    if any(word in words for word in _LARGER_IS_BETTER):
        return True
    if any(word in words for word in _SMALLER_IS_BETTER):
        return False
    raise ArgumentError(
        f'mode: whether {name!r} should grow or shrink cannot be told from its name; say "min" '
        'or "max"'
    )


def finite(name: str, value: Any) -> float:
    """A finite number, or an error that names the argument."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise ArgumentError(f"{name}: expected a finite number, got {value!r}")
    return float(value)
