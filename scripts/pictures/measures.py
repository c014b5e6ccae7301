"""Losses as curves, and a confusion matrix."""

from __future__ import annotations

import numpy as np
from looks import BLUE, INK, VERMILION, curves_axes, panels
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["confusion", "losses"]

GREEN, PURPLE = "#009E73", "#CC79A7"


def losses() -> Figure:
    """What a miss costs, by the size of the error or by the output."""
    figure, axes = panels(1, 3, 3.0, 2.6)
    numbers, classes, margins = axes[0]
    error = np.linspace(-3, 3, 241)
    _draw(
        numbers,
        "error ŷ − y",
        error,
        {
            "mean_squared_error": cn.losses.mean_squared_error,
            "quadratic_cost": cn.losses.quadratic_cost,
            "huber": cn.losses.huber,
            "mean_absolute_error": cn.losses.mean_absolute_error,
        },
        target=0.0,
        top=5.0,
    )
    _draw(
        classes,
        "probability given to the right class",
        np.linspace(0.005, 1, 200),
        {
            "binary_crossentropy": cn.losses.binary_crossentropy,
            "mean_squared_error": cn.losses.mean_squared_error,
            "quadratic_cost": cn.losses.quadratic_cost,
        },
        target=1.0,
        top=5.0,
    )
    _draw(
        margins,
        "output ŷ for the target +1",
        np.linspace(-2, 3, 201),
        {
            "squared_hinge": cn.losses.squared_hinge,
            "hinge": cn.losses.hinge,
            "mean_squared_error": cn.losses.mean_squared_error,
        },
        target=1.0,
        top=5.0,
    )
    for panel, title in zip(axes[0], ("numbers", "probabilities", "margins"), strict=True):
        panel.set_title(title, fontsize=9.5, color=INK, loc="left")
    return figure


def _draw(
    panel: Axes, label: str, at: np.ndarray, curves: dict[str, object], target: float, top: float
) -> None:
    curves_axes(panel, "")
    colours = (BLUE, VERMILION, GREEN, PURPLE)
    y_true = np.full((len(at), 1), target)
    for (name, loss), colour in zip(curves.items(), colours, strict=False):
        values = np.asarray(loss(y_true, at[:, np.newaxis]))  # type: ignore[operator]
        # Dashed where it would hide the one below it.
        dashes = (3, 2) if name == "mean_squared_error" else (None, None)
        panel.plot(at, values, color=colour, linewidth=1.6, label=name, dashes=dashes)
    panel.set_ylim(0, top)
    panel.set_xlim(at[0].round(), at[-1])
    panel.set_xlabel(label, fontsize=8.5, color=INK)
    panel.legend(fontsize=7.5, frameon=False, loc="upper center")


def confusion() -> Figure:
    """Which digits a small network takes for which others."""
    cn.seed(1)
    (x, y), (x_test, y_test) = cn.datasets.digits()
    model = cn.Sequential(
        [cn.Input((28, 28, 1)), cn.layers.Flatten(), cn.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10, verbose=0)
    matrix = cn.metrics.confusion_matrix(y_test, model.predict(x_test)).numpy()
    right = int(np.trace(matrix))
    title = f"softmax regression on digits(): {right} of {matrix.sum()} right"
    return cn.plots.confusion_matrix(matrix, title=title)
