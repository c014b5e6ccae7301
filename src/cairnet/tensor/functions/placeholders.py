"""Theano's typed shorthands for inputs of a known rank whose extents are all unknown."""

from __future__ import annotations

from cairnet.base.dtypes import DTypeLike, float32
from cairnet.tensor.core import Input, input

__all__ = ["matrix", "scalar", "tensor3", "tensor4", "vector"]


def scalar(name: str = "scalar", dtype: DTypeLike = float32) -> Input:
    """An input of no axes.

    Example:
        >>> import cairnet as cn
        >>> cn.scalar("learning_rate").shape
        ()
    """
    return input((), dtype, name)


def vector(name: str = "vector", dtype: DTypeLike = float32) -> Input:
    """An input of one axis.

    Example:
        >>> import cairnet as cn
        >>> cn.vector("y", dtype="int64").shape
        (None,)
    """
    return input((None,), dtype, name)


def matrix(name: str = "matrix", dtype: DTypeLike = float32) -> Input:
    """An input of two axes.

    Example:
        >>> import cairnet as cn
        >>> cn.matrix("x").shape
        (None, None)
    """
    return input((None,) * 2, dtype, name)


def tensor3(name: str = "tensor3", dtype: DTypeLike = float32) -> Input:
    """An input of three axes.

    Example:
        >>> import cairnet as cn
        >>> cn.tensor3("sequences").ndim
        3
    """
    return input((None,) * 3, dtype, name)


def tensor4(name: str = "tensor4", dtype: DTypeLike = float32) -> Input:
    """An input of four axes.

    Example:
        >>> import cairnet as cn
        >>> cn.tensor4("images").ndim
        4
    """
    return input((None,) * 4, dtype, name)
