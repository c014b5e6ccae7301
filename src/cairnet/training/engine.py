"""The compiled functions of a model: one that trains, one that measures, one that predicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cairnet.base.configuration import configuration
from cairnet.base.errors import GraphError
from cairnet.nn.constraints import constrained
from cairnet.nn.effects import Effects
from cairnet.runtime import Function, function
from cairnet.tensor.core import Input, Tensor, input
from cairnet.tensor.functions import astype, take
from cairnet.tensor.gradient import grad
from cairnet.tensor.source import scope
from cairnet.training.data import Data
from cairnet.training.objective import Compiled
from cairnet.training.pace import Pace

if TYPE_CHECKING:
    from cairnet.training.learner import Learner

__all__ = ["Engine", "Trainer"]


class Trainer(NamedTuple):
    """The function of a step of `fit`, and the arrays of which every step takes some rows."""

    step: Function
    arrays: list[np.ndarray]

    def run(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """A run of steps, one native call: a step for each line of row numbers."""
        return self.step.steps(len(rows), rows, non_sequences=self.arrays)


class Engine:
    """Builds a model's functions when they are first needed, and keeps them.

    A step of `fit` is given all data and the numbers of its rows: the rows are read where they lie
    in the user's arrays, in any order. `evaluate` and `predict` read their rows in order and are
    given slices of the arrays.
    """

    def __init__(self, model: Learner) -> None:
        self._model = model
        self._fitted: tuple[tuple[Any, ...], Function] | None = None
        self._functions: dict[tuple[Any, ...], Function] = {}
        # What a step takes is remembered, so that a second fit begins with runs of the right size.
        self.pace = Pace()

    def trainer(self, compiled: Compiled, data: Data) -> Trainer:
        """The function that takes row numbers and does one step on these rows of the data."""
        key = (
            self._shapes(data.inputs, data.targets, data.weights),
            (compiled, data.weights is not None, configuration()),
            tuple(map(id, self._model.trainable_variables)),
            self._frozen(),
        )
        if self._fitted is None or self._fitted[0] != key:
            self._fitted = None
            self.pace = Pace()
            self._fitted = key, self._fitting(compiled, data)
        # Memory-mapped files and the like are read where they lie, too.
        arrays = [np.require(np.asarray(array), None, ("C", "A")) for array in data.arrays]
        return Trainer(self._fitted[1], arrays)

    def _fitting(self, compiled: Compiled, data: Data) -> Function:
        """The function of a step of `fit`."""
        rows = input((None,), "int64", "rows")
        arrays = self._placeholders(data.inputs, data.targets, data.weights)
        batch = [take(array, rows, axis=0) for array in arrays]
        return self._stepping(compiled, data, [rows, *arrays], batch, "fit")

    def _frozen(self) -> tuple[bool, ...]:
        """Which layers are frozen: some behave otherwise, even where they own no weights."""
        return tuple(layer.trainable for layer in self._model.layers_within())

    def stepper(self, compiled: Compiled, data: Data) -> Function:
        """The function that takes a batch of the data and does one step of training on it."""
        key = (
            "train",
            self._shapes(data.inputs, data.targets, data.weights),
            (compiled, data.weights is not None, configuration()),
            tuple(map(id, self._model.trainable_variables)),
            self._frozen(),
        )
        if key not in self._functions:
            batch = self._placeholders(data.inputs, data.targets, data.weights)
            self._functions[key] = self._stepping(compiled, data, batch, batch, "train")
        return self._functions[key]

    def _stepping(
        self,
        compiled: Compiled,
        data: Data,
        inputs: Sequence[Input],
        batch: Sequence[Tensor],
        name: str,
    ) -> Function:
        """A step of training: what is measured, and the new values of all variables."""
        model = self._model
        with Effects() as effects:
            outputs = self._measured(compiled, data, batch, effects, training=True)
        variables = model.trainable_variables
        if not variables:
            raise GraphError(
                f"model {model.name!r} has no trainable variables, so there is nothing to fit"
            )
        gradients = grad(outputs["loss"], variables)
        with scope("optimizer"):
            updates = compiled.optimizer.updates(variables, gradients)
            updates = {**constrained(updates, model.constraints), **effects.updates}
        return function(inputs, outputs, updates=updates, name=f"{model.name}.{name}")

    def _measured(
        self,
        compiled: Compiled,
        data: Data,
        batch: Sequence[Tensor],
        effects: Effects,
        *,
        training: bool,
    ) -> dict[str, Tensor]:
        """The loss, penalties included, and what every metric measures, by name."""
        inputs, rest = batch[: len(data.inputs)], batch[len(data.inputs) :]
        predictions = self._model.forward(inputs, training)
        weights = None if data.weights is None else rest[-1]
        costs: list[Tensor] = []
        outputs: dict[str, Tensor] = {}
        for objective, target, prediction in zip(
            compiled.objectives, rest, predictions, strict=False
        ):
            scale = None if weights is None else astype(weights, prediction.dtype)
            with scope("loss"):
                cost = objective.cost(target, prediction, scale)
            if len(compiled.objectives) > 1:
                outputs[f"part/{objective.loss_name()}"] = cost
            costs.append(cost if objective.weight == 1 else objective.weight * cost)
            for name, (sums, count) in objective.measured(target, prediction, weights).items():
                outputs[f"metric/{name}"] = sums
                if count is not None:
                    outputs[f"count/{name}"] = count
        total = costs[0]
        for extra in (*costs[1:], *self._model.losses, *effects.losses):
            total = total + astype(extra, total.dtype)
        return {"loss": total, **outputs}

    def _shapes(
        self,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray] = (),
        weights: np.ndarray | None = None,
    ) -> tuple[tuple[tuple[int | None, ...], np.dtype[Any]], ...]:
        """The shape of one row of every array, and its dtype; None for extents that may vary.

        Which those are the model has said, so that one function serves sequences of any length.
        """
        said: list[Sequence[int | None] | None] = [None] * (len(inputs) + len(targets))
        if self._model.places is not None:
            ends = self._model.outputs_for(inputs) if targets else []
            said[: len(inputs)] = [place.sample for place in self._model.places]
            said[len(inputs) :] = [output.shape[1:] for output in ends]
        arrays = [*inputs, *targets]
        if weights is not None:
            said, arrays = [*said, None], [*arrays, weights]
        return tuple(
            (_left_open(array.shape[1:], shape), array.dtype)
            for array, shape in zip(arrays, said, strict=True)
        )

    def _placeholders(
        self,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray] = (),
        weights: np.ndarray | None = None,
    ) -> list[Input]:
        """A placeholder for a batch of each array; all batches have the same number of rows."""
        named = [place.name for place in self._model.places or ()]
        if len(named) != len(inputs):
            named = ["x", *(f"x_{number}" for number in range(1, len(inputs)))]
        named += [f"y_{number}" if number else "y" for number in range(len(targets))]
        if weights is not None:
            named = [*named, "sample_weight"]
        found: list[Input] = []
        for (shape, dtype), name in zip(self._shapes(inputs, targets, weights), named, strict=True):
            rows = found[0].extents[0] if found else None
            found.append(input((rows, *shape), dtype, name))
        return found

    def evaluator(self, compiled: Compiled, data: Data) -> Function:
        """The function that takes a batch of the data and measures loss and metrics."""
        key = (
            "evaluate",
            self._shapes(data.inputs, data.targets, data.weights),
            (compiled, data.weights is not None, configuration()),
            self._frozen(),
        )
        if key not in self._functions:
            batch = self._placeholders(data.inputs, data.targets, data.weights)
            with Effects() as effects:
                outputs = self._measured(compiled, data, batch, effects, training=False)
            name = f"{self._model.name}.evaluate"
            self._functions[key] = function(batch, outputs, updates=effects.updates, name=name)
        return self._functions[key]

    def predictor(self, inputs: Sequence[np.ndarray]) -> Function:
        """The function that takes a batch of inputs and gives the model's outputs, as a list."""
        key = ("predict", self._shapes(inputs), configuration())
        if key not in self._functions:
            batch = self._placeholders(inputs)
            # Out of training, what layers remember is the state of recurrent ones.
            with Effects() as effects:
                outputs = self._model.forward(batch, training=False)
            name = f"{self._model.name}.predict"
            self._functions[key] = function(batch, outputs, updates=effects.updates, name=name)
        return self._functions[key]

    def batches(
        self,
        step: Function,
        arrays: Sequence[np.ndarray],
        batch_size: int,
        *,
        single: bool = False,
    ) -> Iterator[tuple[int, Any]]:
        """Run a function over all rows in order.

        Args:
            step: takes a batch of every array.
            arrays: of equal lengths.
            batch_size: rows in a batch.
            single: whether every run is to be a single step.

        Yields:
            The number of rows of a step, and the stacked outputs of a run of such steps.
        """
        count = len(arrays[0])
        whole = count // batch_size
        for start, stop in Pace(most=1 if single else None).runs(whole):
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


def _left_open(shape: tuple[int, ...], said: Sequence[int | None] | None) -> tuple[int | None, ...]:
    """A shape without the extents that were left open.

    >>> _left_open((7, 3), (None, 3)), _left_open((7,), (None, 3)), _left_open((7, 3), None)
    ((None, 3), (None,), (7, 3))
    """
    if said is None:
        return shape
    opened = [axis < len(said) and said[axis] is None for axis in range(len(shape))]
    return tuple(None if free else size for size, free in zip(shape, opened, strict=True))
