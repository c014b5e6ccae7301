"""The bars of docs/profiling.md: where a step of LeNet-5 spends its time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["kernel_bars"]

BATCH = 128


def kernel_bars() -> Figure:
    """One step on one thread, so that other work on the machine's cores matters least."""
    before = cn.get_threads()
    cn.set_threads(1)
    cn.seed(0)
    model = cn.models.lenet5()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.random((4 * BATCH, 28, 28, 1), np.float32), rng.integers(0, 10, 4 * BATCH)
    measured = model.profile(x, y, BATCH, seconds=2.0)
    cn.set_threads(before)
    print(measured.text(12))
    title = f"LeNet-5, a step of training, batch of {BATCH}, one thread"
    return cn.plots.kernel_times(measured, title=title)
