"""Initializers of a given spread, whatever the shape: normal, uniform, truncated normal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32
from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import checked_seed, generator
from cairnet.nn.initializers.base import Initializer, registry
from cairnet.nn.initializers.draws import cut_normal

__all__ = ["RandomNormal", "RandomUniform", "TruncatedNormal"]


@registry.add
class RandomNormal(Initializer):
    """Values from a normal distribution, w ~ N(mean, stddev²); "normal" for short.

    Args:
        mean: of the distribution.
        stddev: its standard deviation, 0 or more.
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape.

    Raises:
        ArgumentError: a number that is not finite, stddev is negative, or the seed is no seed.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> values = cn.initializers.RandomNormal(mean=1.0, stddev=0.1, seed=1)((100, 100))
        >>> bool(abs(values.mean() - 1) < 0.01), bool(abs(values.std() - 0.1) < 0.01)
        (True, True)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = _finite("mean", mean)
        self.stddev = _deviation(stddev)
        self.seed = None if seed is None else checked_seed(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """Random values, drawn in float64 and rounded to the dtype."""
        values = generator(self.seed).standard_normal(math.prod(shape))
        return _shaped(values * self.stddev + self.mean, shape, dtype)


@registry.add
class TruncatedNormal(Initializer):
    """Values from N(mean, stddev²), those beyond two standard deviations drawn again.

    Args:
        mean: of the distribution.
        stddev: its standard deviation before the cut, 0 or more; after it, 0.88 times that.
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape.

    Raises:
        ArgumentError: a number that is not finite, stddev is negative, or the seed is no seed.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> values = cn.initializers.TruncatedNormal(stddev=0.1, seed=1)((100, 100))
        >>> bool(abs(values).max() <= 0.2)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = _finite("mean", mean)
        self.stddev = _deviation(stddev)
        self.seed = None if seed is None else checked_seed(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """Random values, drawn in float64 and rounded to the dtype."""
        values = cut_normal(generator(self.seed), math.prod(shape))
        return _shaped(values * self.stddev + self.mean, shape, dtype)


@registry.add
class RandomUniform(Initializer):
    """Values spread evenly, w ~ U(minval, maxval); "uniform" for short.

    Args:
        minval: the lower end.
        maxval: the upper end.
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape.

    Raises:
        ArgumentError: a number that is not finite, minval is above maxval, or the seed is no seed.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> values = cn.initializers.RandomUniform(0.0, 1.0, seed=1)((100, 100))
        >>> bool(values.min() >= 0), bool(abs(values.mean() - 0.5) < 0.01)
        (True, True)
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval = _finite("minval", minval)
        self.maxval = _finite("maxval", maxval)
        if self.minval > self.maxval:
            raise ArgumentError(f"minval: expected at most maxval={maxval!r}, got {minval!r}")
        self.seed = None if seed is None else checked_seed(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """Random values, drawn in float64 and rounded to the dtype."""
        values = generator(self.seed).uniform(self.minval, self.maxval, math.prod(shape))
        return _shaped(values, shape, dtype)


def _shaped(values: np.ndarray, shape: Sequence[int], dtype: DTypeLike) -> np.ndarray:
    return values.reshape(tuple(shape)).astype(as_dtype(dtype))


def _finite(name: str, value: Any) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise ArgumentError(f"{name}: expected a finite number, got {value!r}")
    return float(value)


def _deviation(value: Any) -> float:
    if _finite("stddev", value) < 0:
        raise ArgumentError(f"stddev: expected a number, 0 or more, got {value!r}")
    return float(value)
