"""Two moons: the smallest data set that no straight line divides."""

from __future__ import annotations

import math

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import checked_seed, generator
from cairnet.data.splits import stratified_split

__all__ = ["moons"]

Pair = tuple[np.ndarray, np.ndarray]


def moons(
    count: int = 1000, *, noise: float = 0.1, test_fraction: float = 0.2, seed: int = 0
) -> tuple[Pair, Pair]:
    """Points on two interleaved half circles of radius 1, with normal noise.

    With t evenly spaced over [0, π] in each class,

        class 0:  (cos t, sin t)            an arch about (0, 0)
        class 1:  (1 - cos t, 1/2 - sin t)  a bowl about (1, 1/2)

    Args:
        count: how many points in all, 4 or more; class 0 has ⌊count / 2⌋ of them.
        noise: standard deviation of what is added to each coordinate, 0 or more.
        test_fraction: the share of the points that are held out, both classes alike.
        seed: of the noise, the order and the split; the same seed gives the same points.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: points, float32, shape (n, 2), in random order;
        classes, int64, shape (n,).

    Raises:
        ArgumentError: too few points, noise that is negative or no number, a bad seed or
            fraction.

    Source:
        The shape is that of scikit-learn's `make_moons` (F. Pedregosa et al.: Scikit-learn:
        machine learning in Python. Journal of Machine Learning Research 12, 2011).

    Example:
        >>> import cairnet as cn
        >>> (x_train, y_train), (x_test, y_test) = cn.datasets.moons(100, seed=1)
        >>> x_train.shape, y_test.shape, y_train.sum(), y_test.sum()
        ((80, 2), (20,), np.int64(40), np.int64(10))
    """
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 4:
        raise ArgumentError(f"count: expected a whole number of points, 4 or more, got {count!r}")
    if not 0 <= noise < math.inf:
        raise ArgumentError(f"noise: expected a finite number, 0 or more, got {noise!r}")
    random = generator(checked_seed(seed))
    upper = np.linspace(0, math.pi, count // 2)
    lower = np.linspace(0, math.pi, count - count // 2)
    points = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    classes = np.repeat(np.arange(2), [len(upper), len(lower)])
    points += random.normal(0, noise, points.shape)
    order = random.permutation(count)
    x, y = points[order].astype(np.float32), classes[order]
    train, test = stratified_split(y, test_fraction, seed)
    return (x[train], y[train]), (x[test], y[test])
