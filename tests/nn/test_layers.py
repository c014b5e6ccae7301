"""Layers: shapes, values, variables, configuration, and what they refuse."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize
from cairnet.nn.layers.base import registry

EXAMPLES: dict[str, tuple[cn.layers.Layer, tuple[int, ...], tuple[int, ...]]] = {
    "Dense": (cn.layers.Dense(3, "tanh"), (5,), (3,)),
    "Conv2D": (cn.layers.Conv2D(4, (3, 2), strides=2, padding="same"), (7, 6, 2), (4, 3, 4)),
    "MaxPooling2D": (cn.layers.MaxPooling2D(2), (7, 6, 2), (3, 3, 2)),
    "Flatten": (cn.layers.Flatten(), (2, 3, 4), (24,)),
    "Activation": (cn.layers.Activation("relu"), (2, 3), (2, 3)),
    "InputLayer": (cn.layers.InputLayer((2, None)), (2, 3), (2, 3)),
    "BatchNormalization": (cn.layers.BatchNormalization(), (2, 3), (2, 3)),
    "LayerNormalization": (cn.layers.LayerNormalization(), (2, 3), (2, 3)),
    "Dropout": (cn.layers.Dropout(0.5), (2, 3), (2, 3)),
    "SpatialDropout2D": (cn.layers.SpatialDropout2D(0.5), (2, 3, 1), (2, 3, 1)),
    "GaussianNoise": (cn.layers.GaussianNoise(0.5), (2, 3), (2, 3)),
    "GaussianDropout": (cn.layers.GaussianDropout(0.5), (2, 3), (2, 3)),
}


def test_every_layer_has_an_example() -> None:
    kinds = {name: getattr(cn.layers, name) for name in cn.layers.__all__}
    public = {
        name
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, cn.layers.Layer)
    }
    assert set(EXAMPLES) == public - {"Layer"}
    assert public - {"Layer"} <= set(registry)


@pytest.mark.parametrize("name", EXAMPLES)
def test_shapes_do_not_depend_on_when_the_batch_is_known(name: str) -> None:
    layer, sample, expected = EXAMPLES[name]
    x = np.random.default_rng(0).normal(size=(2, *sample)).astype(np.float32)
    symbolic = layer(cn.input((None, *sample)))
    assert symbolic.shape == (None, *expected)
    assert layer(x).numpy().shape == (2, *expected)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_layer_comes_back_from_its_configuration(name: str) -> None:
    layer, sample, _ = EXAMPLES[name]
    x = np.random.default_rng(1).normal(size=(2, *sample)).astype(np.float32)
    y = layer(x).numpy()
    again = registry.get(serialize(layer))
    again(x)
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x).numpy(), y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variables_have_the_dtype_of_the_first_input(dtype: str) -> None:
    layer = cn.layers.Dense(2)
    y = layer(np.ones((1, 3), dtype))
    assert y.dtype == layer.kernel.dtype == layer.bias.dtype == np.dtype(dtype)


def test_dense_works_on_the_last_axis() -> None:
    layer = cn.layers.Dense(4)
    x = np.random.default_rng(0).normal(size=(2, 3, 5))
    y = layer(x)
    np.testing.assert_allclose(y.numpy(), x @ layer.kernel.numpy() + layer.bias.numpy())


def test_use_bias_leaves_the_bias_out() -> None:
    layer = cn.layers.Dense(4, use_bias=False)
    layer(np.ones((1, 2)))
    assert list(layer.named_variables()) == ["kernel"]


def test_nodes_and_variables_carry_the_layers_path() -> None:
    layer = cn.layers.Dense(2, name="readout")
    with cn.scope("encoder"):
        y = layer(cn.input((None, 3)))
    assert y.path == "encoder/readout"
    assert layer.kernel.name == "encoder/readout/kernel"


class Residual(cn.layers.Layer):
    """A layer of layers, in an attribute, a list and a dict."""

    def __init__(self, units: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.units = units
        self.first = cn.layers.Dense(units)
        self.more = [cn.layers.Dense(units), cn.layers.Dense(units, trainable=False)]
        self.by_name = {"gate": cn.layers.Dense(units)}

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight((), "ones")
        self.shared = self.first

    def call(self, x: cn.Tensor, training: bool = False) -> cn.Tensor:
        for layer in (self.first, *self.more, self.by_name["gate"]):
            x = x + layer(x)
        return x * self.scale * (2.0 if training else 1.0)


def test_inner_layers_are_found() -> None:
    layer = Residual(3)
    layer(np.ones((1, 3)))
    assert list(layer.named_variables()) == [
        "first/kernel",
        "first/bias",
        "more/0/kernel",
        "more/0/bias",
        "more/1/kernel",
        "more/1/bias",
        "by_name/gate/kernel",
        "by_name/gate/bias",
        "scale",
    ]
    assert layer.count_params() == 4 * 12 + 1
    assert len(layer.trainable_variables) == 7
    layer.trainable = False
    assert layer.trainable_variables == []


def test_a_layer_knows_whether_it_is_trained() -> None:
    layer, x = Residual(3), np.ones((1, 3))
    np.testing.assert_allclose(layer(x, training=True).numpy(), 2 * layer(x).numpy())


@pytest.mark.parametrize(
    ("make", "shape", "words"),
    [
        (lambda: cn.layers.Dense(3), (), "expected a shape (batch, …, inputs), got ()"),
        (lambda: cn.layers.Dense(3), (None, None), "whose extent is not known"),
        (lambda: cn.layers.Conv2D(3, 3), (None, 28, 28), "x[..., np.newaxis]"),
        (lambda: cn.layers.Conv2D(3, 9), (None, 8, 8, 1), "does not fit into 8"),
        (lambda: cn.layers.Conv2D(4, 3, groups=2), (None, 8, 8, 3), "multiple of groups=2, got 3"),
        (cn.layers.MaxPooling2D, (None, 28, 28), "(batch, height, width, channels)"),
        (lambda: cn.layers.MaxPooling2D(4), (None, 3, 3, 1), "does not fit into 3"),
        (cn.layers.Flatten, (), "expected a shape (batch, …), got a scalar"),
        (lambda: cn.layers.InputLayer((4,)), (None, 5), "expected a shape (batch, 4), got"),
    ],
)
def test_a_wrong_input_is_refused_with_layer_line_and_shape(
    make: Any, shape: tuple[int | None, ...], words: str
) -> None:
    layer = make()
    with pytest.raises(ShapeError) as caught:
        layer(cn.input(shape))
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"layer {layer.name!r} ({type(layer).__name__}, made at {__file__}:")
    assert f"on input {cn.input(shape).describe()}: " in message


def test_other_channels_than_at_the_first_call_are_refused() -> None:
    layer = cn.layers.Dense(3)
    layer(cn.input((None, 4)))
    with pytest.raises(ShapeError, match=r"layer 'dense'.*float32\[None, 5\].*4"):
        layer(cn.input((None, 5)))


def test_the_innermost_layer_is_named() -> None:
    layer = Residual(3, name="block")
    with pytest.raises(ShapeError) as caught:
        layer(cn.input((None, 4)))
    assert str(caught.value).count("layer '") == 1


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: cn.layers.Dense(0), ArgumentError, "units: expected a whole number, 1 or more"),
        (lambda: cn.layers.Dense(2.5), ArgumentError, "units: .* got 2.5"),
        (lambda: cn.layers.Dense(True), ArgumentError, "units: .* got True"),
        (lambda: cn.layers.Dense(1, "rleu"), UnknownNameError, "did you mean 'relu'"),
        (lambda: cn.layers.Dense(1, 7), ArgumentError, "activation: expected a name"),
        (
            lambda: cn.layers.Dense(1, kernel_initializer="he_norm"),
            UnknownNameError,
            "did you mean 'he_normal'",
        ),
        (lambda: cn.layers.Conv2D(3, (3, 3, 3)), ArgumentError, "kernel_size: .* pair"),
        (lambda: cn.layers.Conv2D(3, 3, strides=0), ArgumentError, "strides: .* got 0"),
        (lambda: cn.layers.Conv2D(3, 3, padding="sam"), UnknownNameError, "mean 'same'"),
        (lambda: cn.layers.Conv2D(3, 3, groups=2), ArgumentError, "multiple of groups=2, got 3"),
        (lambda: cn.layers.Dense(1, name="a/b"), ArgumentError, "name: expected a word without"),
        (lambda: cn.Input(28), ShapeError, "the shape of one sample as a tuple"),
        (lambda: cn.Input((2, -1)), ShapeError, "0 or more, or None"),
        (lambda: cn.Input((2,), dtype="flaot32"), UnknownNameError, "did you mean 'float32'"),
    ],
)
def test_a_wrong_argument_is_refused(make: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make()


def test_an_input_layer_refuses_another_dtype() -> None:
    with pytest.raises(DTypeError, match="expected float32, got int64"):
        cn.layers.InputLayer((2,))(cn.input((None, 2), "int64"))


def test_weights_of_another_number_or_shape_are_refused() -> None:
    layer = cn.layers.Dense(2)
    layer(np.ones((1, 3)))
    with pytest.raises(ShapeError, match="expected 2 arrays for layer 'dense', got 1"):
        layer.set_weights([np.zeros((3, 2))])
    with pytest.raises(ShapeError, match=r"'dense/kernel': expected shape \(3, 2\), got \(2, 3\)"):
        layer.set_weights([np.zeros((2, 3)), np.zeros(2)])


def test_a_lambda_works_and_cannot_be_saved() -> None:
    layer = cn.layers.Activation(lambda x: x * 2)
    assert layer([1.0]).numpy().tolist() == [2.0]
    with pytest.raises(ArgumentError, match="cannot be saved: it has no name"):
        layer.get_config()
