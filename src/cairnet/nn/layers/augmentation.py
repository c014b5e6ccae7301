"""Augmentation: images that are changed at random while training, and left alone in use."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.nn.layers.arguments import check_images, number
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.random_keys import RandomKeys, check_seed
from cairnet.nn.layers.resampling import FILL_MODES, INTERPOLATIONS, as_number, resampled
from cairnet.tensor import random
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import arange, astype, broadcast_to, cos, flip, sin, where
from cairnet.tensor.functions.arguments import floating

__all__ = ["RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom"]

_FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


@registry.add
class RandomFlip(Layer):
    """Mirrors each image with probability ½ while training; y = x in use.

    Args:
        mode: "horizontal" for left to right, "vertical" for top to bottom, or
            "horizontal_and_vertical" for both, each drawn by itself.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name: see `Layer`.

    Shapes:
        x and y [batch, height, width, channels].

    Raises:
        UnknownNameError: another mode.
        ArgumentError: the seed is no seed.
        ShapeError: the input is not of rank 4.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.RandomFlip("horizontal", seed=1)
        >>> x = cn.reshape(cn.asarray([1.0, 2.0, 3.0] * 3), (3, 1, 3, 1))
        >>> layer(x, training=True).numpy().reshape(3, 3)
        array([[1., 2., 3.],
               [3., 2., 1.],
               [1., 2., 3.]], dtype=float32)
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if mode not in _FLIPS:
            raise UnknownNameError("mode", mode, _FLIPS)
        self.mode = mode
        self.seed = check_seed(seed)

    def build(self, input_shape: Shape) -> None:
        """Check the rank, and make the stream of random keys."""
        check_images(input_shape)
        self.random = RandomKeys(self.seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output."""
        if not training:
            return x
        keys = random.split(self.random.next())
        for key, direction, axis in zip(keys, ("horizontal", "vertical"), (2, 1), strict=True):
            if direction in self.mode:
                mirrored = random.bernoulli(key, 0.5, (x.extents[0], 1, 1, 1))
                x = where(mirrored, flip(x, axis=axis), x)
        return x


class _Map(NamedTuple):
    """Where pixels come from: each number is a float, or a tensor with one for each image.

    With coordinates counted from the middle of the image,

        row    = row_by_row · i + row_by_column · j + row
        column = column_by_row · i + column_by_column · j + column
    """

    row_by_row: Any = 1.0
    row_by_column: Any = 0.0
    row: Any = 0.0
    column_by_row: Any = 0.0
    column_by_column: Any = 1.0
    column: Any = 0.0


class _RandomMap(Layer):
    """Images that are read elsewhere: subclasses draw where."""

    fill_mode: str
    interpolation: str
    seed: int | None
    fill_value: float

    def _note(
        self, fill_mode: str, interpolation: str, seed: int | None, fill_value: float
    ) -> None:
        """Check and keep what these layers have in common."""
        if fill_mode not in FILL_MODES:
            raise UnknownNameError("fill_mode", fill_mode, FILL_MODES)
        if interpolation not in INTERPOLATIONS:
            raise UnknownNameError("interpolation", interpolation, INTERPOLATIONS)
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.seed = check_seed(seed)
        self.fill_value = number("fill_value", fill_value)

    def build(self, input_shape: Shape) -> None:
        """Check the rank, and make the stream of random keys."""
        check_images(input_shape)
        self.random = RandomKeys(self.seed)

    @abstractmethod
    def draw(self, x: Tensor, keys: Sequence[Tensor]) -> _Map:
        """Where the pixels of each image come from, drawn with two keys."""

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output."""
        if not training:
            return x
        x = floating(type(self).__name__, x)
        middle = [(as_number(size, x.dtype) - 1) / 2 for size in x.extents[1:3]]
        i, j = (
            astype(arange(size), x.dtype) - centre
            for size, centre in zip(x.extents[1:3], middle, strict=True)
        )
        i, j = i[None, :, None], j[None, None, :]
        drawn = self.draw(x, random.split(self.random.next()))
        rows = drawn.row_by_row * i + drawn.row_by_column * j + drawn.row + middle[0]
        columns = drawn.column_by_row * i + drawn.column_by_column * j + drawn.column + middle[1]
        rows, columns = (broadcast_to(place, x.extents[:3]) for place in (rows, columns))
        return resampled(x, rows, columns, self.interpolation, self.fill_mode, self.fill_value)


@registry.add
class RandomTranslation(_RandomMap):
    """Moves each image by a random share of its size while training; y = x in use.

        y[i, j] = x[i − a · height, j − b · width],    a, b uniform between their bounds

    Args:
        height_factor: the bounds of a as a pair, or f for (−f, f); above 0 is down.
        width_factor: the bounds of b, likewise; above 0 is to the right.
        fill_mode: what lies beyond the edges of a b c d: "reflect" for d c b a | a b c d | d c b a,
            "wrap" for a b c d on both sides, "nearest" for a on the left and d on the right,
            "constant" for `fill_value`.
        interpolation: "bilinear", or "nearest" for whole pixels.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        fill_value: see `fill_mode`.
        name: see `Layer`.

    Shapes:
        x and y [batch, height, width, channels].

    Raises:
        ArgumentError: a bound is not from −1 to 1, they are in the wrong order, or the seed is
            no seed.
        UnknownNameError: another fill mode or interpolation.
        ShapeError: the input is not of rank 4.
        DTypeError: the input is not floating.

    Source:
        Arguments as in Keras 3, whose PyTorch backend reflects without repeating the edge.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.RandomTranslation(0.0, (1 / 3, 1 / 3), fill_mode="constant")
        >>> x = cn.reshape(cn.asarray([1.0, 2.0, 3.0]), (1, 1, 3, 1))
        >>> layer(x, training=True).numpy().ravel().round(3)
        array([0., 1., 2.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.height_factor = _bounds("height_factor", height_factor)
        self.width_factor = _bounds("width_factor", width_factor)
        self._note(fill_mode, interpolation, seed, fill_value)

    def draw(self, x: Tensor, keys: Sequence[Tensor]) -> _Map:
        """A step down and a step to the right."""
        _, height, width, _ = x.extents
        down = _between(x, keys[0], self.height_factor) * as_number(height, x.dtype)
        right = _between(x, keys[1], self.width_factor) * as_number(width, x.dtype)
        return _Map(row=-down, column=-right)


@registry.add
class RandomRotation(_RandomMap):
    """Turns each image about its middle by a random angle while training; y = x in use.

    The angle is 2π · f with f uniform between its bounds, counted counter-clockwise.

    Args:
        factor: the bounds of f as a pair, or f for (−f, f): 0.1 turns by up to 36 degrees.
        fill_mode, interpolation, seed, fill_value: see `RandomTranslation`.
        name: see `Layer`.

    Shapes:
        x and y [batch, height, width, channels].

    Raises:
        ArgumentError, UnknownNameError, ShapeError, DTypeError: see `RandomTranslation`.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> quarter = cn.layers.RandomRotation((0.25, 0.25))
        >>> x = cn.reshape(cn.asarray([1.0, 2.0, 3.0, 4.0]), (1, 2, 2, 1))
        >>> quarter(x, training=True).numpy().reshape(2, 2).round(3)
        array([[2., 4.],
               [1., 3.]], dtype=float32)
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.factor = _bounds("factor", factor)
        self._note(fill_mode, interpolation, seed, fill_value)

    def draw(self, x: Tensor, keys: Sequence[Tensor]) -> _Map:
        """The turn back, from the image that is made to the one that is read."""
        angle = _between(x, keys[0], self.factor) * (2 * math.pi)
        return _Map(
            row_by_row=cos(angle),
            row_by_column=sin(angle),
            column_by_row=-sin(angle),
            column_by_column=cos(angle),
        )


@registry.add
class RandomZoom(_RandomMap):
    """Enlarges or shrinks each image about its middle while training; y = x in use.

        y[i, j] = x[(1 + a) · i, (1 + b) · j],    counted from the middle

    Args:
        height_factor: the bounds of a as a pair, or f for (−f, f); above 0 the image becomes
            smaller, below 0 larger.
        width_factor: the bounds of b, likewise; None for b = a, which keeps the proportions.
        fill_mode, interpolation, seed, fill_value: see `RandomTranslation`.
        name: see `Layer`.

    Shapes:
        x and y [batch, height, width, channels].

    Raises:
        ArgumentError, UnknownNameError, ShapeError, DTypeError: see `RandomTranslation`.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> smaller = cn.layers.RandomZoom((1.0, 1.0), fill_mode="constant")
        >>> x = cn.reshape(cn.asarray([1.0, 2.0, 3.0, 4.0, 5.0]), (1, 1, 5, 1))
        >>> smaller(x, training=True).numpy().ravel()
        array([0., 1., 3., 5., 0.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.height_factor = _bounds("height_factor", height_factor)
        self.width_factor = None if width_factor is None else _bounds("width_factor", width_factor)
        self._note(fill_mode, interpolation, seed, fill_value)

    def draw(self, x: Tensor, keys: Sequence[Tensor]) -> _Map:
        """How far apart the pixels that are read lie."""
        down = 1 + _between(x, keys[0], self.height_factor)
        across = down if self.width_factor is None else 1 + _between(x, keys[1], self.width_factor)
        return _Map(row_by_row=down, column_by_column=across)


def _between(x: Tensor, key: Tensor, bounds: tuple[float, float]) -> Tensor:
    """A number for each image, shape (batch, 1, 1)."""
    return random.uniform(key, (x.extents[0], 1, 1), *bounds, dtype=x.dtype)


def _bounds(name: str, value: Any) -> tuple[float, float]:
    """A pair of bounds from −1 to 1; f stands for (−f, f)."""
    given = value if isinstance(value, list | tuple) else (-number(name, value), value)
    if len(given) == 2:
        low, high = (number(name, bound) for bound in given)
        if -1 <= low <= high <= 1:
            return low, high
    raise ArgumentError(
        f"{name}: expected a number from 0 to 1, or a pair (low, high) between -1 and 1, got "
        f"{value!r}"
    )
