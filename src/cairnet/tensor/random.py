r"""Random numbers inside a graph, by key and counter: `cn.random`.

There is no hidden state. A draw takes a key, and element i (counted in row-major order) of a draw
is a function of the key and i alone: Threefry-2x32 with 20 rounds, a cipher of the key applied to
the counter i. The same key therefore gives the same bits on every backend, for any number of
threads and any way of splitting the work.

The same key gives the same numbers, too, so use each key for one draw, and make new ones:

    >>> import cairnet as cn
    >>> weights_key, noise_key = cn.random.split(cn.random.key(7))
    >>> weights = cn.random.normal(weights_key, (784, 30))
    >>> noise = cn.random.uniform(noise_key, (30,))

For numbers that change from call to call, keep the key, or a counter that is folded into it, in a
variable that the function updates:

    >>> count = cn.Variable(0)
    >>> dice = cn.random.uniform(cn.random.fold_in(cn.random.key(1), count))
    >>> throw = cn.function([], dice, updates={count: count + 1})
    >>> float(throw()) == float(throw())
    False

Reference: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from cairnet.base.dtypes import (
    DTypeLike,
    as_dtype,
    float32,
    float64,
    is_integer,
    uint8,
    uint16,
    uint32,
    uint64,
)
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.functions.arguments import (
    as_tensor,
    cast_to,
    floating,
    normalize_axis,
    normalize_shape,
)
from cairnet.tensor.functions.creation import asarray
from cairnet.tensor.functions.exponential import cos, log, sqrt
from cairnet.tensor.functions.indexing import take
from cairnet.tensor.functions.manipulation import broadcast_to, stack
from cairnet.tensor.primitives import ARGSORT
from cairnet.tensor.source import here
from cairnet.tensor.threefry import (
    DRAW,
    FOLD,
    SECOND_DRAW,
    SPLIT,
    as_uint32,
    as_uint64,
    blocks_of,
    fraction,
    halves,
    key_words,
    unit_interval,
    word_of,
)

__all__ = [
    "bernoulli",
    "bits",
    "fold_in",
    "key",
    "normal",
    "permutation",
    "split",
    "uniform",
]

Shape = int | Extent | Iterable[Size]


def key(seed: Any, /) -> Tensor:
    """A key from a whole number.

    Args:
        seed: 0 ≤ seed < 2⁶⁴, or an integer tensor of one element.

    Returns:
        uint32[2]: the high and the low half of the seed.

    Raises:
        ArgumentError: the seed is not a whole number in range.

    Example:
        >>> import cairnet as cn
        >>> cn.random.key(7).numpy()
        array([0, 7], dtype=uint32)
    """
    if isinstance(seed, Tensor):
        if not is_integer(seed.dtype) or seed.ndim:
            raise ArgumentError(
                f"random.key, at {here()}: expected an integer scalar, got {seed.describe()}"
            )
        low, high = halves(seed)
        return stack([high, low])
    if (
        isinstance(seed, bool)
        or not isinstance(seed, int | np.integer)
        or not 0 <= int(seed) < 2**64
    ):
        raise ArgumentError(
            f"random.key, at {here()}: expected a whole number from 0 to 2**64 - 1, got {seed!r}"
        )
    return asarray(np.array([int(seed) >> 32, int(seed) & 0xFFFFFFFF], np.uint32))


def split(key: Any, num: int = 2) -> tuple[Tensor, ...]:
    """Several keys from one, unrelated to each other and to the draws of the first.

    Args:
        key: what `key`, `split` or `fold_in` gave.
        num: how many.

    Returns:
        A tuple of `num` keys.

    Example:
        >>> import cairnet as cn
        >>> first, second = cn.random.split(cn.random.key(0))
        >>> bool((first == second).numpy().all())
        False
    """
    if isinstance(num, bool) or not isinstance(num, int) or num < 1:
        raise ArgumentError(
            f"random.split, at {here()}: num must be a whole number, 1 or more, got {num!r}"
        )
    blocks = blocks_of("split", key, (num,), SPLIT)
    words = stack([word_of(blocks, 0), word_of(blocks, 1)], axis=1)
    return tuple(words[i] for i in range(num))


def fold_in(key: Any, data: Any) -> Tensor:
    """A new key from a key and a whole number, such as the count of a training step.

    Args:
        key: what `key`, `split` or `fold_in` gave.
        data: a whole number or an integer scalar tensor; taken modulo 2⁵⁶.

    Returns:
        A key: different numbers give unrelated ones.

    Example:
        >>> import cairnet as cn
        >>> cn.random.fold_in(cn.random.key(0), 3).shape
        (2,)
    """
    number = as_tensor(data)
    if not is_integer(number.dtype) or number.ndim:
        raise ArgumentError(
            f"random.fold_in, at {here()}: data must be a whole number, got {number.describe()}"
        )
    low, high = halves(number)
    high = (high & as_uint32(0xFFFFFF)) | as_uint32(FOLD << 24)
    k0, k1 = key_words("fold_in", key)
    return stack([word_of((k0, k1, low, high), 0), word_of((k0, k1, low, high), 1)])


def bits(key: Any, shape: Shape = (), dtype: DTypeLike = uint32) -> Tensor:
    """Uniformly random bits.

    Args:
        key: what `key`, `split` or `fold_in` gave.
        shape: extents of the result; unknown ones too, as `x.extents`.
        dtype: uint8, uint16, uint32 or uint64.

    Returns:
        Element i is the first word of the Threefry block of counter i, or both words for uint64
        (the second one high), or the low bits of the first for the smaller dtypes.

    Example:
        >>> import cairnet as cn
        >>> cn.random.bits(cn.random.key(0), (2,)).numpy()
        array([1797259609, 1351547692], dtype=uint32)
    """
    kind = as_dtype(dtype)
    if kind not in (uint8, uint16, uint32, uint64):
        raise DTypeError(
            f"random.bits, at {here()}: expected uint8, uint16, uint32 or uint64, got {kind.name}"
        )
    blocks = blocks_of("bits", key, normalize_shape("random.bits", shape), DRAW)
    first = word_of(blocks, 0)
    if kind == uint64:
        return cast_to(first, uint64) | (cast_to(word_of(blocks, 1), uint64) << as_uint64(32))
    return (
        first if kind == uint32 else cast_to(first & as_uint32(2 ** (8 * kind.itemsize) - 1), kind)
    )


def uniform(
    key: Any,
    shape: Shape = (),
    low: Any = 0.0,
    high: Any = 1.0,
    dtype: DTypeLike = float32,
) -> Tensor:
    """Numbers spread evenly over an interval, low + (high - low)·u with u in [0, 1).

    Args:
        key: what `key`, `split` or `fold_in` gave.
        shape: extents of the result; unknown ones too, as `x.extents`.
        low: the lower end, a number or anything that broadcasts to `shape`.
        high: the upper end. It can be hit by rounding if it is not 1 (as in NumPy).
        dtype: float32, where u is a multiple of 2⁻²⁴, or float64, where it is one of 2⁻⁵³.

    Returns:
        A tensor of the shape and dtype.

    Example:
        >>> import cairnet as cn
        >>> cn.random.uniform(cn.random.key(0), (3,)).numpy().round(4)
        array([0.4185, 0.3147, 0.3932], dtype=float32)
    """
    kind = _floating_dtype("uniform", dtype)
    extents = normalize_shape("random.uniform", shape)
    unit = unit_interval(blocks_of("uniform", key, extents, DRAW), kind)
    return _scaled("uniform", unit, extents, kind, low, high)


def normal(
    key: Any,
    shape: Shape = (),
    mean: Any = 0.0,
    standard_deviation: Any = 1.0,
    dtype: DTypeLike = float32,
) -> Tensor:
    r"""Numbers from the normal distribution, by the transformation of Box and Muller.

    With u in (0, 1] and v in [0, 1) independent and even, √(-2 log u)·cos(2π v) is standard
    normal. In float32 u has 32 bits, so that the tails reach out to 6.6 standard deviations; in
    float64 it has 53, and they reach 8.5.

    Args:
        key: what `key`, `split` or `fold_in` gave.
        shape: extents of the result; unknown ones too, as `x.extents`.
        mean: a number or anything that broadcasts to `shape`.
        standard_deviation: likewise.
        dtype: float32 or float64.

    Returns:
        A tensor of the shape and dtype. The bits below are the same everywhere; logarithm and
        cosine may differ in the last place between backends.

    References:
        Box and Muller: A note on the generation of random normal deviates. Annals of
        Mathematical Statistics 29, 1958.

    Example:
        >>> import cairnet as cn
        >>> cn.random.normal(cn.random.key(0), (3,)).numpy().round(3)
        array([-1.065,  0.032,  1.36 ], dtype=float32)
    """
    kind = _floating_dtype("normal", dtype)
    extents = normalize_shape("random.normal", shape)
    blocks = blocks_of("normal", key, extents, DRAW)
    if kind == float32:
        radius = (cast_to(word_of(blocks, 0), float32) + 1.0) * 2.0**-32
        turn = fraction(word_of(blocks, 1))
    else:
        radius = unit_interval(blocks, float64) + 2.0**-53
        turn = unit_interval(blocks_of("normal", key, extents, SECOND_DRAW), float64)
    standard = sqrt(log(radius) * -2.0) * cos(turn * (2 * math.pi))
    spread = _parameter("normal", "standard_deviation", standard_deviation, extents, kind)
    centre = _parameter("normal", "mean", mean, extents, kind)
    scaled = standard if spread is None else standard * spread
    return scaled if centre is None else scaled + centre


def bernoulli(key: Any, probability: Any = 0.5, shape: Shape | None = None) -> Tensor:
    """True with the given probability.

    Args:
        key: what `key`, `split` or `fold_in` gave.
        probability: from 0 (never) to 1 (always), a number or anything that broadcasts to
            `shape`; compared with a uniform number of its own dtype.
        shape: extents of the result; default: those of `probability`.

    Returns:
        A bool tensor.

    Example:
        >>> import cairnet as cn
        >>> int(cn.sum(cn.random.bernoulli(cn.random.key(0), 0.25, (10000,))))
        2560
    """
    chance = floating("random.bernoulli", probability)
    if chance.closed and chance.ndim == 0 and not 0 <= float(chance) <= 1:
        raise ArgumentError(
            f"random.bernoulli, at {here()}: probability must lie between 0 and 1, "
            f"got {probability!r}"
        )
    extents = chance.extents if shape is None else normalize_shape("random.bernoulli", shape)
    unit = unit_interval(blocks_of("bernoulli", key, extents, DRAW), chance.dtype)
    return unit < _stretched("bernoulli", "probability", chance, extents)


def permutation(key: Any, x: Any, axis: int = 0) -> Tensor:
    """A random order: the numbers 0 … n - 1 shuffled, or the slices of a tensor.

    The order sorts 64 random bits for each element. Equal ones, which would favour the smaller
    index, occur with probability below n² / 2⁶⁵.

    Args:
        key: what `key`, `split` or `fold_in` gave.
        x: a whole number n (or an unknown extent), or a tensor with at least one axis.
        axis: which axis of the tensor to shuffle; all that lies along the others moves together.

    Returns:
        int64[n], or a tensor of the shape and dtype of x.

    Example:
        >>> import cairnet as cn
        >>> cn.random.permutation(cn.random.key(0), 5).numpy()
        array([3, 0, 4, 1, 2])
    """
    if isinstance(x, Extent) or (isinstance(x, int | np.integer) and not isinstance(x, bool)):
        (count,) = normalize_shape("random.permutation", (x if isinstance(x, Extent) else int(x),))
        return apply(ARGSORT, bits(key, (count,), uint64), axis=0, descending=False)
    tensor = as_tensor(x)
    if tensor.ndim == 0:
        raise ShapeError(
            f"random.permutation, at {here()}: x must be a whole number or a tensor with an axis "
            f"to shuffle, got {tensor.describe()}"
        )
    place = normalize_axis("random.permutation", axis, tensor.ndim)
    return take(tensor, permutation(key, tensor.extents[place]), axis=place)


def _floating_dtype(function: str, dtype: DTypeLike) -> np.dtype[Any]:
    kind = as_dtype(dtype)
    if kind not in (float32, float64):
        raise DTypeError(
            f"random.{function}, at {here()}: expected dtype float32 or float64, got {kind.name}"
        )
    return kind


def _scaled(
    function: str,
    unit: Tensor,
    shape: tuple[Size, ...],
    dtype: np.dtype[Any],
    low: Any,
    high: Any,
) -> Tensor:
    if isinstance(low, int | float) and isinstance(high, int | float):
        if not low <= high:
            raise ArgumentError(
                f"random.{function}, at {here()}: low must not be above high, got {low} and {high}"
            )
        scaled = unit if high - low == 1 else unit * float(high - low)
        return scaled if low == 0 else scaled + float(low)
    bottom = _stretched(function, "low", cast_to(as_tensor(low), dtype), shape)
    top = _stretched(function, "high", cast_to(as_tensor(high), dtype), shape)
    return unit * (top - bottom) + bottom


def _parameter(
    function: str, argument: str, value: Any, shape: tuple[Size, ...], dtype: np.dtype[Any]
) -> Tensor | None:
    """A parameter stretched to the shape; None where it changes nothing."""
    if isinstance(value, int | float) and value == (0 if argument == "mean" else 1):
        return None
    return _stretched(function, argument, cast_to(as_tensor(value), dtype), shape)


def _stretched(function: str, argument: str, x: Tensor, shape: tuple[Size, ...]) -> Tensor:
    try:
        return broadcast_to(x, shape)
    except ShapeError as error:
        raise ShapeError(
            f"random.{function}, at {here()}: {argument} does not fit the shape: {error}"
        ) from None
