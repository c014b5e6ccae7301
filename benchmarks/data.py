"""The rows that the networks are trained on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ["digits", "initial_weights", "shuffled_rows"]


def digits(count: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Handwritten digits of 28 × 28 pixels: MNIST if it is here, else scikit-learn's, repeated.

    Nothing is downloaded: MNIST is taken where the environment variable CAIRNET_DATA names a
    folder that holds it.

    Args:
        count: how many rows.

    Returns:
        Images, float32 in [0, 1], shape (count, 28, 28, 1); labels, int64; and what they are.
    """
    import cairnet as cn

    folder = os.environ.get("CAIRNET_DATA")
    if folder and (Path(folder) / "mnist").is_dir():
        (images, labels), _ = cn.datasets.mnist()
        return images[:count], labels[:count], f"the first {count:,} training images of MNIST"
    (images, labels), _ = cn.datasets.digits()
    rows = np.arange(count) % len(images)
    source = f"{len(images):,} digits of scikit-learn, scaled up and repeated to {count:,} rows"
    return images[rows], labels[rows], source


def shuffled_rows(count: int, batch: int, epochs: int, seed: int = 0) -> np.ndarray:
    """The rows of every step, each epoch in an order of its own; shape (steps, batch), int64.

    >>> shuffled_rows(7, 3, epochs=2).shape
    (4, 3)
    """
    random = np.random.default_rng(seed)
    steps = count // batch
    each = [random.permutation(count)[: steps * batch].reshape(steps, batch) for _ in range(epochs)]
    return np.concatenate(each)


def initial_weights(shapes: Sequence[tuple[int, ...]], seed: int = 0) -> tuple[np.ndarray, ...]:
    """Kernels from a normal distribution of variance 1 / fan in, and a zero bias after each.

    >>> [weight.shape for weight in initial_weights([(784, 30)])]
    [(784, 30), (30,)]
    """
    random = np.random.default_rng(seed)
    weights = []
    for shape in shapes:
        kernel = random.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
        weights += [kernel.astype(np.float32), np.zeros(shape[-1], np.float32)]
    return tuple(weights)
