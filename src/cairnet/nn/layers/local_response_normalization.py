"""LocalResponseNormalization: channels that inhibit their neighbours."""

from __future__ import annotations

from cairnet.base.errors import ArgumentError
from cairnet.nn.layers.arguments import check_images, nonnegative, number, positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions import square
from cairnet.tensor.functions.arguments import floating
from cairnet.tensor.primitives import WINDOW_SUM

__all__ = ["LocalResponseNormalization"]


@registry.add
class LocalResponseNormalization(Layer):
    r"""Every pixel is divided by a measure of its own channel and its neighbours there.

        y[…, c] = x[…, c] / (k + alpha · Σ_{|c′ − c| ≤ n/2} x[…, c′]²)^beta

    Args:
        alpha: weight of the sum of squares.
        k: what is added to it, above 0.
        beta: the exponent.
        n: over how many channels the sum goes, an odd number.
        name: see `Layer`.

    Shapes:
        x and y [batch, height, width, channels].

    Raises:
        ArgumentError: n is not odd, k not above 0, or alpha negative.
        ShapeError: the input is not of rank 4.
        DTypeError: the input is not floating.

    Source:
        A. Krizhevsky, I. Sutskever, G. Hinton: ImageNet classification with deep convolutional
        neural networks. NIPS 2012, section 3.3, with its constants as defaults; names as in
        Lasagne, since Keras has no such layer. PyTorch's alpha is n times this one.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.LocalResponseNormalization(alpha=1.0, k=1.0, beta=0.5, n=3)
        >>> layer([[[[3.0, 0.0, 2.0]]]]).numpy().round(3)
        array([[[[0.949, 0.   , 0.894]]]], dtype=float32)
    """

    def __init__(
        self,
        alpha: float = 1e-4,
        k: float = 2.0,
        beta: float = 0.75,
        n: int = 5,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.alpha = nonnegative("alpha", alpha)
        self.k = number("k", k)
        if self.k <= 0:
            raise ArgumentError(f"k: expected a number above 0, got {k!r}")
        self.beta = number("beta", beta)
        self.n = positive("n", n)
        if self.n % 2 == 0:
            raise ArgumentError(f"n: expected an odd number, got {n!r}")

    def build(self, input_shape: Shape) -> None:
        """Check the rank; there are no variables."""
        check_images(input_shape)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        x = floating("LocalResponseNormalization", x)
        half = self.n // 2
        squares = apply(
            WINDOW_SUM,
            square(x),
            window=(1, 1, 1, self.n),
            strides=(1,) * 4,
            padding=((0, 0), (0, 0), (0, 0), (half, half)),
            dilation=(1,) * 4,
        )
        return x / (self.k + self.alpha * squares) ** self.beta
