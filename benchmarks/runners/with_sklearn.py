"""scikit-learn: MLPClassifier, mini-batch after mini-batch by its own loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Runner
from benchmarks.problem import Optimizer, Problem

__all__ = ["classifier"]


def classifier(
    hidden: tuple[int, ...], activation: str, optimizer: Optimizer
) -> Callable[[Problem, int], Runner]:
    """One pass of `partial_fit` over the rows, which it divides into batches itself."""
    return lambda problem, threads: _Classifier(problem, hidden, activation, optimizer)


class _Classifier:
    def __init__(
        self, problem: Problem, hidden: tuple[int, ...], activation: str, optimizer: Optimizer
    ) -> None:
        self._problem = problem
        self._labels = problem.y.argmax(axis=1) if problem.y.ndim == 2 else problem.y
        self._settings: dict[str, Any] = {
            "hidden_layer_sizes": hidden,
            "activation": activation,
            "solver": optimizer.name,
            "learning_rate_init": optimizer.learning_rate,
            "batch_size": problem.batch,
            "momentum": 0.0,
            "alpha": 0.0,
            "shuffle": False,
        }
        self._model: Any = None
        self._data = problem.x, self._labels

    def reset(self, order: np.ndarray) -> None:
        from sklearn.neural_network import MLPClassifier

        rows = order.ravel()
        x = self._problem.x.reshape(len(self._problem.x), -1)
        self._data = x[rows], self._labels[rows]
        self._model = MLPClassifier(**self._settings)
        # The first call makes the weights; it is asked for one batch, and not timed.
        first = slice(self._problem.batch)
        self._model.partial_fit(
            self._data[0][first], self._data[1][first], classes=np.unique(self._labels)
        )

    def run(self) -> np.ndarray:
        self._model.partial_fit(*self._data)
        return np.array([])
