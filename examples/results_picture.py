"""The picture of the digits in docs/results.md: what is left to be learned, and was published."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results import Entry

__all__ = ["draw"]

PUBLISHED, REACHED, INK, QUIET = "#D55E00", "#0072B2", "#333333", "#D9D9D9"


def draw(entries: Sequence[Entry], path: Path) -> None:
    """One line an experiment: the errors on the test images, in percent, on a logarithmic scale.

    A ring is the published one; each dot is one network of Cairnet's.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    figure = Figure(figsize=(7.6, 0.9 + 0.36 * len(entries)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for line, entry in enumerate(entries):
        accuracy = entry.quantities[0]
        errors = [100 * (1 - share) for share in entry.measured(accuracy)]
        published = 100 - float(accuracy.published.split()[-1])
        mean = statistics.fmean(errors)
        axes.plot(errors, [line] * len(errors), "o", color=REACHED, markersize=4.5, alpha=0.55)
        axes.plot(published, line, "o", color=PUBLISHED, markersize=10, fillstyle="none")
        axes.annotate(
            f"{mean:.2f} %",
            (1.01, line),
            xycoords=("axes fraction", "data"),
            va="center",
            color=REACHED,
        )
    axes.set_xscale("log")
    axes.set_xlim(12, 0.25)
    axes.set_xticks([10, 5, 2, 1, 0.5, 0.3], ["10 %", "5 %", "2 %", "1 %", "0.5 %", "0.3 %"])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(entries)), [entry.title for entry in entries], color=INK)
    axes.invert_yaxis()
    axes.tick_params(length=0, labelcolor=INK)
    axes.grid(axis="x", color=QUIET, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_frame_on(False)
    axes.set_title(
        "test images misread: dots are networks of Cairnet, rings were published",
        fontsize=10,
        color=INK,
        loc="left",
    )
    figure.savefig(path, dpi=160)
