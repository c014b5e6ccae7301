"""Pictures of the experiments, for the page of results."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import cairnet as cn
from results import Picture

__all__ = ["confusion", "curves", "misread", "save_as"]


def curves(key: str, network: cn.Model, folder: Path) -> Picture:
    """Loss and accuracy, epoch by epoch."""
    history = network.history.history if network.history else {}
    file = save_as(key, "curves")
    cn.plots.learning_curves(history, folder / file)
    return Picture(file, "Loss and accuracy by epoch")


def misread(
    key: str, probabilities: np.ndarray, images: tuple[np.ndarray, np.ndarray], folder: Path
) -> Picture:
    """The images that a network reads wrongly, the surest mistakes first; forty at most."""
    x, labels = images
    read = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != labels)
    surest = wrong[np.argsort(-probabilities[wrong, read[wrong]], kind="stable")][:40]
    file = save_as(key, "misread")
    names = [f"{labels[i]} as {read[i]}" for i in surest]
    cn.plots.images(x[surest], folder / file, labels=names, columns=10)
    caption = f"All {len(wrong)} mistakes" if len(wrong) <= 40 else f"40 of {len(wrong)} mistakes"
    return Picture(
        file, f"{caption} on the test images, the surest first: what it is, as what it was read"
    )


def confusion(key: str, probabilities: np.ndarray, labels: np.ndarray, folder: Path) -> Picture:
    """Which digits are taken for which."""
    file = save_as(key, "confusion")
    cn.plots.confusion_matrix(cn.metrics.confusion_matrix(labels, probabilities), folder / file)
    return Picture(file, "Which digits of the test images are taken for which")


def save_as(key: str, what: str) -> str:
    """The name of a picture's file."""
    return f"results-{key.removeprefix('mnist_')}-{what}.png"
