"""An LSTM and a GRU of 128 units, which say what follows 40 characters; Adam, batches of 256."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import initial_weights, recurrent_weights, shuffled_rows, text
from benchmarks.operations import dense, recurrent
from benchmarks.peers import jax_peers, keras_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet
from benchmarks.runners.with_torch import Layout, transposed

__all__ = ["CONTESTS"]

# A small epsilon, since Keras adds it at another place; see `with_keras`.
_OPTIMIZER = Optimizer("adam", 0.001, epsilon=1e-9)
_LOSS = "sparse_categorical_crossentropy"
_CHARACTERS, _UNITS, _LENGTH, _BATCH, _ROWS = 38, 128, 40, 256, 10_240


def _problem(bias: tuple[int, ...], quick: bool) -> Problem:
    rows = _ROWS // 10 if quick else _ROWS
    numbers, source = text(rows * 3 + _LENGTH, _CHARACTERS)
    starts = np.arange(rows) * 3
    return Problem(
        x=numbers[starts[:, None] + np.arange(_LENGTH)],
        y=numbers[starts + _LENGTH],
        order=shuffled_rows(rows, _BATCH, epochs=4),
        weights=(
            *recurrent_weights(_CHARACTERS, _UNITS, bias),
            *initial_weights([(_UNITS, _CHARACTERS)]),
        ),
        source=source,
    )


def _network(library: Any, one_hot: Callable[[Any], Any], layer: str) -> Any:
    """The network, in the words that Cairnet shares with Keras."""
    return library.Sequential(
        [
            library.Input((_LENGTH,), dtype="int64"),
            library.layers.Lambda(one_hot),
            getattr(library.layers, layer)(_UNITS),
            library.layers.Dense(_CHARACTERS, activation="softmax"),
        ]
    )


def _cairnet(layer: str) -> Any:
    import cairnet as cn

    return _network(cn, lambda x: cn.one_hot(x, _CHARACTERS), layer)


def _keras(layer: str) -> Any:
    import keras

    return _network(keras, lambda x: keras.ops.one_hot(x, _CHARACTERS), layer)


def _jax(layer: str) -> Any:
    import jax
    from jax import lax
    from jax import numpy as jnp

    def lstm(given: Any, bias: Any, kernel: Any) -> Any:
        def step(states: Any, each: Any) -> tuple[Any, None]:
            h, c = states
            i, f, g, o = jnp.split(each + h @ kernel, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((given.shape[1], _UNITS))
        return lax.scan(step, (zeros, zeros), given + bias)[0][0]

    def gru(given: Any, bias: Any, kernel: Any) -> Any:
        def step(h: Any, each: Any) -> tuple[Any, None]:
            (z, r, g), (p, q, s) = (
                jnp.split(part, 3, axis=1) for part in (each, h @ kernel + bias[1])
            )
            z, r = jax.nn.sigmoid(z + p), jax.nn.sigmoid(r + q)
            return z * h + (1 - z) * jnp.tanh(g + r * s), None

        return lax.scan(step, jnp.zeros((given.shape[1], _UNITS)), given + bias[0])[0]

    cell = {"LSTM": lstm, "GRU": gru}[layer]

    def loss(weights: Any, x: Any, y: Any) -> Any:
        kernel, recurrent_kernel, bias, output_kernel, output_bias = weights
        letters = jax.nn.one_hot(x.T, _CHARACTERS)
        h = cell(letters @ kernel, bias, recurrent_kernel)
        logarithms = jax.nn.log_softmax(h @ output_kernel + output_bias)
        return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], axis=1))

    return loss


def _torch(layer: str) -> Any:
    import torch
    from torch.nn import functional

    network = getattr(torch.nn, layer)(_CHARACTERS, _UNITS)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        kernel, recurrent_kernel, *biases, output_kernel, output_bias = weights
        # An LSTM has one bias here, and torch's two.
        first, second = biases[0], biases[-1] if len(biases) > 1 else torch.zeros_like(biases[0])
        given = {
            "weight_ih_l0": kernel,
            "weight_hh_l0": recurrent_kernel,
            "bias_ih_l0": first,
            "bias_hh_l0": second,
        }
        letters = functional.one_hot(x.T, _CHARACTERS).to(kernel.dtype)
        outputs, _ = torch.func.functional_call(network, given, (letters,))
        return functional.cross_entropy(
            functional.linear(outputs[-1], output_kernel, output_bias), y
        )

    return loss


def _gru_layout(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """torch has the reset gate first, Keras the update gate; and the two biases apart."""
    kernel, recurrent_kernel, bias, *rest = weights
    parts = np.arange(3 * _UNITS).reshape(3, _UNITS)[[1, 0, 2]].ravel()
    return transposed([kernel[:, parts], recurrent_kernel[:, parts], *bias[:, parts], *rest])


def _contest(layer: str, gates: int, bias: tuple[int, ...], layout: Layout) -> Contest:
    def flops(batch: int) -> int:
        whole = recurrent(batch, _LENGTH, _UNITS, gates)
        return whole + dense(batch, _UNITS, _CHARACTERS)

    network = partial(_cairnet, layer)
    return Contest(
        name=layer.lower(),
        title=f"{layer}, 128 units, batches of 256",
        description=(
            f"{'An' if layer == 'LSTM' else 'A'} {layer} of 128 units reads 40 of 38 different "
            "characters, and a dense layer with a softmax says which comes next; cross-entropy; "
            "Adam; shuffled rows."
        ),
        problem=partial(_problem, bias),
        contestants=(
            Contestant("Cairnet", "cairnet", with_cairnet.steps(network, _LOSS, _OPTIMIZER, 4)),
            *torch_peers(partial(_torch, layer), _OPTIMIZER, layout),
            *jax_peers(partial(_jax, layer), _OPTIMIZER, 10),
            *keras_peers(partial(_keras, layer), _LOSS, _OPTIMIZER, 4),
        ),
        flops=flops,
        floor=2.2,
    )


CONTESTS = (
    _contest("LSTM", 4, (4 * _UNITS,), transposed),
    _contest("GRU", 3, (2, 3 * _UNITS), _gru_layout),
)
