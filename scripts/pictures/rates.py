"""The learning rate by the number of the step, under every schedule."""

from __future__ import annotations

import numpy as np
from looks import BLUE, curves_axes, panels
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["schedules"]


def schedules() -> Figure:
    """A panel for each schedule, over a thousand steps."""
    offered = cn.optimizers.schedules
    row = {
        "StepHalving(0.1, 200)": offered.StepHalving(0.1, 200),
        "ExponentialDecay(0.1, 200, 0.5)": offered.ExponentialDecay(0.1, 200, 0.5),
        "InverseTimeDecay(0.1, 200, 1.0)": offered.InverseTimeDecay(0.1, 200, 1.0),
        "PolynomialDecay(0.1, 800, 0.01)": offered.PolynomialDecay(0.1, 800, 0.01),
        "PiecewiseConstantDecay(\n[300, 600], [0.1, 0.03, 0.01])": offered.PiecewiseConstantDecay(
            [300, 600], [0.1, 0.03, 0.01]
        ),
        "CosineDecay(0.0, 800,\nwarmup_target=0.1, warmup_steps=99)": offered.CosineDecay(
            0.0, 800, warmup_target=0.1, warmup_steps=99
        ),
        "CosineDecayRestarts(0.1, 150,\nm_mul=0.8)": offered.CosineDecayRestarts(
            0.1, 150, m_mul=0.8
        ),
        "LinearWarmup(\nStepHalving(0.1, 200), 150)": offered.LinearWarmup(
            offered.StepHalving(0.1, 200), 150
        ),
    }
    figure, axes = panels(2, 4, 2.6, 1.7)
    steps = np.arange(1001)
    for panel, (title, schedule) in zip(axes.flat, row.items(), strict=True):
        curves_axes(panel, title, 7.5)
        panel.plot(steps, np.asarray(schedule(steps)), color=BLUE, linewidth=1.6)
        panel.set_ylim(0, 0.105)
        panel.set_xlim(0, 1000)
        panel.set_xticks([0, 500, 1000])
    return figure
