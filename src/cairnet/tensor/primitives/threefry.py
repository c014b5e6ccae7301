"""The primitive behind random numbers: Threefry, a permutation of keys and counters."""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.errors import DTypeError
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives.elementwise import enter, merge_extents

__all__ = ["PARITY", "ROTATIONS", "Threefry", "threefry_rounds"]

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry_rounds(k0: Any, k1: Any, c0: Any, c1: Any) -> tuple[Any, Any]:
    """Threefry-2x32 with 20 rounds, on anything with `+`, `^`, `<<`, `>>` modulo 2^32.

    Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
    """
    keys = (k0, k1, k0 ^ k1 ^ PARITY)
    x, y = c0 + k0, c1 + k1
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            x = x + y
            y = x ^ ((y << rotation) | (y >> (32 - rotation)))
        x = x + keys[(group + 1) % 3]
        y = y + keys[(group + 2) % 3] + (group + 1)
    return x, y


class Threefry(Primitive):
    """One word of the Threefry-2x32 block of a key (k0, k1) and a counter (c0, c1).

    A primitive rather than a hundred shifts and sums, since every random number needs one.
    """

    name = "threefry"
    elementwise = True
    differentiable = False

    def infer(self, *inputs: Tensor, word: int) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        if any(item.dtype != np.uint32 for item in inputs):
            raise DTypeError("threefry: expected uint32 key and counter")
        return merge_extents(self.name, inputs), inputs[0].dtype

    def meaning(self, *words: np.ndarray, word: int) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.asarray(threefry_rounds(*(np.atleast_1d(w) for w in words))[word]).reshape(
                words[0].shape
            )


enter(Threefry())
