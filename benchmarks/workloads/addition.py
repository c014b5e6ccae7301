"""Binary addition: a recurrent network of 16 units sees a sum, digit by digit, in every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import initial_weights, recurrent_weights
from benchmarks.operations import dense, recurrent
from benchmarks.peers import jax_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet, with_numpy

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("sgd", 0.5)
_DIGITS, _UNITS, _ADDITIONS = 8, 16, 10_000


def _problem(quick: bool) -> Problem:
    count = _ADDITIONS // 10 if quick else _ADDITIONS
    largest = 2 ** (_DIGITS - 1)
    pairs = np.random.default_rng(0).integers(largest, size=(count, 2))
    places = np.arange(_DIGITS)
    digits = (pairs[:, None, :] >> places[:, None]) & 1
    sums = (pairs.sum(axis=1)[:, None] >> places) & 1
    return Problem(
        x=digits.astype(np.float32),
        y=sums[..., None].astype(np.float32),
        order=np.arange(count)[:, None],
        weights=(*recurrent_weights(2, _UNITS, (_UNITS,)), *initial_weights([(_UNITS, 1)])),
        source=f"{count:,} sums of two random numbers below {largest}",
    )


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(
        [
            cn.Input((_DIGITS, 2), batch_size=1),
            cn.layers.SimpleRNN(_UNITS, "sigmoid", return_sequences=True),
            cn.layers.Dense(1, "sigmoid"),
        ]
    )


def _jax() -> Any:
    import jax
    from jax import lax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        kernel, recurrent_kernel, bias, output_kernel, output_bias = weights

        def step(h: Any, given: Any) -> Any:
            h = jax.nn.sigmoid(given + h @ recurrent_kernel)
            return h, h

        _, outputs = lax.scan(step, jnp.zeros(_UNITS), x[0] @ kernel + bias)
        logits = outputs @ output_kernel + output_bias
        return jnp.mean(jax.nn.softplus(logits) - y[0] * logits)

    return loss


def _torch() -> Any:
    import torch
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        kernel, recurrent_kernel, bias, output_kernel, output_bias = weights
        h = torch.zeros(_UNITS)
        outputs = []
        # torch.nn.RNN has no sigmoids.
        for given in functional.linear(x[0], kernel, bias):
            h = torch.sigmoid(given + functional.linear(h, recurrent_kernel))
            outputs.append(h)
        logits = functional.linear(torch.stack(outputs), output_kernel, output_bias)
        return functional.binary_cross_entropy_with_logits(logits, y[0])

    return loss


def _step(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> Any:
    """A pass forward and back through time in NumPy, as it is usually written."""
    kernel, recurrent_kernel, bias, output_kernel, output_bias = weights
    given, wanted = x[0], y[0]
    h = [np.zeros_like(bias)]
    said = []
    for digits in given:
        h.append(_sigmoid(digits @ kernel + h[-1] @ recurrent_kernel + bias))
        said.append(_sigmoid(h[-1] @ output_kernel + output_bias))
    gradients = [np.zeros_like(weight) for weight in weights]
    after = np.zeros_like(bias)
    for time in reversed(range(len(given))):
        error = (said[time] - wanted[time]) / np.float32(len(given))
        gradients[3] += np.outer(h[time + 1], error)
        gradients[4] += error
        slope = (output_kernel @ error + after) * h[time + 1] * (1 - h[time + 1])
        gradients[0] += np.outer(given[time], slope)
        gradients[1] += np.outer(h[time], slope)
        gradients[2] += slope
        after = recurrent_kernel @ slope
    for weight, gradient in zip(weights, gradients, strict=True):
        weight[...] -= np.float32(_OPTIMIZER.learning_rate) * gradient
    outputs = np.array(said)
    return -np.mean(wanted * np.log(outputs) + (1 - wanted) * np.log(1 - outputs))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _flops(batch: int) -> int:
    inputs = dense(_DIGITS * batch, 2, _UNITS, first=True)
    return inputs + recurrent(batch, _DIGITS, _UNITS, 1) + dense(_DIGITS * batch, _UNITS, 1)


_CAIRNET = Contestant(
    "Cairnet", "cairnet", with_cairnet.steps(_cairnet, "binary_crossentropy", _OPTIMIZER, 10_000)
)
_SCAN = jax_peers(_jax, _OPTIMIZER, 1000)[0]
CONTEST = Contest(
    name="addition",
    title="Binary addition",
    description=(
        "A recurrent layer of 16 sigmoids reads two numbers of 8 binary digits, the lowest first, "
        "and says a digit of their sum at each; cross-entropy; plain gradient descent. A step is "
        "one addition, and 10,000 are what a network is trained with."
    ),
    problem=_problem,
    contestants=(
        _CAIRNET,
        _CAIRNET.alone(),
        Contestant("NumPy", "numpy", with_numpy.loop(_step)),
        _SCAN,
        _SCAN.alone(),
        *torch_peers(_torch, _OPTIMIZER, alone=True),
    ),
    flops=_flops,
    floor=5.0,
)
