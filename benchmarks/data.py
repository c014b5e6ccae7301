"""The rows that the networks are trained on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = [
    "digits",
    "gratings",
    "initial_weights",
    "recurrent_weights",
    "shuffled_rows",
    "text",
]


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


def text(count: int, characters: int, seed: int = 0) -> tuple[np.ndarray, str]:
    """A text as numbers of characters, each drawn from what usually follows the one before.

    After every character the same few are likely, as in a language: it is a Markov chain.

    Args:
        count: how long it is.
        characters: how many different ones there are.
        seed: of the chain and of the text.

    Returns:
        The numbers, int64, and what they are.

    >>> numbers, source = text(1000, 38)
    >>> numbers.shape, len(np.unique(numbers)) <= 38, source
    ((1000,), True, 'a generated text of 38 different characters')
    """
    random = np.random.default_rng(seed)
    follows = random.dirichlet(np.full(characters, 0.1), size=characters).cumsum(axis=1)
    numbers = np.zeros(count, np.int64)
    draws = random.random(count)
    for place in range(1, count):
        below = np.searchsorted(follows[numbers[place - 1]], draws[place])
        numbers[place] = min(below, characters - 1)
    return numbers, f"a generated text of {characters} different characters"


def gratings(count: int, size: int, classes: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Coloured waves under noise; the class of an image decides direction, width and colour.

    Args:
        count: how many images.
        size: height and width.
        classes: how many classes.

    Returns:
        Images, float32 of about zero mean, shape (count, size, size, 3); labels, int64; and what
        they are.
    """
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, count)
    directions = random.uniform(0, np.pi, classes)[labels]
    waves = random.uniform(4, size / 4, classes)[labels] * 2 * np.pi / size
    colours = random.standard_normal((classes, 3))[labels].astype(np.float32)
    place = np.arange(size)
    across = np.multiply.outer(np.cos(directions) * waves, place)[:, None, :]
    down = np.multiply.outer(np.sin(directions) * waves, place)[:, :, None]
    grey = np.sin(across + down).astype(np.float32)
    images = random.standard_normal((count, size, size, 3), np.float32)
    images += grey[..., None] * colours[:, None, None, :]
    source = f"{count:,} drawn images: coloured waves under noise, in {classes:,} classes"
    return images, labels, source


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


def recurrent_weights(
    inputs: int, units: int, bias: tuple[int, ...], seed: int = 0
) -> tuple[np.ndarray, ...]:
    """Kernel and recurrent kernel of variance 1 / fan in, and a zero bias, of a recurrent layer.

    Args:
        inputs: of each step.
        units: of the layer.
        bias: the shape of the bias; its last extent is that of the kernels too.
        seed: of the kernels.

    >>> [weight.shape for weight in recurrent_weights(38, 128, (512,))]
    [(38, 512), (128, 512), (512,)]
    """
    kernel, _, recurrent, _ = initial_weights([(inputs, bias[-1]), (units, bias[-1])], seed)
    return kernel, recurrent, np.zeros(bias, np.float32)
