"""LearningRateSchedule: what all schedules have in common, and how an argument gives one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from cairnet.base.dtypes import float64
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["LearningRateSchedule", "as_schedule", "get", "registry"]

registry: Registry[Any] = Registry("schedule")


class LearningRateSchedule(Configurable, ABC):
    """Base of the schedules; a subclass states the rate in `rate`.

    Args:
        name: what it is called; default: the class's name in lower case.

    Example:
        >>> import cairnet as cn
        >>> class Reciprocal(cn.optimizers.schedules.LearningRateSchedule):
        ...     def rate(self, step):
        ...         return 1 / (step + 1)
        >>> Reciprocal()([0, 1, 3]).numpy()
        array([1.  , 0.5 , 0.25])
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)

    def __call__(self, step: Any) -> Tensor:
        """The learning rate after so many steps.

        Args:
            step: the number of steps done, from 0; a number, an array or a tensor.

        Returns:
            float64, of the shape of `step`.
        """
        return self.rate(astype(as_tensor(step), float64))

    @abstractmethod
    def rate(self, step: Tensor) -> Tensor:
        """The learning rate, for a count of steps that is float64."""


def as_schedule(learning_rate: Any) -> Callable[[Any], Tensor] | None:
    """The schedule that an argument `learning_rate` gives, in whatever form; None for a number."""
    if isinstance(learning_rate, Mapping) or callable(learning_rate):
        return get(learning_rate)
    return None


def get(schedule: Any) -> Callable[[Any], Tensor]:
    """The schedule of a saved form; schedules and functions of the step as they are.

    Args:
        schedule: `{"class_name": …, "config": {…}}`, a schedule, or a function from the count of
            steps, a tensor, to the rate.

    Raises:
        UnknownNameError: no schedule has this name; the nearest one that has is offered.
        ArgumentError: something else.

    Example:
        >>> import cairnet as cn
        >>> saved = {
        ...     "class_name": "StepHalving",
        ...     "config": {"initial_learning_rate": 1.0, "decay_steps": 10},
        ... }
        >>> float(cn.optimizers.schedules.get(saved)(10))
        0.5
    """
    found: Callable[[Any], Tensor] = registry.get(schedule)
    return found
