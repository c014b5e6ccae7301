"""Initializer: the contract that initializers keep, and the registry of their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from cairnet.base.dtypes import DTypeLike, float32
from cairnet.base.registry import Configurable, Registry

__all__ = ["Initializer", "registry"]

registry: Registry[Callable[..., np.ndarray]] = Registry("initializer")


class Initializer(Configurable, ABC):
    """Base of the initializers: a callable from shape and dtype to an array.

    Example:
        >>> import cairnet as cn
        >>> class Ramp(cn.initializers.Initializer):
        ...     def __call__(self, shape, dtype="float32"):
        ...         return np.arange(np.prod(shape), dtype=dtype).reshape(shape)
        >>> cn.layers.Dense(1, kernel_initializer=Ramp(), use_bias=False)([[1.0, 2.0]]).numpy()
        array([[2.]], dtype=float32)
    """

    @abstractmethod
    def __call__(self, shape: Sequence[int], dtype: DTypeLike = float32) -> np.ndarray:
        """The initial value of a weight of this shape."""
