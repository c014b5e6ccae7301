"""PyTorch: a loop of steps in Python, eager or with the loss compiled by torch.compile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.contest import Runner
from benchmarks.problem import Optimizer, Problem

__all__ = ["calls", "flattened", "transposed"]

#: Given nothing, imports torch and returns `loss(weights, x, y)`; where states are carried,
#: `loss(weights, x, y, carried)`, which returns the new states beside the loss.
Loss = Callable[[], Callable[..., Any]]

#: Brings weights from Keras's layout into PyTorch's.
Layout = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


def transposed(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Kernels as (filters, channels, height, width) and (outputs, inputs)."""
    return [each.transpose(3, 2, 0, 1) if each.ndim == 4 else each.T for each in weights]


def flattened(*image: int) -> Layout:
    """`transposed`, and the inputs that are a flattened image sorted channel by channel.

    Args:
        image: height, width and channels of what the first dense layer takes.
    """

    def convert(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        changed = transposed(weights)
        first = next(index for index, each in enumerate(weights) if each.ndim == 2)
        units = weights[first].shape[1]
        rows = weights[first].reshape(*image, units)
        changed[first] = rows.transpose(3, 2, 0, 1).reshape(units, -1)
        return changed

    return convert


def calls(
    loss: Loss,
    optimizer: Optimizer,
    *,
    layout: Layout = transposed,
    compiled: bool = False,
    channels_last: bool = False,
) -> Callable[[Problem, int], Runner]:
    """Steps in a Python loop.

    Args:
        loss: see `Loss`.
        optimizer: the rule; Adam's fused form is taken, which does all weights in one call, and
            SGD's plain one, which is quicker on few weights.
        layout: how the initial weights become what the loss takes.
        compiled: whether torch.compile makes the loss and its gradient into C++.
        channels_last: whether images and kernels are stored with the channels last.
    """
    return lambda problem, threads: _Calls(
        problem, loss(), optimizer, layout, threads, compiled, channels_last
    )


class _Calls:
    def __init__(
        self,
        problem: Problem,
        loss: Any,
        optimizer: Optimizer,
        layout: Layout,
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
            for array in layout(problem.weights)
        ]
        self._weights = [start.clone().requires_grad_() for start in self._initial]
        self._start = [torch.from_numpy(state) for state in problem.carried]
        self._carried = self._start
        self._optimizer, self._clip = _rule(optimizer, self._weights), optimizer.clip
        self._loss = torch.compile(loss) if compiled else loss
        self._order = torch.from_numpy(problem.order)

    def reset(self, order: np.ndarray) -> None:
        import torch

        with torch.no_grad():
            for weight, start in zip(self._weights, self._initial, strict=True):
                weight.copy_(start)
        self._optimizer.state.clear()
        self._carried = self._start
        self._order = torch.from_numpy(order)

    def run(self) -> np.ndarray:
        import torch

        losses = []
        for rows in self._order:
            loss = self._loss_of(*self._batch(rows))
            self._optimizer.zero_grad()
            loss.backward()
            if self._clip is not None:
                torch.nn.utils.clip_grad_value_(self._weights, self._clip)
            self._optimizer.step()
            losses.append(loss.detach())
        return np.asarray(torch.stack(losses))

    def _loss_of(self, x: Any, y: Any) -> Any:
        if not self._carried:
            return self._loss(self._weights, x, y)
        loss, carried = self._loss(self._weights, x, y, self._carried)
        self._carried = [state.detach() for state in carried]
        return loss

    def _batch(self, rows: Any) -> tuple[Any, Any]:
        if self._full:
            return self._x, self._y
        x = self._x[rows]
        return x, x if self._reconstructs else self._y[rows]


def _stored(array: Any, channels_last: bool) -> Any:
    import torch

    if channels_last and array.ndim == 4:
        return array.contiguous(memory_format=torch.channels_last)
    return array


def _rule(optimizer: Optimizer, weights: list[Any]) -> Any:
    import torch

    if optimizer.name == "sgd":
        return torch.optim.SGD(weights, lr=optimizer.learning_rate, momentum=optimizer.momentum)
    betas = optimizer.beta_1, optimizer.beta_2
    return torch.optim.Adam(
        weights, lr=optimizer.learning_rate, betas=betas, eps=optimizer.epsilon, fused=True
    )
