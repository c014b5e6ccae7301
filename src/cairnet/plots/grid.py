"""Grids of small images: samples, mistakes, filters."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cairnet.base.errors import ArgumentError, NonFiniteError, ShapeError
from cairnet.plots.figures import INK, new_figure, save, title_above

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["images"]

# Inches: the side of an image, and the height of a line of text above it.
_SIDE, _LINE = 0.75, 0.2


def images(
    arrays: npt.ArrayLike,
    path: str | os.PathLike[str] | None = None,
    *,
    labels: Sequence[object] = (),
    columns: int | None = None,
    title: str = "",
) -> Figure:
    """Draw images in a grid, row by row: samples, mistakes, or the filters of a layer.

    Grey images share one scale. Where none is negative, it goes from black at 0 to white at the
    largest; otherwise, as for weights, 0 is white, and blue and red are as far from it as the
    value farthest from 0. Three channels are red, green and blue from 0 to 1.

    Args:
        arrays: shape (n, height, width), or (n, height, width, channels) with one channel or
            three. The filters of a `Conv2D`, (height, width, channels, filters), are brought into
            this form by `np.moveaxis(kernel, -1, 0)` where there is one channel.
        path: where to write the picture as well; its ending names the format (png, svg, pdf).
        labels: a word or two above each image; none by default.
        columns: how many images stand in a row; by default as many rows as columns, nearly.
        title: a line above the grid.

    Returns:
        The matplotlib figure.

    Raises:
        ShapeError: arrays that are no images, or no images at all.
        NonFiniteError: a NaN or an infinity.
        ArgumentError: not one label an image, a number of columns below 1, or an ending of the
            path that names no format.
        DataError: the file cannot be written.

    Example:
        >>> import cairnet as cn
        >>> (x_train, y_train), _ = cn.datasets.digits()
        >>> figure = cn.plots.images(x_train[:6], labels=y_train[:6], columns=3)
        >>> len(figure.axes)
        6
    """
    pictures = _checked(arrays)
    count = len(pictures)
    if len(labels) not in (0, count):
        raise ArgumentError(f"labels: expected one for each of {count} images, got {len(labels)}")
    wide = math.ceil(math.sqrt(count)) if columns is None else columns
    if isinstance(wide, bool) or not isinstance(wide, int | np.integer) or wide < 1:
        raise ArgumentError(f"columns: expected a whole number, 1 or more, got {columns!r}")
    wide = min(wide, count)
    high = -(-count // wide)
    height, width = pictures.shape[1:3]
    side = _SIDE * height / width + (_LINE if len(labels) else 0)
    figure = new_figure(_SIDE * wide, side * high + (0.4 if title else 0))
    title_above(figure, title)
    extreme = float(np.abs(pictures).max()) or 1.0
    signed = bool(pictures.min() < 0)
    scale = {"cmap": "RdBu_r" if signed else "gray", "vmin": -extreme if signed else 0}
    for place, axes in enumerate(figure.subplots(high, wide, squeeze=False).flat):
        axes.set_axis_off()
        if place < count:
            axes.imshow(pictures[place], vmax=extreme, interpolation="nearest", **scale)
            if len(labels):
                axes.set_title(str(labels[place]), fontsize=8.5, color=INK, pad=2)
        else:
            axes.remove()
    if path is not None:
        save(figure, path)
    return figure


def _checked(arrays: npt.ArrayLike) -> np.ndarray:
    given = np.asarray(arrays)
    colour = given.ndim == 4 and given.shape[-1] in (1, 3)
    if (given.ndim != 3 and not colour) or 0 in given.shape:
        raise ShapeError(
            "arrays: expected at least one image, shape (n, height, width) or (n, height, width, "
            f"1 or 3), got {given.shape}"
        )
    pictures = given.astype(np.float64)
    if not np.isfinite(pictures).all():
        raise NonFiniteError("arrays: expected finite numbers, got a NaN or an infinity")
    return pictures[..., 0] if given.ndim == 4 and given.shape[-1] == 1 else pictures
