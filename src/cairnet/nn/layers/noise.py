"""Noise that training adds to, or multiplies with, what flows through a network."""

from __future__ import annotations

import math

from cairnet.base.errors import ArgumentError
from cairnet.nn.layers.arguments import fraction, nonnegative
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.random_keys import RandomKeys, check_seed
from cairnet.tensor import random
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import floating

__all__ = ["GaussianDropout", "GaussianNoise"]


@registry.add
class GaussianNoise(Layer):
    r"""Normal noise is added while training: y = x + stddev · ε, ε ~ N(0, 1); y = x in use.

    Args:
        stddev: the standard deviation of the noise, 0 or more.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: stddev is negative or no number, or the seed is no seed.
        DTypeError: x is not floating.

    Source:
        C. Bishop: Training with noise is equivalent to Tikhonov regularization. Neural Computation
        7 (1), 1995. Arguments as in Keras 3, which refuses a stddev above 1.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.GaussianNoise(0.1, seed=1)
        >>> layer([1.0, 2.0, 3.0], training=True).numpy().round(2)
        array([0.98, 1.81, 3.12], dtype=float32)
        >>> layer([1.0, 2.0, 3.0]).numpy()
        array([1., 2., 3.], dtype=float32)
    """

    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.stddev = nonnegative("stddev", stddev)
        self.seed = check_seed(seed)

    def build(self, input_shape: Shape) -> None:
        """Make the stream of random keys."""
        self.random = RandomKeys(self.seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output."""
        if not training or self.stddev == 0:
            return x
        x = floating("GaussianNoise", x)
        key = self.random.next()
        return x + random.normal(key, x.extents, standard_deviation=self.stddev, dtype=x.dtype)


@registry.add
class GaussianDropout(Layer):
    r"""Every unit is multiplied with normal noise of mean 1 while training; y = x in use.

        y = x · (1 + √(rate / (1 − rate)) · ε),    ε ~ N(0, 1)

    which has the mean and the variance of `Dropout` with the same rate.

    Args:
        rate: from 0 to below 1.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: rate is not from 0 to below 1, or the seed is no seed.
        DTypeError: x is not floating.

    Source:
        N. Srivastava and others: Dropout. Journal of Machine Learning Research 15, 2014,
        section 10. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.GaussianDropout(0.01, seed=1)
        >>> layer([1.0, 2.0, 3.0], training=True).numpy().round(2)
        array([0.98, 1.61, 3.35], dtype=float32)
    """

    supports_masking = True

    def __init__(self, rate: float, seed: int | None = None, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.rate = fraction("rate", rate)
        if self.rate == 1:
            raise ArgumentError(
                f"rate: expected a number from 0 to below 1, got {rate!r}; the noise would be "
                "infinite"
            )
        self.seed = check_seed(seed)

    def build(self, input_shape: Shape) -> None:
        """Make the stream of random keys."""
        self.random = RandomKeys(self.seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output."""
        if not training or self.rate == 0:
            return x
        x = floating("GaussianDropout", x)
        spread = math.sqrt(self.rate / (1 - self.rate))
        key = self.random.next()
        return x * random.normal(key, x.extents, 1.0, spread, dtype=x.dtype)
