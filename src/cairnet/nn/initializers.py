r"""Initializers: the values that weights start from.

An initializer is a callable `(shape, dtype) -> array`. The random ones scale their values by how
many numbers a unit adds up, so that signals neither grow nor fade from layer to layer:

    variance = scale / n,  n = fan in, fan out, or their mean

Here fan in is the number of inputs that one unit reads, fan out the number of units that one input
is read by; for a convolution both are counted over the taps of the kernel.

Without a seed of its own, an initializer draws a new stream from `cn.seed`'s at every call; with
one, every call gives the same values.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32
from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.base.registry import Configurable, Registry
from cairnet.base.seeds import checked_seed, generator

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "VarianceScaling",
    "Zeros",
    "get",
]

_registry: Registry[Callable[..., np.ndarray]] = Registry("initializer")

# The standard deviation of a standard normal distribution cut off at -2 and 2.
_DEVIATION_OF_TRUNCATED = 0.87962566103423978


class Initializer(Configurable, ABC):
    """Base of the initializers: a callable from shape and dtype to an array."""

    @abstractmethod
    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """The initial value of a weight of this shape."""


@_registry.add
class Constant(Initializer):
    """Every element is `value`.

    >>> import cairnet as cn
    >>> cn.initializers.Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """An array full of the value."""
        return np.full(tuple(shape), self.value, as_dtype(dtype))


@_registry.add
class Zeros(Initializer):
    """Every element is 0.

    >>> import cairnet as cn
    >>> cn.initializers.Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """An array of zeros."""
        return np.zeros(tuple(shape), as_dtype(dtype))


@_registry.add
class Ones(Initializer):
    """Every element is 1.

    >>> import cairnet as cn
    >>> cn.initializers.Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """An array of ones."""
        return np.ones(tuple(shape), as_dtype(dtype))


@_registry.add
class VarianceScaling(Initializer):
    """Random values of mean 0 and variance scale / n.

    Args:
        scale: the numerator, above 0.
        mode: what n is: "fan_in", "fan_out" or "fan_avg", the mean of both.
        distribution: "uniform" on [-√(3·variance), √(3·variance)]; "truncated_normal", cut off at
            two standard deviations and widened so that the variance holds after the cut; or
            "untruncated_normal".
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Raises:
        ArgumentError: the scale is not above 0, or the seed is no seed.
        UnknownNameError: an unknown mode or distribution.

    Example:
        >>> import cairnet as cn
        >>> values = cn.initializers.VarianceScaling(2.0, "fan_in", "uniform", seed=1)((600, 50))
        >>> bool(abs(values.std() - (2 / 600) ** 0.5) < 0.001)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        if not scale > 0:
            raise ArgumentError(f"scale: expected a number above 0, got {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise UnknownNameError("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        if distribution not in _DISTRIBUTIONS:
            raise UnknownNameError("distribution", distribution, _DISTRIBUTIONS)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = None if seed is None else checked_seed(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """Random values, drawn in float64 and rounded to the dtype."""
        fan_in, fan_out = fans(shape)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        deviation = math.sqrt(self.scale / max(1.0, count[self.mode]))
        draw = _DISTRIBUTIONS[self.distribution]
        values = draw(generator(self.seed), math.prod(shape), deviation)
        return values.reshape(tuple(shape)).astype(as_dtype(dtype))


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Fan in and fan out of a kernel [*taps, inputs, outputs].

    >>> fans((784, 30)), fans((5, 5, 6, 16))
    ((784, 30), (150, 400))
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    taps = math.prod(shape[:-2])
    return taps * shape[-2], taps * shape[-1]


def _uniform(random: np.random.Generator, count: int, deviation: float) -> np.ndarray:
    limit = math.sqrt(3) * deviation
    return random.uniform(-limit, limit, count)


def _normal(random: np.random.Generator, count: int, deviation: float) -> np.ndarray:
    return random.standard_normal(count) * deviation


def _truncated_normal(random: np.random.Generator, count: int, deviation: float) -> np.ndarray:
    values = random.standard_normal(count)
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = random.standard_normal(outside.size)
        outside = outside[np.abs(values[outside]) > 2]
    return values * (deviation / _DEVIATION_OF_TRUNCATED)


_DISTRIBUTIONS = {
    "uniform": _uniform,
    "truncated_normal": _truncated_normal,
    "untruncated_normal": _normal,
}


class _Scaled(VarianceScaling):
    """A variance scaling with a name: only the seed is left to choose."""

    rule: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.rule, seed=seed)


@_registry.add
class GlorotUniform(_Scaled):
    """Uniform on [-l, l], l = √(6 / (fan in + fan out)): the default of most layers.

    X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural
    networks. AISTATS 2010.

    >>> import cairnet as cn
    >>> weights = cn.initializers.GlorotUniform(seed=1)((100, 50))
    >>> bool(abs(weights).max() <= (6 / 150) ** 0.5)
    True
    """

    rule = (1.0, "fan_avg", "uniform")


@_registry.add
class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (fan in + fan out); see `GlorotUniform`."""

    rule = (1.0, "fan_avg", "truncated_normal")


@_registry.add
class HeUniform(_Scaled):
    """Uniform on [-l, l], l = √(6 / fan in): for layers with rectifiers, which halve the variance.

    K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers: surpassing human-level
    performance on ImageNet classification. ICCV 2015.
    """

    rule = (2.0, "fan_in", "uniform")


@_registry.add
class HeNormal(_Scaled):
    """Truncated normal of variance 2 / fan in; see `HeUniform`."""

    rule = (2.0, "fan_in", "truncated_normal")


@_registry.add
class LecunUniform(_Scaled):
    """Uniform on [-l, l], l = √(3 / fan in).

    Y. LeCun, L. Bottou, G. Orr, K.-R. Müller: Efficient BackProp. In: Neural Networks: Tricks of
    the Trade, Springer 1998.
    """

    rule = (1.0, "fan_in", "uniform")


@_registry.add
class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / fan in; see `LecunUniform`."""

    rule = (1.0, "fan_in", "truncated_normal")


def get(initializer: Any) -> Callable[..., np.ndarray]:
    """The initializer of a name, as "glorot_uniform" or "GlorotUniform"; others as they are.

    Raises:
        UnknownNameError: no initializer has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> type(cn.initializers.get("he_normal")).__name__
        'HeNormal'
    """
    return _registry.get(initializer)
