"""A tiny network, 4-16-3 on irises, called from Python once a step: what a call costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import initial_weights, shuffled_rows
from benchmarks.operations import dense
from benchmarks.peers import EAGER, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet, with_jax

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("sgd", 0.05)
_BATCH, _EPOCHS = 10, 2000


def _problem(quick: bool) -> Problem:
    from sklearn.datasets import load_iris

    flowers, species = load_iris(return_X_y=True)
    return Problem(
        x=flowers.astype(np.float32),
        y=species.astype(np.int64),
        order=shuffled_rows(len(flowers), _BATCH, _EPOCHS // 10 if quick else _EPOCHS),
        weights=initial_weights([(4, 16), (16, 3)]),
        source=f"the {len(flowers)} irises of scikit-learn",
    )


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(
        [
            cn.Input((4,)),
            cn.layers.Dense(16, activation="relu"),
            cn.layers.Dense(3, activation="softmax"),
        ]
    )


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        hidden = jax.nn.relu(x @ weights[0] + weights[1])
        logarithms = jax.nn.log_softmax(hidden @ weights[2] + weights[3])
        return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], axis=1))

    return loss


def _torch() -> Any:
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        hidden = functional.relu(functional.linear(x, weights[0], weights[1]))
        return functional.cross_entropy(functional.linear(hidden, weights[2], weights[3]), y)

    return loss


def _flops(batch: int) -> int:
    return dense(batch, 4, 16, first=True) + dense(batch, 16, 3)


CONTEST = Contest(
    name="small",
    title="MLP 4-16-3, one call a step",
    description=(
        "A dense network of 4 inputs, 16 rectifiers and 3 outputs with a softmax; cross-entropy; "
        "plain gradient descent. Every step is a call from Python, so what is measured is mostly "
        "what a call costs."
    ),
    problem=_problem,
    contestants=(
        Contestant(
            "Cairnet",
            "cairnet",
            with_cairnet.calls(_cairnet, "sparse_categorical_crossentropy", _OPTIMIZER),
        ),
        Contestant("JAX, jitted step", "jax", with_jax.calls(_jax, _OPTIMIZER), ("jax",)),
        *torch_peers(_torch, _OPTIMIZER, alone=True),
    ),
    flops=_flops,
    floor=5.0,
    rivals=EAGER,
)
