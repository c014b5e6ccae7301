"""Models made from tensors: shared layers, several inputs and outputs, arithmetic, saving."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, GraphError, ShapeError, UnknownNameError

RANDOM = np.random.default_rng(0)
A = RANDOM.normal(size=(30, 4)).astype(np.float32)
B = RANDOM.normal(size=(30, 4)).astype(np.float32)
LABELS = (A[:, 0] > B[:, 0]).astype(np.int64)
SUMS = A.sum(axis=1, keepdims=True)


class Join(cn.layers.Layer):
    """Puts tensors beside each other."""

    takes_list = True

    def call(self, tensors: list[cn.Tensor]) -> cn.Tensor:
        return cn.concat(tensors, axis=-1)


class Halves(cn.layers.Layer):
    """Gives two outputs."""

    def call(self, x: cn.Tensor) -> Any:
        return [x[:, :2], x[:, 2:]]


def siamese() -> cn.Model:
    cn.seed(0)
    a, b = cn.Input((4,), name="a"), cn.Input((4,), name="b")
    shared = cn.layers.Dense(5, "tanh", name="shared")
    joined = Join()([shared(a), shared(b)])
    hidden = cn.layers.Dropout(0.25)(cn.layers.Dense(6, "relu")(joined))
    verdict = cn.layers.Dense(2, "softmax", name="verdict")(hidden)
    total = cn.layers.Dense(1, name="total")(hidden)
    model = cn.Model([a, b], [verdict, total], name="siamese")
    model.compile(
        cn.optimizers.Adam(0.02),
        {"verdict": "sparse_categorical_crossentropy", "total": "mean_squared_error"},
        metrics={"verdict": ["accuracy"]},
        loss_weights=[1.0, 0.5],
    )
    return model


def test_a_shared_layer_is_there_once() -> None:
    model = siamese()
    assert [layer.name for layer in model.layers] == [
        "shared",
        "join",
        "dense",
        "dropout",
        "verdict",
        "total",
    ]
    assert model.count_params() == 4 * 5 + 5 + 10 * 6 + 6 + 6 * 2 + 2 + 6 + 1
    assert model.input_shape == [(None, 4), (None, 4)]
    assert model.output_shape == [(None, 2), (None, 1)]
    assert model.output_names == ["verdict", "total"]
    assert model.get_layer("shared") is model.layers[0] is model.get_layer(index=0)
    with pytest.raises(UnknownNameError, match="unknown layer 'sharde'; did you mean 'shared'"):
        model.get_layer("sharde")


def test_it_computes_what_the_layers_say() -> None:
    model = siamese()
    shared, _, dense, _, verdict, total = model.layers
    k, c = shared.get_weights()
    joined = np.concatenate([np.tanh(A @ k + c), np.tanh(B @ k + c)], axis=1)
    hidden = np.maximum(joined @ dense.get_weights()[0] + dense.get_weights()[1], 0)
    logits = hidden @ verdict.get_weights()[0] + verdict.get_weights()[1]
    powers = np.exp(logits)
    sums = hidden @ total.get_weights()[0] + total.get_weights()[1]
    found = model.predict([A, B], batch_size=7)
    np.testing.assert_allclose(found[0], powers / powers.sum(axis=1, keepdims=True), rtol=1e-4)
    np.testing.assert_allclose(found[1], sums, rtol=1e-4, atol=1e-5)
    by_name = model.predict({"b": B, "a": A})
    np.testing.assert_allclose(by_name[1], found[1], rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch([A, B])[1], found[1], rtol=1e-5)


def test_several_losses_are_added_and_reported() -> None:
    model = siamese()
    history = model.fit(
        [A, B],
        {"verdict": LABELS, "total": SUMS},
        epochs=40,
        validation_split=0.2,
        verbose=0,
    ).history
    names = ["loss", "verdict_loss", "total_loss", "verdict_accuracy"]
    assert list(history) == [*names, *(f"val_{name}" for name in names)]
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    measured = model.evaluate([A, B], [LABELS, SUMS], return_dict=True)
    expected = measured["verdict_loss"] + 0.5 * measured["total_loss"]
    assert measured["loss"] == pytest.approx(expected, rel=1e-6)
    probabilities, sums = model.predict([A, B])
    accuracy = (probabilities.argmax(axis=1) == LABELS).mean()
    assert measured["verdict_accuracy"] == pytest.approx(accuracy)
    assert measured["total_loss"] == pytest.approx(((sums - SUMS) ** 2).mean(), rel=1e-5)


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    model = siamese()
    model.fit([A, B], [LABELS, SUMS], epochs=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(DataError, match="unknown layer 'Join'"):
        cn.load_model(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors", custom_objects={"Join": Join})
    assert type(again) is cn.Model
    assert again.get_config() == model.get_config()
    for mine, other in zip(model.predict([A, B]), again.predict([A, B]), strict=True):
        np.testing.assert_array_equal(mine, other)
    # The shared layer is still one layer, and training goes on from the same state.
    assert again.count_params() == model.count_params()
    for one in (model, again):
        one.fit([A, B], [LABELS, SUMS], epochs=4, initial_epoch=2, verbose=0)
    for mine, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_dict_of_outputs_names_them(tmp_path: Path) -> None:
    x = cn.Input((4,))
    left, right = Halves()(x)
    outputs = {"up": cn.layers.Dense(1)(left), "down": cn.layers.Dense(1)(right)}
    model = cn.Model(x, outputs)
    found = model.predict(A)
    assert list(found) == ["up", "down"]
    assert list(model.named_variables()) == [
        "dense/kernel",
        "dense/bias",
        "dense_1/kernel",
        "dense_1/bias",
    ]
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors", custom_objects={"Halves": Halves})
    np.testing.assert_array_equal(again.predict(A)["down"], found["down"])
    model.compile("sgd", {"up": "mse", "down": "mse"})
    model.fit(A, {"up": SUMS, "down": SUMS}, verbose=0)


def test_arithmetic_may_stand_between_layers(tmp_path: Path) -> None:
    x = cn.Input((4,))
    scale = cn.Variable([2.0], name="scale")
    hidden = cn.layers.Dense(4, "tanh")(x)
    y = cn.layers.Dense(1)(hidden + x) * scale + cn.mean(x, axis=1, keepdims=True)
    model = cn.Model(x, y)
    first, second = (layer.get_weights() for layer in model.layers)
    joined = np.tanh(A @ first[0] + first[1]) + A
    expected = (joined @ second[0] + second[1]) * 2 + A.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(A, batch_size=8), expected, rtol=1e-4, atol=1e-5)
    assert list(model.named_variables())[-1] == "scale"
    model.compile(cn.optimizers.SGD(0.05), "mse")
    model.fit(A, SUMS, epochs=2, verbose=0)
    assert scale.numpy()[0] != 2.0
    with pytest.raises(
        ArgumentError, match=r"written at .*test_functional\.py:\d+, cannot be saved"
    ):
        model.save(tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_sizes_in_arithmetic_follow_the_batch() -> None:
    x = cn.Input((4,))
    y = cn.layers.Flatten()(cn.reshape(x, (x.extents[0], 2, 2))) * cn.ones_like(x)
    model = cn.Model(x, y)
    np.testing.assert_array_equal(model.predict(A, batch_size=11), A)


def test_a_model_is_a_layer_of_another() -> None:
    x = cn.Input((4,))
    encoder = cn.Model(x, cn.layers.Dense(2, "tanh")(x), name="encoder")
    code = cn.Input((2,))
    decoder = cn.Model(code, cn.layers.Dense(4)(code), name="decoder")
    autoencoder = cn.Model(x, decoder(encoder(x)))
    assert list(autoencoder.named_variables()) == [
        "encoder/dense/kernel",
        "encoder/dense/bias",
        "decoder/dense/kernel",
        "decoder/dense/bias",
    ]
    autoencoder.compile(cn.optimizers.Adam(0.05), "mse")
    history = autoencoder.fit(A, A, epochs=30, verbose=0).history["loss"]
    assert history[-1] < history[0]
    np.testing.assert_allclose(
        decoder.predict(encoder.predict(A)), autoencoder.predict(A), rtol=1e-5
    )


def test_the_middle_of_a_sequential_can_be_looked_at() -> None:
    first = cn.layers.Dense(3, "relu")
    whole = cn.Sequential([cn.Input((4,)), first, cn.layers.Dense(2)])
    x = cn.Input((4,))
    middle = cn.Model(x, first(x))
    assert middle.layers == [whole.layers[0]]
    k, c = first.get_weights()
    np.testing.assert_allclose(middle.predict(A), np.maximum(A @ k + c, 0), rtol=1e-5, atol=1e-6)


def test_dropout_inside_is_in_training_only() -> None:
    x = cn.Input((4,))
    model = cn.Model(x, cn.layers.Dropout(0.5)(x))
    np.testing.assert_array_equal(model.predict(A), A)
    always = cn.Model(x, cn.layers.Dropout(0.5)(x, training=True))
    assert (always.predict(A) == 0).any()


def test_moving_statistics_move() -> None:
    x = cn.Input((4,))
    layer = cn.layers.BatchNormalization(momentum=0.5)
    model = cn.Model(x, cn.layers.Dense(1)(layer(x)))
    model.compile("sgd", "mse")
    model.fit(A, SUMS, batch_size=30, verbose=0)
    np.testing.assert_allclose(layer.moving_mean.numpy(), A.mean(axis=0) / 2, rtol=1e-4, atol=1e-6)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_it_is_trained_as_in_keras() -> None:
    keras = pytest.importorskip("keras")

    def build(kit: Any, layers: Any, join: Any) -> Any:
        a, b = kit.Input((4,)), kit.Input((4,))
        shared = layers.Dense(5, "tanh")
        joined = join([shared(a), shared(b)])
        one = layers.Dense(2, "softmax", name="one")(joined)
        two = layers.Dense(1, name="two")(joined)
        return kit.Model([a, b], [one, two])

    theirs = build(keras, keras.layers, keras.layers.Concatenate())
    ours = build(cn, cn.layers, Join())
    losses = ["sparse_categorical_crossentropy", "mean_squared_error"]
    theirs.compile(keras.optimizers.SGD(0.1), losses, loss_weights=[1.0, 0.5])
    ours.compile(cn.optimizers.SGD(0.1), losses, loss_weights=[1.0, 0.5])
    ours.set_weights(theirs.get_weights())
    settings = {"batch_size": 10, "epochs": 3, "shuffle": False, "verbose": 0}
    expected = theirs.fit([A, B], [LABELS, SUMS], **settings).history
    found = ours.fit([A, B], [LABELS, SUMS], **settings).history
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, err_msg=name)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)


def two_inputs() -> tuple[Any, Any, Any]:
    a, b = cn.Input((4,), name="a"), cn.Input((4,), name="b")
    return a, b, Join()([a, b])


def named_twice() -> Any:
    x = cn.Input((4,))
    return cn.Model(x, cn.layers.Dense(2, name="d")(cn.layers.Dense(2, name="d")(x)))


def with_damaged_calls() -> Any:
    x = cn.Input((4,))
    config = cn.Model(x, cn.layers.Dense(2)(x)).get_config()
    config["outputs"]["calls"][0]["inputs"] = [7]
    return cn.Model.from_config(config)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: cn.Model(*two_inputs()[::2]), GraphError, "depend on the placeholder 'b' .* made"),
        (
            lambda: cn.Model(list(two_inputs()[:2]), cn.layers.Dense(1)(cn.Input((3,)))),
            GraphError,
            "depend on the placeholder 'input'",
        ),
        (
            lambda: cn.Model(A, A),
            ArgumentError,
            r"inputs\[0\]: expected a placeholder made by cn.In",
        ),
        (
            lambda: cn.Model(cn.Input((4,)), "y"),
            ArgumentError,
            r"outputs\[0\]: expected a tensor that layers gave, got str",
        ),
        (
            lambda: cn.Model(inputs=cn.Input((4,))),
            ArgumentError,
            "outputs: expected tensors, since",
        ),
        (named_twice, ArgumentError, "layers: expected different names, got 'd' twice"),
        (lambda: cn.Model().predict(A), GraphError, "says nowhere what it computes"),
        (with_damaged_calls, ArgumentError, "the calls of its layers are damaged"),
        (
            lambda: siamese().predict(A),
            ArgumentError,
            r"x: expected a list of 2 arrays \(a, b\), got ndarray",
        ),
        (lambda: siamese().predict({"a": A, "c": B}), UnknownNameError, "unknown entry of x 'c'"),
        (lambda: siamese().predict({"a": A}), ArgumentError, "x: .* got none for 'b'"),
        (
            lambda: siamese().predict([A, B[:, :3]]),
            ShapeError,
            r"x\['b'\]: expected shape \(batch, 4\), got \(30, 3\)",
        ),
        (
            lambda: siamese().predict([A, B[:7]]),
            ShapeError,
            r"x\['b'\]: expected 30 rows, as many as x\['a'\] has, got 7",
        ),
        (
            lambda: siamese().fit([A, B], [LABELS]),
            ArgumentError,
            r"y: expected a list of 2 arrays \(verdict, total\), got 1",
        ),
        (
            lambda: siamese().fit([A, B], [LABELS + 2, SUMS]),
            ArgumentError,
            "output 'verdict': y: expected class numbers from 0 to 1",
        ),
        (
            lambda: siamese().compile("sgd", {"verdcit": "mse", "total": "mse"}),
            UnknownNameError,
            "unknown output in loss 'verdcit'; did you mean 'verdict'",
        ),
        (
            lambda: siamese().compile("sgd", ["mse"]),
            ArgumentError,
            r"loss: expected one for each of 2 outputs \(verdict, total\), got 1",
        ),
    ],
)
def test_wrong_wirings_are_refused(make: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make()


def test_input_and_output_of_a_model_are_tensors_to_go_on_from() -> None:
    base = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
    assert base.input is base.inputs[0]
    assert base.output is base.outputs[0]
    longer = cn.Model(base.input, cn.layers.Dense(2)(base.output))
    assert longer.layers[0] is base.layers[0]
    a, b = cn.Input((2,)), cn.Input((2,))
    pair = cn.Model([a, b], [a + b, a - b])
    assert pair.input == [a, b]
    assert pair.output == pair.outputs
    with pytest.raises(GraphError, match="has no output yet: begin it"):
        _ = cn.Sequential([cn.layers.Dense(3)]).output
