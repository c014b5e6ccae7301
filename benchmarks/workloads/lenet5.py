"""LeNet-5 on digits: two convolutions, three dense layers, Adam, batches of 128."""

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

_OPTIMIZER = Optimizer("adam", 0.001)
_LOSS = "sparse_categorical_crossentropy"
_ROWS, _BATCH = 54_000, 128
_STEPS = _ROWS // _BATCH
_SHAPES = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]


def _problem(quick: bool) -> Problem:
    rows = _ROWS // 10 if quick else _ROWS
    images, labels, source = digits(rows)
    order = shuffled_rows(rows, _BATCH, epochs=2)
    return Problem(images, labels, order, initial_weights(_SHAPES), source)


def _cairnet() -> Any:
    import cairnet as cn

    return cn.models.lenet5()


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        x = max_pool(jax.nn.relu(convolve(x, weights[0], "SAME") + weights[1]))
        x = max_pool(jax.nn.relu(convolve(x, weights[2], "VALID") + weights[3]))
        x = x.reshape(len(x), -1)
        x = jax.nn.relu(x @ weights[4] + weights[5])
        x = jax.nn.relu(x @ weights[6] + weights[7])
        logarithms = jax.nn.log_softmax(x @ weights[8] + weights[9])
        return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], axis=1))

    return loss


def _torch() -> Any:
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        x = functional.relu(functional.conv2d(x, weights[0], weights[1], padding=2))
        x = functional.max_pool2d(x, 2)
        x = functional.max_pool2d(functional.relu(functional.conv2d(x, weights[2], weights[3])), 2)
        x = x.flatten(1)
        x = functional.relu(functional.linear(x, weights[4], weights[5]))
        x = functional.relu(functional.linear(x, weights[6], weights[7]))
        return functional.cross_entropy(functional.linear(x, weights[8], weights[9]), y)

    return loss


def _keras() -> Any:
    import keras

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(6, 5, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(16, 5, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(120, activation="relu"),
            keras.layers.Dense(84, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def _flops(batch: int) -> int:
    return (
        convolution(batch, 28, 5, 1, 6, "same", first=True)
        + convolution(batch, 14, 5, 6, 16, "valid", first=False)
        + dense(batch, 400, 120)
        + dense(batch, 120, 84)
        + dense(batch, 84, 10)
    )


CONTEST = Contest(
    name="lenet5",
    title="LeNet-5",
    description=(
        "Two convolutions with rectifiers and maximum pooling, three dense layers, softmax and "
        "cross-entropy; Adam; shuffled rows."
    ),
    problem=_problem,
    contestants=(
        Contestant("Cairnet", "cairnet", with_cairnet.steps(_cairnet, _LOSS, _OPTIMIZER, 32)),
        Contestant(
            "Cairnet, fit",
            "cairnet",
            with_cairnet.fit(_cairnet, _LOSS, _OPTIMIZER),
            unit=_STEPS,
            note=(
                "“Cairnet, fit” is the whole of `Sequential.fit`: it checks and copies the data, "
                "shuffles every epoch and reports."
            ),
        ),
        *torch_peers(_torch, _OPTIMIZER, flattened(5, 5, 16), images=True),
        *jax_peers(_jax, _OPTIMIZER, 10),
        *keras_peers(_keras, _LOSS, _OPTIMIZER, 50),
    ),
    flops=_flops,
    floor=5.0,
    kernels=True,
)
