"""The ways that optimizers take down a valley."""

from __future__ import annotations

import numpy as np
from looks import BLUE, INK, VERMILION, panels
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["optimizers"]

START, STEPS = (-3.4, 1.9), 60


def _height(x: object, y: object) -> object:
    """A valley that bends, 24 times as steep across as along."""
    return 0.05 * x * x + 1.2 * (y - 0.12 * x * x) ** 2  # type: ignore[operator]


def _trail(optimizer: cn.optimizers.Optimizer) -> np.ndarray:
    """The places after every step, each from the gradient of the height."""
    place = cn.Variable(np.array(START), name="place")
    cost = _height(place[0], place[1])
    step = cn.function([], cost, optimizer.updates([place], [cn.grad(cost, place)]))
    places = [np.array(START)]
    for _ in range(STEPS):
        step()
        places.append(place.numpy())
    return np.array(places)


def optimizers() -> Figure:
    """A panel for each optimizer: sixty steps from the same place."""
    offered = cn.optimizers
    row = {
        "SGD(0.25)": offered.SGD(0.25),
        "SGD(0.25, momentum=0.9)": offered.SGD(0.25, momentum=0.9),
        "… nesterov=True": offered.SGD(0.25, momentum=0.9, nesterov=True),
        "Adagrad(0.5)": offered.Adagrad(0.5),
        "RMSprop(0.1)": offered.RMSprop(0.1),
        "Adadelta(20)": offered.Adadelta(20.0),
        "Adam(0.2)": offered.Adam(0.2),
        "Nadam(0.2)": offered.Nadam(0.2),
    }
    figure, axes = panels(2, 4, 2.3, 1.75)
    x, y = np.meshgrid(np.linspace(-4, 4, 161), np.linspace(-1.2, 2.6, 81))
    for panel, (title, optimizer) in zip(axes.flat, row.items(), strict=True):
        levels = np.linspace(0.0, 1.9, 12) ** 2
        panel.contour(x, y, _height(x, y), levels=levels, colors="#BBBBBB", linewidths=0.6)
        trail = _trail(optimizer)
        panel.plot(*trail.T, color=BLUE, linewidth=1.0, marker="o", markersize=2)
        panel.plot(*START, color=INK, marker="o", markersize=4)
        panel.plot(0, 0, color=VERMILION, marker="*", markersize=9, zorder=1)
        panel.set_xlim(-4, 4)
        panel.set_ylim(-1.2, 2.6)
        panel.set_xticks([])
        panel.set_yticks([])
        for side in panel.spines.values():
            side.set_visible(False)
        end = float(_height(*trail[-1]))
        panel.set_title(title, fontsize=9, color=INK, loc="left")
        panel.set_xlabel(f"height left: {end:.1g}", fontsize=7.5, color=INK, labelpad=1)
    return figure
