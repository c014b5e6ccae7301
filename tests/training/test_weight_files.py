"""Weights alone go into a file and come back; what does not fit is refused and changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, GraphError

X = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
Y = np.arange(8) % 3


def network(units: int = 4) -> cn.Sequential:
    model = cn.Sequential(
        [
            cn.Input((5,)),
            cn.layers.Dense(units, activation="relu"),
            cn.layers.BatchNormalization(),
            cn.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.safetensors"


def test_weights_come_back_to_the_last_bit(path: Path) -> None:
    model, other = network(), network()
    model.fit(X, Y, epochs=2, verbose=0)
    model.save_weights(path)
    assert (other.predict(X) != model.predict(X)).any()
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_the_file_of_a_whole_model_serves_too_and_leaves_the_optimizer_alone(path: Path) -> None:
    model, other = network(), network()
    model.fit(X, Y, verbose=0)
    model.save(path)
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    assert int(other.optimizer.iterations) == 0


def test_weights_that_do_not_fit_change_nothing(path: Path) -> None:
    model = network(units=4)
    network(units=6).save_weights(path)
    before = model.get_weights()
    with pytest.raises(DataError, match=r"weights.safetensors: the weights do not fit the model"):
        model.load_weights(path)
    for kept, weight in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_a_file_of_weights_is_no_model(path: Path) -> None:
    network().save_weights(path)
    with pytest.raises(DataError, match=r"weights alone.*model\.load_weights\(path\)"):
        cn.load_model(path)


def test_a_damaged_file_is_refused(path: Path) -> None:
    network().save_weights(path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        network().load_weights(path)
    with pytest.raises(DataError, match="no such file"):
        network().load_weights(path.with_name("other.safetensors"))


def test_another_ending_and_a_model_without_weights_are_refused(path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"ends in \.safetensors, got 'weights\.h5'"):
        network().save_weights("weights.h5")
    unbuilt = cn.Sequential([cn.layers.Dense(3)])
    with pytest.raises(GraphError, match="cannot be saved yet"):
        unbuilt.save_weights(path)
    network().save_weights(path)
    with pytest.raises(GraphError, match="cannot be loaded yet"):
        unbuilt.load_weights(path)


def test_checkpoints_of_weights_alone(path: Path) -> None:
    model, other = network(), network()
    save = cn.callbacks.ModelCheckpoint(path, save_weights_only=True)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[save])
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


class OwnClass(cn.Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = cn.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.inner(x)


def test_a_class_of_ones_own_keeps_its_weights(path: Path) -> None:
    model, other = OwnClass(), OwnClass()
    with pytest.raises(GraphError, match="cannot be saved yet"):
        model.save_weights(path)
    outputs = model.predict(X)
    model.save_weights(path)
    with pytest.raises(GraphError, match="cannot be loaded yet"):
        other.load_weights(path)
    other.predict(X)
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(X), outputs)
    with pytest.raises(GraphError, match="cannot be saved as a whole"):
        model.save(path)
