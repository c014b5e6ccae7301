"""Comparing layers with the peers: values and gradients, in float64."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from tests.nn.layer_records import Record

import cairnet as cn


@contextmanager
def keras_in_float64() -> Iterator[Any]:
    """Keras on PyTorch, computing in float64: it must not be left to round to float32."""
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    narrowed = importlib.import_module("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE
    before, narrow = keras.config.floatx(), narrowed["float64"]
    # The policy follows the default dtype only until it is first asked for.
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    narrowed["float64"] = "float64"
    try:
        yield keras
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(policy)
        narrowed["float64"] = narrow


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
    layer = _keras_layer(keras, record.kind, record.arguments, dtype)
    layer.build(*record.given([(record.batch, *sample) for sample in record.samples]))
    trained = len(layer.trainable_variables)

    count = len(record.given(record.samples))

    def peer(*arguments: Any) -> Any:
        inputs, weights = arguments[:count], arguments[count:]
        measured = weights[trained:]
        # What is left are the states of random numbers.
        rest = [state.value for state in layer.non_trainable_variables[len(measured) :]]
        return layer.stateless_call(weights[:trained], [*measured, *rest], *inputs)[0]

    return peer


def _keras_layer(keras: Any, kind: str, arguments: dict[str, Any], dtype: str) -> Any:
    """Keras's layer of these arguments, layers inside it included."""
    made = {
        name: _keras_layer(keras, value["class_name"], value["config"], dtype)
        if isinstance(value, dict)
        else [_keras_layer(keras, one["class_name"], one["config"], dtype) for one in value]
        if isinstance(value, list)
        else value
        for name, value in arguments.items()
    }
    return getattr(keras.layers, kind)(**made, dtype=dtype)


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
    y = layer(*given(inputs))
    weights = weights_like(layer, random)
    layer.set_weights(weights)
    floating = [array.dtype.kind == "f" for array in (*arrays, *weights)]
    tensors = [
        torch.tensor(array, requires_grad=free)
        for array, free in zip((*arrays, *weights), floating, strict=True)
    ]
    their_y = peer(*given(tensors[: len(arrays)]), *tensors[len(arrays) :])
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
