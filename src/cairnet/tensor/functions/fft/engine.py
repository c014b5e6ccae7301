"""The discrete Fourier transform as a graph: matrix products with small matrices of roots of unity.

An axis of n = p·q elements is a matrix of p rows and q columns, j = q·j₁ + j₂. With ω = e^(∓2πi/n),
and k = k₁ + p·k₂,

    X[k] = Σ_j₂ ω^(j₂·k₁) · ω^(p·j₂·k₂) · ( Σ_j₁ ω^(q·j₁·k₁) x[j₁, j₂] )

that is, transforms of length p down the columns, a factor for every element, and transforms of
length q along the rows, which are split in the same way (Cooley, Tukey: An algorithm for the
machine calculation of complex Fourier series. Mathematics of Computation 19, 1965). A length with a
large prime factor is turned into a convolution, of a length without, by 2jk = j² + k² - (k - j)²
(Bluestein: A linear filtering approach to the computation of discrete Fourier transform. IEEE
Transactions on Audio and Electroacoustics 18, 1970).

All of it is made of primitives, so the gradient and both backends need nothing more.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from cairnet.tensor.core import Tensor, apply, constant
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives import BROADCAST, DOT, PAD, RESHAPE, SLICE, TRANSPOSE

__all__ = ["cut_or_pad", "transform"]

#: Up to this length a transform is one product with its matrix.
_LARGEST_MATRIX = 32
#: Prime lengths up to this as well; beyond, a convolution is less work.
_LARGEST_PRIME_MATRIX = 256
_ROUNDING = 1e-12


def transform(x: Tensor, n: int, sign: int) -> Tensor:
    """Σ_j e^(sign · 2πi·j·k/n) x[…, j] for k from 0 to n - 1, along the last axis.

    Args:
        x: of complex dtype.
        n: the extent of its last axis, 1 or more.
        sign: -1 for the forward transform, 1 for the backward one.
    """
    rows: Size = 1
    for size in x.extents[:-1]:
        rows = size * rows
    flat = apply(RESHAPE, x, shape=(rows, n, 1))
    return apply(RESHAPE, _along_middle(flat, n, sign), shape=x.extents)


def cut_or_pad(x: Tensor, size: int, n: int) -> Tensor:
    """The first n elements of the last axis, of which there are `size`; zeros where they end."""
    if n == size:
        return x
    zeros = (0,) * x.ndim
    if n < size:
        sizes = (*x.extents[:-1], n)
        return apply(SLICE, x, starts=zeros, sizes=sizes, steps=(1,) * x.ndim)
    high = (*zeros[1:], n - size)
    return apply(PAD, x, low=zeros, high=high, interior=zeros, value=0)


def _along_middle(x: Tensor, n: int, sign: int) -> Tensor:
    """The transform of x[rows, n, columns] along its middle axis."""
    rows, columns = x.extents[0], x.extents[2]
    p = _factor(n)
    if p is None:
        turned = apply(TRANSPOSE, x, axes=(0, 2, 1))
        return apply(TRANSPOSE, _by_convolution(turned, n, sign), axes=(0, 2, 1))
    q = n // p
    split = apply(RESHAPE, x, shape=(rows, p, q, columns))
    matrix = constant(_matrix(p, sign, x.dtype))
    # [rows, j₂, columns, k₁]: the new axis comes last.
    first = apply(DOT, split, matrix, contract=((1,), (0,)), batch=((), ()))
    if q > 1:
        factors = constant(_factors(p, q, sign, x.dtype))
        first = first * apply(BROADCAST, factors, shape=first.extents)
        joined = apply(RESHAPE, first, shape=(rows, q, columns * p))
        first = apply(RESHAPE, _along_middle(joined, q, sign), shape=(rows, q, columns, p))
    # [rows, k₂, k₁, columns], where k₁ + p·k₂ is the place in the result.
    ordered = first if columns == 1 else apply(TRANSPOSE, first, axes=(0, 1, 3, 2))
    return apply(RESHAPE, ordered, shape=(rows, n, columns))


def _factor(n: int) -> int | None:
    """The length of the first of two transforms, or None where the convolution is less work."""
    if n <= _LARGEST_MATRIX:
        return n
    divisors = [d for d in range(2, _LARGEST_MATRIX + 1) if n % d == 0]
    if divisors:
        # As many transforms as it takes, of lengths as equal as may be.
        levels = math.ceil(math.log(n, _LARGEST_MATRIX))
        return min(divisors, key=lambda d: abs(math.log(d) - math.log(n) / levels))
    smallest = next((d for d in range(2, math.isqrt(n) + 1) if n % d == 0), n)
    return smallest if smallest <= _LARGEST_PRIME_MATRIX else None


def _roots(numerators: np.ndarray, n: int, sign: int, dtype: np.dtype[Any]) -> np.ndarray:
    """e^(sign · 2πi·numerator/n), with angles reduced while they are whole numbers."""
    angles = sign * 2 * np.pi / n * (numerators % n)
    roots = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    # After a quarter turn the one or the other is zero, and π/2 is not quite a quarter turn.
    roots[np.abs(roots) < _ROUNDING] = 0
    return roots.view(np.complex128)[..., 0].astype(dtype)


@cache
def _matrix(n: int, sign: int, dtype: np.dtype[Any]) -> np.ndarray:
    return _roots(np.outer(np.arange(n), np.arange(n)), n, sign, dtype)


@cache
def _factors(p: int, q: int, sign: int, dtype: np.dtype[Any]) -> np.ndarray:
    """The factor of element j₂ (along the first axis) and k₁ (along the last)."""
    return _roots(np.outer(np.arange(q), np.arange(p)), p * q, sign, dtype)[:, None, :]


def _by_convolution(x: Tensor, n: int, sign: int) -> Tensor:
    """Bluestein's algorithm, along the last of three axes."""
    length = 2 ** math.ceil(math.log2(2 * n - 1))
    chirp, filter_ = _chirp(n, length, sign, x.dtype)
    turns = apply(BROADCAST, constant(chirp), shape=x.extents)
    spectrum = transform(cut_or_pad(x * turns, n, length), length, -1)
    product = spectrum * apply(BROADCAST, constant(filter_), shape=spectrum.extents)
    return cut_or_pad(transform(product, length, 1), length, n) * turns


@cache
def _chirp(n: int, length: int, sign: int, dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
    """e^(sign · πi·j²/n), and the spectrum of its conjugate on the circle, over the length."""
    squares = np.arange(n, dtype=np.int64) ** 2
    chirp = _roots(squares, 2 * n, sign, np.dtype(np.complex128))
    circle = np.zeros(length, np.complex128)
    circle[:n] = chirp.conj()
    circle[length - n + 1 :] = chirp.conj()[:0:-1]
    return chirp.astype(dtype), (np.fft.fft(circle) / length).astype(dtype)
