"""Cairnet: a training function, called for a run of steps or step by step; and `fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import cairnet as cn
from benchmarks.contest import Runner
from benchmarks.problem import Optimizer, Problem
from cairnet.nn.effects import Effects
from cairnet.runtime import Profile

__all__ = ["calls", "fit", "steps"]

Build = Callable[[Problem, int], Runner]


def steps(model: Callable[[], Any], loss: Any, optimizer: Optimizer, run: int) -> Build:
    """The training function, run by `steps`.

    Args:
        model: makes the network.
        loss: its loss, or the loss's name.
        optimizer: the update rule.
        run: how many steps are one native call; `fit` chooses some tens of milliseconds of them.
    """
    return lambda problem, threads: _Steps(problem, model(), loss, optimizer, run)


def calls(model: Callable[[], Any], loss: Any, optimizer: Optimizer) -> Build:
    """The training function, called from Python once for every step."""
    return lambda problem, threads: _Calls(problem, model(), loss, optimizer, 1)


def fit(model: Callable[[], Any], loss: Any, optimizer: Optimizer) -> Build:
    """`Model.fit`, with everything that it does besides: checks, shuffling, averages."""
    return lambda problem, threads: _Fit(problem, model(), loss, optimizer)


class _Steps:
    def __init__(
        self, problem: Problem, model: Any, loss: Any, optimizer: Optimizer, run: int
    ) -> None:
        rule = _rule(optimizer)
        inputs: list[Any] = []
        x: Any = cn.Variable(problem.x, name="x", trainable=False)
        y: Any = x if problem.reconstructs else cn.Variable(problem.y, name="y", trainable=False)
        if not problem.full_batch:
            inputs = [cn.input((problem.batch,), dtype="int64", name="rows")]
            batch = cn.take(x, inputs[0], axis=0)
            x, y = batch, batch if problem.reconstructs else cn.take(y, inputs[0], axis=0)
        with Effects() as effects:
            cost = cn.losses.get(loss)(y, model(x, training=True))
        variables = model.trainable_variables
        for variable, weight in zip(variables, problem.weights, strict=True):
            variable.assign(weight)
        updates = {**rule.updates(variables, cn.grad(cost, variables)), **effects.updates}
        self.function = cn.function(inputs, cost, updates=updates, name="training step")
        self._start = _Start([*variables, *rule.variables, *effects.updates])
        self._order = problem.order
        self._run = run

    def reset(self, order: np.ndarray) -> None:
        self._start.restore()
        self._order = order

    def run(self) -> np.ndarray:
        losses = []
        for start in range(0, len(self._order), self._run):
            order = self._order[start : start + self._run]
            losses.append(self.function.steps(len(order), *([order] if order.shape[1] else [])))
        return np.concatenate(losses)

    def profile(self) -> Profile:
        rows = [self._order[0]] if self._order.shape[1] else []
        return cn.profile(self.function, *rows, seconds=0.3)


class _Calls(_Steps):
    def run(self) -> np.ndarray:
        function = self.function
        return np.array([function(rows) for rows in self._order])


class _Fit:
    """A window of whole epochs, shuffled by `fit`; fewer steps are taken in the order given.

    Rows beyond the last whole batch are left out, so that every step has the same size.
    """

    def __init__(self, problem: Problem, model: Any, loss: Any, optimizer: Optimizer) -> None:
        self._problem = problem
        self._model = model
        self._rule = _rule(optimizer)
        model.set_weights(problem.weights)
        model.compile(self._rule, loss)
        self._weights = _Start(model.variables)
        self._data = problem.x, problem.y
        self._epochs = 1
        self._shuffle = True

    def reset(self, order: np.ndarray) -> None:
        self._weights.restore()
        for variable in self._rule.variables:
            if variable.name != "learning_rate":
                variable.assign(np.zeros_like(variable.data))
        epoch = len(self._problem.x) // self._problem.batch
        self._shuffle = len(order) % epoch == 0
        self._epochs = len(order) // epoch if self._shuffle else 1
        rows = slice(epoch * self._problem.batch) if self._shuffle else order.ravel()
        self._data = self._problem.x[rows], self._problem.y[rows]

    def run(self) -> np.ndarray:
        history = self._model.fit(
            *self._data,
            batch_size=self._problem.batch,
            epochs=self._epochs,
            shuffle=self._shuffle,
            verbose=0,
        )
        return np.array([] if self._shuffle else history.history["loss"])


class _Start:
    """What variables held at first, to go back to."""

    def __init__(self, variables: list[Any]) -> None:
        self._values = [(variable, variable.numpy()) for variable in variables]

    def restore(self) -> None:
        for variable, value in self._values:
            variable.assign(value)


def _rule(optimizer: Optimizer) -> Any:
    if optimizer.name == "sgd":
        return cn.optimizers.SGD(
            optimizer.learning_rate, optimizer.momentum, clipvalue=optimizer.clip
        )
    return cn.optimizers.Adam(
        *(optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon),
        clipvalue=optimizer.clip,
    )
