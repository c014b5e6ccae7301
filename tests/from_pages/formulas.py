"""What the pages' formulas mean, written with NumPy and SciPy, and what random numbers must be."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special
from scipy.signal import convolve2d
from scipy.stats import chisquare, kstest

import cairnet as cn


def convolved(images: np.ndarray, filters: np.ndarray, mode: str = "valid") -> np.ndarray:
    """True convolution, channels last, by SciPy's for two dimensions."""
    return np.stack(
        [
            [
                sum(
                    convolve2d(image[..., c], filters[:, :, c, k], mode)
                    for c in range(filters.shape[2])
                )
                for k in range(filters.shape[3])
            ]
            for image in images
        ]
    ).transpose(0, 2, 3, 1)


def pooled(images: np.ndarray, size: int, stride: int, fold: Any, border: bool = False) -> Any:
    """Windows folded one by one; those over the border count where Theano would not ignore it."""
    extent = images.shape[1]
    starts = [i for i in range(0, extent, stride) if border or i + size <= extent]
    return np.stack(
        [
            np.stack([fold(images[:, i : i + size, j : j + size], axis=(1, 2)) for j in starts], 1)
            for i in starts
        ],
        1,
    )


def placed(target: np.ndarray, place: Any, what: Any, *, add: bool = False) -> np.ndarray:
    """A copy with some elements replaced, or with something added to them."""
    copy = target.copy()
    if add:
        np.add.at(copy, place, what)
    else:
        copy[place] = what
    return copy


def jacobian(f: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> np.ndarray:
    """Central differences in float64, of shape (*values, *point)."""
    point = np.asarray(point, "float64")
    columns = []
    for place in np.ndindex(point.shape):
        step = np.zeros_like(point)
        step[place] = 1e-6
        columns.append((f(point + step) - f(point - step)) / 2e-6)
    values = np.stack(columns, -1)
    return values.reshape(*values.shape[:-1], *point.shape)


def spread(filters: np.ndarray) -> np.ndarray:
    """Filters with a zero between each two taps."""
    rows, columns, *rest = filters.shape
    wide = np.zeros((2 * rows - 1, 2 * columns - 1, *rest), filters.dtype)
    wide[::2, ::2] = filters
    return wide


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first handwritten digits, a row each."""
    (x, y), _ = cn.datasets.digits()
    return x[:count].reshape(count, 784).astype("float64"), y[:count]


def distributed(drawn: np.ndarray, name: str, *parameters: float) -> None:
    """Refuse samples that a Kolmogorov-Smirnov test would refuse once in ten thousand times."""
    assert kstest(drawn, name, parameters).pvalue > 1e-4


def frequencies(drawn: np.ndarray, expected: list[float]) -> None:
    """Refuse counts that a chi-squared test would refuse once in ten thousand times."""
    counts = np.bincount(np.asarray(drawn, int), minlength=len(expected))
    assert chisquare(counts, np.array(expected) * len(drawn)).pvalue > 1e-4


#: What the expressions in a record may use.
NAMES: dict[str, Any] = {
    "np": np,
    "convolved": convolved,
    "erf": special.erf,
    "expit": special.expit,
    "jacobian": jacobian,
    "log_softmax": special.log_softmax,
    "placed": placed,
    "pooled": pooled,
    "softmax": special.softmax,
    "spread": spread,
}
