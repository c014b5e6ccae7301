r"""Constraints: what a weight must be, restored after every step of the optimizer.

A constraint is a callable from the new value of a weight to the nearest (or nearly nearest) value
that is allowed. Layers take one for each weight (`kernel_constraint`, `bias_constraint`), by name,
as an object, or as a function of one's own.

The norms are taken along `axis`: 0, the default, for the weights that lead into one unit of
`Dense`; (0, 1, 2) for one filter of `Conv2D`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.registry import Configurable, Registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import maximum, minimum, sqrt, square
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import floating

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "constrained",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "unit_norm",
]

_Projection = Callable[[Tensor], Tensor]
_registry: Registry[_Projection] = Registry("constraint")

# What keeps a norm of zero from dividing, as in Keras.
_EPSILON = 1e-7


class Constraint(Configurable, ABC):
    """Base of the constraints: a callable from a weight to a tensor of its shape and dtype.

    Example:
        >>> import cairnet as cn
        >>> class Symmetric(cn.constraints.Constraint):
        ...     def __call__(self, w):
        ...         return (w + w.T) / 2
        >>> Symmetric()(cn.asarray([[0.0, 2.0], [4.0, 1.0]])).numpy()
        array([[0., 3.],
               [3., 1.]], dtype=float32)
    """

    @abstractmethod
    def __call__(self, w: Any) -> Tensor:
        """The allowed value for a new value w."""


@_registry.add
class MaxNorm(Constraint):
    """Vectors of weights that are longer than `max_value` are scaled back to it.

        w ← w · min(‖w‖, max_value) / (‖w‖ + 10⁻⁷)

    Args:
        max_value: the greatest length, 0 or more.
        axis: the axis, or axes, along which the length is taken.

    Shapes:
        a weight of any shape, and a tensor of the same.

    Raises:
        ArgumentError: max_value is negative or no number, or the axis is no whole number.

    Source:
        N. Srebro, A. Shraibman: Rank, trace-norm and max-norm. COLT 2005; with dropout in
        N. Srivastava and others: Dropout. Journal of Machine Learning Research 15, 2014. Keras's
        formula, which also shortens every other vector by one part in 10⁷.

    Example:
        >>> import cairnet as cn
        >>> cn.constraints.MaxNorm(1.0)(cn.asarray([[3.0, 0.0], [4.0, 0.5]])).numpy().round(3)
        array([[0.6, 0. ],
               [0.8, 0.5]], dtype=float32)
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = _length("max_value", max_value)
        self.axis = _axis(axis)

    def __call__(self, w: Any) -> Tensor:
        """The allowed value for a new value w."""
        weight = floating("constraints.MaxNorm", w)
        norm = _norm(weight, self.axis)
        return weight * (minimum(norm, self.max_value) / (norm + _EPSILON))


@_registry.add
class MinMaxNorm(Constraint):
    """Vectors of weights are scaled to a length between `min_value` and `max_value`.

        w ← w · (rate · clip(‖w‖, min_value, max_value) + (1 − rate) · ‖w‖) / (‖w‖ + 10⁻⁷)

    Args:
        min_value: the least length, 0 or more.
        max_value: the greatest length.
        rate: how much of the way is gone at each step, from 0 to 1.
        axis: the axis, or axes, along which the length is taken.

    Shapes:
        a weight of any shape, and a tensor of the same.

    Raises:
        ArgumentError: a number is out of its range, or min_value is above max_value.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.constraints.MinMaxNorm(1.0, 2.0)(cn.asarray([[0.3], [0.4]])).numpy().round(3)
        array([[0.6],
               [0.8]], dtype=float32)
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        self.min_value = _length("min_value", min_value)
        self.max_value = _length("max_value", max_value)
        if self.min_value > self.max_value:
            raise ArgumentError(
                f"min_value: expected at most max_value={max_value!r}, got {min_value!r}"
            )
        self.rate = _length("rate", rate)
        if self.rate > 1:
            raise ArgumentError(f"rate: expected a number from 0 to 1, got {rate!r}")
        self.axis = _axis(axis)

    def __call__(self, w: Any) -> Tensor:
        """The allowed value for a new value w."""
        weight = floating("constraints.MinMaxNorm", w)
        norm = _norm(weight, self.axis)
        wanted = minimum(maximum(norm, self.min_value), self.max_value)
        wanted = self.rate * wanted + (1 - self.rate) * norm
        return weight * (wanted / (norm + _EPSILON))


@_registry.add
class NonNeg(Constraint):
    """Negative weights become zero: w ← max(w, 0).

    Shapes:
        a weight of any shape, and a tensor of the same.

    Source:
        D. Lee, H. S. Seung: Learning the parts of objects by non-negative matrix factorization.
        Nature 401, 1999. As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.constraints.NonNeg()(cn.asarray([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """

    def __call__(self, w: Any) -> Tensor:
        """The allowed value for a new value w."""
        return maximum(floating("constraints.NonNeg", w), 0)


@_registry.add
class UnitNorm(Constraint):
    """Vectors of weights are scaled to length 1: w ← w / (‖w‖ + 10⁻⁷).

    Args:
        axis: the axis, or axes, along which the length is taken.

    Shapes:
        a weight of any shape, and a tensor of the same.

    Raises:
        ArgumentError: the axis is no whole number.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cn.constraints.UnitNorm()(cn.asarray([[3.0], [4.0]])).numpy().round(3)
        array([[0.6],
               [0.8]], dtype=float32)
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = _axis(axis)

    def __call__(self, w: Any) -> Tensor:
        """The allowed value for a new value w."""
        weight = floating("constraints.UnitNorm", w)
        return weight / (_norm(weight, self.axis) + _EPSILON)


#: Keras's other names for the same classes.
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm


def get(constraint: Any) -> _Projection | None:
    """The constraint of a name, as "non_neg" or "NonNeg"; functions and objects as they are.

    Args:
        constraint: a name, a constraint, or a function of a tensor.

    Raises:
        UnknownNameError: no constraint has this name; the nearest one that has is offered.

    Example:
        >>> import cairnet as cn
        >>> cn.constraints.get("max_norm").max_value
        2.0
    """
    return None if constraint is None else _registry.get(constraint)


def constrained(
    updates: Mapping[Variable, Tensor], constraints: Mapping[Variable, _Projection]
) -> dict[Variable, Tensor]:
    """Updates after which every variable that has a constraint meets it.

        v ← constraint(new value of v) for every v that has one

    Args:
        updates: `{variable: new value}`, as an optimizer gives them.
        constraints: `{variable: constraint}`, as `Layer.constraints` gives them.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0, 1.0])
        >>> updates = constrained({w: w - 3.0 * w}, {w: cn.constraints.NonNeg()})
        >>> cn.function([], updates=updates)()
        >>> w.numpy()
        array([0., 0.], dtype=float32)
    """
    return {
        variable: constraints[variable](value) if variable in constraints else value
        for variable, value in updates.items()
    }


def _norm(w: Tensor, axis: int | tuple[int, ...]) -> Tensor:
    return sqrt(total(square(w), axis=axis, keepdims=True))


def _length(name: str, value: Any) -> float:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not value >= 0:
        raise ArgumentError(f"{name}: expected a number, 0 or more, got {value!r}")
    return float(value)


def _axis(axis: Any) -> int | tuple[int, ...]:
    listed = list(axis) if isinstance(axis, list | tuple) else [axis]
    if not all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in listed):
        raise ArgumentError(f"axis: expected a whole number or several, got {axis!r}")
    return tuple(map(int, listed)) if isinstance(axis, list | tuple) else int(axis)
