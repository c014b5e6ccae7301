"""The process's seed, and the independent streams of random numbers that grow from it.

Everything random that happens outside a graph (first weights, shuffling, splits) draws from a
stream of its own, numbered in the order in which the streams are asked for. Two programs that do
the same things after the same `seed` therefore see the same numbers, whatever the backend and the
number of threads. The streams are NumPy's Philox: a counter-based generator, as those inside
graphs are.
"""

from __future__ import annotations

import numpy as np

from cairnet.base.errors import ArgumentError

__all__ = ["checked_seed", "generator", "next_key", "seed"]

_root = np.random.SeedSequence()


def seed(value: int) -> None:
    """Start all random streams afresh, so that what follows can be repeated bit for bit.

    Without a call of `seed`, every process draws different numbers.

    Args:
        value: any whole number that is not negative.

    Raises:
        ArgumentError: the value is not a whole number, or is negative.

    Example:
        >>> import cairnet as cn
        >>> cn.seed(7)
        >>> first = cn.initializers.GlorotUniform()((2, 2))
        >>> cn.seed(7)
        >>> bool((cn.initializers.GlorotUniform()((2, 2)) == first).all())
        True
    """
    global _root
    _root = np.random.SeedSequence(checked_seed(value))


def next_key() -> int:
    """A number of 128 bits that begins a stream no one else has."""
    low, high = _root.spawn(1)[0].generate_state(2, np.uint64)
    return int(low) | int(high) << 64


def generator(key: int | None = None, counter: int = 0) -> np.random.Generator:
    """A generator at the start of stream number `counter` of a key; default: of the next key."""
    if key is None:
        key = next_key()
    # The low words count within a stream, so that neighbouring streams never overlap.
    return np.random.Generator(np.random.Philox(key=key, counter=counter << 128))


def checked_seed(value: object) -> int:
    """The seed as an int, or an error that says what a seed is."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ArgumentError(f"seed: expected a whole number, 0 or more, got {value!r}")
    return int(value)
