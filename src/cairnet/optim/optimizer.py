"""Optimizer: how gradients change variables, as a graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import astype

__all__ = ["Optimizer", "registry", "share"]

registry: Registry[Optimizer] = Registry("optimizer")


class Optimizer(Configurable, ABC):
    """Base of the optimizers.

    `updates` builds the graph of the new value of every variable, for `cn.function(updates=…)`;
    nothing is computed. What an optimizer remembers from step to step, its slots, are variables
    that the same graph updates. So is the learning rate a variable: setting it changes what
    compiled functions do at their next call.

    Args:
        learning_rate: how far a step goes, above or equal to 0.
        name: default: the class's name in lower case.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([4.0], name="w")
        >>> cost = cn.sum(w * w)
        >>> sgd = cn.optimizers.SGD(learning_rate=0.25)
        >>> step = cn.function([], cost, updates=sgd.updates([w], [cn.grad(cost, w)]))
        >>> [float(step()) for _ in range(3)]
        [16.0, 4.0, 1.0]
    """

    def __init__(self, learning_rate: float, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        # float64 whatever the weights are, so that small rates and large step counts are exact.
        self._learning_rate = Variable(
            np.float64(_checked_rate(learning_rate)), name="learning_rate", trainable=False
        )
        self.iterations = Variable(np.int64(0), name="iterations", trainable=False)
        self._slots: dict[str, dict[Variable, Variable]] = {}

    @property
    def learning_rate(self) -> float:
        """How far a step goes."""
        return float(self._learning_rate.data)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate.assign(np.float64(_checked_rate(value)))

    def updates(
        self, variables: Sequence[Variable], gradients: Sequence[Tensor]
    ) -> dict[Variable, Tensor]:
        """The new value of each variable, of each slot, and of the count of steps.

        Args:
            variables: what to change.
            gradients: of the cost, one for each variable, of its shape.

        Returns:
            `{variable: expression}`, to be given to `cn.function` as `updates`.

        Raises:
            ArgumentError: not one gradient for each variable.
            ShapeError: a gradient has another shape than its variable.
        """
        if len(variables) != len(gradients):
            raise ArgumentError(
                f"gradients: expected one for each of {len(variables)} variables, "
                f"got {len(gradients)}"
            )
        new: dict[Variable, Tensor] = {self.iterations: self.iterations + 1}
        for variable, gradient in zip(variables, gradients, strict=True):
            if gradient.shape != variable.shape:
                raise ShapeError(
                    f"gradients: expected shape {variable.shape} for variable {variable.name!r}, "
                    f"got {gradient.shape}"
                )
            new.update(self.update(variable, astype(gradient, variable.dtype)))
        return new

    @abstractmethod
    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its slots."""

    def rate(self, variable: Variable) -> Tensor:
        """The learning rate in the dtype of a variable."""
        return astype(self._learning_rate, variable.dtype)

    def slot(self, name: str, variable: Variable) -> Variable:
        """What is remembered of a variable under a name; starts from zeros."""
        slots = self._slots.setdefault(name, {})
        if variable not in slots:
            slots[variable] = Variable(
                np.zeros_like(variable.data), name=f"{name}/{variable.name}", trainable=False
            )
        return slots[variable]

    @property
    def variables(self) -> list[Variable]:
        """The count of steps, the learning rate and all slots made so far."""
        slots = [slot for slots in self._slots.values() for slot in slots.values()]
        return [self.iterations, self._learning_rate, *slots]


def _checked_rate(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ArgumentError(f"learning_rate: expected a number, got {value!r}")
    if not (np.isfinite(value) and value >= 0):
        raise ArgumentError(f"learning_rate: expected a finite number, 0 or more, got {value}")
    return float(value)


def share(name: str, value: float) -> float:
    """A number from 0 to below 1, or an error that names the argument.

    >>> share("momentum", 0.9)
    0.9
    """
    if not 0 <= value < 1:
        raise ArgumentError(f"{name}: expected a number from 0 to below 1, got {value!r}")
    return float(value)
