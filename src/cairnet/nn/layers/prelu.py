"""PReLU: the rectifier whose slope on the negative side is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn import constraints, initializers, regularizers
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import where
from cairnet.tensor.functions.arguments import floating

__all__ = ["PReLU"]


@registry.add
class PReLU(Layer):
    r"""The parametric rectifier: y = x where x > 0, alpha · x elsewhere.

    Args:
        alpha_initializer: how alpha starts, a name or an initializer.
        alpha_regularizer: a penalty on alpha, a name or a regularizer; None for none.
        alpha_constraint: what alpha must meet after every step, a name or a constraint.
        shared_axes: the axes, counted with the batch as 0, along which one alpha serves for all;
            (1, 2) for one alpha a channel of an image. None for an alpha for every unit.
        name, trainable: see `Layer`.

    Shapes:
        x of any rank from 2; alpha has the shape of one sample, with extent 1 on the shared axes;
        y as x.

    Raises:
        ArgumentError: shared_axes are not whole numbers from 1.
        ShapeError: x has no such axis, or an extent that alpha needs is not known.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers: surpassing human-level
        performance on ImageNet classification. ICCV 2015; there alpha starts from ¼. Arguments and
        defaults as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.PReLU(alpha_initializer=cn.initializers.Constant(0.25))
        >>> layer([[-4.0, 2.0]]).numpy()
        array([[-1.,  2.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = _axes(shared_axes)

    def build(self, input_shape: Shape) -> None:
        """Make alpha."""
        shared = self.shared_axes or ()
        if len(input_shape) < 2 or any(axis >= len(input_shape) for axis in shared):
            raise ShapeError(
                f"expected an axis beside the batch, and all of shared_axes={shared}, "
                f"got {input_shape}"
            )
        shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)]
        self.alpha = self.add_weight(
            shape[1:],
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        x = floating("PReLU", x)
        return where(x > 0, x, self.alpha * x)


def _axes(axes: Any) -> tuple[int, ...] | None:
    if axes is None:
        return None
    listed = tuple(axes) if isinstance(axes, list | tuple) else (axes,)
    if not all(type(axis) is int and axis >= 1 for axis in listed):
        raise ArgumentError(f"shared_axes: expected whole numbers, 1 or more, got {axes!r}")
    return listed
