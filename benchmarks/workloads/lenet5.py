"""LeNet-5 on digits: two convolutions, three dense layers, Adam, batches of 128."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import digits, initial_weights, shuffled_rows
from benchmarks.operations import convolution, dense
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet, with_jax, with_keras, with_torch

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
    from jax import lax
    from jax import numpy as jnp

    def pool(x: Any) -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def convolve(x: Any, kernel: Any, padding: str) -> Any:
        layout = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=layout)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        x = pool(jax.nn.relu(convolve(x, weights[0], "SAME") + weights[1]))
        x = pool(jax.nn.relu(convolve(x, weights[2], "VALID") + weights[3]))
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


def _torch_layout(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Kernels as (filters, channels, height, width), and flattened images channel by channel."""
    changed = list(weights)
    for index in (0, 2):
        changed[index] = weights[index].transpose(3, 2, 0, 1)
    units = weights[4].shape[1]
    changed[4] = weights[4].reshape(5, 5, 16, units).transpose(3, 2, 0, 1).reshape(units, 400)
    for index in (6, 8):
        changed[index] = weights[index].T
    return changed


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


def _torch_contestant(name: str, **options: bool) -> Contestant:
    build = with_torch.calls(_torch, _OPTIMIZER, _torch_layout, **options)
    return Contestant(name, "torch", build, ("torch",), options.get("compiled", False))


def _keras_contestant(backend: str) -> Contestant:
    return Contestant(
        f"Keras on {'JAX' if backend == 'jax' else backend}",
        "keras",
        with_keras.fit(_keras, _LOSS, _OPTIMIZER),
        ("keras", backend),
        unit=50,
        environment={"KERAS_BACKEND": backend},
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
        _torch_contestant("torch, eager"),
        _torch_contestant("torch, channels last", channels_last=True),
        _torch_contestant("torch, compiled", compiled=True),
        Contestant("JAX, lax.scan", "jax", with_jax.scan(_jax, _OPTIMIZER, 10), ("jax",), unit=10),
        Contestant("JAX, jitted step", "jax", with_jax.calls(_jax, _OPTIMIZER), ("jax",)),
        _keras_contestant("torch"),
        _keras_contestant("jax"),
        _keras_contestant("tensorflow"),
    ),
    flops=_flops,
    floor=2.0,
)
