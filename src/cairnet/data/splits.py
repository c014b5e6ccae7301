"""Dividing samples into two parts that each look like the whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.base.seeds import checked_seed, generator

__all__ = ["stratified_split", "tail_split"]


def stratified_split(
    labels: npt.ArrayLike, fraction: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of two disjoint parts in which every class has (nearly) its share.

    The second part has `round(fraction * n)` samples. Each class gives it
    `fraction` of its own, and the places that rounding leaves over go to the classes with the
    largest remainders. Which samples of a class are taken is drawn from the seed.

    Args:
        labels: one label for each sample, any dtype that sorts, shape (n,).
        fraction: the share of the second part, above 0 and below 1.
        seed: a whole number, 0 or more; the same seed gives the same split.

    Returns:
        Two arrays of indices, each ascending; together they are 0 … n - 1.

    Raises:
        ArgumentError: the fraction is out of range, or one part would be empty.
        ShapeError: the labels are not a row of labels (one-hot rows, say).

    Source:
        W. G. Cochran: Sampling Techniques, third edition, chapter 5. Wiley, 1977; the places that
        rounding leaves are given out by largest remainder.

    Example:
        >>> import cairnet as cn
        >>> import numpy as np
        >>> labels = np.array(["cat", "dog"] * 10)
        >>> rest, held_out = cn.datasets.stratified_split(labels, 0.2, seed=3)
        >>> sorted(labels[held_out].tolist())
        ['cat', 'cat', 'dog', 'dog']
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ShapeError(
            f"labels: expected one label for each sample, shape (n,), got shape {labels.shape}; "
            "of one-hot rows, give labels.argmax(axis=1)"
        )
    count = _size_of_second(len(labels), fraction)
    random = generator(checked_seed(seed))
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    shares = np.array([len(each) * count / len(labels) for each in members])
    takes = np.floor(shares).astype(int)
    # A stable order gives the places left over to the same classes on every machine.
    neediest = np.argsort(takes - shares, kind="stable")
    takes[neediest[: count - takes.sum()]] += 1
    second = np.concatenate(
        [random.permutation(each)[:take] for each, take in zip(members, takes, strict=True)]
    )
    chosen = np.zeros(len(labels), bool)
    chosen[second] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def tail_split(count: int, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices of two parts of `count` samples: the first ones, and the last `fraction` of them.

    It suits samples in an order of their own, such as time; where the labels are sorted, the
    second part would lack classes, and `stratified_split` is the one to take.

    Args:
        count: how many samples there are.
        fraction: the share of the second part, above 0 and below 1; it has
            `round(fraction * count)` samples.

    Returns:
        Two ascending arrays of indices; together they are 0 … count - 1.

    Raises:
        ArgumentError: the fraction is out of range, or one part would be empty.

    Source:
        It is how Keras's `validation_split` divides.

    Example:
        >>> import cairnet as cn
        >>> [part.tolist() for part in cn.datasets.tail_split(5, 0.4)]
        [[0, 1, 2], [3, 4]]
    """
    cut = count - _size_of_second(count, fraction)
    return np.arange(cut), np.arange(cut, count)


def _size_of_second(count: int, fraction: float) -> int:
    if not 0 < fraction < 1:
        raise ArgumentError(f"fraction: expected a number above 0 and below 1, got {fraction!r}")
    second = round(fraction * count)
    if not 0 < second < count:
        raise ArgumentError(
            f"fraction: {fraction} of {count} samples leaves one part of the split empty"
        )
    return second
