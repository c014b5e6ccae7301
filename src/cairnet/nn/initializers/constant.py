"""Initializers that draw nothing: constants, zeros, ones, the identity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32
from cairnet.base.errors import ShapeError
from cairnet.nn.initializers.base import Initializer, registry

__all__ = ["Constant", "Identity", "Ones", "Zeros"]


@registry.add
class Constant(Initializer):
    """Every element is `value`: w = value.

    Args:
        value: the number.

    Shapes:
        any shape.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.initializers.Constant(0.5)((2,))
        array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """An array full of the value."""
        return np.full(tuple(shape), self.value, as_dtype(dtype))


@registry.add
class Zeros(Initializer):
    """Every element is 0: w = 0.

    Shapes:
        any shape.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.initializers.Zeros()((2,))
        array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """An array of zeros."""
        return np.zeros(tuple(shape), as_dtype(dtype))


@registry.add
class Ones(Initializer):
    """Every element is 1: w = 1.

    Shapes:
        any shape.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.initializers.Ones()((2,))
        array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """An array of ones."""
        return np.ones(tuple(shape), as_dtype(dtype))


@registry.add
class Identity(Initializer):
    """A matrix with `gain` on its diagonal and 0 elsewhere: a layer that begins by passing on.

        w[i, j] = gain where i = j, else 0

    Args:
        gain: the number on the diagonal.

    Shapes:
        a matrix [rows, columns].

    Raises:
        ShapeError: the shape is not that of a matrix (it need not be square).

    Source:
        Q. Le, N. Jaitly, G. Hinton: A simple way to initialize recurrent networks of rectified
        linear units. arXiv:1504.00941, 2015. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.initializers.Identity(2.0)((2, 3))
        array([[2., 0., 0.],
               [0., 2., 0.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """A matrix with ones on its diagonal, times the gain."""
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected the shape of a matrix, got {tuple(shape)}")
        return np.eye(*shape, dtype=as_dtype(dtype)) * as_dtype(dtype).type(self.gain)
