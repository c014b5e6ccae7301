"""Numbers as people read them."""

from __future__ import annotations

import math

__all__ = ["duration", "listed", "rate", "share", "times"]


def duration(seconds: float) -> str:
    """A time in the unit that suits it, to three figures.

    >>> [duration(seconds) for seconds in (4.2e-6, 0.0412, 1.5, 90.04)]
    ['4.20 µs', '41.2 ms', '1.50 s', '90.0 s']
    """
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        # 0.9996 ms has three figures as 1.00 ms.
        if seconds >= 0.9995 * scale:
            return f"{_figures(seconds / scale)} {unit}"
    return f"{_figures(seconds * 1e9)} ns"


def rate(flops: float) -> str:
    """Operations in a second, in thousands of millions, to three figures.

    >>> rate(187.26e9), rate(0.4213e9)
    ('187', '0.421')
    """
    return _figures(flops / 1e9)


def times(ratio: float) -> str:
    """A ratio to three figures.

    >>> times(13.64), times(0.972)
    ('13.6 ×', '0.972 ×')
    """
    return f"{_figures(ratio)} ×"


def share(part: float) -> str:
    """A part of a whole in percent, to two figures.

    >>> share(0.391), share(0.00087), share(1.0)
    ('39 %', '0.087 %', '100 %')
    """
    return f"{_figures(100 * part, 2)} %"


def listed(words: list[str]) -> str:
    """Words with commas, and an "and" before the last.

    >>> listed(["torch"]), listed(["JAX", "Keras", "torch"])
    ('torch', 'JAX, Keras and torch')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1] if words else ""]))


def _figures(number: float, figures: int = 3) -> str:
    """A number of 0 or more with so many figures, and at least those before the point."""
    if number == 0:
        return "0"
    # Rounding may add a figure before the point, as in 9.996.
    power = math.floor(math.log10(float(f"{number:.{figures - 1}e}")))
    return f"{number:.{max(figures - 1 - power, 0)}f}"
