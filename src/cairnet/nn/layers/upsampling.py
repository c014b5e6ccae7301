"""UpSampling2D: images made larger by whole factors."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import UnknownNameError
from cairnet.nn.layers.arguments import check_images, pair
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import broadcast_to, concat, reshape, stack
from cairnet.tensor.functions.arguments import floating
from cairnet.tensor.primitives import SLICE

__all__ = ["UpSampling2D"]

_INTERPOLATIONS = ("nearest", "bilinear")


@registry.add
class UpSampling2D(Layer):
    r"""Images made larger, by repeating pixels or by straight lines between them.

    "nearest" repeats: y[n, i, j, c] = x[n, ⌊i / h⌋, ⌊j / w⌋, c] for size (h, w).

    "bilinear" puts the centre of output pixel i at (i + ½) / h − ½ between the centres of the
    input's pixels, and weighs the two on either side by their nearness, first down, then across;
    beyond the outermost centres the outermost pixel holds.

    Args:
        size: the factors for height and width, or one number for both.
        interpolation: "nearest" or "bilinear".
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, height · h, width · w, channels].

    Raises:
        ArgumentError: size is not whole or below 1.
        UnknownNameError: an unknown interpolation.
        ShapeError: the input is not of rank 4.
        DTypeError: a bilinear interpolation of integers.

    Source:
        The bilinear grid is that of `torch.nn.functional.interpolate` with `align_corners=False`
        and of TensorFlow's resize, half-pixel centres. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = cn.reshape(cn.asarray([0.0, 4.0]), (1, 1, 2, 1))
        >>> cn.layers.UpSampling2D((1, 2))(x).numpy().ravel()
        array([0., 0., 4., 4.], dtype=float32)
        >>> cn.layers.UpSampling2D((1, 2), interpolation="bilinear")(x).numpy().ravel()
        array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        *,
        interpolation: str = "nearest",
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.size = pair("size", size)
        self.interpolation = _checked(interpolation)

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_images(input_shape)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        if self.interpolation == "nearest":
            return _repeated(x, *self.size)
        x = floating("UpSampling2D", x)
        for axis, factor in enumerate(self.size, start=1):
            x = _interpolated(x, factor, axis)
        return x


def _checked(interpolation: Any) -> str:
    if interpolation not in _INTERPOLATIONS:
        raise UnknownNameError("interpolation", interpolation, _INTERPOLATIONS)
    return str(interpolation)


def _repeated(x: Tensor, down: int, across: int) -> Tensor:
    batch, height, width, channels = x.extents
    apart = reshape(x, (batch, height, 1, width, 1, channels))
    copies = broadcast_to(apart, (batch, height, down, width, across, channels))
    return reshape(copies, (batch, height * down, width * across, channels))


def _interpolated(x: Tensor, factor: int, axis: int) -> Tensor:
    """Straight lines along one axis: each of the `factor` phases mixes two neighbours."""
    size = x.extents[axis]
    before = concat([_slice(x, axis, 0, 1), _slice(x, axis, 0, size - 1)], axis=axis)
    after = concat([_slice(x, axis, 1, size - 1), _slice(x, axis, size - 1, 1)], axis=axis)
    phases = []
    for number in range(factor):
        # Where the centre of this phase lies, from -½ to ½ pixels beside that of x.
        place = (number + 0.5) / factor - 0.5
        other = after if place > 0 else before
        phases.append(x if place == 0 else x * (1 - abs(place)) + other * abs(place))
    extents = list(x.extents)
    extents[axis] = size * factor
    return reshape(stack(phases, axis=axis + 1), extents)


def _slice(x: Tensor, axis: int, start: Size, size: Size) -> Tensor:
    starts: list[Size] = [0] * x.ndim
    sizes = list(x.extents)
    starts[axis], sizes[axis] = start, size
    return apply(SLICE, x, starts=tuple(starts), sizes=tuple(sizes), steps=(1,) * x.ndim)
