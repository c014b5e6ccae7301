"""Which frequency stands where in a spectrum, and spectra with frequency zero in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32, is_floating
from cairnet.base.errors import DTypeError
from cairnet.tensor.conversions import check_device
from cairnet.tensor.core import Tensor, constant
from cairnet.tensor.functions.arguments import as_tensor, normalize_axes
from cairnet.tensor.functions.fft.arguments import known_size, length_of
from cairnet.tensor.functions.repetition import roll
from cairnet.tensor.source import here

__all__ = ["fftfreq", "fftshift", "ifftshift", "rfftfreq"]


def fftfreq(
    n: int, /, *, d: float = 1.0, dtype: DTypeLike | None = None, device: str | None = None
) -> Tensor:
    """The frequencies of the elements of `fft`: 0, 1, …, -2, -1, over n·d.

    Args:
        n: the length of the transform.
        d: the distance of two samples.
        dtype: a floating dtype. Default: float32.
        device: None or "cpu".

    Returns:
        n frequencies in cycles per unit of d.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.fftfreq(4)
        Tensor([ 0.  ,  0.25, -0.5 , -0.25], dtype=float32)
    """
    length = length_of("fftfreq", n, 1)
    return _frequencies("fftfreq", np.fft.fftfreq(length, float(d)), dtype, device)


def rfftfreq(
    n: int, /, *, d: float = 1.0, dtype: DTypeLike | None = None, device: str | None = None
) -> Tensor:
    """The frequencies of the elements of `rfft`: 0, 1, …, ⌊n/2⌋, over n·d.

    Args:
        n: the length of the transform.
        d: the distance of two samples.
        dtype: a floating dtype. Default: float32.
        device: None or "cpu".

    Returns:
        ⌊n/2⌋ + 1 frequencies in cycles per unit of d.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.rfftfreq(4)
        Tensor([0.  , 0.25, 0.5 ], dtype=float32)
    """
    length = length_of("rfftfreq", n, 1)
    return _frequencies("rfftfreq", np.fft.rfftfreq(length, float(d)), dtype, device)


def _frequencies(name: str, values: np.ndarray, dtype: DTypeLike | None, device: Any) -> Tensor:
    check_device(device)
    kind = float32 if dtype is None else as_dtype(dtype)
    if not is_floating(kind):
        raise DTypeError(f"fft.{name}, at {here()}: expected a floating dtype, got {kind.name}")
    return constant(values.astype(kind))


def fftshift(x: Any, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
    """A spectrum with frequency zero in the middle.

    Args:
        x: a spectrum of any dtype, in the order of `fft`.
        axes: along which axes. Default: all.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.fftshift(cn.fft.fftfreq(4))
        Tensor([-0.5 , -0.25,  0.  ,  0.25], dtype=float32)
    """
    return _shifted("fftshift", x, axes, lambda size: size // 2)


def ifftshift(x: Any, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
    """The inverse of `fftshift`: frequency zero moves from the middle to the front.

    Args:
        x: a spectrum of any dtype, in ascending order of frequency.
        axes: along which axes. Default: all.

    Example:
        >>> import cairnet as cn
        >>> cn.fft.ifftshift([-2, -1, 0, 1])
        Tensor([ 0,  1, -2, -1], dtype=int64)
    """
    return _shifted("ifftshift", x, axes, lambda size: -(size // 2))


def _shifted(name: str, x: Any, axes: int | Sequence[int] | None, by: Any) -> Tensor:
    tensor = as_tensor(x)
    places = normalize_axes(f"fft.{name}", axes, tensor.ndim)
    if not places:
        return tensor
    shifts = tuple(by(known_size(name, tensor, axis)) for axis in places)
    return roll(tensor, shifts, axis=places)
