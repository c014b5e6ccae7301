"""What the pictures share: panels, titles, and small files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from cairnet.plots.figures import BLUE, GREY, INK, VERMILION, new_figure, plain_axes

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "VERMILION",
    "Picture",
    "curves_axes",
    "keep",
    "new_figure",
    "panels",
    "tiles",
]

Picture = Figure | Image.Image


def keep(picture: Picture, path: Path) -> None:
    """Write a picture as a PNG of at most 256 colours, which is a third of the size."""
    if isinstance(picture, Figure):
        memory = io.BytesIO()
        picture.savefig(memory, format="png", dpi=120)
        picture = Image.open(memory)
    few = picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """A figure with a grid of panels, each of a size in inches."""
    figure = new_figure(columns * width, rows * height)
    return figure, figure.subplots(rows, columns, squeeze=False)


def curves_axes(axes: Axes, title: str, size: float = 9.5) -> None:
    """A panel for curves: quiet, with a small title."""
    plain_axes(axes)
    axes.set_title(title, fontsize=size, color=INK, loc="left")
    axes.tick_params(labelsize=7.5)


def tiles(
    axes: np.ndarray,
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    low: float = 0.0,
    high: float = 1.0,
    colours: str = "gray",
) -> None:
    """Draw an image with its title into each panel; panels that are left over stay empty."""
    for panel in axes:
        panel.axis("off")
    for panel, image, title in zip(axes, images, titles, strict=False):
        panel.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        panel.set_title(title, fontsize=8.5, color=INK)
