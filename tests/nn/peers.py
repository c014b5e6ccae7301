"""Comparing layers with the peers: values and gradients, in float64."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from tests.nn.layer_records import Record

import cairnet as cn


@contextmanager
def keras_in_float64() -> Iterator[Any]:
    """Keras on PyTorch, computing in float64 (it rounds what it is given to its default dtype)."""
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        yield keras
    finally:
        keras.config.set_floatx(before)


def inputs_of(record: Record, random: np.random.Generator) -> list[np.ndarray]:
    """Arrays of float64 (or whole numbers) that a record's layer takes."""
    shapes = [(record.batch, *sample) for sample in record.samples]
    if record.classes:
        return [random.integers(record.classes, size=shape).astype(float) for shape in shapes]
    return [random.normal(size=shape) for shape in shapes]


def weights_like(layer: cn.layers.Layer, random: np.random.Generator) -> list[np.ndarray]:
    """Weights for a layer, positive ones for variances."""
    values = [random.normal(size=variable.shape) for variable in layer.weights]
    names = [variable.name for variable in layer.weights]
    return [
        np.abs(value) + 0.5 if name.endswith("variance") else value
        for value, name in zip(values, names, strict=True)
    ]


def keras_peer(record: Record, keras: Any, dtype: str) -> Callable[..., Any]:
    """Keras's layer as a function of PyTorch tensors: the input, or a list, then all weights."""
    layer = getattr(keras.layers, record.kind)(**record.arguments, dtype=dtype)
    layer.build(record.given([(record.batch, *sample) for sample in record.samples]))
    trained = len(layer.trainable_variables)

    def peer(x: Any, *weights: Any) -> Any:
        measured = weights[trained:]
        # What is left are the states of random numbers.
        rest = [state.value for state in layer.non_trainable_variables[len(measured) :]]
        return layer.stateless_call(weights[:trained], [*measured, *rest], x)[0]

    return peer


def compare(
    layer: cn.layers.Layer,
    arrays: Sequence[np.ndarray],
    given: Callable[[Sequence[Any]], Any],
    peer: Callable[..., Any],
    random: np.random.Generator,
) -> None:
    """Compare outputs, and their derivatives by all inputs and weights in a random direction."""
    import torch

    inputs = [cn.Variable(array, dtype=array.dtype) for array in arrays]
    y = layer(given(inputs))
    weights = weights_like(layer, random)
    layer.set_weights(weights)
    floating = [array.dtype.kind == "f" for array in (*arrays, *weights)]
    tensors = [
        torch.tensor(array, requires_grad=free)
        for array, free in zip((*arrays, *weights), floating, strict=True)
    ]
    their_y = peer(given(tensors[: len(arrays)]), *tensors[len(arrays) :])
    assert tuple(their_y.shape) == y.shape
    np.testing.assert_allclose(y.numpy(), their_y.detach().numpy(), rtol=1e-9, atol=1e-12)
    cotangent = random.normal(size=y.shape)
    wanted = [tensor for tensor, free in zip(tensors, floating, strict=True) if free]
    theirs = torch.autograd.grad(
        (their_y * torch.tensor(cotangent)).sum(), wanted, allow_unused=True
    )
    sources = [
        source for source, free in zip((*inputs, *layer.weights), floating, strict=True) if free
    ]
    mine = cn.grad(cn.sum(y * cotangent), sources, disconnected="zero")
    for own, other in zip(mine, theirs, strict=True):
        expected = np.zeros(own.shape) if other is None else other.numpy()
        np.testing.assert_allclose(own.numpy(), expected, rtol=1e-9, atol=1e-11)
