"""JAX: the epoch under lax.scan, or a jitted step called from Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Runner
from benchmarks.problem import Optimizer, Problem

__all__ = ["calls", "convolve", "max_pool", "scan"]

#: Given nothing, imports JAX and returns `loss(weights, x, y)`; where states are carried,
#: `loss(weights, x, y, carried)`, which returns the new states beside the loss.
Loss = Callable[[], Callable[..., Any]]
Build = Callable[[Problem, int], Runner]


def scan(loss: Loss, optimizer: Optimizer, unit: int) -> Build:
    """Steps under lax.scan, `unit` of them in one compiled call; rows are gathered inside."""
    return lambda problem, threads: _Scan(problem, loss(), optimizer, unit)


def calls(loss: Loss, optimizer: Optimizer) -> Build:
    """A jitted step, called from Python once for every step; the calls overlap."""
    return lambda problem, threads: _Calls(problem, loss(), optimizer)


def convolve(x: Any, kernel: Any, padding: str) -> Any:
    """A convolution of images whose channels come last; `padding` is "SAME" or "VALID"."""
    from jax import lax

    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=layout)


def max_pool(x: Any, padding: str = "VALID") -> Any:
    """The largest of every two by two pixels."""
    from jax import lax
    from jax import numpy as jnp

    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), padding)


class _Calls:
    def __init__(self, problem: Problem, loss: Any, optimizer: Optimizer) -> None:
        import jax
        from jax import numpy as jnp

        x = jnp.asarray(problem.x)
        self._data = (x,) if problem.reconstructs else (x, jnp.asarray(problem.y))
        self._weights, self._carried = problem.weights, problem.carried
        self._batches: list[Any] = []
        self._state: Any = None
        full, carries = problem.full_batch, bool(problem.carried)
        update = _update(optimizer)

        def carrying(weights: Any, x: Any, y: Any, carried: Any) -> tuple[Any, Any]:
            return loss(weights, x, y, carried) if carries else (loss(weights, x, y), carried)

        def step(state: Any, data: Any, rows: Any) -> tuple[Any, Any]:
            trained, carried = state
            batch = data if full else [each[rows] for each in data]
            slope = jax.value_and_grad(carrying, has_aux=True)
            # An autoencoder's only array is both its inputs and its targets.
            (value, carried), gradients = slope(trained[0], batch[0], batch[-1], carried)
            return (update(trained, gradients), carried), value

        self.step = step
        self._compiled = self._compile()

    def _compile(self) -> Any:
        import jax

        # The old weights are given up, so that the new ones can take their memory.
        return jax.jit(self.step, donate_argnums=0)

    def reset(self, order: np.ndarray) -> None:
        import jax
        from jax import numpy as jnp

        weights = [jnp.array(weight) for weight in self._weights]
        moments = [[jnp.zeros_like(weight) for weight in weights] for _ in range(2)]
        carried = [jnp.array(state) for state in self._carried]
        self._state = (weights, *moments, jnp.asarray(0)), carried
        self._batches = self._divide(order.astype(np.int32))
        jax.block_until_ready((self._state, self._batches))

    def _divide(self, order: np.ndarray) -> list[Any]:
        from jax import numpy as jnp

        return [jnp.asarray(rows) for rows in order]

    def run(self) -> np.ndarray:
        losses = []
        for rows in self._batches:
            self._state, loss = self._compiled(self._state, self._data, rows)
            losses.append(loss)
        return np.asarray(losses).ravel()


class _Scan(_Calls):
    def __init__(self, problem: Problem, loss: Any, optimizer: Optimizer, unit: int) -> None:
        self._unit = unit
        super().__init__(problem, loss, optimizer)

    def _compile(self) -> Any:
        import jax

        def epoch(state: Any, data: Any, rows: Any) -> tuple[Any, Any]:
            return jax.lax.scan(lambda carried, each: self.step(carried, data, each), state, rows)

        return jax.jit(epoch, donate_argnums=0)

    def _divide(self, order: np.ndarray) -> list[Any]:
        from jax import numpy as jnp

        unit = min(self._unit, len(order))
        runs = order.reshape(len(order) // unit, unit, order.shape[1])
        return [jnp.asarray(rows) for rows in runs]


def _update(optimizer: Optimizer) -> Callable[[Any, Any], Any]:
    from jax import numpy as jnp

    rate, beta_1, beta_2 = optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2

    def sgd(state: Any, gradients: Any) -> Any:
        weights, *rest = state
        return [w - rate * g for w, g in zip(weights, gradients, strict=True)], *rest

    def adam(state: Any, gradients: Any) -> Any:
        weights, first, second, count = state
        count = count + 1
        first = [beta_1 * m + (1 - beta_1) * g for m, g in zip(first, gradients, strict=True)]
        second = [beta_2 * v + (1 - beta_2) * g * g for v, g in zip(second, gradients, strict=True)]
        # 1 - β^t, which is small at first, without cancellation in float32.
        scale = rate / -jnp.expm1(count * math.log(beta_1))
        root = jnp.sqrt(-jnp.expm1(count * math.log(beta_2)))
        weights = [
            w - scale * m / (jnp.sqrt(v) / root + optimizer.epsilon)
            for w, m, v in zip(weights, first, second, strict=True)
        ]
        return weights, first, second, count

    rule, bound = sgd if optimizer.name == "sgd" else adam, optimizer.clip
    if bound is None:
        return rule
    return lambda state, gradients: rule(state, [jnp.clip(g, -bound, bound) for g in gradients])
