"""Orthogonal: weights that keep lengths and angles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32
from cairnet.base.errors import ShapeError
from cairnet.base.seeds import checked_seed, generator
from cairnet.nn.initializers.base import Initializer, registry

__all__ = ["Orthogonal"]


@registry.add
class Orthogonal(Initializer):
    r"""A random matrix with orthonormal columns (or rows, where it is wider than high).

    Q of the factorization A = QR of a matrix A of independent normal numbers, with the signs that
    make the diagonal of R positive: then Q is distributed evenly over all orthogonal matrices. A
    kernel of more axes is such a matrix [all axes but the last, last axis].

    Args:
        gain: a factor for all values.
        seed: of a stream of its own; None for the next stream of `cn.seed`.

    Raises:
        ShapeError: the shape has fewer than two axes.
        ArgumentError: the seed is no seed.

    Source:
        A. Saxe, J. McClelland, S. Ganguli: Exact solutions to the nonlinear dynamics of learning
        in deep linear neural networks. ICLR 2014. F. Mezzadri: How to generate random matrices
        from the classical compact groups. Notices of the AMS 54 (5), 2007.

    Example:
        >>> import cairnet as cn
        >>> q = cn.initializers.Orthogonal(seed=1)((3, 3), "float64")
        >>> np.allclose(q @ q.T, np.eye(3))
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = gain
        self.seed = None if seed is None else checked_seed(seed)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """Random values, worked out in float64 and rounded to the dtype."""
        if len(shape) < 2:
            raise ShapeError(
                f"Orthogonal: expected a shape of two axes or more, got {tuple(shape)}"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        size = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(generator(self.seed).standard_normal(size))
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        value = q if rows >= columns else q.T
        return (self.gain * value).reshape(tuple(shape)).astype(as_dtype(dtype))
