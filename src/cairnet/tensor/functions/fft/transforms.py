"""Transforms of complex numbers, along one axis or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.tensor.core import Tensor
from cairnet.tensor.functions.arguments import normalize_axis
from cairnet.tensor.functions.fft.arguments import (
    as_complex,
    axes_and_lengths,
    checked_norm,
    known_size,
    length_of,
    scale,
)
from cairnet.tensor.functions.fft.engine import cut_or_pad, transform
from cairnet.tensor.functions.manipulation import moveaxis

__all__ = ["along", "fft", "fftn", "ifft", "ifftn"]


def along(name: str, x: Tensor, n: int | None, axis: int, norm: str, sign: int) -> Tensor:
    """The transform of complex numbers along one axis."""
    place = normalize_axis(f"fft.{name}", axis, x.ndim)
    size = known_size(name, x, place)
    length = length_of(name, n, size)
    moved = cut_or_pad(moveaxis(x, place, -1), size, length)
    factor = scale(checked_norm(name, norm), length, sign)
    result = transform(moved, length, sign)
    return moveaxis(result if factor == 1 else result * factor, -1, place)


def fft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    r"""The discrete Fourier transform along an axis: X[k] = Σ_j e^(-2πi·j·k/n) x[j].

    Args:
        x: complex numbers; real ones are converted.
        n: the length of the transform: the axis is cut, or zeros are added. Default: its extent.
        axis: along which axis; its extent must be known when the graph is built.
        norm: which of the two transforms, there and back, is divided by n: "backward", or
            "forward"; "ortho" divides both by √n.

    Returns:
        Complex numbers; frequency k/n at place k, as `fftfreq` lists them.

    Raises:
        DTypeError: the dtype is neither floating nor complex.
        ShapeError: the extent along the axis is not known.
        ArgumentError: n is less than 1, or there is no such norm.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.fft([1.0, 0.0, 0.0, 0.0])
        Tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j], dtype=complex64)
    """
    return along("fft", as_complex("fft", x), n, axis, norm, -1)


def ifft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
    r"""The inverse of `fft`: x[j] = 1/n · Σ_k e^(2πi·j·k/n) X[k].

    Args:
        x: complex numbers; real ones are converted.
        n: the length of the transform: the axis is cut, or zeros are added. Default: its extent.
        axis: along which axis; its extent must be known when the graph is built.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.real(cn.fft.ifft(cn.fft.fft([1.0, 2.0, 3.0, 4.0])))
        Tensor([1., 2., 3., 4.], dtype=float32)
    """
    return along("ifft", as_complex("ifft", x), n, axis, norm, 1)


def fftn(
    x: Any,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor:
    """The discrete Fourier transform along several axes, one after the other.

    Args:
        x: complex numbers; real ones are converted.
        s: the length along each of the axes. Default: their extents.
        axes: along which axes. Default: the last `len(s)` ones, and all where s is not given.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.fftn([[1.0, 0.0], [0.0, 0.0]])
        Tensor([[1.+0.j, 1.+0.j],
                [1.+0.j, 1.+0.j]], dtype=complex64)
    """
    return _several("fftn", as_complex("fftn", x), s, axes, norm, -1)


def ifftn(
    x: Any,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor:
    """The inverse of `fftn`.

    Args:
        x: complex numbers; real ones are converted.
        s: the length along each of the axes. Default: their extents.
        axes: along which axes. Default: the last `len(s)` ones, and all where s is not given.
        norm: "backward", "ortho" or "forward", as for `fft`.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.ifftn([[4.0, 0.0], [0.0, 0.0]])
        Tensor([[1.+0.j, 1.+0.j],
                [1.+0.j, 1.+0.j]], dtype=complex64)
    """
    return _several("ifftn", as_complex("ifftn", x), s, axes, norm, 1)


def _several(
    name: str,
    x: Tensor,
    s: Sequence[int] | None,
    axes: Sequence[int] | None,
    norm: str,
    sign: int,
) -> Tensor:
    for axis, length in zip(*axes_and_lengths(name, x, s, axes), strict=True):
        x = along(name, x, length, axis, norm, sign)
    checked_norm(name, norm)
    return x
