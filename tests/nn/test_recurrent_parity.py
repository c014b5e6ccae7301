"""Layers of sequences beside PyTorch's and Keras's, on shapes and weights drawn at random.

Outputs and gradients agree to 1e-9 in float64.
"""

from typing import Any

import numpy as np
import pytest
from tests.nn.layer_records import Record
from tests.nn.peers import compare, inputs_of, keras_in_float64, keras_peer

import cairnet as cn

pytestmark = pytest.mark.parity

CLOSE = {"rtol": 1e-9, "atol": 1e-11}
KINDS = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
FEW = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))]


def theirs(kind: str, layer: cn.layers.Layer, inputs: int) -> Any:
    """PyTorch's layer with the weights of one of Cairnet's; gates stand in another order there."""
    import torch

    kernel, recurrent, bias = (np.array(weight) for weight in layer.get_weights())
    units = recurrent.shape[0]
    # z, r, g here; r, z, g in PyTorch.
    gates = {"GRU": [1, 0, 2]}.get(kind, list(range(kernel.shape[1] // units)))
    order = np.concatenate([np.arange(gate * units, (gate + 1) * units) for gate in gates])
    biases = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    peer = getattr(torch.nn, KINDS[kind])(inputs, units, batch_first=True, dtype=torch.float64)
    values = (kernel.T[order], recurrent.T[order], *biases[:, order])
    with torch.no_grad():
        for parameter, value in zip(peer.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(value))
    return peer


@pytest.mark.parametrize("seed", FEW)
@pytest.mark.parametrize("kind", KINDS)
def test_a_recurrent_layer_is_that_of_pytorch(kind: str, seed: int) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(seed)
    batch, time, inputs, units = (int(size) for size in random.integers(1, 7, size=4))
    states = 2 if kind == "LSTM" else 1
    arrays = [random.normal(size=(batch, time, inputs))]
    arrays += [random.normal(size=(batch, units)) for _ in range(states)]
    layer = getattr(cn.layers, kind)(units, return_sequences=True, return_state=True)
    given = [cn.Variable(array) for array in arrays]
    y, *last = layer(given[0], initial_state=given[1:])
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.weights])
    peer = theirs(kind, layer, inputs)
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    begin = tuple(state[None] for state in tensors[1:])
    expected, end = peer(tensors[0], begin if states == 2 else begin[0])
    end = [state[0] for state in (end if states == 2 else (end,))]
    for mine, other in zip((y, *last), (expected, *end), strict=True):
        np.testing.assert_allclose(mine.numpy(), other.detach().numpy(), **CLOSE)
    directions = [random.normal(size=tensor.shape) for tensor in (y, *last)]
    cost = sum(
        (tensor * torch.tensor(direction)).sum()
        for tensor, direction in zip((expected, *end), directions, strict=True)
    )
    kernels = [peer.weight_ih_l0, peer.weight_hh_l0]
    slopes = torch.autograd.grad(cost, [*tensors, *kernels])
    own = cn.asarray(np.float64(0))
    for tensor, direction in zip((y, *last), directions, strict=True):
        own = own + cn.sum(tensor * direction)
    gradients = cn.grad(own, [*given, *layer.weights[:2]])
    for mine, other in zip(gradients[: len(tensors)], slopes, strict=False):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), **CLOSE)
    for mine, other in zip(gradients[len(tensors) :], slopes[len(tensors) :], strict=True):
        columns = np.split(other.numpy().T, other.shape[0] // units, axis=1)
        if kind == "GRU":
            columns = [columns[1], columns[0], columns[2]]
        np.testing.assert_allclose(mine.numpy(), np.concatenate(columns, axis=1), **CLOSE)


def drawn(kind: str, random: np.random.Generator) -> Record:
    """A layer with arguments and input shapes drawn at random."""
    time, inputs, units, other = (int(size) for size in random.integers(2, 7, size=4))
    yes = [bool(flag) for flag in random.integers(2, size=4)]
    if kind == "Attention":
        samples = [(time, inputs), (other, units), (other, inputs)]
        mode = ("dot", "concat")[yes[1]]
        return Record(kind, {"use_scale": yes[0], "score_mode": mode}, samples, ())
    if kind == "MultiHeadAttention":
        arguments = {"num_heads": other, "key_dim": units, "value_dim": time, "use_bias": yes[0]}
        return Record(kind, arguments, [(time, inputs), (other, units)], (), apart=True)
    options = {"go_backwards": yes[0], "return_sequences": yes[1]}
    if kind == "Bidirectional":
        mode = ["concat", "sum", "mul", "ave"][random.integers(4)]
        inner = {"units": units, "return_sequences": yes[1]}
        saved = {"class_name": ("LSTM", "GRU")[yes[2]], "config": inner}
        return Record(kind, {"layer": saved, "merge_mode": mode}, (time, inputs), ())
    own = {"LSTM": "unit_forget_bias", "GRU": "reset_after"}
    extra = {own[kind]: yes[2]} if kind in own else {}
    arguments = {"units": units, "use_bias": yes[3], **options, **extra}
    return Record(kind, arguments, (time, inputs), ())


@pytest.mark.parametrize("seed", FEW)
@pytest.mark.parametrize(
    "kind", ["SimpleRNN", "LSTM", "GRU", "Bidirectional", "Attention", "MultiHeadAttention"]
)
def test_a_layer_of_any_shape_is_that_of_keras(kind: str, seed: int) -> None:
    random = np.random.default_rng([seed, len(kind)])
    record = drawn(kind, random)
    with keras_in_float64() as keras:
        peer = keras_peer(record, keras, "float64")
        compare(record.make(), inputs_of(record, random), record.given, peer, random)
