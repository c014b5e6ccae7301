"""Layers: shapes, values, variables, configuration, and what they refuse."""

import inspect
import json
from typing import Any

import numpy as np
import pytest
from tests.nn.layer_records import RECORDS, Record
from tests.nn.layer_refusals import REFUSED_ARGUMENTS, REFUSED_INPUTS, Refusal

import cairnet as cn
from cairnet.base.errors import ArgumentError, DTypeError, ShapeError
from cairnet.base.registry import serialize
from cairnet.nn.layers.base import registry

NOT_LAYERS = {"Layer", "Merge"}  # the bases that one's own layers begin with

# What is called with states beside the input has tests of its own, in test_recurrent.py.
CELLS = {"SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"}


def test_every_layer_has_its_records() -> None:
    kinds = {name: getattr(cn.layers, name) for name in cn.layers.__all__}
    public = {
        name
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, cn.layers.Layer)
    }
    layers = public - NOT_LAYERS - CELLS
    assert layers == {record.kind for record in RECORDS}
    assert layers == {refusal.kind for refusal in REFUSED_INPUTS}
    # Without arguments of their own there is nothing to refuse.
    assert {kind for kind, _, _ in REFUSED_ARGUMENTS} == {
        kind
        for kind in layers
        if set(inspect.signature(kinds[kind]).parameters) - {"name", "trainable", "keepdims"}
    } - {"InputLayer"}  # its shape and dtype are those of cn.Input, below
    assert layers <= set(registry)


def values(record: Record, seed: int, dtype: str = "float32") -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    if record.classes:
        return [random.integers(record.classes, size=(record.batch, *s)) for s in record.samples]
    dtype = record.arguments.get("dtype", dtype)
    return [random.normal(size=(record.batch, *s)).astype(dtype) for s in record.samples]


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_shapes_do_not_depend_on_when_the_batch_is_known(record: Record) -> None:
    layer, arrays = record.make(), values(record, 0)
    batch = cn.input((None,)).extents[0]
    symbolic = [cn.input((batch, *array.shape[1:]), array.dtype) for array in arrays]
    assert layer(*record.given(symbolic)).shape == (None, *record.output)
    assert layer(*record.given(arrays)).numpy().shape == (record.batch, *record.output)


IMAGE_LAYERS = [
    record
    for record in RECORDS
    if not isinstance(record.sample, list)
    and len(record.sample) == 3
    and record.kind not in ("Flatten", "Reshape", "Permute", "InputLayer", "LayerNormalization")
    and "other axis" not in record.note
    and record.arguments.get("shared_axes", ()) is not None
    and not (record.kind == "PReLU" and not record.arguments)
]


@pytest.mark.parametrize("record", IMAGE_LAYERS, ids=str)
def test_images_of_unknown_size_come_to_the_same(record: Record) -> None:
    layer, [array] = record.make(), values(record, 0)
    expected = layer(array).numpy()
    x = cn.input((None, None, None, array.shape[-1]))
    y = layer(x)
    assert y.ndim == expected.ndim
    np.testing.assert_array_equal(cn.function([x], y, backend="reference")(array), expected)


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_a_layer_comes_back_from_its_configuration(record: Record) -> None:
    layer, arrays = record.make(), values(record, 1)
    y = layer(*record.given(arrays)).numpy()
    saved = json.loads(json.dumps(serialize(layer)))
    again = registry.get(saved)
    again(*record.given(arrays))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(*record.given(arrays)).numpy(), y)


# What Keras has and these layers leave out, and why.
LEFT_OUT = {
    "data_format",  # images have their channels last
    "dtype",  # that of the first input
    "kwargs",  # name and trainable are spelt out
    "quantization_config",  # not part of training
    "lora_rank",  # likewise
    "lora_alpha",  # likewise
    "mask",  # of a Lambda
    "weights",  # of Bidirectional: set_weights
    "attention_axes",  # sequences have one axis of time
    "sliding_window",  # attention_mask
    "flash_attention",  # there is one way to compute it
    "use_gate",  # Multiply
    "use_cudnn",  # there is one loop, a compiled one
    "output_shape",  # inferred
    "renorm",  # batch renormalization
    "renorm_clipping",  # likewise
    "renorm_momentum",  # likewise
    "synchronized",  # one machine
    "sparse",  # dense tensors only
    "ragged",  # likewise
    "batch_size",  # the batch is open
    "batch_shape",  # likewise
    "input_tensor",  # likewise
    "optional",  # likewise
}


@pytest.mark.parity
@pytest.mark.parametrize("kind", sorted({record.kind for record in RECORDS}))
def test_names_and_defaults_of_arguments_are_those_of_keras(kind: str) -> None:
    keras = pytest.importorskip("keras")
    theirs = getattr(keras.layers, kind, None)
    if theirs is None:
        assert kind in ("LpPooling2D", "LocalResponseNormalization")
        return
    expected = dict(inspect.signature(theirs).parameters)
    own = dict(inspect.signature(getattr(cn.layers, kind)).parameters)
    for name in ("name", "trainable"):
        own.pop(name, None)
        expected.pop(name, None)
    assert set(own) <= set(expected)
    assert set(expected) - set(own) <= LEFT_OUT
    if kind == "InputLayer":
        return  # Keras's may be given other things in place of a shape
    for name, parameter in own.items():
        mine, other = parameter.default, expected[name].default
        if isinstance(other, str):
            mine, other = mine.lower(), other.lower()
        assert other is inspect.Parameter.empty or mine == other, name


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


@pytest.mark.parametrize("refusal", REFUSED_INPUTS, ids=lambda r: f"{r.kind} {r.words}")
def test_a_wrong_input_is_refused_with_layer_line_and_shape(refusal: Refusal) -> None:
    layer = getattr(cn.layers, refusal.kind)(**refusal.arguments)
    several = isinstance(refusal.shape, list)
    inputs = [
        cn.input(shape, refusal.dtype) for shape in (refusal.shape if several else [refusal.shape])
    ]
    given = inputs if refusal.apart or not several else [inputs]
    with pytest.raises((ShapeError, DTypeError)) as caught:
        layer(*given, training=True)
    message = str(caught.value)
    assert refusal.words in message
    assert message.startswith(f"layer {layer.name!r} ({refusal.kind}, made at {__file__}:")
    assert f"on input {', '.join(tensor.describe() for tensor in inputs)}: " in message


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


@pytest.mark.parametrize(("kind", "arguments", "words"), REFUSED_ARGUMENTS)
def test_a_wrong_argument_is_refused(kind: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        getattr(cn.layers, kind)(**arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": 28}, "the shape of one sample as a tuple"),
        ({"shape": (2, -1)}, "0 or more, or None"),
        ({"shape": (2,), "dtype": "flaot32"}, "did you mean 'float32'"),
    ],
)
def test_a_wrong_input_shape_is_refused(arguments: dict[str, Any], words: str) -> None:
    for make in (cn.Input, cn.layers.InputLayer):
        with pytest.raises(ArgumentError, match=words):
            make(**arguments)


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
