"""RandomKeys: a stream of keys for the random numbers that a layer draws in training."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import checked_seed, next_key
from cairnet.nn.effects import add_update, latest
from cairnet.nn.parts import Part
from cairnet.tensor import random
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.source import current_path

__all__ = ["RandomKeys", "check_seed"]


class RandomKeys(Part):
    """Another key for every draw, step after step, the same from every start.

    Draw number n takes the key fold_in(key, n). The key and n are variables: the compiled function
    is the same for all seeds, n goes on in a saved model, and since the numbers are functions of
    key and position alone, a training has the same bits for any number of threads.

    A layer makes one in `build`, keeps it in an attribute, and draws from it in `call`.

    Args:
        seed: a whole number; None for the next stream of `cn.seed`.

    Attributes:
        key: uint32[2], never changed by training.
        count: how many draws there have been.

    Raises:
        ArgumentError: the seed is no whole number from 0 to 2⁶⁴ − 1.

    Example:
        >>> import cairnet as cn
        >>> class Jitter(cn.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.random = cn.layers.RandomKeys(seed=7)
        ...
        ...     def call(self, x, training=False):
        ...         if not training:
        ...             return x
        ...         return x + cn.random.uniform(self.random.next(), x.extents)
        >>> layer, x = Jitter(), cn.input((None,), name="x")
        >>> with cn.layers.Effects() as effects:
        ...     y = layer(x, training=True)
        >>> step = cn.function([x], y, updates=effects.updates)
        >>> first, second = step([0.0, 0.0]), step([0.0, 0.0])
        >>> bool((first == second).any()), int(layer.random.count)
        (False, 2)
    """

    holds_weights: ClassVar[bool] = False

    def __init__(self, seed: int | None = None) -> None:
        given = check_seed(seed)
        number = next_key() % 2**64 if given is None else given
        path = "/".join(filter(None, (current_path(), "random")))
        words = np.array([number >> 32, number & 0xFFFFFFFF], np.uint32)
        self.key = Variable(words, name=f"{path}/key", trainable=False)
        self.count = Variable(np.int64(0), name=f"{path}/count", trainable=False)

    def next(self) -> Tensor:
        """The key of the next draw, for the functions of `cn.random`."""
        count = latest(self.count)
        add_update(self.count, count + 1)
        return random.fold_in(self.key, count)


def check_seed(seed: int | None) -> int | None:
    """The seed that a layer was given, if any, or an error that says what a seed is."""
    if seed is None:
        return None
    number = checked_seed(seed)
    if number >= 2**64:
        raise ArgumentError(f"seed: expected a whole number below 2**64, got {seed}")
    return number
