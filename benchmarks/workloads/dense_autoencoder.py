"""A dense autoencoder of digits, 784-512-256-128-64 and back; Adam, batches of 256."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import digits, initial_weights, shuffled_rows
from benchmarks.operations import dense
from benchmarks.peers import jax_peers, keras_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet

__all__ = ["CONTEST"]

# Many gradients are small here, so Keras, which adds epsilon at another place, would find other
# losses with the customary 1e-7.
_OPTIMIZER = Optimizer("adam", 0.001, epsilon=1e-9)
_LOSS = "mean_squared_error"
_ROWS, _BATCH = 12_800, 256
_UNITS = (784, 512, 256, 128, 64, 128, 256, 512, 784)
_PAIRS = tuple(itertools.pairwise(_UNITS))


def _problem(quick: bool) -> Problem:
    rows = _ROWS // 10 if quick else _ROWS
    images, _, source = digits(rows)
    images = np.ascontiguousarray(images.reshape(rows, 784))
    order = shuffled_rows(rows, _BATCH, epochs=4)
    return Problem(images, images, order, initial_weights(_PAIRS), source)


def _layers(library: Any) -> list[Any]:
    """The network, in the words that Cairnet shares with Keras."""
    hidden = [library.layers.Dense(units, activation="relu") for units in _UNITS[1:-1]]
    output = library.layers.Dense(784, activation="sigmoid")
    return [library.Input((784,)), *hidden, output]


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(_layers(cn))


def _keras() -> Any:
    import keras

    return keras.Sequential(_layers(keras))


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any) -> Any:
        *hidden, kernel, bias = weights
        for each, offset in zip(hidden[::2], hidden[1::2], strict=True):
            x = jax.nn.relu(x @ each + offset)
        return jnp.mean((jax.nn.sigmoid(x @ kernel + bias) - y) ** 2)

    return loss


def _torch() -> Any:
    import torch
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        *hidden, kernel, bias = weights
        for each, offset in zip(hidden[::2], hidden[1::2], strict=True):
            x = functional.relu(functional.linear(x, each, offset))
        return functional.mse_loss(torch.sigmoid(functional.linear(x, kernel, bias)), y)

    return loss


def _flops(batch: int) -> int:
    return sum(dense(batch, *pair, first=index == 0) for index, pair in enumerate(_PAIRS))


CONTEST = Contest(
    name="dense-autoencoder",
    title="Dense autoencoder",
    description=(
        "Dense layers of 512, 256, 128, 64, 128, 256 and 512 rectifiers, and 784 sigmoids that "
        "draw the image; mean squared error against the input; Adam; shuffled rows."
    ),
    problem=_problem,
    contestants=(
        Contestant("Cairnet", "cairnet", with_cairnet.steps(_cairnet, _LOSS, _OPTIMIZER, 8)),
        *torch_peers(_torch, _OPTIMIZER),
        *jax_peers(_jax, _OPTIMIZER, 10),
        *keras_peers(_keras, _LOSS, _OPTIMIZER, 50),
    ),
    flops=_flops,
    floor=1.15,
    limits=(
        "The updates stream the weights and both moments through memory in every step, within the "
        "kernels of the weight gradients; what they read is asked for while the sums of the "
        "gradients are computed. In hand-written C a pass of its own for the updates took as long."
    ),
)
