"""Dropout: units, or whole feature maps, silenced at random while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.layers.arguments import check_images, fraction
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.random_keys import RandomKeys, check_seed
from cairnet.tensor import random
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import where, zeros_like
from cairnet.tensor.functions.arguments import floating, stretch

__all__ = ["Dropout", "SpatialDropout2D"]


@registry.add
class Dropout(Layer):
    r"""Every unit is silenced with probability `rate` while training; the others make up for it.

        y = x · m / (1 − rate),    m = 1 with probability 1 − rate, else 0

    in training, so that the mean of y is x (this is called inverted dropout), and y = x in use.

    Args:
        rate: the share of units that is silenced, from 0 to 1.
        noise_shape: the shape of the mask m, with None or 1 for each axis: None for the extent of
            x, 1 for one draw that holds along the whole axis. Default: a draw for every unit.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name: see `Layer`.

    Shapes:
        y has the shape of x.

    Raises:
        ArgumentError: rate is not from 0 to 1, noise_shape holds something else than whole numbers
            and None, or the seed is no seed.
        ShapeError: noise_shape does not fit the input.

    Notes:
        A mask is a function of the seed, of the count of draws and of the unit's place alone: see
        `cn.layers.RandomKeys`. `fit` counts on from step to step. So does a function of your own
        that is given the updates of a `cn.layers.Effects`; without them it draws the same mask at
        every call.

    Source:
        N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov: Dropout: a simple
        way to prevent neural networks from overfitting. Journal of Machine Learning Research 15,
        2014. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Dropout(0.5, seed=1)
        >>> layer([1.0, 2.0, 3.0, 4.0], training=True).numpy()
        array([0., 4., 6., 8.], dtype=float32)
        >>> layer([1.0, 2.0, 3.0, 4.0]).numpy()
        array([1., 2., 3., 4.], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.rate = fraction("rate", rate)
        self.noise_shape = _noise_shape(noise_shape)
        self.seed = check_seed(seed)

    def build(self, input_shape: Shape) -> None:
        """Make the stream of random keys."""
        self.random = RandomKeys(self.seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output."""
        if not training or self.rate == 0:
            return x
        return silenced(x, self.rate, self._mask_shape(x), self.random.next())

    def _mask_shape(self, x: Tensor) -> tuple[Size, ...]:
        if self.noise_shape is None:
            return x.extents
        fits = len(self.noise_shape) == x.ndim and all(
            size in (None, 1) or own is None or size == own
            for size, own in zip(self.noise_shape, x.shape, strict=True)
        )
        if not fits:
            raise ShapeError(
                f"expected a noise_shape with None, 1 or the extent of x for each axis of "
                f"{x.shape}, got {self.noise_shape}"
            )
        return tuple(
            own if size is None else size
            for size, own in zip(self.noise_shape, x.extents, strict=True)
        )


@registry.add
class SpatialDropout2D(Layer):
    """Whole feature maps are silenced with probability `rate` while training.

    As `Dropout`, with one draw for each sample and channel: neighbouring pixels say nearly the
    same, so that silencing single ones would take little away.

        y[n, i, j, c] = x[n, i, j, c] · m[n, c] / (1 − rate)

    with m[n, c] = 1 with probability 1 − rate, and 0 else.

    Args:
        rate: the share of feature maps that is silenced, from 0 to 1.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name: see `Layer`.

    Shapes:
        x and y [batch, height, width, channels].

    Raises:
        ArgumentError: rate is not from 0 to 1, or the seed is no seed.
        ShapeError: the input is not of rank 4.

    Source:
        J. Tompson, R. Goroshin, A. Jain, Y. LeCun, C. Bregler: Efficient object localization using
        convolutional networks. CVPR 2015. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.SpatialDropout2D(0.5, seed=1)
        >>> y = layer(cn.ones((1, 2, 2, 4)), training=True).numpy()
        >>> y[0, 0, 0], bool((y == y[:, :1, :1]).all())
        (array([0., 2., 2., 2.], dtype=float32), True)
    """

    def __init__(self, rate: float, *, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self.rate = fraction("rate", rate)
        self.seed = check_seed(seed)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; make the stream of random keys."""
        check_images(input_shape)
        self.random = RandomKeys(self.seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """The graph of the output."""
        if not training or self.rate == 0:
            return x
        shape = (x.extents[0], 1, 1, x.extents[3])
        return silenced(x, self.rate, shape, self.random.next())


def silenced(x: Tensor, rate: float, mask_shape: tuple[Size, ...], key: Tensor) -> Tensor:
    """Inverted dropout of x by a mask of a shape that broadcasts to its own."""
    x = floating("Dropout", x)
    if rate == 1:
        return zeros_like(x)
    mask = random.bernoulli(key, 1 - rate, mask_shape)
    return where(stretch(mask, x.extents), x * (1 / (1 - rate)), 0)


def _noise_shape(shape: Any) -> tuple[int | None, ...] | None:
    if shape is None:
        return None
    listed = isinstance(shape, list | tuple) and all(
        size is None or (type(size) is int and size > 0) for size in shape
    )
    if not listed:
        raise ArgumentError(
            "noise_shape: expected a tuple with None, or a whole number of 1 or more, for each "
            f"axis, got {shape!r}"
        )
    return tuple(shape)
