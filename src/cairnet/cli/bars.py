"""A picture of what a network sees in pictures: each beside its classes as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cairnet.plots.figures import BLUE, GREY, INK, new_figure, plain_axes, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_bars"]

# More classes than these are not drawn: the likeliest are.
_MOST = 10


def draw_bars(
    path: Path,
    names: Sequence[str],
    pictures: Sequence[np.ndarray],
    outputs: np.ndarray,
    classes: Sequence[str],
) -> Figure:
    """Draw a row for each picture: itself, and a bar for the probability of every class.

    Args:
        path: where to; its ending names the format (png, svg, pdf).
        names: of the pictures, written above them.
        pictures: as the network takes them, height × width × channels in [0, 1].
        outputs: one row of probabilities for each.
        classes: the names of the classes.

    Raises:
        ArgumentError: the ending names no format.
        DataError: the file cannot be written.
    """
    figure = new_figure(6.4, 2.2 * len(pictures))
    places = figure.subplots(
        len(pictures), 2, squeeze=False, gridspec_kw={"width_ratios": [1, 2.4]}
    )
    for (left, right), name, picture, output in zip(places, names, pictures, outputs, strict=True):
        grey = picture.shape[-1] == 1
        left.imshow(picture[..., 0] if grey else picture, cmap="gray", vmin=0, vmax=1)
        left.set_title(name, fontsize=9, color=INK)
        left.axis("off")
        shown = np.sort(np.argsort(-output)[:_MOST])
        best = int(output.argmax())
        colours = [BLUE if place == best else GREY for place in shown]
        right.bar([classes[place] for place in shown], 100 * output[shown], color=colours)
        if max(len(classes[place]) for place in shown) > 3:
            right.tick_params(axis="x", labelrotation=45)
        plain_axes(right)
        right.set_ylim(0, 100)
        right.set_ylabel("probability, %", fontsize=9, color=INK)
        right.set_title(f"{classes[best]}, {output[best]:.1%}", fontsize=9, color=INK)
    save(figure, path)
    return figure
