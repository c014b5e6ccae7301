"""One convolution of twenty filters on digits, and a dense layer of a hundred; batches of ten."""

from __future__ import annotations

from typing import Any

from benchmarks.contest import Contest, Contestant
from benchmarks.data import digits, initial_weights, shuffled_rows
from benchmarks.operations import convolution, dense
from benchmarks.peers import jax_peers, keras_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet
from benchmarks.runners.with_jax import convolve, max_pool
from benchmarks.runners.with_torch import flattened

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("sgd", 0.1)
_LOSS = "sparse_categorical_crossentropy"
_ROWS, _BATCH = 20_000, 10
_SHAPES = [(5, 5, 1, 20), (2880, 100), (100, 10)]


def _problem(quick: bool) -> Problem:
    rows = _ROWS // 10 if quick else _ROWS
    images, labels, source = digits(rows)
    order = shuffled_rows(rows, _BATCH, epochs=2)
    return Problem(images, labels, order, initial_weights(_SHAPES), source)


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            cn.layers.Conv2D(20, 5),
            cn.layers.MaxPooling2D(2),
            cn.layers.Activation("sigmoid"),
            cn.layers.Flatten(),
            cn.layers.Dense(100, activation="sigmoid"),
            cn.layers.Dense(10, activation="softmax"),
        ]
    )


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        x = jax.nn.sigmoid(max_pool(convolve(x, weights[0], "VALID") + weights[1]))
        x = jax.nn.sigmoid(x.reshape(len(x), -1) @ weights[2] + weights[3])
        logarithms = jax.nn.log_softmax(x @ weights[4] + weights[5])
        return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], axis=1))

    return loss


def _torch() -> Any:
    import torch
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        x = functional.max_pool2d(functional.conv2d(x, weights[0], weights[1]), 2)
        x = torch.sigmoid(x).flatten(1)
        x = torch.sigmoid(functional.linear(x, weights[2], weights[3]))
        return functional.cross_entropy(functional.linear(x, weights[4], weights[5]), y)

    return loss


def _keras() -> Any:
    import keras

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(20, 5),
            keras.layers.MaxPooling2D(2),
            keras.layers.Activation("sigmoid"),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="sigmoid"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def _flops(batch: int) -> int:
    return (
        convolution(batch, 28, 5, 1, 20, "valid", first=True)
        + dense(batch, 2880, 100)
        + dense(batch, 100, 10)
    )


CONTEST = Contest(
    name="conv20",
    title="Convolution 20, dense 100",
    description=(
        "A convolution of twenty 5 × 5 filters, maximum pooling, sigmoids, a dense layer of 100 "
        "sigmoids and one of 10 outputs with a softmax; cross-entropy; plain gradient descent; "
        "shuffled rows."
    ),
    problem=_problem,
    contestants=(
        Contestant("Cairnet", "cairnet", with_cairnet.steps(_cairnet, _LOSS, _OPTIMIZER, 200)),
        *torch_peers(_torch, _OPTIMIZER, flattened(12, 12, 20), images=True, alone=True),
        *jax_peers(_jax, _OPTIMIZER, 50),
        *keras_peers(_keras, _LOSS, _OPTIMIZER, 50),
    ),
    flops=_flops,
    floor=6.0,
    limits=(
        "Its kernels take a few microseconds each, and the threads meet after every one. Where the "
        "host moves the cores apart, a step takes twice as long, as the distance between the "
        "median and the shortest time shows; how much longer a meeting takes then stands below."
    ),
)
