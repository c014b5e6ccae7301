"""Transforms from real numbers and to real numbers: half of a symmetric spectrum says all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import normalize_axis
from cairnet.tensor.functions.complex_numbers import conj
from cairnet.tensor.functions.complex_numbers import real as real_part
from cairnet.tensor.functions.fft.arguments import (
    as_complex,
    as_real,
    axes_and_lengths,
    checked_norm,
    known_size,
    length_of,
)
from cairnet.tensor.functions.fft.engine import cut_or_pad
from cairnet.tensor.functions.fft.transforms import along
from cairnet.tensor.functions.manipulation import concat, flip, moveaxis
from cairnet.tensor.functions.subscripts import getitem

__all__ = ["hfft", "ihfft", "irfft", "irfftn", "rfft", "rfftn"]

#: The norm that divides the other of the two transforms.
_OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def rfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """The Fourier transform of real numbers: the first ⌊n/2⌋ + 1 elements of `fft`.

    The others are the conjugates of these, in the opposite order.

    Args:
        x: real numbers.
        n: the length of the transform: the axis is cut, or zeros are added. Default: its extent.
        axis: along which axis; its extent must be known when the graph is built.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.rfft([1.0, 1.0, 1.0, 1.0])
        Tensor([4.+0.j, 0.+0.j, 0.+0.j], dtype=complex64)
    """
    return _half("rfft", as_real("rfft", x), n, axis, norm)


def irfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """The inverse of `rfft`: n real numbers of which the first ⌊n/2⌋ + 1 frequencies are given.

    Args:
        x: the first half of a spectrum; the imaginary part of its first element does not count,
            nor that of its last one where n is even.
        n: how many numbers there are to be. Default: 2·(m - 1) for m elements, an even number.
        axis: along which axis; its extent must be known when the graph is built.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.irfft([4.0, 0.0, 0.0])
        Tensor([1., 1., 1., 1.], dtype=float32)
    """
    return _whole("irfft", as_complex("irfft", x), n, axis, norm)


def rfftn(
    x: Any,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor:
    """The Fourier transform of real numbers along several axes: `rfft` along the last of them.

    Args:
        x: real numbers.
        s: the length along each of the axes. Default: their extents.
        axes: along which axes. Default: the last `len(s)` ones, and all where s is not given.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.rfftn(cn.ones((2, 2)))
        Tensor([[4.+0.j, 0.+0.j],
                [0.+0.j, 0.+0.j]], dtype=complex64)
    """
    tensor = as_real("rfftn", x)
    places, lengths = axes_and_lengths("rfftn", tensor, s, axes)
    result = _half("rfftn", tensor, lengths[-1], places[-1], norm)
    for axis, length in zip(places[:-1], lengths[:-1], strict=True):
        result = along("rfftn", result, length, axis, norm, -1)
    return result


def irfftn(
    x: Any,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor:
    """The inverse of `rfftn`.

    Args:
        x: half of a spectrum, along the last of the axes.
        s: the length of the result along each of the axes. Default: the extents, and 2·(m - 1)
            along the last axis, of extent m.
        axes: along which axes. Default: the last `len(s)` ones, and all where s is not given.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.irfftn([[4.0, 0.0], [0.0, 0.0]])
        Tensor([[1., 1.],
                [1., 1.]], dtype=float32)
    """
    tensor = as_complex("irfftn", x)
    places, lengths = axes_and_lengths("irfftn", tensor, s, axes)
    for axis, length in zip(places[:-1], lengths[:-1], strict=True):
        tensor = along("irfftn", tensor, length, axis, norm, 1)
    return _whole("irfftn", tensor, lengths[-1], places[-1], norm)


def hfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """The Fourier transform of n numbers with x[n - j] = conj(x[j]), whose spectrum is real.

    Args:
        x: the first ⌊n/2⌋ + 1 of them.
        n: the length of the result. Default: 2·(m - 1) for m elements.
        axis: along which axis; its extent must be known when the graph is built.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.hfft([1.0, 1.0j, 0.0])
        Tensor([ 1.,  3.,  1., -1.], dtype=float32)
    """
    opposite = _OPPOSITE[checked_norm("hfft", norm)]
    return _whole("hfft", conj(as_complex("hfft", x)), n, axis, opposite)


def ihfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    """The inverse of `hfft`: the first ⌊n/2⌋ + 1 numbers whose spectrum is real and given.

    Args:
        x: the real spectrum.
        n: the length of the transform: the axis is cut, or zeros are added. Default: its extent.
        axis: along which axis; its extent must be known when the graph is built.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.ihfft([1.0, 3.0, 1.0, -1.0])
        Tensor([1.-0.j, 0.+1.j, 0.-0.j], dtype=complex64)
    """
    opposite = _OPPOSITE[checked_norm("ihfft", norm)]
    return conj(_half("ihfft", as_real("ihfft", x), n, axis, opposite))


def _half(name: str, x: Tensor, n: int | None, axis: int, norm: str) -> Tensor:
    """The first half of the spectrum of real numbers."""
    place = normalize_axis(f"fft.{name}", axis, x.ndim)
    whole = moveaxis(along(name, x, n, place, norm, -1), place, -1)
    length = known_size(name, whole, whole.ndim - 1)
    return moveaxis(cut_or_pad(whole, length, length // 2 + 1), -1, place)


def _whole(name: str, x: Tensor, n: int | None, axis: int, norm: str) -> Tensor:
    """The real numbers of which half of the spectrum is given."""
    place = normalize_axis(f"fft.{name}", axis, x.ndim)
    size = known_size(name, x, place)
    length = length_of(name, n, 2 * (size - 1))
    first = cut_or_pad(moveaxis(x, place, -1), size, length // 2 + 1)
    others = getitem(first, (..., slice(1, (length + 1) // 2)))
    spectrum = concat([first, conj(flip(others, axis=-1))], axis=-1)
    return moveaxis(real_part(along(name, spectrum, None, -1, norm, 1)), -1, place)
