"""Keras: compile and fit, on whichever backend the environment variable KERAS_BACKEND names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Runner
from benchmarks.problem import Optimizer, Problem

__all__ = ["fit"]


def fit(
    model: Callable[[], Any], loss: str, optimizer: Optimizer
) -> Callable[[Problem, int], Runner]:
    """`Model.fit` on rows that already lie in the order in which they are wanted."""
    return lambda problem, threads: _Fit(problem, model(), loss, optimizer, threads)


class _Fit:
    def __init__(
        self, problem: Problem, model: Any, loss: str, optimizer: Optimizer, threads: int
    ) -> None:
        import keras

        if keras.config.backend() == "torch":
            import torch

            torch.set_num_threads(threads)
        self._problem = problem
        self._model = model
        self._rule = _rule(optimizer)
        self._model.compile(self._rule, loss)
        self._data = problem.x, problem.y

    def reset(self, order: np.ndarray) -> None:
        self._model.set_weights(self._problem.weights)
        for variable in self._rule.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, variable.dtype))
        rows = order.ravel()
        self._data = self._problem.x[rows], self._problem.y[rows]

    def run(self) -> np.ndarray:
        history = self._model.fit(
            *self._data, batch_size=self._problem.batch, shuffle=False, verbose=0
        )
        return np.array(history.history["loss"])


def _rule(optimizer: Optimizer) -> Any:
    import keras

    if optimizer.name == "sgd":
        return keras.optimizers.SGD(
            optimizer.learning_rate, optimizer.momentum, clipvalue=optimizer.clip
        )
    # Keras adds epsilon to the root of the second moment before it is corrected; this is as much
    # as the others add after it, in the first step.
    epsilon = optimizer.epsilon * math.sqrt(1 - optimizer.beta_2)
    return keras.optimizers.Adam(
        *(optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2, epsilon),
        clipvalue=optimizer.clip,
    )
