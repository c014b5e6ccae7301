"""NumPy: the training loop as a textbook writes it, the gradients by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Runner
from benchmarks.problem import Problem

__all__ = ["loop"]

#: `step(weights, x, y, *carried)`: changes the weights and the states that are carried in place,
#: and returns the loss before the step.
Step = Callable[..., Any]


def loop(step: Step) -> Callable[[Problem, int], Runner]:
    """A Python loop over a step that is written out by hand."""
    return lambda problem, threads: _Loop(problem, step)


class _Loop:
    def __init__(self, problem: Problem, step: Step) -> None:
        self._problem = problem
        self._step = step
        self._weights: list[np.ndarray] = []
        self._carried: list[np.ndarray] = []
        self._order = problem.order

    def reset(self, order: np.ndarray) -> None:
        self._weights = [weight.copy() for weight in self._problem.weights]
        self._carried = [state.copy() for state in self._problem.carried]
        self._order = order

    def run(self) -> np.ndarray:
        x, y, weights = self._problem.x, self._problem.y, self._weights
        if self._problem.full_batch:
            return np.array([self._step(weights, x, y) for _ in self._order])
        step, carried = self._step, self._carried
        return np.array([step(weights, x[rows], y[rows], *carried) for rows in self._order])
