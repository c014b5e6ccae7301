"""Numbers that optimizers and schedules are given, checked: the errors name the argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError

__all__ = ["at_least_zero", "finite", "positive", "share"]


def finite(name: str, value: Any) -> float:
    """A finite number.

    >>> finite("power", 2)
    2.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ArgumentError(f"{name}: expected a number, got {value!r}")
    if not np.isfinite(value):
        raise ArgumentError(f"{name}: expected a finite number, got {value}")
    return float(value)


def at_least_zero(name: str, value: Any) -> float:
    """A finite number, 0 or more.

    >>> at_least_zero("learning_rate", 0.5)
    0.5
    """
    number = finite(name, value)
    if number < 0:
        raise ArgumentError(f"{name}: expected a finite number, 0 or more, got {value}")
    return number


def positive(name: str, value: Any) -> float:
    """A finite number above 0.

    >>> positive("epsilon", 1e-7)
    1e-07
    """
    number = finite(name, value)
    if number <= 0:
        raise ArgumentError(f"{name}: expected a number above 0, got {value!r}")
    return number


def share(name: str, value: Any) -> float:
    """A number from 0 to below 1.

    >>> share("momentum", 0.9)
    0.9
    """
    number = finite(name, value)
    if not 0 <= number < 1:
        raise ArgumentError(f"{name}: expected a number from 0 to below 1, got {value!r}")
    return number
