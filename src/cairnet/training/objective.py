"""What `compile` was given, resolved: a loss and metrics for every output of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.nn import losses, metrics
from cairnet.nn.losses import Loss
from cairnet.nn.masks import mask_of
from cairnet.nn.metrics import MeanMetric, Metric
from cairnet.optim import Optimizer
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import astype, expand_dims
from cairnet.tensor.source import scope

__all__ = ["Compiled", "Objective", "objectives"]


@dataclass(frozen=True, eq=False)
class Objective:
    """What is asked of one output.

    Attributes:
        output: its name, which begins the names of its numbers; "" where there is one output.
        loss: what is made small.
        weight: what this loss counts in the sum over all outputs.
        metrics: what is reported beside it.
        weighted: what is reported with the weights of the samples.
    """

    output: str
    loss: Loss
    weight: float
    metrics: tuple[Metric, ...]
    weighted: tuple[MeanMetric, ...] = ()

    def reported(self) -> dict[str, Metric]:
        """The metrics, by the names under which they are reported."""
        plain: dict[str, Metric] = {self._name(metric.name): metric for metric in self.metrics}
        return {**plain, **self._weighted()}

    def _weighted(self) -> dict[str, MeanMetric]:
        """The weighted metrics by name; one whose name is taken begins with "weighted_"."""
        taken = {metric.name for metric in self.metrics}
        return {
            self._name(f"weighted_{one.name}" if one.name in taken else one.name): one
            for one in self.weighted
        }

    def measured(
        self, target: Tensor, prediction: Tensor, weights: Tensor | None
    ) -> dict[str, tuple[Tensor, Tensor | None]]:
        """The sums of every metric over a batch, and of how much; None for the number of samples.

        Args:
            target: of this output.
            prediction: its graph.
            weights: one for each sample, or None.
        """
        mask, weighted = mask_of(prediction), self._weighted()
        if weights is not None and mask is not None:
            weights = astype(mask, weights.dtype) * expand_dims(weights, axis=1)
        found: dict[str, tuple[Tensor, Tensor | None]] = {}
        for name, metric in self.reported().items():
            with scope(name):
                if name in weighted and weights is not None:
                    found[name] = weighted[name].measure_weighted(target, prediction, weights)
                elif mask is not None:
                    found[name] = metric.measure_where(target, prediction, mask)
                else:
                    found[name] = (metric.measure(target, prediction), None)
        return found

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


def objectives(
    names: Sequence[str], loss: Any, metric: Any, weights: Any, weighted: Any = None
) -> tuple[Objective, ...]:
    """The objective of every output.

    Args:
        names: of the outputs; one, or none where the model does not know them, for one output.
        loss: one loss for all; or a list or a dict by name, one for each.
        metric: likewise, with a list of metrics for each output.
        weights: of the losses; a list or a dict by name; None for ones.
        weighted: like `metric`, those that count the weights of the samples; None for none.

    Raises:
        ArgumentError: not one for each output, or two metrics of one name.
        UnknownNameError: a name that is not known.
    """
    for argument, given in (("metrics", metric), ("weighted_metrics", weighted)):
        if isinstance(given, str):
            raise ArgumentError(f"{argument}: expected a list such as [{given!r}], got {given!r}")
    if len(names) < 2:
        one = names or ("",)
        chosen = _for_each("loss", loss, one)[0] if _keyed(loss, one) else loss
        plain, scaled = (
            _for_each(argument, given, one)[0] if isinstance(given, Mapping) else given
            for argument, given in (("metrics", metric), ("weighted_metrics", weighted))
        )
        weight = 1.0 if weights is None else _for_each("loss_weights", weights, one)[0]
        listed = _metrics("metrics", plain), _means(scaled)
        return (Objective("", losses.get(chosen), float(weight), *listed),)
    chosen = _for_each("loss", loss, names)
    plain = _metrics_for_each("metrics", metric, names)
    scaled = _metrics_for_each("weighted_metrics", weighted, names)
    scales = [1.0] * len(names) if weights is None else _for_each("loss_weights", weights, names)
    return tuple(
        Objective(name, losses.get(one), float(scale), _metrics("metrics", some), _means(others))
        for name, one, scale, some, others in zip(names, chosen, scales, plain, scaled, strict=True)
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


def _metrics_for_each(argument: str, value: Any, names: Sequence[str]) -> list[Any]:
    if isinstance(value, Mapping):
        for name in value:
            if name not in names:
                raise UnknownNameError(f"output in {argument}", name, names)
        return [value.get(name, ()) for name in names]
    if any(isinstance(item, list | tuple) for item in value or ()):
        return _for_each(argument, value, names)
    return [value] * len(names)


def _means(given: Any) -> tuple[MeanMetric, ...]:
    """Metrics that weights of samples mean something to."""
    found = []
    for metric in _metrics("weighted_metrics", given):
        if not isinstance(metric, MeanMetric):
            raise ArgumentError(
                "weighted_metrics: expected metrics that are means over the samples, such as "
                f'"accuracy" or "mean_squared_error", got {metric.name!r} '
                f"({type(metric).__name__}); list it in metrics, where every sample counts once"
            )
        found.append(metric)
    return tuple(found)


def _metrics(argument: str, given: Any) -> tuple[Metric, ...]:
    several = given if isinstance(given, list | tuple) else () if given is None else (given,)
    listed = tuple(metrics.get(each) for each in several)
    names = ["loss", *(metric.name for metric in listed)]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(f"{argument}: expected different names, got {name!r} twice")
    return listed
