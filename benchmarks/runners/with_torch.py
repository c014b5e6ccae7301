"""PyTorch: a loop of steps in Python, eager or with the loss compiled by torch.compile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.contest import Runner
from benchmarks.problem import Optimizer, Problem

__all__ = ["calls"]

#: Given nothing, imports torch and returns `loss(weights, x, y)`.
Loss = Callable[[], Callable[[Any, Any, Any], Any]]


def calls(
    loss: Loss,
    optimizer: Optimizer,
    *,
    flattened: tuple[int, int, int] | None = None,
    compiled: bool = False,
    channels_last: bool = False,
) -> Callable[[Problem, int], Runner]:
    """Steps in a Python loop.

    Args:
        loss: see `Loss`.
        optimizer: the rule; Adam's fused form is taken, which does all weights in one call, and
            SGD's plain one, which is quicker on few weights.
        flattened: height, width and channels of the image that the first dense layer takes, if it
            takes one.
        compiled: whether torch.compile makes the loss and its gradient into C++.
        channels_last: whether images and kernels are stored with the channels last.
    """
    return lambda problem, threads: _Calls(
        problem, loss(), optimizer, flattened, threads, compiled, channels_last
    )


class _Calls:
    def __init__(
        self,
        problem: Problem,
        loss: Any,
        optimizer: Optimizer,
        flattened: tuple[int, int, int] | None,
        threads: int,
        compiled: bool,
        channels_last: bool,
    ) -> None:
        import torch

        torch.set_num_threads(threads)
        self._full, self._reconstructs = problem.full_batch, problem.reconstructs
        self._x, self._y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
        if problem.x.ndim == 4:
            self._x = self._x.permute(0, 3, 1, 2)
            if not channels_last:
                self._x = self._x.contiguous()
        self._initial = [
            _stored(torch.from_numpy(np.ascontiguousarray(array)), channels_last)
            for array in _converted(problem.weights, flattened)
        ]
        self._weights = [start.clone().requires_grad_() for start in self._initial]
        self._optimizer = _rule(optimizer, self._weights)
        self._loss = torch.compile(loss) if compiled else loss
        self._order = torch.from_numpy(problem.order)

    def reset(self, order: np.ndarray) -> None:
        import torch

        with torch.no_grad():
            for weight, start in zip(self._weights, self._initial, strict=True):
                weight.copy_(start)
        self._optimizer.state.clear()
        self._order = torch.from_numpy(order)

    def run(self) -> np.ndarray:
        import torch

        losses = []
        for rows in self._order:
            loss = self._loss(self._weights, *self._batch(rows))
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            losses.append(loss.detach())
        return np.asarray(torch.stack(losses))

    def _batch(self, rows: Any) -> tuple[Any, Any]:
        if self._full:
            return self._x, self._y
        x = self._x[rows]
        return x, x if self._reconstructs else self._y[rows]


def _converted(
    weights: Sequence[np.ndarray], flattened: tuple[int, int, int] | None
) -> list[np.ndarray]:
    """From Keras's layout to PyTorch's.

    Kernels become (filters, channels, height, width) and (outputs, inputs), and the inputs that
    are the flattened image are sorted channel by channel.
    """
    changed = [each.transpose(3, 2, 0, 1) if each.ndim == 4 else each.T for each in weights]
    if flattened is not None:
        first = next(index for index, each in enumerate(weights) if each.ndim == 2)
        units = weights[first].shape[1]
        image = weights[first].reshape(*flattened, units)
        changed[first] = image.transpose(3, 2, 0, 1).reshape(units, -1)
    return changed


def _stored(array: Any, channels_last: bool) -> Any:
    import torch

    if channels_last and array.ndim == 4:
        return array.contiguous(memory_format=torch.channels_last)
    return array


def _rule(optimizer: Optimizer, weights: list[Any]) -> Any:
    import torch

    if optimizer.name == "sgd":
        return torch.optim.SGD(weights, lr=optimizer.learning_rate)
    betas = optimizer.beta_1, optimizer.beta_2
    return torch.optim.Adam(
        weights, lr=optimizer.learning_rate, betas=betas, eps=optimizer.epsilon, fused=True
    )
