"""Initializers whose spread follows from how many numbers a unit adds up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32
from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.base.seeds import checked_seed, generator
from cairnet.nn.initializers.base import Initializer, registry
from cairnet.nn.initializers.draws import normal, truncated_normal, uniform

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
    "fans",
]


@registry.add
class VarianceScaling(Initializer):
    """Random values of mean 0 and variance scale / n.

    Args:
        scale: the numerator, above 0.
        mode: what n is: "fan_in", "fan_out" or "fan_avg", the mean of both.
        distribution: "uniform" on [-√(3·variance), √(3·variance)]; "truncated_normal", cut off at
            two standard deviations and widened so that the variance holds after the cut; or
            "untruncated_normal".
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the scale is not above 0, or the seed is no seed.
        UnknownNameError: an unknown mode or distribution.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers: surpassing human-level
        performance on ImageNet classification. ICCV 2015. Arguments as in Keras 3.

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


_DISTRIBUTIONS = {
    "uniform": uniform,
    "truncated_normal": truncated_normal,
    "untruncated_normal": normal,
}


class _Scaled(VarianceScaling):
    """A variance scaling with a name: only the seed is left to choose."""

    rule: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.rule, seed=seed)


@registry.add
class GlorotUniform(_Scaled):
    """Uniform on [-l, l], l = √(6 / (fan in + fan out)): the default of most layers.

    Args:
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the seed is no seed.

    Source:
        X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural
        networks. AISTATS 2010.

    Example:
        >>> import cairnet as cn
        >>> weights = cn.initializers.GlorotUniform(seed=1)((100, 50))
        >>> bool(abs(weights).max() <= (6 / 150) ** 0.5)
        True
    """

    rule = (1.0, "fan_avg", "uniform")


@registry.add
class GlorotNormal(_Scaled):
    """Truncated normal of standard deviation √(2 / (fan in + fan out)).

    Args:
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the seed is no seed.

    Source:
        X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural
        networks. AISTATS 2010.

    Example:
        >>> import cairnet as cn
        >>> weights = cn.initializers.GlorotNormal(seed=1)((400, 100))
        >>> float(weights.std().round(2))
        0.06
    """

    rule = (1.0, "fan_avg", "truncated_normal")


@registry.add
class HeUniform(_Scaled):
    """Uniform on [-l, l], l = √(6 / fan in): for layers with rectifiers, which halve the variance.

    Args:
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the seed is no seed.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers: surpassing human-level
        performance on ImageNet classification. ICCV 2015.

    Example:
        >>> import cairnet as cn
        >>> weights = cn.initializers.HeUniform(seed=1)((100, 50))
        >>> bool(abs(weights).max() <= (6 / 100) ** 0.5)
        True
    """

    rule = (2.0, "fan_in", "uniform")


@registry.add
class HeNormal(_Scaled):
    """Truncated normal of standard deviation √(2 / fan in), for layers with rectifiers.

    Args:
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the seed is no seed.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers: surpassing human-level
        performance on ImageNet classification. ICCV 2015.

    Example:
        >>> import cairnet as cn
        >>> weights = cn.initializers.HeNormal(seed=1)((400, 100))
        >>> float(weights.std().round(2))
        0.07
    """

    rule = (2.0, "fan_in", "truncated_normal")


@registry.add
class LecunUniform(_Scaled):
    """Uniform on [-l, l], l = √(3 / fan in).

    Args:
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the seed is no seed.

    Source:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller: Efficient BackProp. In: Neural Networks: Tricks
        of the Trade, Springer 1998.

    Example:
        >>> import cairnet as cn
        >>> weights = cn.initializers.LecunUniform(seed=1)((100, 50))
        >>> bool(abs(weights).max() <= (3 / 100) ** 0.5)
        True
    """

    rule = (1.0, "fan_in", "uniform")


@registry.add
class LecunNormal(_Scaled):
    """Truncated normal of standard deviation √(1 / fan in), for `selu`.

    Args:
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Shapes:
        any shape, read as a kernel [*taps, inputs, outputs]: fan in = taps · inputs, fan out = taps
        · outputs.

    Raises:
        ArgumentError: the seed is no seed.

    Source:
        Y. LeCun, L. Bottou, G. Orr, K.-R. Müller: Efficient BackProp. In: Neural Networks: Tricks
        of the Trade, Springer 1998.

    Example:
        >>> import cairnet as cn
        >>> weights = cn.initializers.LecunNormal(seed=1)((400, 100))
        >>> float(weights.std().round(2))
        0.05
    """

    rule = (1.0, "fan_in", "truncated_normal")
