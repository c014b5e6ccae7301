<<<<<<< ours
"""Weights alone go into a file and come back; what does not fit is refused and changes nothing."""

from pathlib import Path
=======
"""Weights alone, on disk and back: into a model of the same layers, or not at all."""

from pathlib import Path
from typing import Any
>>>>>>> theirs

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, GraphError

<<<<<<< ours
X = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
Y = np.arange(8) % 3


def network(units: int = 4) -> cn.Sequential:
    model = cn.Sequential(
        [
            cn.Input((5,)),
            cn.layers.Dense(units, activation="relu"),
            cn.layers.BatchNormalization(),
            cn.layers.Dense(3, activation="softmax"),
=======
X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.arange(12) % 3


def network(units: int = 5) -> cn.Sequential:
    model = cn.Sequential(
        [
            cn.Input((4,)),
            cn.layers.Dense(units, activation="relu", name="hidden"),
            cn.layers.BatchNormalization(name="normal"),
            cn.layers.Dense(3, activation="softmax", name="classes"),
>>>>>>> theirs
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


<<<<<<< ours
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
=======
class OwnClass(cn.Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = cn.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.inner(x)


def same(one: cn.Model, other: cn.Model) -> bool:
    return bool((one.predict(X) == other.predict(X)).all())


def test_weights_come_back_to_the_last_bit(tmp_path: Path) -> None:
    model, again = network(), network()
    model.fit(X, Y, epochs=2, verbose=0)
    model.save_weights(tmp_path / "w.safetensors")
    assert not same(model, again)
    again.load_weights(tmp_path / "w.safetensors")
    assert same(model, again)


def test_the_weights_of_a_whole_model_can_be_taken_too(tmp_path: Path) -> None:
    model, again = network(), network()
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again.load_weights(tmp_path / "model.safetensors")
    assert same(model, again)


def test_a_class_of_ones_own_keeps_its_weights(tmp_path: Path) -> None:
    model, again = OwnClass(), OwnClass()
    with pytest.raises(GraphError, match="no weights to be saved yet"):
        model.save_weights(tmp_path / "w.safetensors")
    model.predict(X)
    model.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(GraphError, match="no weights to be loaded yet"):
        again.load_weights(tmp_path / "w.safetensors")
    again.predict(X)
    again.load_weights(tmp_path / "w.safetensors")
    assert same(model, again)


def test_a_model_without_a_shape_has_no_weights(tmp_path: Path) -> None:
    model = cn.Sequential([cn.layers.Dense(2)])
    with pytest.raises(GraphError, match=r"begin it with cn\.Input"):
        model.save_weights(tmp_path / "w.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    network(6).save_weights(tmp_path / "w.safetensors")
    model = network()
    before = model.get_weights()
    with pytest.raises(DataError, match=r"expected '\w+/\w+' to be \(\(.*found \(\("):
        model.load_weights(tmp_path / "w.safetensors")
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_damage_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    network().save_weights(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected a content of SHA-256"):
        network().load_weights(path)
    path.write_bytes(content[:-9])
    with pytest.raises(DataError, match="expected a whole safetensors file"):
        network().load_weights(path)
    with pytest.raises(DataError, match="there is no such file"):
        network().load_weights(tmp_path / "none.safetensors")


def test_weights_alone_are_no_model(tmp_path: Path) -> None:
    network().save_weights(tmp_path / "w.safetensors")
    with pytest.raises(DataError, match=r"found weights alone.*model.load_weights\(path\)"):
        cn.load_model(tmp_path / "w.safetensors")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"ends in \.safetensors"):
        network().save_weights(tmp_path / "model.weights.h5")


def test_a_checkpoint_may_hold_weights_alone(tmp_path: Path) -> None:
    model, again = network(), network()
    path = tmp_path / "best.safetensors"
    save = cn.callbacks.ModelCheckpoint(path, save_weights_only=True)
    model.fit(X, Y, epochs=2, callbacks=[save], verbose=0)
    again.load_weights(path)
    assert same(model, again)
    with pytest.raises(DataError, match="weights alone"):
        cn.load_model(path)
>>>>>>> theirs
