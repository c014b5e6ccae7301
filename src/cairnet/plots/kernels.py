"""Where the time goes: a bar for every kernel, and what part of it the peak would need."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from cairnet.base.errors import ArgumentError
from cairnet.plots.figures import BLUE, INK, VERMILION, new_figure, plain_axes, save, title_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Kernel", "kernel_name", "kernel_times", "with_unit"]

_LONGEST_TITLE = 40


class Kernel(Protocol):
    """What a picture shows of a kernel of `cn.profile`."""

    @property
    def number(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def layer(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def operations(self) -> int: ...
    @property
    def peak(self) -> float: ...


class _Profile(Protocol):
    @property
    def kernels(self) -> Sequence[Kernel]: ...


def kernel_times(
    profile: _Profile,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    most: int = 16,
) -> Figure:
    """Draw a bar for each of the longest kernels of a function.

    The length of a bar is the kernel's time. Its blue part is the time that the same operations
    would take at the peak of the processor; the orange rest is slack, or memory that had to be
    waited for. Where orange is long, there is something to gain.

    Args:
        profile: what `cn.profile` or `Model.profile` gave.
        path: where to write the picture as well; its ending names the format (png, svg, pdf).
        title: a line above the bars.
        most: how many kernels to draw; the others share the last bar.

    Returns:
        The matplotlib figure.

    Raises:
        ArgumentError: there are no kernels, `most` is below 1, or the ending of the path names no
            format.
        DataError: the file cannot be written.

    Example:
        >>> import cairnet as cn
        >>> x, w = cn.input((32, 64), name="x"), cn.Variable(cn.ones((64, 32)))
        >>> f = cn.function([x], x @ w, backend="native")
        >>> measured = cn.profile(f, cn.ones((32, 64)).numpy(), seconds=0.01)
        >>> figure = cn.plots.kernel_times(measured, "kernels.png", title="x · w")
        >>> len(figure.axes[0].get_yticks())
        1
    """
    if not profile.kernels:
        raise ArgumentError("profile: expected at least one kernel, there is none")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ArgumentError(f"most: expected a whole number, 1 or more, got {most!r}")
    kernels = sorted(profile.kernels, key=lambda kernel: -kernel.seconds)
    shown, rest = kernels[:most], kernels[most:]
    names = [f"{kernel_name(kernel)}   {kernel.number}" for kernel in shown]
    seconds = [kernel.seconds for kernel in shown]
    needed = [_at_the_peak(kernel) for kernel in shown]
    words = [_words(kernel) for kernel in shown]
    if rest:
        names.append(f"{len(rest)} more")
        seconds.append(sum(kernel.seconds for kernel in rest))
        needed.append(sum(_at_the_peak(kernel) for kernel in rest))
        words.append(with_unit(seconds[-1]))
    figure = new_figure(9.5, 1.1 + 0.3 * len(names))
    title_above(figure, title)
    _bars(figure.subplots(), names, seconds, needed, words)
    if path is not None:
        save(figure, path)
    return figure


def _bars(
    axes: Axes,
    names: Sequence[str],
    seconds: Sequence[float],
    needed: Sequence[float],
    words: Sequence[str],
) -> None:
    from matplotlib.ticker import MaxNLocator

    plain_axes(axes)
    unit, symbol = _unit(max(seconds))
    places = range(len(names))
    axes.barh(places, [s / unit for s in needed], 0.7, color=BLUE, label="at the peak")
    slack = [(s - n) / unit for s, n in zip(seconds, needed, strict=True)]
    left = [n / unit for n in needed]
    axes.barh(places, slack, 0.7, left, color=VERMILION, alpha=0.55, label="beyond it")
    for place, (length, text) in enumerate(zip(seconds, words, strict=True)):
        axes.annotate(
            text,
            (length / unit, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.set_yticks(places, names, fontsize=8, color=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.4 * max(seconds) / unit)
    axes.set_xlabel(f"{symbol} in a call", fontsize=9, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.grid(visible=False, axis="y")
    axes.legend(loc="lower right", frameon=False, fontsize=9, labelcolor=INK)


def kernel_name(kernel: Kernel) -> str:
    """What a kernel computes, and for which layer."""
    title = kernel.title
    if len(title) > _LONGEST_TITLE:
        title = f"{title[: _LONGEST_TITLE - 1].rstrip(', ')}…"
    return f"{title}   {kernel.layer or kernel.line}"


def _at_the_peak(kernel: Kernel) -> float:
    """Seconds that the kernel's operations would take at the peak; no more than it took."""
    return min(kernel.operations / kernel.peak, kernel.seconds)


def _words(kernel: Kernel) -> str:
    if not kernel.operations or not kernel.seconds:
        return with_unit(kernel.seconds)
    rate = kernel.operations / kernel.seconds
    return f"{with_unit(kernel.seconds)}, {rate / 1e9:.3g} GFLOP/s, {rate / kernel.peak:.0%}"


def with_unit(seconds: float) -> str:
    """A time as people read it."""
    unit, symbol = _unit(seconds)
    return f"{seconds / unit:.3g} {symbol}"


def _unit(seconds: float) -> tuple[float, str]:
    """The unit in which a time is a number that people read."""
    if seconds >= 1:
        return 1.0, "s"
    return (1e-3, "ms") if seconds >= 1e-3 else (1e-6, "µs")
