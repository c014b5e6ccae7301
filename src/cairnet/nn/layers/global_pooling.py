"""Global pooling: one number for each channel of an image."""

from __future__ import annotations

from cairnet.nn.layers.arguments import check_images
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import max as largest
from cairnet.tensor.functions import mean

__all__ = ["GlobalAveragePooling2D", "GlobalMaxPooling2D"]


class _GlobalPooling2D(Layer):
    """What the global pooling layers share."""

    def __init__(self, *, keepdims: bool = False, name: str | None = None) -> None:
        super().__init__(name=name)
        self.keepdims = keepdims

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_images(input_shape)


@registry.add
class GlobalAveragePooling2D(_GlobalPooling2D):
    r"""The mean of each channel over the whole image: y[n, c] = mean_{i, j} x[n, i, j, c].

    Args:
        keepdims: whether height and width stay, with extent 1.
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, channels] or [batch, 1, 1, channels].

    Raises:
        ShapeError: the input is not of rank 4.
        DTypeError: the input is not floating.

    Source:
        M. Lin, Q. Chen, S. Yan: Network in network. ICLR 2014. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.GlobalAveragePooling2D()([[[[1.0], [2.0]], [[4.0], [3.0]]]]).numpy()
        array([[2.5]], dtype=float32)
    """

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return mean(x, axis=(1, 2), keepdims=self.keepdims)


@registry.add
class GlobalMaxPooling2D(_GlobalPooling2D):
    r"""The largest value of each channel over the whole image: y[n, c] = max_{i, j} x[n, i, j, c].

    Args:
        keepdims: whether height and width stay, with extent 1.
        name: see `Layer`.

    Shapes:
        x [batch, height, width, channels], y [batch, channels] or [batch, 1, 1, channels].

    Raises:
        ShapeError: the input is not of rank 4.

    Source:
        M. Oquab, L. Bottou, I. Laptev, J. Sivic: Is object localization for free? CVPR 2015.
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.layers.GlobalMaxPooling2D()([[[[1.0], [2.0]], [[4.0], [3.0]]]]).numpy()
        array([[4.]], dtype=float32)
    """

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        return largest(x, axis=(1, 2), keepdims=self.keepdims)
