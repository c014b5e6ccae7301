"""Draws of given standard deviation and mean 0, from NumPy's counter-based generator."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["cut_normal", "normal", "truncated_normal", "uniform"]

# The standard deviation of a standard normal distribution cut off at -2 and 2.
_DEVIATION_OF_TRUNCATED = 0.87962566103423978


def uniform(random: np.random.Generator, count: int, deviation: float) -> np.ndarray:
    """Uniform on [-√3 σ, √3 σ]."""
    limit = math.sqrt(3) * deviation
    return random.uniform(-limit, limit, count)


def normal(random: np.random.Generator, count: int, deviation: float) -> np.ndarray:
    """Normal."""
    return random.standard_normal(count) * deviation


def cut_normal(random: np.random.Generator, count: int) -> np.ndarray:
    """Standard normal without what lies beyond -2 and 2, which is drawn again."""
    values = random.standard_normal(count)
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = random.standard_normal(outside.size)
        outside = outside[np.abs(values[outside]) > 2]
    return values


def truncated_normal(random: np.random.Generator, count: int, deviation: float) -> np.ndarray:
    """Normal, cut off at two of its deviations, and widened so that σ holds after the cut."""
    return cut_normal(random, count) * (deviation / _DEVIATION_OF_TRUNCATED)
