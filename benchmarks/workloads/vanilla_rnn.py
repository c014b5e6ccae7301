"""The first network that writes: 128 hyperbolic tangents read 25 characters at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import Contest, Contestant
from benchmarks.data import initial_weights, recurrent_weights, text
from benchmarks.operations import dense, recurrent
from benchmarks.peers import jax_peers, torch_peers
from benchmarks.problem import Optimizer, Problem
from benchmarks.runners import with_cairnet, with_numpy

__all__ = ["CONTEST"]

_CLIP = 5.0
_OPTIMIZER = Optimizer("sgd", 1e-3, clip=_CLIP)
_CHARACTERS, _UNITS, _LENGTH, _STEPS = 65, 128, 25, 20_000


def _problem(quick: bool) -> Problem:
    steps = _STEPS // 10 if quick else _STEPS
    numbers, source = text(steps * _LENGTH + 1, _CHARACTERS)
    return Problem(
        x=numbers[:-1].reshape(steps, _LENGTH),
        y=numbers[1:].reshape(steps, _LENGTH),
        order=np.arange(steps)[:, None],
        weights=(
            *recurrent_weights(_CHARACTERS, _UNITS, (_UNITS,)),
            *initial_weights([(_UNITS, _CHARACTERS)]),
        ),
        source=source,
        carried=(np.zeros((1, _UNITS), np.float32),),
    )


def _cairnet() -> Any:
    import cairnet as cn

    return cn.Sequential(
        [
            cn.Input((_LENGTH,), batch_size=1, dtype="int64"),
            cn.layers.Lambda(lambda x: cn.one_hot(x, _CHARACTERS)),
            cn.layers.SimpleRNN(_UNITS, return_sequences=True, stateful=True),
            cn.layers.Dense(_CHARACTERS),
        ]
    )


def _loss(y: Any, logits: Any) -> Any:
    """The sum over the characters of a step."""
    import cairnet as cn

    entropy = cn.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    return entropy(y, logits)


def _jax() -> Any:
    import jax
    from jax import lax
    from jax import numpy as jnp

    def loss(weights: Any, x: Any, y: Any, carried: Any) -> Any:
        kernel, recurrent_kernel, bias, output_kernel, output_bias = weights

        def step(h: Any, given: Any) -> Any:
            h = jnp.tanh(given + h @ recurrent_kernel)
            return h, h

        h, outputs = lax.scan(step, carried[0], kernel[x.T] + bias)
        logarithms = jax.nn.log_softmax(outputs[:, 0] @ output_kernel + output_bias)
        return -jnp.sum(jnp.take_along_axis(logarithms, y[0, :, None], axis=1)), [h]

    return loss


def _torch() -> Any:
    import torch
    from torch.nn import functional

    network = torch.nn.RNN(_CHARACTERS, _UNITS)
    none = torch.zeros(_UNITS)

    def loss(weights: Any, x: Any, y: Any, carried: Any) -> Any:
        kernel, recurrent_kernel, bias, output_kernel, output_bias = weights
        given = {
            "weight_ih_l0": kernel,
            "weight_hh_l0": recurrent_kernel,
            "bias_ih_l0": bias,
            "bias_hh_l0": none,
        }
        letters = functional.one_hot(x[0], _CHARACTERS).to(kernel.dtype)
        outputs, h = torch.func.functional_call(network, given, (letters, carried[0]))
        logits = functional.linear(outputs, output_kernel, output_bias)
        return functional.cross_entropy(logits, y[0], reduction="sum"), [h]

    return loss


def _step(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray, carried: np.ndarray) -> Any:
    """A pass forward and back through time in NumPy, as it is usually written."""
    kernel, recurrent_kernel, bias, output_kernel, output_bias = weights
    characters, following = x[0], y[0]
    h = [carried[0]]
    probabilities = []
    loss = 0.0
    for character, target in zip(characters, following, strict=True):
        h.append(np.tanh(kernel[character] + h[-1] @ recurrent_kernel + bias))
        scores = np.exp(h[-1] @ output_kernel + output_bias)
        probabilities.append(scores / scores.sum())
        loss -= np.log(probabilities[-1][target])
    gradients = [np.zeros_like(weight) for weight in weights]
    after = np.zeros_like(bias)
    for time in reversed(range(len(characters))):
        error = probabilities[time]
        error[following[time]] -= 1
        gradients[3] += np.outer(h[time + 1], error)
        gradients[4] += error
        slope = (1 - h[time + 1] ** 2) * (output_kernel @ error + after)
        gradients[0][characters[time]] += slope
        gradients[1] += np.outer(h[time], slope)
        gradients[2] += slope
        after = recurrent_kernel @ slope
    for weight, gradient in zip(weights, gradients, strict=True):
        np.clip(gradient, -_CLIP, _CLIP, out=gradient)
        weight[...] -= np.float32(_OPTIMIZER.learning_rate) * gradient
    carried[0] = h[-1]
    return loss


def _flops(batch: int) -> int:
    whole = dense(_LENGTH * batch, _UNITS, _CHARACTERS)
    # The state that is carried into a step has no gradient.
    first = dense(batch, _UNITS, _UNITS, first=True)
    return recurrent(batch, _LENGTH, _UNITS, 1) + first + whole


_CAIRNET = Contestant("Cairnet", "cairnet", with_cairnet.steps(_cairnet, _loss, _OPTIMIZER, 1000))
_SCAN, _JITTED = jax_peers(_jax, _OPTIMIZER, 1000)
CONTEST = Contest(
    name="vanilla-rnn",
    title="Vanilla character network",
    description=(
        "A recurrent layer of 128 hyperbolic tangents reads 25 of 65 characters and says after "
        "each which comes next; softmax and the cross-entropy, summed; back-propagation through "
        "the 25 steps, elements of gradients clipped to 5, plain gradient descent. The state is "
        "carried from step to step."
    ),
    problem=_problem,
    contestants=(
        _CAIRNET,
        _CAIRNET.alone(),
        _SCAN,
        _SCAN.alone(),
        _JITTED,
        *torch_peers(_torch, _OPTIMIZER, alone=True),
        Contestant("NumPy", "numpy", with_numpy.loop(_step)),
    ),
    flops=_flops,
    floor=2.5,
    limits=(
        "Every turn of the loop waits for the one before. The threads meet twice a turn forward "
        "and once backward, and how long a meeting takes, see below, decides: where it takes a "
        "fraction of a turn's work, two threads are faster, elsewhere one, which walks through the "
        "weights to and fro because the first-level cache does not hold all of them. Forward, one "
        "meeting would do if the lanes lay along the sum, as they do backward, but then the matrix "
        "would have to be turned in every step. Halves by columns need one meeting too, but their "
        "rows crowd half of the sets of the first-level cache: in C such a half takes twice as "
        "long as one along the sum."
    ),
)
