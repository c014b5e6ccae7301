"""What all pictures share: colours, a figure without global state, a file written whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cairnet.base.errors import ArgumentError
from cairnet.base.files import written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BLUE", "GREY", "INK", "VERMILION", "new_figure", "plain_axes", "save", "title_above"]

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREY = "#D9D9D9"
INK = "#333333"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, to be drawn with Agg: no window, no pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def title_above(figure: Figure, title: str) -> None:
    """Write a line above everything else, if there is one."""
    if title:
        figure.suptitle(title, fontsize=12, weight="bold", color=INK, x=0.01, ha="left")


def plain_axes(axes: Axes) -> None:
    """Take away the frame and make the scale quiet, so that the data stands out."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.tick_params(length=0, labelsize=9, labelcolor=INK)
    axes.grid(axis="y", color=GREY, linewidth=0.6)
    axes.set_axisbelow(True)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write the figure to a file whose ending names the format (png, svg, pdf)."""
    ending = Path(path).suffix.lower()
    known = figure.canvas.get_supported_filetypes()
    if ending[1:] not in known:
        raise ArgumentError(
            f"path: expected a name ending in one of {', '.join(f'.{e}' for e in sorted(known))}; "
            f"got {os.fspath(path)!r}"
        )
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=160)
