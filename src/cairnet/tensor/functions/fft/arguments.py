"""What the functions of this package ask of their arguments: dtypes, lengths, axes, norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import complex_of, is_complex
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import cast_to, continuous, floating, normalize_axis
from cairnet.tensor.source import here

__all__ = [
    "as_complex",
    "as_real",
    "axes_and_lengths",
    "checked_norm",
    "known_size",
    "length_of",
    "scale",
]

#: By which power of 1/n the forward and the backward transform are scaled.
_NORMS = {"backward": (0.0, 1.0), "ortho": (0.5, 0.5), "forward": (1.0, 0.0)}


def as_complex(name: str, x: Any) -> Tensor:
    """The argument as complex numbers; real ones are converted."""
    tensor = continuous(f"fft.{name}", x)
    return cast_to(tensor, complex_of(tensor.dtype))


def as_real(name: str, x: Any) -> Tensor:
    """The argument as complex numbers that are known to be real."""
    tensor = continuous(f"fft.{name}", x)
    if is_complex(tensor.dtype):
        raise DTypeError(
            f"fft.{name}, at {here()}: expected real numbers, got {tensor.dtype.name}; transform "
            f"complex ones with cn.fft.{name.replace('ihfft', 'ifft').replace('rfft', 'fft')}"
        )
    return cast_to(floating(f"fft.{name}", tensor), complex_of(tensor.dtype))


def checked_norm(name: str, norm: Any) -> str:
    """The name of a norm."""
    if norm not in _NORMS:
        raise UnknownNameError(f"norm of fft.{name}", norm, _NORMS)
    return str(norm)


def scale(norm: str, n: int, sign: int) -> float:
    """What a transform of length n is multiplied by."""
    forward, backward = _NORMS[norm]
    return float(n) ** -(forward if sign < 0 else backward)


def length_of(name: str, n: Any, default: int) -> int:
    """The length of a transform along one axis: as asked for, or else the default."""
    length = default if n is None else n
    if not isinstance(length, int | np.integer) or isinstance(length, bool) or length < 1:
        raise ArgumentError(
            f"fft.{name}, at {here()}: the length of a transform is a whole number, 1 or more, "
            f"got {length!r}"
        )
    return int(length)


def known_size(name: str, x: Tensor, axis: int) -> int:
    """The extent of an axis, which the graph of the transform depends on."""
    size = x.extents[axis]
    if not isinstance(size, int):
        raise ShapeError(
            f"fft.{name}, at {here()}: axis {axis} of {x.describe()} has an extent that is known "
            "only when the function runs, and the transform is built for one length; give the "
            "input a known extent along that axis"
        )
    return size


def axes_and_lengths(
    name: str, x: Tensor, s: Sequence[int] | None, axes: Sequence[int] | None
) -> tuple[list[int], list[int | None]]:
    """The axes of a transform along several axes, and the length along each (None: as it is)."""
    if axes is None:
        count = x.ndim if s is None else len(s)
        axes = range(x.ndim - count, x.ndim)
    places = [normalize_axis(f"fft.{name}", axis, x.ndim) for axis in axes]
    lengths: list[int | None] = [None] * len(places) if s is None else list(s)
    if len(lengths) != len(places):
        raise ArgumentError(
            f"fft.{name}, at {here()}: s has {len(lengths)} lengths for {len(places)} axes"
        )
    if len(set(places)) != len(places):
        raise ArgumentError(f"fft.{name}, at {here()}: an axis is named twice in {tuple(axes)}")
    return places, lengths
