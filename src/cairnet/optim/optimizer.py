"""Optimizer: how gradients change variables, as a graph."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import float64
from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.base.registry import Configurable, Registry, serialize
from cairnet.optim import clipping
from cairnet.optim.numbers import at_least_zero, positive
from cairnet.optim.schedules.base import as_schedule
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import astype
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["Optimizer", "registry"]

registry: Registry[Optimizer] = Registry("optimizer")


class Optimizer(Configurable, ABC):
    """Base of the optimizers.

    `updates` builds the graph of the new value of every variable, for `cn.function(updates=…)`;
    nothing is computed. What an optimizer remembers from step to step, its slots, are variables
    that the same graph updates. So is the learning rate a variable: setting it changes what
    compiled functions do at their next call. With a schedule, the rate is computed inside the
    step from the count of steps, so that a run of steps stays one native call.

    The order of a step is that of Keras: gradients are clipped; weights decay,
    w ← w − α · weight_decay · w; then the rule of the optimizer is applied.

    Args:
        learning_rate: how far a step goes, 0 or more; or a schedule from
            `cn.optimizers.schedules`; or a function from the count of steps, a float64 tensor, to
            the rate.
        name: default: the class's name in lower case.
        weight_decay: share of a weight, times the learning rate, that a step takes off it.
        clipnorm: a gradient whose Euclidean norm is above this is shortened to it.
        clipvalue: elements of gradients are kept between −clipvalue and clipvalue.
        global_clipnorm: as `clipnorm`, with the norm of all gradients together.

    Raises:
        ArgumentError: a number is out of its range, or more than one kind of clipping is asked for.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([4.0], name="w")
        >>> cost = cn.sum(w * w)
        >>> sgd = cn.optimizers.SGD(learning_rate=0.25)
        >>> step = cn.function([], cost, updates=sgd.updates([w], [cn.grad(cost, w)]))
        >>> [float(step()) for _ in range(3)]
        [16.0, 4.0, 1.0]
    """

    def __init__(
        self,
        learning_rate: Any,
        name: str | None = None,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        self.name = name or type(self).__name__.lower()
        self._schedule = as_schedule(learning_rate)
        # float64 whatever the weights are, so that small rates and large step counts are exact.
        first = 0.0 if self._schedule else at_least_zero("learning_rate", learning_rate)
        self._learning_rate = Variable(np.float64(first), name="learning_rate", trainable=False)
        self.iterations = Variable(np.int64(0), name="iterations", trainable=False)
        self._slots: dict[str, dict[Variable, Variable]] = {}
        self.weight_decay = (
            None if weight_decay is None else at_least_zero("weight_decay", weight_decay)
        )
        self._excluded: list[Variable] = []
        self._excluded_names: list[str] = []
        bounds = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {n: positive(n, bound) for n, bound in bounds.items() if bound is not None}
        if len(given) > 1:
            raise ArgumentError(
                f"clipnorm, clipvalue, global_clipnorm: expected at most one of them, got {given}"
            )
        self.clipnorm = given.get("clipnorm")
        self.clipvalue = given.get("clipvalue")
        self.global_clipnorm = given.get("global_clipnorm")

    @property
    def learning_rate(self) -> float:
        """How far the next step goes; with a schedule, what it gives for the steps done so far.

        It can be set, without compiling anything again, unless a schedule sets it.
        """
        return float(self._current_rate().numpy())

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._schedule is not None:
            raise ArgumentError(
                f"learning_rate: the schedule {type(self._schedule).__name__} sets it, so it "
                f"cannot be set to {value!r}; make an optimizer with a number as learning_rate"
            )
        self._learning_rate.assign(np.float64(at_least_zero("learning_rate", value)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name; a schedule in its saved form."""
        config = super().get_config()
        if self._schedule is not None:
            config["learning_rate"] = serialize(self._schedule)
        return config

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] = (), var_names: Iterable[str] = ()
    ) -> None:
        """Say which variables are not to decay; to be called before `updates`.

        Args:
            var_list: variables.
            var_names: regular expressions; a variable in whose name one is found does not decay.

        Example:
            >>> import cairnet as cn
            >>> w, b = cn.Variable([1.0], name="kernel"), cn.Variable([1.0], name="bias")
            >>> sgd = cn.optimizers.SGD(0.5, weight_decay=0.5)
            >>> sgd.exclude_from_weight_decay(var_names=["bias"])
            >>> none = [cn.zeros((1,)), cn.zeros((1,))]
            >>> _ = cn.function([], [], updates=sgd.updates([w, b], none))()
            >>> w.numpy(), b.numpy()
            (array([0.75], dtype=float32), array([1.], dtype=float32))
        """
        self._excluded = list(var_list)
        self._excluded_names = list(var_names)

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
        _check_gradients(variables, gradients)
        new: dict[Variable, Tensor] = {self.iterations: self.iterations + 1, **self.begin()}
        for variable, gradient in zip(variables, self._clipped(gradients), strict=True):
            changes = dict(self.update(variable, astype(gradient, variable.dtype)))
            if self._decays(variable):
                # Every rule adds to a weight what does not hang on the weight itself, so that
                # decaying afterwards is decaying before.
                changes[variable] -= self.weight_decay * self.rate(variable) * variable
            new.update(changes)
        return new

    def begin(self) -> Mapping[Variable, Tensor]:
        """The new value of what changes once a step, however many variables there are."""
        return {}

    @abstractmethod
    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its slots, for a gradient that is clipped."""

    def rate(self, variable: Variable) -> Tensor:
        """The learning rate in the dtype of a variable."""
        return astype(self._current_rate(), variable.dtype)

    def time(self) -> Tensor:
        """The number of this step, from 1 on, in float64."""
        return astype(self.iterations + 1, float64)

    def slot(self, name: str, variable: Variable, start: float = 0.0) -> Variable:
        """What is remembered of a variable under a name; every element begins at `start`."""
        slots = self._slots.setdefault(name, {})
        if variable not in slots:
            slots[variable] = Variable(
                np.full_like(variable.data, start), name=f"{name}/{variable.name}", trainable=False
            )
        return slots[variable]

    @property
    def slots(self) -> Mapping[str, Mapping[Variable, Variable]]:
        """The slots made so far: for each kind, what is remembered of every variable."""
        return self._slots

    @property
    def variables(self) -> list[Variable]:
        """The count of steps, the learning rate unless scheduled, and all slots made so far."""
        slots = [slot for slots in self._slots.values() for slot in slots.values()]
        rate = [] if self._schedule else [self._learning_rate]
        return [self.iterations, *rate, *slots]

    def _current_rate(self) -> Tensor:
        if self._schedule is None:
            return self._learning_rate
        return as_tensor(self._schedule(astype(self.iterations, float64)))

    def _clipped(self, gradients: Sequence[Tensor]) -> Sequence[Tensor]:
        if self.clipnorm is not None:
            return clipping.by_norm(gradients, self.clipnorm)
        if self.clipvalue is not None:
            return clipping.by_value(gradients, self.clipvalue)
        if self.global_clipnorm is not None:
            return clipping.by_global_norm(gradients, self.global_clipnorm)
        return gradients

    def _decays(self, variable: Variable) -> bool:
        if not self.weight_decay:
            return False
        if any(variable is excluded for excluded in self._excluded):
            return False
        return not any(re.search(pattern, variable.name) for pattern in self._excluded_names)


def _check_gradients(variables: Sequence[Variable], gradients: Sequence[Tensor]) -> None:
    if len(variables) != len(gradients):
        raise ArgumentError(
            f"gradients: expected one for each of {len(variables)} variables, got {len(gradients)}"
        )
    for variable, gradient in zip(variables, gradients, strict=True):
        if gradient.shape != variable.shape:
            raise ShapeError(
                f"gradients: expected shape {variable.shape} for variable {variable.name!r}, "
                f"got {gradient.shape}"
            )
