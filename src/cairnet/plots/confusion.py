"""The confusion matrix as a picture: which classes are taken for which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.plots.figures import BLUE, INK, VERMILION, new_figure, save, title_above

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confusion_matrix"]


def confusion_matrix(
    matrix: npt.ArrayLike,
    path: str | os.PathLike[str] | None = None,
    *,
    classes: Sequence[object] | None = None,
    title: str = "",
) -> Figure:
    """Draw how often each class was taken for each other.

    The number of samples of class i that were taken for class j stands in row i and column j.
    What is right, on the diagonal, is blue; mistakes are orange, the deeper the more there are of
    them, so that a few mistakes are seen beside thousands that are none.

    Args:
        matrix: counts, shape (classes, classes), as `cn.metrics.confusion_matrix` gives.
        path: where to write the picture as well; its ending names the format (png, svg, pdf).
        classes: their names; by default their numbers.
        title: a line above the picture.

    Returns:
        The matplotlib figure.

    Raises:
        ShapeError: the matrix is not square.
        ArgumentError: it holds something other than counts, there is not one name a class, or the
            ending of the path names no format.
        DataError: the file cannot be written.

    Example:
        >>> import cairnet as cn
        >>> matrix = cn.metrics.confusion_matrix([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> figure = cn.plots.confusion_matrix(matrix, classes=["cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1', '', '1', '1']
    """
    counts = _checked(matrix)
    size = len(counts)
    names = [str(name) for name in (range(size) if classes is None else classes)]
    if len(names) != size:
        raise ArgumentError(f"classes: expected {size} names, got {len(names)}")
    side = max(3.0, 1.2 + 0.42 * size)
    figure = new_figure(side, side)
    title_above(figure, title)
    axes = figure.subplots()
    axes.imshow(_colours(counts))
    for row in range(size):
        for column in range(size):
            right = row == column
            shown = f"{counts[row, column]:g}" if counts[row, column] else ""
            axes.text(
                column,
                row,
                shown,
                ha="center",
                va="center",
                fontsize=8,
                color="w" if right else INK,
            )
    axes.set_xticks(range(size), names, fontsize=9, color=INK)
    axes.set_yticks(range(size), names, fontsize=9, color=INK)
    axes.set_xlabel("taken for", fontsize=9, color=INK)
    axes.set_ylabel("is", fontsize=9, color=INK)
    axes.tick_params(length=0)
    axes.set_frame_on(False)
    if path is not None:
        save(figure, path)
    return figure


def _checked(matrix: npt.ArrayLike) -> np.ndarray:
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) == 0:
        raise ShapeError(f"matrix: expected shape (classes, classes), got {counts.shape}")
    if counts.dtype.kind not in "iuf" or not np.isfinite(counts).all() or counts.min() < 0:
        raise ArgumentError("matrix: expected counts, finite numbers of 0 or more")
    return counts


def _colours(counts: np.ndarray) -> np.ndarray:
    """Red, green and blue for each place: from white to orange beside the diagonal, blue on it."""
    from matplotlib.colors import to_rgb

    wrong = counts * (1.0 - np.eye(len(counts)))
    depth = (wrong / max(wrong.max(), 1))[..., np.newaxis]
    colours = 1 + depth * (np.array(to_rgb(VERMILION)) - 1)
    colours[np.eye(len(counts), dtype=bool)] = to_rgb(BLUE)
    return colours
