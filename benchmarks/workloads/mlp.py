"""The first network of the textbooks: 784-30-10, sigmoids, quadratic cost, batches of ten."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import digits, initial_weights, shuffled_rows
from benchmarks.operations import dense
from benchmarks.peers import jax_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet, with_sklearn

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("sgd", 3.0)
_ROWS, _BATCH, _EPOCHS = 50_000, 10, 8


def _problem(quick: bool) -> Problem:
    rows = _ROWS // 10 if quick else _ROWS
    images, labels, source = digits(rows)
    return Problem(
        x=np.ascontiguousarray(images.reshape(rows, 784)),
        y=np.eye(10, dtype=np.float32)[labels],
        order=shuffled_rows(rows, _BATCH, _EPOCHS),
        weights=initial_weights([(784, 30), (30, 10)]),
        source=source,
    )


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(
        [
            cn.Input((784,)),
            cn.layers.Dense(30, activation="sigmoid"),
            cn.layers.Dense(10, activation="sigmoid"),
        ]
    )


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
            x = jax.nn.sigmoid(x @ kernel + bias)
        return jnp.sum((x - y) ** 2) / (2 * len(x))

    return loss


def _torch() -> Any:
    import torch

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
            x = torch.sigmoid(torch.nn.functional.linear(x, kernel, bias))
        return ((x - y) ** 2).sum() / (2 * len(x))

    return loss


def _flops(batch: int) -> int:
    return dense(batch, 784, 30, first=True) + dense(batch, 30, 10)


_CAIRNET = Contestant(
    "Cairnet",
    "cairnet",
    with_cairnet.steps(_cairnet, "quadratic_cost", _OPTIMIZER, _ROWS // _BATCH),
)
_SCAN, _JITTED = jax_peers(_jax, _OPTIMIZER, _ROWS // _BATCH)
CONTEST = Contest(
    name="mlp",
    title="MLP 784-30-10",
    description=(
        "A dense network of 784 inputs, 30 hidden units and 10 outputs, all sigmoids; quadratic "
        "cost; plain gradient descent; shuffled rows."
    ),
    problem=_problem,
    contestants=(
        _CAIRNET,
        _CAIRNET.alone(),
        _SCAN,
        _SCAN.alone(),
        _JITTED,
        *torch_peers(_torch, _OPTIMIZER, alone=True),
        Contestant(
            "scikit-learn",
            "sklearn",
            with_sklearn.classifier((30,), "logistic", _OPTIMIZER),
            ("sklearn",),
            comparable=False,
            note=(
                "scikit-learn's MLPClassifier has no quadratic cost: it trains a network of the "
                "same size with a softmax and the cross-entropy, so its losses are not compared "
                "and it does not count as a peer."
            ),
        ),
    ),
    flops=_flops,
    floor=5.0,
)
