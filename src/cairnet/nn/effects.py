"""What applying layers comes to beside their output: new states, and penalties.

A graph has no side effects, so a layer that remembers (the moving statistics of batch
normalisation, the count of random draws) cannot change its variables when it is called. It states
the expression of their new values instead, and whoever compiles the function decides:

    >>> import cairnet as cn
    >>> layer = cn.layers.BatchNormalization(momentum=0.5)
    >>> x = cn.input((None, 1), name="x")
    >>> with cn.layers.Effects() as effects:
    ...     y = layer(x, training=True)
    >>> step = cn.function([x], y, updates=effects.updates)
    >>> _ = step([[2.0], [4.0]])
    >>> layer.moving_mean.numpy()  # half of 0, half of the batch's mean, 3
    array([1.5], dtype=float32)

`fit` does just this. Without an `Effects` around it a layer is a function like any other: nothing
is remembered.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

from cairnet.base.dtypes import is_floating
from cairnet.base.errors import ShapeError
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import here

__all__ = ["Effects", "add_loss", "add_update", "latest"]


class Effects:
    """Collects what layers add while it is open, in a `with` statement.

    Where several are open, the innermost collects.

    Attributes:
        updates: for each variable the expression of its new value, for `cn.function(updates=…)`.
            A layer that is called twice reads, the second time, what it wrote the first time.
        losses: scalars to be added to the cost, such as penalties on the activity of units. The
            penalties on weights are in `Layer.losses`: they do not depend on any input.

    Example:
        >>> import cairnet as cn
        >>> with cn.layers.Effects() as effects:
        ...     y = cn.layers.Dropout(0.5)(cn.input((None, 3)), training=True)
        >>> [variable.name for variable in effects.updates]
        ['dropout/random/count']
    """

    def __init__(self) -> None:
        self.updates: dict[Variable, Tensor] = {}
        self.losses: list[Tensor] = []
        self._tokens: list[Token[Effects | None]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_open.set(self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _open.reset(self._tokens.pop())


_open: ContextVar[Effects | None] = ContextVar("effects", default=None)


def latest(variable: Variable) -> Tensor:
    """A variable's value as the layers called before have left it.

    Args:
        variable: any variable.

    Returns:
        Its new value, if an update of it has been stated; else the variable.

    Example:
        >>> import cairnet as cn
        >>> count = cn.Variable(0)
        >>> with cn.layers.Effects() as effects:
        ...     add_update(count, latest(count) + 1)
        ...     add_update(count, latest(count) + 1)
        >>> step = cn.function([], count, updates=effects.updates)
        >>> int(step()), int(count)
        (0, 2)
    """
    effects = _open.get()
    return variable if effects is None else effects.updates.get(variable, variable)


def add_update(variable: Variable, value: Any) -> None:
    """State the new value of a variable; see `Effects`.

    Args:
        variable: what changes.
        value: the expression of its new value.

    Raises:
        ShapeError: the new value has another shape or dtype than the variable.

    Example:
        >>> import cairnet as cn
        >>> count = cn.Variable(0)
        >>> with cn.layers.Effects() as effects:
        ...     add_update(count, count + 1)
        >>> cn.function([], updates=effects.updates)()
        >>> int(count)
        1
    """
    new = as_tensor(value)
    fits = new.ndim == variable.ndim and all(
        size == own or not isinstance(size, int)
        for size, own in zip(new.extents, variable.extents, strict=True)
    )
    if not fits or new.dtype != variable.dtype:
        raise ShapeError(
            f"add_update, at {here()}: expected {variable.describe()} for variable "
            f"{variable.name!r}, got {new.describe()}"
        )
    effects = _open.get()
    if effects is not None:
        effects.updates[variable] = new


def add_loss(value: Any) -> None:
    """State a scalar that is to be added to the cost; see `Effects`.

    Args:
        value: the scalar.

    Raises:
        ShapeError: not a scalar of a floating dtype.

    Example:
        >>> import cairnet as cn
        >>> with cn.layers.Effects() as effects:
        ...     add_loss(cn.sum(cn.square(cn.asarray([1.0, 2.0]))))
        >>> float(effects.losses[0])
        5.0
    """
    loss = as_tensor(value)
    if loss.ndim or not is_floating(loss.dtype):
        raise ShapeError(
            f"add_loss, at {here()}: expected a scalar of a floating dtype, got {loss.describe()}; "
            "reduce it first, for instance with cn.mean"
        )
    effects = _open.get()
    if effects is not None:
        effects.losses.append(loss)
