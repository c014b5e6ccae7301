"""The compiled functions of a model: one that trains, one that measures, one that predicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.base.configuration import configuration
from cairnet.base.errors import GraphError
from cairnet.nn.constraints import constrained
from cairnet.nn.effects import Effects
from cairnet.nn.losses import Loss
from cairnet.nn.metrics import Metric
from cairnet.optim import Optimizer
from cairnet.runtime import Function, function
from cairnet.tensor.core import Tensor, Variable, input
from cairnet.tensor.functions import astype, take
from cairnet.tensor.gradient import grad
from cairnet.training.pace import Pace

if TYPE_CHECKING:
    from cairnet.training.model import Model

__all__ = ["Compiled", "Engine"]


@dataclass(frozen=True, eq=False)
class Compiled:
    """What `compile` was given, resolved, and in the form in which it is saved."""

    optimizer: Optimizer
    loss: Loss
    metrics: tuple[Metric, ...]
    given: Mapping[str, Any]


@dataclass
class _Trainer:
    """The training function for data of one shape, and the variables that hold the data."""

    key: tuple[Any, ...]
    x: Variable
    y: Variable
    step: Function


class Engine:
    """Builds a model's functions when they are first needed, and keeps them.

    The data of `fit` is held in variables, and a step is given only the numbers of its rows: the
    rows are read where they lie, in any order. `evaluate` and `predict` read their rows in order
    and are given slices of the user's array.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._trainer: _Trainer | None = None
        self._functions: dict[tuple[Any, ...], Function] = {}
        # What a step takes is remembered, so that a second fit begins with runs of the right size.
        self.pace = Pace()

    def trainer(self, compiled: Compiled, x: np.ndarray, y: np.ndarray) -> Function:
        """The function that takes row numbers and does one step on these rows of x and y."""
        trained = self._model.trainable_variables
        if not trained:
            raise GraphError(
                f"model {self._model.name!r} has no trainable variables, so there is nothing to fit"
            )
        frozen = tuple(layer.trainable for layer in self._model.layers_within())
        settings = (compiled, tuple(map(id, trained)), frozen, configuration())
        key = (_signature(x), _signature(y), *settings)
        if self._trainer is None or self._trainer.key != key:
            self._trainer = None
            self.pace = Pace()
            self._trainer = self._build_trainer(key, compiled, x, y)
        else:
            self._trainer.x.assign(x)
            self._trainer.y.assign(y)
        return self._trainer.step

    def _build_trainer(
        self, key: tuple[Any, ...], compiled: Compiled, x: np.ndarray, y: np.ndarray
    ) -> _Trainer:
        data = Variable(x, name="x", trainable=False)
        targets = Variable(y, name="y", trainable=False)
        rows = input((None,), "int64", "rows")
        with Effects() as effects:
            prediction = self._model.trace(take(data, rows, axis=0), training=True)
        target = take(targets, rows, axis=0)
        outputs = _measures(compiled, target, prediction, [*self._model.losses, *effects.losses])
        variables = self._model.trainable_variables
        gradients = grad(outputs["loss"], variables)
        updates = compiled.optimizer.updates(variables, gradients)
        updates = {**constrained(updates, self._model.constraints), **effects.updates}
        step = function([rows], outputs, updates=updates, name=f"{self._model.name}.fit")
        return _Trainer(key, data, targets, step)

    def evaluator(self, compiled: Compiled, x: np.ndarray, y: np.ndarray) -> Function:
        """The function that takes a batch of x and y and measures loss and metrics."""
        key = ("evaluate", x.shape[1:], x.dtype, y.shape[1:], y.dtype, compiled, configuration())
        if key not in self._functions:
            inputs = input((None, *x.shape[1:]), x.dtype, "x")
            targets = input((inputs.extents[0], *y.shape[1:]), y.dtype, "y")
            with Effects() as effects:
                prediction = self._model.trace(inputs)
            penalties = [*self._model.losses, *effects.losses]
            outputs = _measures(compiled, targets, prediction, penalties)
            self._functions[key] = function(
                [inputs, targets], outputs, name=f"{self._model.name}.evaluate"
            )
        return self._functions[key]

    def predictor(self, x: np.ndarray) -> Function:
        """The function that takes a batch of x and gives the model's outputs."""
        key = ("predict", x.shape[1:], x.dtype, configuration())
        if key not in self._functions:
            inputs = input((None, *x.shape[1:]), x.dtype, "x")
            self._functions[key] = function(
                [inputs], self._model.trace(inputs), name=f"{self._model.name}.predict"
            )
        return self._functions[key]

    def batches(
        self, step: Function, arrays: tuple[np.ndarray, ...], batch_size: int
    ) -> Iterator[tuple[int, Any]]:
        """Run a function over all rows in order.

        Yields:
            The number of rows of a step, and the stacked outputs of a run of such steps.
        """
        count = len(arrays[0])
        whole = count // batch_size
        for start, stop in Pace().runs(whole):
            stacked = (
                array[start * batch_size : stop * batch_size].reshape(
                    stop - start, batch_size, *array.shape[1:]
                )
                for array in arrays
            )
            yield batch_size, step.steps(stop - start, *stacked)
        if count % batch_size:
            rest = (array[np.newaxis, whole * batch_size :] for array in arrays)
            yield count % batch_size, step.steps(1, *rest)


def _measures(
    compiled: Compiled, target: Tensor, prediction: Tensor, penalties: Sequence[Tensor]
) -> dict[str, Tensor]:
    """The loss, penalties included, and what every metric measures, by name."""
    loss = compiled.loss(target, prediction)
    for penalty in penalties:
        loss = loss + astype(penalty, loss.dtype)
    outputs = {"loss": loss}
    for metric in compiled.metrics:
        outputs[f"metric/{metric.name}"] = metric.measure(target, prediction)
    return outputs


def _signature(array: np.ndarray) -> tuple[Any, ...]:
    return array.shape, array.dtype
