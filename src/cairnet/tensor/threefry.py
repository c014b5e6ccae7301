"""The blocks that random numbers are cut from: Threefry of a key, applied to a counter.

Element i of a draw (in row-major order) takes the block of counter i. A counter has 64 bits; its
top byte says what is counted, so that a draw, a second draw, the splitting of a key and folding a
number into it never share a block.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.dtypes import float32, float64, int32, int64, uint32, uint64
from cairnet.base.errors import ArgumentError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions.arguments import as_tensor, cast_to, stretch
from cairnet.tensor.functions.creation import asarray
from cairnet.tensor.functions.manipulation import reshape
from cairnet.tensor.primitives import ELEMENTWISE, IOTA
from cairnet.tensor.source import here

__all__ = [
    "DRAW",
    "FOLD",
    "SECOND_DRAW",
    "SPLIT",
    "Blocks",
    "as_uint32",
    "as_uint64",
    "blocks_of",
    "fraction",
    "halves",
    "key_words",
    "unit_interval",
    "word_of",
]

DRAW, SECOND_DRAW, SPLIT, FOLD = range(4)

#: Two words of the key and two of the counter, each of the shape of the draw.
Blocks = tuple[Tensor, Tensor, Tensor, Tensor]


def blocks_of(function: str, key: Any, shape: tuple[Size, ...], stream: int) -> Blocks:
    """Key and counter words for every element of a shape."""
    k0, k1 = key_words(function, key)
    count: Size = 1
    for size in shape:
        count = size * count
    if isinstance(count, int) and count < 2**32:
        low = reshape(apply(IOTA, size=count, dtype=uint32), shape)
        high = as_uint32(stream << 24)
    else:
        index = reshape(apply(IOTA, size=count, dtype=uint64), shape)
        low, high = halves(index)
        high = high | as_uint32(stream << 24)
    return stretch(k0, shape), stretch(k1, shape), low, stretch(high, shape)


def word_of(blocks: Blocks, word: int) -> Tensor:
    """The first (0) or the second (1) word of every block."""
    return apply(ELEMENTWISE["threefry"], *blocks, word=word)


def key_words(function: str, key: Any) -> tuple[Tensor, Tensor]:
    """The two words of a key, or an error that says what a key is."""
    tensor = as_tensor(key)
    if tensor.dtype != uint32 or tensor.shape != (2,):
        raise ArgumentError(
            f"random.{function}, at {here()}: expected a key, uint32[2], got {tensor.describe()}; "
            "make one with cn.random.key(seed)"
        )
    return tensor[0], tensor[1]


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """The low and the high 32 bits of integers; negative ones count as their two's complement."""
    wide = apply(ELEMENTWISE["bitcast"], cast_to(x, int64), dtype=uint64) if _signed(x) else x
    wide = cast_to(wide, uint64)
    return (
        cast_to(wide & as_uint64(0xFFFFFFFF), uint32),
        cast_to(wide >> as_uint64(32), uint32),
    )


def _signed(x: Tensor) -> bool:
    return x.dtype.kind == "i"


def as_uint32(value: int) -> Tensor:
    """A constant."""
    return asarray(np.uint32(value))


def as_uint64(value: int) -> Tensor:
    """A constant."""
    return asarray(np.uint64(value))


def fraction(word: Tensor) -> Tensor:
    """The top 24 bits of a word as a float32 in [0, 1)."""
    # Below 2²⁴ the sign bit is clear: machines convert signed integers faster than unsigned.
    whole = apply(ELEMENTWISE["bitcast"], word >> as_uint32(8), dtype=int32)
    return cast_to(whole, float32) * 2.0**-24


def unit_interval(blocks: Blocks, dtype: np.dtype[Any]) -> Tensor:
    """Even numbers in [0, 1): 24 bits of one word, or 53 bits of both."""
    if dtype == float32:
        return fraction(word_of(blocks, 0))
    high = cast_to(word_of(blocks, 0) >> as_uint32(5), float64)
    low = cast_to(word_of(blocks, 1) >> as_uint32(6), float64)
    return (high * 2.0**26 + low) * 2.0**-53
