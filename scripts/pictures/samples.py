"""What the data sets look like."""

from __future__ import annotations

import numpy as np
from looks import BLUE, INK, VERMILION, curves_axes, panels
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["data_sets"]


def data_sets() -> Figure:
    """Digits of two sources, and the moons."""
    figure, axes = panels(1, 3, 2.9, 2.3)
    loaders = {"digits()": cn.datasets.digits, "mnist()": cn.datasets.mnist}
    for panel, (title, load) in zip(axes[0], loaders.items(), strict=False):
        (x, y), _ = load()
        panel.imshow(_sheet(x, y), cmap="gray", interpolation="nearest")
        panel.axis("off")
        panel.set_title(title, fontsize=9.5, color=INK, loc="left")
    moons = axes[0, 2]
    curves_axes(moons, "moons()")
    (x, y), _ = cn.datasets.moons()
    names = cn.datasets.class_names("moons")
    for number, colour in ((0, BLUE), (1, VERMILION)):
        label = f"{number}: {names[number]}"
        moons.scatter(*x[y == number].T, s=3, color=colour, label=label)
    moons.legend(fontsize=7.5, frameon=False, markerscale=2)
    return figure


def _sheet(images: np.ndarray, labels: np.ndarray, rows: int = 4, gap: int = 3) -> np.ndarray:
    """Four of each of the first six classes on one sheet, white between them."""
    height, width = images.shape[1:3]
    sheet = np.ones((rows * (height + gap) - gap, 6 * (width + gap) - gap))
    for column in range(6):
        for row, image in enumerate(images[labels == column][:rows]):
            top, left = row * (height + gap), column * (width + gap)
            sheet[top : top + height, left : left + width] = image[:, :, 0]
    return sheet
