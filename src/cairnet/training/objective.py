"""What `compile` was given, resolved: a loss and metrics for every output of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.nn import losses, metrics
from cairnet.nn.losses import Loss
from cairnet.nn.metrics import Metric
from cairnet.optim import Optimizer
from cairnet.tensor.core import Tensor

__all__ = ["Compiled", "Objective", "objectives"]


@dataclass(frozen=True, eq=False)
class Objective:
    """What is asked of one output.

    Attributes:
        output: its name, which begins the names of its numbers; "" where there is one output.
        loss: what is made small.
        weight: what this loss counts in the sum over all outputs.
        metrics: what is reported beside it.
    """

    output: str
    loss: Loss
    weight: float
    metrics: tuple[Metric, ...]

    def reported(self) -> dict[str, Metric]:
        """The metrics, by the names under which they are reported."""
        return {self._name(metric.name): metric for metric in self.metrics}

    def loss_name(self) -> str:
        """The name under which this output's own loss is reported."""
        return self._name("loss")

    def _name(self, name: str) -> str:
        return f"{self.output}_{name}" if self.output else name

    def cost(self, target: Tensor, prediction: Tensor, weights: Tensor | None) -> Tensor:
        """The loss of a batch, each sample times its weight.

        Raises:
            ShapeError: a loss that is not reduced to one number.
        """
        if weights is None:
            cost = self.loss(target, prediction)
        else:
            cost = self.loss(target, prediction, weights)
        if cost.ndim:
            raise ShapeError(
                f"loss: expected one number for a batch, {type(self.loss).__name__} gives "
                f"{cost.describe()}; take another reduction, such as sum_over_batch_size"
            )
        return cost


@dataclass(frozen=True, eq=False)
class Compiled:
    """What `compile` was given, resolved, and in the form in which it is saved."""

    optimizer: Optimizer
    objectives: tuple[Objective, ...]
    given: Mapping[str, Any]

    @property
    def metrics(self) -> dict[str, Metric]:
        """All metrics, by the names under which they are reported."""
        found: dict[str, Metric] = {}
        for objective in self.objectives:
            found.update(objective.reported())
        return found

    @property
    def losses(self) -> list[str]:
        """The names of the losses of single outputs; none where there is one output."""
        return [one.loss_name() for one in self.objectives if len(self.objectives) > 1]


def objectives(names: Sequence[str], loss: Any, metric: Any, weights: Any) -> tuple[Objective, ...]:
    """The objective of every output.

    Args:
        names: of the outputs; one, or none where the model does not know them, for one output.
        loss: one loss for all; or a list or a dict by name, one for each.
        metric: likewise, with a list of metrics for each output.
        weights: of the losses; a list or a dict by name; None for ones.

    Raises:
        ArgumentError: not one for each output, or two metrics of one name.
        UnknownNameError: a name that is not known.
    """
    if isinstance(metric, str):
        raise ArgumentError(f"metrics: expected a list such as [{metric!r}], got {metric!r}")
    if len(names) < 2:
        one = names or ("",)
        chosen = _for_each("loss", loss, one)[0] if _keyed(loss, one) else loss
        measured = _for_each("metrics", metric, one)[0] if isinstance(metric, Mapping) else metric
        weight = 1.0 if weights is None else _for_each("loss_weights", weights, one)[0]
        return (Objective("", losses.get(chosen), float(weight), _metrics(measured)),)
    chosen = _for_each("loss", loss, names)
    listed = _metrics_for_each(metric, names)
    scales = [1.0] * len(names) if weights is None else _for_each("loss_weights", weights, names)
    return tuple(
        Objective(name, losses.get(one), float(scale), _metrics(several))
        for name, one, scale, several in zip(names, chosen, scales, listed, strict=True)
    )


def _keyed(value: Any, names: Sequence[str]) -> bool:
    """Whether a loss is given by the name of the output, or in a list."""
    if isinstance(value, Mapping):
        return "class_name" not in value
    return isinstance(value, list | tuple)


def _for_each(argument: str, value: Any, names: Sequence[str]) -> list[Any]:
    """What an argument says for each output, in order."""
    if isinstance(value, Mapping) and "class_name" not in value:
        for name in value:
            if name not in names:
                raise UnknownNameError(f"output in {argument}", name, names)
        missing = [name for name in names if name not in value]
        if missing:
            raise ArgumentError(
                f"{argument}: expected one for each output, {missing[0]!r} has none"
            )
        return [value[name] for name in names]
    if isinstance(value, list | tuple):
        if len(value) != len(names):
            raise ArgumentError(
                f"{argument}: expected one for each of {len(names)} outputs "
                f"({', '.join(names)}), got {len(value)}"
            )
        return list(value)
    return [value] * len(names)


def _metrics_for_each(value: Any, names: Sequence[str]) -> list[Any]:
    if isinstance(value, Mapping):
        for name in value:
            if name not in names:
                raise UnknownNameError("output in metrics", name, names)
        return [value.get(name, ()) for name in names]
    if any(isinstance(item, list | tuple) for item in value or ()):
        return _for_each("metrics", value, names)
    return [value] * len(names)


def _metrics(given: Any) -> tuple[Metric, ...]:
    several = given if isinstance(given, list | tuple) else () if given is None else (given,)
    listed = tuple(metrics.get(each) for each in several)
    names = ["loss", *(metric.name for metric in listed)]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(f"metrics: expected different names, got {name!r} twice")
    return listed
