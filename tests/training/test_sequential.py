"""Sequential: shapes, names, and refusals at the line that adds the wrong layer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, GraphError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize
from cairnet.nn.layers.base import registry


def small() -> cn.Sequential:
    return cn.Sequential([cn.Input((4,)), cn.layers.Dense(3, "relu"), cn.layers.Dense(2)])


def test_layers_are_built_as_they_are_added() -> None:
    model = cn.Sequential()
    model.add(cn.Input((8, 8, 1)))
    model.add(cn.layers.Conv2D(4, 3))
    assert model.output_shape == (None, 6, 6, 4)
    model.add(cn.layers.MaxPooling2D())
    model.add(cn.layers.Conv2D(2, 3))
    model.add(cn.layers.Flatten())
    assert model.output_shapes == [(None, 6, 6, 4), (None, 3, 3, 4), (None, 1, 1, 2), (None, 2)]
    assert model.input_shape == (None, 8, 8, 1)
    assert list(model.named_variables()) == [
        "conv2d/kernel",
        "conv2d/bias",
        "conv2d_1/kernel",
        "conv2d_1/bias",
    ]
    assert [variable.name for variable in model.variables] == list(model.named_variables())


def test_without_an_input_the_first_data_decides() -> None:
    model = cn.Sequential([cn.layers.Dense(3), cn.layers.Dense(2)])
    assert model.input_shape is None
    assert model.variables == []
    with pytest.raises(GraphError, match="model 'sequential' has no output shape yet"):
        _ = model.output_shape
    assert model.predict(np.ones((5, 4))).shape == (5, 2)
    assert model.input_shape == (None, 4)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2
    with pytest.raises(ShapeError, match=r"x: expected shape \(batch, 4\), got \(5, 3\)"):
        model.predict(np.ones((5, 3)))


def test_a_model_is_a_layer() -> None:
    inner = cn.Sequential([cn.layers.Dense(3), cn.layers.Dense(3)], name="block")
    model = cn.Sequential([cn.Input((4,)), inner, cn.layers.Dense(1)])
    assert list(model.named_variables())[:2] == ["block/dense/kernel", "block/dense/bias"]
    assert model.predict(np.ones((2, 4))).shape == (2, 1)
    y = model(cn.input((None, 4)))
    assert y.path == "sequential/dense"
    inner.trainable = False
    assert len(model.trainable_variables) == 2


def test_a_layer_can_be_read_off_the_model() -> None:
    model = small()
    assert model.get_layer("dense_1") is model.layers[1]
    with pytest.raises(UnknownNameError, match="unknown layer 'densee'; did you mean 'dense'"):
        model.get_layer("densee")


def test_a_model_comes_back_from_its_configuration() -> None:
    model = small()
    again = registry.get(serialize(model))
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_a_model_of_float64_computes_in_float64() -> None:
    model = cn.Sequential([cn.Input((4,), dtype="float64"), cn.layers.Dense(3)])
    assert model.predict(np.ones((1, 4), "float32")).dtype == np.float64


@pytest.mark.parametrize(
    ("layers", "kind", "words"),
    [
        (
            lambda: [cn.Input((28, 28)), cn.layers.Conv2D(6, 5)],
            ShapeError,
            "layer 'conv2d' (Conv2D, made at",
        ),
        (
            lambda: [cn.Input((8, 8, 1)), cn.layers.Conv2D(6, 5), cn.layers.Conv2D(6, 5)],
            ShapeError,
            "layer 'conv2d_1' (Conv2D, made at",
        ),
        (
            lambda: [cn.Input((3, 3, 1)), cn.layers.MaxPooling2D(4)],
            ShapeError,
            "layer 'max_pooling2d' (MaxPooling2D, made at",
        ),
        (
            lambda: [cn.Input((None, 4)), cn.layers.Flatten(), cn.layers.Dense(2)],
            ShapeError,
            "whose extent is not known",
        ),
        (lambda: [cn.Input((4,)), "relu"], ArgumentError, "cn.Input(shape) or a function, got str"),
        (lambda: [cn.layers.Dense], ArgumentError, "got the class Dense; write Dense(…)"),
        (lambda: [cn.Input((4,)), cn.Input((4,))], ArgumentError, "only there"),
        (lambda: [cn.layers.Dense(2), cn.Input((4,))], ArgumentError, "as the first layer"),
        (
            lambda: [cn.layers.Dense(2, name="a"), cn.layers.Dense(2, name="a")],
            ArgumentError,
            "expected different names, got 'a' twice",
        ),
        (lambda: [cn.layers.Dense(2)] * 2, ArgumentError, "is in this model already"),
    ],
)
def test_a_wrong_layer_is_refused_where_it_is_added(
    layers: Any, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind) as caught:
        cn.Sequential(layers())
    assert words in str(caught.value)


def test_a_function_is_a_layer(tmp_path: Path) -> None:
    model = cn.Sequential([cn.Input((3,)), cn.layers.Dense(2), cn.exp, cn.exp, lambda x: x + 1.0])
    assert [layer.name for layer in model.layers] == ["dense", "exp", "exp_1", "lambda"]
    x = np.ones((2, 3), np.float32)
    expected = np.exp(np.exp(x @ model.layers[0].kernel.numpy())) + 1
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5)
    with pytest.raises(ArgumentError, match="cannot be saved: it has no name"):
        model.save(tmp_path / "model.safetensors")
    named = cn.Sequential(model.layers[:3])
    named.predict(x)
    named.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x), named.predict(x))


def test_the_summary_shows_shapes_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    model = small()
    model.layers[0].trainable = False
    model.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Sequential 'sequential'")
    assert [line.split() for line in lines[3:6]] == [
        ["input", "(None,", "4)"],
        ["dense", "Dense", "(None,", "3)", "15", "30"],
        ["dense_1", "Dense", "(None,", "2)", "8", "14"],
    ]
    assert lines[6] == "23 parameters, 92 bytes, 8 of them trainable"
    # Two for a weight, one for a bias, one for a rectifier; four bytes for each of 3 + 2 outputs.
    assert lines[7] == "44 floating-point operations and 20 bytes of layer outputs for one sample"


def test_the_summary_of_a_model_without_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    cn.Sequential([cn.layers.Dense(3)]).summary()
    assert capsys.readouterr().out.splitlines()[3].split() == ["dense", "Dense", "?", "?", "?"]
