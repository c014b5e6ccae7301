"""Learning curves: how loss and metrics change from epoch to epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.plots.figures import BLUE, INK, VERMILION, new_figure, plain_axes, save, title_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learning_curves"]

# Quantities between 0 and 1, shown in percent.
_SHARES = ("accuracy", "precision", "recall")
# The height of a line of text, as a share of the panel's height.
_LINE = 0.085


def learning_curves(
    history: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    first_epoch: int = 1,
) -> Figure:
    """Draw one panel for the loss and one for each metric, training and validation in each.

    Args:
        history: for each quantity one number an epoch; `"loss"`, `"accuracy"` and other metrics,
            and the same names after `"val_"` for the validation data. It is what
            `History.history` holds.
        path: where to write the picture as well; its ending names the format (png, svg, pdf).
        title: a line above the panels.
        first_epoch: the number that the first epoch carries on the axis.

    Returns:
        The matplotlib figure.

    Raises:
        ArgumentError: the history is empty, its curves differ in length, or the ending of the
            path names no format.
        DataError: the file cannot be written.

    Example:
        >>> import cairnet as cn
        >>> history = {"loss": [0.9, 0.4, 0.3], "val_loss": [0.8, 0.5, 0.5]}
        >>> figure = cn.plots.learning_curves(history, "curves.png", title="An example")
        >>> len(figure.axes)
        1
    """
    names = _checked_names(history)
    figure = new_figure(4.6 * len(names), 3.3)
    title_above(figure, title)
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        _panel(axes, name, history, first_epoch)
    if path is not None:
        save(figure, path)
    return figure


def _checked_names(history: Mapping[str, Sequence[float]]) -> list[str]:
    lengths = {name: len(values) for name, values in history.items()}
    if not lengths or 0 in lengths.values():
        raise ArgumentError("history: expected at least one epoch of at least one quantity")
    if len(set(lengths.values())) > 1:
        raise ArgumentError(f"history: expected curves of one length, got {lengths}")
    names = dict.fromkeys(name.removeprefix("val_") for name in history)
    # The loss first, whatever the order of the rest.
    return sorted(names, key=lambda name: name != "loss")


def _panel(axes: Axes, name: str, history: Mapping[str, Sequence[float]], first_epoch: int) -> None:
    from matplotlib.ticker import MaxNLocator, NullLocator

    plain_axes(axes)
    curves = [
        (np.asarray(history[key], float), label, colour)
        for key, label, colour in (
            (name, "training", BLUE),
            (f"val_{name}", "validation", VERMILION),
        )
        if key in history
    ]
    for values, _, colour in curves:
        epochs = np.arange(first_epoch, first_epoch + len(values))
        # A single epoch is a point, which a line would not show.
        marker = "" if len(values) > 1 else "o"
        axes.plot(epochs, values, color=colour, linewidth=1.8, marker=marker)
    is_share = any(word in name for word in _SHARES)
    if is_share:
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    elif _spans_decades([values for values, _, _ in curves]):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(name.replace("_", " "), fontsize=10.5, color=INK, loc="left")
    axes.set_xlabel("epoch", fontsize=9, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, steps=[1, 2, 5, 10]))
    axes.margins(x=0.02)
    _label_ends(
        axes,
        [
            (float(values[-1]), f"{label} {_show(float(values[-1]), is_share)}", colour)
            for values, label, colour in curves
        ],
    )


def _show(value: float, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else f"{value:.3g}"


def _spans_decades(curves: Sequence[np.ndarray]) -> bool:
    """Whether a linear scale would press most of the curves onto the axis."""
    values = np.concatenate(curves)
    return bool(np.all(values > 0) and values.max() > 30 * values.min())


def _label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each curve's name at its end, the names moved apart where the ends are close."""
    axes.autoscale_view()
    to_panel = axes.transScale + axes.transLimits
    ends = sorted(end for end in ends if np.isfinite(end[0]))
    heights = [float(to_panel.transform((1, value))[1]) for value, _, _ in ends]
    if len(heights) == 2 and heights[1] - heights[0] < _LINE:
        middle = sum(heights) / 2
        heights = [middle - _LINE / 2, middle + _LINE / 2]
    for height, (_, label, colour) in zip(heights, ends, strict=True):
        axes.annotate(
            label,
            (1, height),
            xycoords="axes fraction",
            xytext=(2, 0),
            textcoords="offset points",
            color=colour,
            fontsize=9.5,
            va="center",
            annotation_clip=False,
        )
