"""Pictures of the experiments, for the page of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import cairnet as cn
from results import Picture

__all__ = ["COLOURS", "confusion", "curves", "lines", "misread", "save_as"]

#: Told apart by all eyes, after M. Okabe and K. Ito.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
INK, QUIET = "#333333", "#D9D9D9"


def curves(key: str, network: cn.Model, folder: Path) -> Picture:
    """Loss and accuracy, epoch by epoch."""
    history = network.history.history if network.history else {}
    file = save_as(key, "curves")
    cn.plots.learning_curves(history, folder / file)
    return Picture(file, "Loss and accuracy by epoch")


def misread(
    key: str, probabilities: np.ndarray, images: tuple[np.ndarray, np.ndarray], folder: Path
) -> Picture:
    """The images that a network reads wrongly, the surest mistakes first; forty at most."""
    x, labels = images
    read = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != labels)
    surest = wrong[np.argsort(-probabilities[wrong, read[wrong]], kind="stable")][:40]
    file = save_as(key, "misread")
    names = [f"{labels[i]} as {read[i]}" for i in surest]
    cn.plots.images(x[surest], folder / file, labels=names, columns=10)
    caption = f"All {len(wrong)} mistakes" if len(wrong) <= 40 else f"40 of {len(wrong)} mistakes"
    return Picture(
        file, f"{caption} on the test images, the surest first: what it is, as what it was read"
    )


def confusion(key: str, probabilities: np.ndarray, labels: np.ndarray, folder: Path) -> Picture:
    """Which digits are taken for which."""
    file = save_as(key, "confusion")
    cn.plots.confusion_matrix(cn.metrics.confusion_matrix(labels, probabilities), folder / file)
    return Picture(file, "Which digits of the test images are taken for which")


def lines(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
    path: Path,
    *,
    of: str,
) -> None:
    """Draw curves, one panel beside the other, on the same scale.

    Args:
        panels: by what runs along the axis of a panel, its curves: by name, places and heights.
        path: of the picture.
        of: what the curves are of.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8 * len(panels), 3.3), layout="constrained")
    FigureCanvasAgg(figure)
    several = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (along, curves) in zip(several, panels.items(), strict=True):
        for (name, (places, heights)), colour in zip(curves.items(), COLOURS, strict=False):
            # A single measurement is a point, which a line would not show.
            marker = "" if len(heights) > 1 else "o"
            last = f"{name} {heights[-1]:#.3g}"
            axes.plot(places, heights, color=colour, linewidth=1.8, marker=marker, label=last)
        axes.set_xlabel(along, fontsize=9, color=INK)
        axes.legend(frameon=False, fontsize=9, labelcolor="linecolor", handlelength=1)
        axes.tick_params(length=0, labelsize=9, labelcolor=INK)
        axes.grid(axis="y", color=QUIET, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlim(left=0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(QUIET)
    several[0].set_title(of, fontsize=10.5, color=INK, loc="left")
    figure.savefig(path, dpi=160)


def save_as(key: str, what: str) -> str:
    """The name of a picture's file."""
    return f"results-{key.removeprefix('mnist_')}-{what}.png"
