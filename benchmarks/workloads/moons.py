"""Two moons: 200 points, a network of three hidden units, every step on all points."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import initial_weights
from benchmarks.operations import dense
from benchmarks.peers import jax_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet, with_numpy

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("sgd", 0.5)
_POINTS, _PASSES = 200, 20_000


def _problem(quick: bool) -> Problem:
    from sklearn.datasets import make_moons

    points, labels = make_moons(_POINTS, noise=0.2, random_state=0)
    return Problem(
        x=points.astype(np.float32),
        y=labels.astype(np.int64),
        order=np.zeros((_PASSES // 10 if quick else _PASSES, 0), np.int64),
        weights=initial_weights([(2, 3), (3, 2)]),
        source=f"{_POINTS} points of scikit-learn's make_moons",
    )


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(
        [
            cn.Input((2,)),
            cn.layers.Dense(3, activation="tanh"),
            cn.layers.Dense(2, activation="softmax"),
        ]
    )


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        hidden = jnp.tanh(x @ weights[0] + weights[1])
        logarithms = jax.nn.log_softmax(hidden @ weights[2] + weights[3])
        return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], axis=1))

    return loss


def _torch() -> Any:
    import torch
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        hidden = torch.tanh(functional.linear(x, weights[0], weights[1]))
        return functional.cross_entropy(functional.linear(hidden, weights[2], weights[3]), y)

    return loss


def _step(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> Any:
    """A pass forward and back in NumPy, as it is usually written."""
    kernel_1, bias_1, kernel_2, bias_2 = weights
    rows = np.arange(len(x))
    hidden = np.tanh(x @ kernel_1 + bias_1)
    scores = np.exp(hidden @ kernel_2 + bias_2)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    loss = -np.log(probabilities[rows, y]).mean()
    probabilities[rows, y] -= 1
    error = probabilities / np.float32(len(x))
    hidden_error = (error @ kernel_2.T) * (1 - hidden**2)
    rate = np.float32(_OPTIMIZER.learning_rate)
    kernel_2 -= rate * (hidden.T @ error)
    bias_2 -= rate * error.sum(axis=0)
    kernel_1 -= rate * (x.T @ hidden_error)
    bias_1 -= rate * hidden_error.sum(axis=0)
    return loss


def _flops(batch: int) -> int:
    return dense(batch, 2, 3, first=True) + dense(batch, 3, 2)


_CAIRNET = Contestant(
    "Cairnet",
    "cairnet",
    with_cairnet.steps(_cairnet, "sparse_categorical_crossentropy", _OPTIMIZER, 5000),
)
CONTEST = Contest(
    name="moons",
    title="Two moons, 2-3-2",
    description=(
        "A dense network of 2 inputs, 3 hyperbolic tangents and 2 outputs with a softmax; "
        "cross-entropy; plain gradient descent; every step takes all points."
    ),
    problem=_problem,
    contestants=(
        _CAIRNET,
        _CAIRNET.alone(),
        Contestant("NumPy", "numpy", with_numpy.loop(_step)),
        jax_peers(_jax, _OPTIMIZER, 5000)[0],
        *torch_peers(_torch, _OPTIMIZER, alone=True),
    ),
    flops=_flops,
    floor=15.0,
    rivals=("NumPy",),
)
