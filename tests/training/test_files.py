"""A saved model comes back as it was; anything else is refused by name."""

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, GraphError

X = np.random.default_rng(0).normal(size=(9, 6, 6, 2)).astype(np.float32)


def network(**arguments: Any) -> cn.Sequential:
    model = cn.Sequential(
        [
            cn.Input((6, 6, 2)),
            cn.layers.Conv2D(3, (3, 2), padding="same", activation="relu"),
            cn.layers.MaxPooling2D(),
            cn.layers.Flatten(),
            cn.layers.Dense(4, kernel_initializer=cn.initializers.HeNormal(seed=1)),
            cn.layers.Activation("softmax", name="probabilities"),
        ],
        name="small",
    )
    model.compile(
        cn.optimizers.Adam(0.01, beta_1=0.8),
        cn.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
        **arguments,
    )
    return model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    network().save(path)
    return path


def test_predictions_come_back_to_the_last_bit(tmp_path: Path) -> None:
    model, y = network(), np.arange(9) % 4
    model.fit(X, y, epochs=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    assert type(again) is cn.Sequential
    assert again.name == "small"
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.evaluate(X, y) == model.evaluate(X, y)
    again.fit(X, y, verbose=0)


def test_the_compile_settings_come_back(tmp_path: Path) -> None:
    model = network()
    model.optimizer.learning_rate = 0.125
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    assert again.compile_config() == model.compile_config()
    assert again.optimizer.learning_rate == 0.125
    assert again.optimizer.beta_1 == 0.8


def test_a_model_that_was_not_compiled_is_saved_too(tmp_path: Path) -> None:
    model = cn.Sequential([cn.Input((2,), dtype="float64"), cn.layers.Dense(1)])
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    assert again.compiled is None
    assert again.predict([[1.0, 2.0]]).dtype == np.float64


def test_other_readers_find_weights_and_architecture(saved: Path) -> None:
    from safetensors import safe_open

    with safe_open(saved, framework="np") as file:
        names, metadata = set(file.keys()), file.metadata()
    weights = {"conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias"}
    assert names == weights | {"optimizer/iterations", "optimizer/learning_rate"}
    assert list(metadata) == ["cairnet"]
    header = json.loads(metadata["cairnet"])
    assert header["format"] == 1
    assert header["version"] == cn.__version__
    architecture = header["model"]
    kinds = [layer["class_name"] for layer in architecture["config"]["layers"]]
    assert kinds == ["InputLayer", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Activation"]


class Twice(cn.layers.Layer):
    """A layer of the user's own."""

    def __init__(self, factor: float = 2.0, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.factor = factor

    def call(self, x: cn.Tensor) -> cn.Tensor:
        return x * self.factor


def cube(x: cn.Tensor) -> cn.Tensor:
    return x**3


def test_layers_and_functions_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model = cn.Sequential([cn.Input((2,)), Twice(3.0), cn.layers.Dense(2, activation=cube)])
    model.save(path)
    with pytest.raises(DataError, match=r"unknown layer 'Twice'.*custom_objects=\{name: it\}"):
        cn.load_model(path)
    again = cn.load_model(path, custom_objects={"Twice": Twice, "cube": cube})
    np.testing.assert_array_equal(again.predict([[1.0, 2.0]]), model.predict([[1.0, 2.0]]))
    with pytest.raises(DataError, match="unknown activation 'cube'"):
        cn.load_model(path, custom_objects={"Twice": Twice})


def test_a_truncated_file_is_refused(saved: Path) -> None:
    content = saved.read_bytes()
    for length in [0, 1, 7, 8, 100, *range(200, len(content), 97), len(content) - 1]:
        saved.write_bytes(content[:length])
        with pytest.raises(DataError, match="expected a whole safetensors file") as caught:
            cn.load_model(saved)
        assert f"{saved}: " in str(caught.value)
        assert f"found {length} bytes" in str(caught.value)


def test_a_changed_byte_is_noticed_wherever_it_is(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    for place in range(0, len(content), 31):
        damaged = bytearray(content)
        damaged[place] ^= 0x04
        saved.write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            cn.load_model(saved)
        assert str(saved) in str(caught.value)


def test_a_file_that_grew_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"\0")
    with pytest.raises(DataError, match="expected a whole safetensors file"):
        cn.load_model(saved)


def test_a_file_of_someone_elses_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"w": np.zeros(3, np.float32)}, path)
    with pytest.raises(DataError, match=r"expected a model saved by Cairnet.*entries none"):
        cn.load_model(path)
    save_file({"w": np.zeros(3, np.float32)}, path, {"format": "pt"})
    with pytest.raises(DataError, match=r"saved by Cairnet.*found the entries \['format'\]"):
        cn.load_model(path)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ('{"format": 7, "version": "9.1"}', r"expected format 1, found 7, .* by Cairnet 9\.1"),
        ("{}", "expected format 1, found None"),
        ('{"format": 1}', "expected a content of SHA-256 None"),
        ("once upon a time", "the file is damaged: its header is not JSON"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(header: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "future.safetensors"
    save_file({"w": np.zeros(3, np.float32)}, path, {"cairnet": header})
    with pytest.raises(DataError, match=words):
        cn.load_model(path)


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model = network()
    for name in "ab":
        model.save(tmp_path / f"{name}.safetensors")
    a, b = ((tmp_path / f"{name}.safetensors").read_bytes() for name in "ab")
    assert a == b


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.safetensors: there is no such file"):
        cn.load_model(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("name", ["model", "model.h5", "model.keras", "model.npz"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"path: expected a name that ends in \.safetensors"):
        network().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_weights_yet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="'sequential' cannot be saved yet"):
        cn.Sequential([cn.layers.Dense(2)]).save(tmp_path / "model.safetensors")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved: Path) -> None:
    before = saved.read_bytes()
    model = cn.Sequential([cn.Input((2,)), cn.layers.Dense(2, activation=lambda x: x)])
    with pytest.raises(ArgumentError, match="cannot be saved: it has no name"):
        model.save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the folder '.*nowhere' to write it to does not exist"):
        network().save(tmp_path / "nowhere" / "model.safetensors")


def test_the_file_can_be_read_by_others(saved: Path) -> None:
    plain = saved.parent / "plain"
    plain.touch()
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
