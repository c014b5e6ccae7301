"""Layers agree with PyTorch (Dense) and Keras (the others), values and gradients, in float64.

Keras's own Dense is of no use here: on PyTorch its matrix product rounds float64 to float32.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import cairnet as cn

pytestmark = pytest.mark.parity


@pytest.fixture
def keras() -> Iterator[Any]:
    """Keras on PyTorch, computing in float64 (it rounds what it is given to its default dtype)."""
    pytest.importorskip("torch")
    module = pytest.importorskip("keras")
    before = module.config.floatx()
    module.config.set_floatx("float64")
    yield module
    module.config.set_floatx(before)


def compare(layer: cn.layers.Layer, value: np.ndarray, theirs: Any, random: Any) -> None:
    """Compare a layer with a function of PyTorch tensors: the input, then the weights."""
    import torch

    x = cn.Variable(value, dtype="float64")
    y = layer(x)
    weights = [random.normal(size=variable.shape) for variable in layer.variables]
    layer.set_weights(weights)
    tensors = [torch.tensor(array, requires_grad=True) for array in (value, *weights)]
    their_y = theirs(*tensors)
    assert tuple(their_y.shape) == y.shape
    cotangent = random.normal(size=y.shape)
    their_gradients = torch.autograd.grad((their_y * torch.tensor(cotangent)).sum(), tensors)
    gradients = cn.grad(cn.sum(y * cotangent), [x, *layer.variables])
    np.testing.assert_allclose(y.numpy(), their_y.detach().numpy(), rtol=1e-9, atol=1e-12)
    for mine, other in zip(gradients, their_gradients, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 5)])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("activation", ["linear", "relu", "softmax"])
def test_dense(shape: tuple[int, ...], use_bias: bool, activation: str) -> None:
    torch = pytest.importorskip("torch")
    functions = {
        "linear": lambda y: y,
        "relu": torch.relu,
        "softmax": lambda y: torch.softmax(y, dim=-1),
    }
    random = np.random.default_rng(len(shape))
    compare(
        cn.layers.Dense(4, activation, use_bias),
        random.normal(size=shape),
        lambda x, kernel, bias=0: functions[activation](x @ kernel + bias),
        random,
    )


CASES: dict[str, tuple[str, dict[str, Any], tuple[int, ...]]] = {
    "conv": ("Conv2D", {"filters": 4, "kernel_size": 3}, (2, 7, 6, 3)),
    "conv same": ("Conv2D", {"filters": 4, "kernel_size": 4, "padding": "same"}, (2, 7, 6, 3)),
    "conv strides": (
        "Conv2D",
        {"filters": 4, "kernel_size": (3, 2), "strides": (2, 3), "padding": "valid"},
        (2, 9, 8, 3),
    ),
    "conv strides same": (
        "Conv2D",
        {"filters": 2, "kernel_size": 5, "strides": 2, "padding": "same", "activation": "sigmoid"},
        (2, 9, 8, 3),
    ),
    "conv dilated": ("Conv2D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2}, (2, 9, 8, 3)),
    "conv groups": ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, (2, 7, 6, 4)),
    "pool": ("MaxPooling2D", {}, (2, 7, 6, 3)),
    "pool same": ("MaxPooling2D", {"pool_size": 3, "padding": "same"}, (2, 7, 6, 3)),
    "pool strides": ("MaxPooling2D", {"pool_size": (3, 2), "strides": 1}, (2, 7, 6, 3)),
    "flatten": ("Flatten", {}, (2, 3, 4)),
    "activation": ("Activation", {"activation": "elu"}, (2, 3)),
}


@pytest.mark.parametrize("case", CASES)
def test_layers(case: str, keras: Any) -> None:
    kind, arguments, shape = CASES[case]
    random = np.random.default_rng(len(case))
    layer = getattr(keras.layers, kind)(**arguments, dtype="float64")
    layer.build(shape)

    def theirs(x: Any, *weights: Any) -> Any:
        return layer.stateless_call(weights, [], x)[0]

    compare(getattr(cn.layers, kind)(**arguments), random.normal(size=shape), theirs, random)
