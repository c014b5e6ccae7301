"""An autoencoder of 3 × 3 convolutions on digits, 32-8-8-8-8-32-1 filters; Adam, batches of 256."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.contest import Contest, Contestant
from benchmarks.data import digits, initial_weights, shuffled_rows
from benchmarks.operations import convolution
from benchmarks.peers import jax_peers, keras_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet
from benchmarks.runners.with_jax import convolve, max_pool

__all__ = ["CONTEST"]

_OPTIMIZER = Optimizer("adam", 0.001)
_LOSS = "mean_squared_error"
_ROWS, _BATCH = 12_800, 256
_FILTERS = (1, 32, 8, 8, 8, 8, 32, 1)
#: Height and width of the image that each convolution takes.
_SIZES = (28, 14, 7, 4, 8, 16, 28)
_PADDING = ("same", "same", "same", "same", "same", "valid", "same")


def _problem(quick: bool) -> Problem:
    rows = _ROWS // 10 if quick else _ROWS
    images, _, source = digits(rows)
    order = shuffled_rows(rows, _BATCH, epochs=3)
    shapes = [(3, 3, *pair) for pair in itertools.pairwise(_FILTERS)]
    return Problem(images, images, order, initial_weights(shapes), source)


def _layers(library: Any) -> list[Any]:
    """The network, in the words that Cairnet shares with Keras."""
    layers = library.layers

    def convolved(filters: int, padding: str = "same") -> Any:
        return layers.Conv2D(filters, 3, padding=padding, activation="relu")

    return [
        library.Input((28, 28, 1)),
        convolved(32),
        layers.MaxPooling2D(2),
        convolved(8),
        layers.MaxPooling2D(2),
        convolved(8),
        layers.MaxPooling2D(2, padding="same"),
        convolved(8),
        layers.UpSampling2D(2),
        convolved(8),
        layers.UpSampling2D(2),
        convolved(32, "valid"),
        layers.UpSampling2D(2),
        convolved(1),
    ]


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(_layers(cn))


def _keras() -> Any:
    import keras

    return keras.Sequential(_layers(keras))


def _jax() -> Any:
    import jax
    from jax import numpy as jnp

    def enlarge(x: Any) -> Any:
        return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for index, padding in enumerate(_PADDING):
            kernel, bias = weights[2 * index : 2 * index + 2]
            x = jax.nn.relu(convolve(x, kernel, padding.upper()) + bias)
            if index < 3:
                x = max_pool(x, "SAME")
            elif index < 6:
                x = enlarge(x)
        return jnp.mean((x - y) ** 2)

    return loss


def _torch() -> Any:
    from torch.nn import functional

    def loss(weights: Any, x: Any, y: Any) -> Any:
        for index, padding in enumerate(_PADDING):
            kernel, bias = weights[2 * index : 2 * index + 2]
            x = functional.relu(functional.conv2d(x, kernel, bias, padding=padding))
            if index < 3:
                x = functional.max_pool2d(x, 2, ceil_mode=True)
            elif index < 6:
                x = functional.interpolate(x, scale_factor=2)
        return functional.mse_loss(x, y)

    return loss


def _flops(batch: int) -> int:
    layers = zip(_SIZES, itertools.pairwise(_FILTERS), _PADDING, strict=True)
    return sum(
        convolution(batch, size, 3, *filters, padding, first=index == 0)
        for index, (size, filters, padding) in enumerate(layers)
    )


CONTEST = Contest(
    name="convolutional-autoencoder",
    title="Convolutional autoencoder",
    description=(
        "3 × 3 convolutions of 32, 8 and 8 filters with rectifiers, each with maximum pooling "
        "behind it, then 8, 8 and 32 filters, each with an enlargement by two, and one filter "
        "that draws the image; mean squared error against the input; Adam; shuffled rows."
    ),
    problem=_problem,
    contestants=(
        Contestant("Cairnet", "cairnet", with_cairnet.steps(_cairnet, _LOSS, _OPTIMIZER, 4)),
        *torch_peers(_torch, _OPTIMIZER, images=True),
        *jax_peers(_jax, _OPTIMIZER, 2),
        *keras_peers(_keras, _LOSS, _OPTIMIZER, 3),
    ),
    flops=_flops,
    floor=8.0,
    limits=(
        "Upsampling is folded into the taps of the convolutions and pooling into the registers of "
        "the kernels before it, so neither is stored; what is left is drawn kernel by kernel under "
        "the roofs. The best peer's own time differs much from round to round: its shortest stands "
        "beside it."
    ),
    kernels=True,
)
