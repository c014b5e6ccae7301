"""Where a network begins: its input, as a placeholder or as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import DTypeLike, as_dtype, float32
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.nn.layers.arguments import positive
from cairnet.nn.layers.base import Layer, registry
from cairnet.tensor.core import Input as Placeholder
from cairnet.tensor.core import Tensor, input

__all__ = ["Input", "InputLayer"]


def Input(  # noqa: N802 - Keras's name for it
    shape: Sequence[int | None],
    dtype: DTypeLike = float32,
    name: str = "input",
    *,
    batch_size: int | None = None,
) -> Placeholder:
    """A placeholder for a batch of samples.

    Args:
        shape: the shape of one sample, without the batch; None for extents that vary.
        dtype: the element type.
        name: shown in errors and printed graphs.
        batch_size: the number of samples, if it is always the same.

    Shapes:
        the placeholder [batch_size, *shape].

    Returns:
        A tensor of shape (batch_size, *shape).

    Raises:
        ShapeError: the shape is not a tuple of whole numbers and None.
        UnknownNameError: an unknown dtype.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.Input((28, 28, 1)).shape
        (None, 28, 28, 1)
    """
    return input((batch_size, *_checked_shape(shape)), dtype, name)


@registry.add
class InputLayer(Layer):
    """The first layer of a `Sequential`, which states the shape of one sample.

    Args:
        shape: the shape of one sample, without the batch; None for extents that vary.
        dtype: the element type.
        batch_size: the number of samples, if it is always the same, as stateful layers need it.
        name: see `Layer`.

    Shapes:
        x and y [batch_size, *shape].

    Raises:
        ShapeError: the layer is applied to samples of another shape.
        DTypeError: the layer is applied to another dtype.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> model = cn.Sequential([cn.layers.InputLayer((4,)), cn.layers.Dense(3)])
        >>> model.output_shape
        (None, 3)
    """

    supports_masking = True

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: DTypeLike = float32,
        *,
        batch_size: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.shape = _checked_shape(shape)
        self.input_dtype: np.dtype[Any] = as_dtype(dtype)
        self.batch_size = None if batch_size is None else positive("batch_size", batch_size)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name."""
        return {
            "shape": list(self.shape),
            "dtype": self.input_dtype.name,
            "batch_size": self.batch_size,
            "name": self.name,
        }

    def placeholder(self) -> Placeholder:
        """A fresh placeholder for what this layer lets in."""
        return Input(self.shape, self.input_dtype, self.name, batch_size=self.batch_size)

    def call(self, x: Tensor) -> Tensor:
        """The input itself, once its shape and dtype are checked."""
        fits = x.ndim == len(self.shape) + 1 and all(
            own is None or given is None or own == given
            for own, given in zip(self.shape, x.shape[1:], strict=True)
        )
        if not fits:
            expected = ("batch", *self.shape)
            raise ShapeError(f"expected a shape {_words(expected)}, got {x.shape}")
        if x.dtype != self.input_dtype:
            raise DTypeError(f"expected {self.input_dtype.name}, got {x.dtype.name}")
        return x


def _checked_shape(shape: Any) -> tuple[int | None, ...]:
    if not isinstance(shape, Sequence) or isinstance(shape, str):
        raise ShapeError(
            f"shape: expected the shape of one sample as a tuple, such as ({shape!r},), "
            f"got {shape!r}"
        )
    for size in shape:
        whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
        if size is not None and (not whole or size < 0):
            raise ShapeError(
                f"shape: expected whole numbers, 0 or more, or None, got {tuple(shape)}"
            )
    return tuple(None if size is None else int(size) for size in shape)


def _words(shape: Sequence[Any]) -> str:
    return f"({', '.join(str(size) for size in shape)}{',' if len(shape) == 1 else ''})"
