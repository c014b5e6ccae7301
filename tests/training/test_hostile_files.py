"""Files that say wrong things about a model, with a right checksum, are refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import cairnet as cn
from cairnet.base.errors import DataError
from cairnet.training.files import _digest


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    x = cn.Input((4,))
    hidden = cn.layers.Dense(3, "relu")(x)
    model = cn.Model(x, [cn.layers.Dense(2)(hidden), hidden])
    model.compile("adam", ["mse", "mse"])
    model.fit(np.ones((2, 4)), [np.ones((2, 2)), np.ones((2, 3))], verbose=0)
    path = tmp_path / "model.safetensors"
    model.save(path)
    return path


def rewritten(path: Path, change: Callable[[Any], Any]) -> None:
    """Change the header of a file, and correct its checksum, as an attacker would."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        header = json.loads(file.metadata()["cairnet"])
    weights = load_file(path)
    header = change(header) or header
    if isinstance(header, dict):
        header["sha256"] = _digest(weights, header)
    save_file(weights, path, {"cairnet": json.dumps(header)})


def at(*path: Any, value: Any) -> Callable[[Any], None]:
    """Put a value into a place of the header."""

    def change(header: Any) -> None:
        for key in path[:-1]:
            header = header[key]
        header[path[-1]] = value

    return change


CALLS = ("model", "config", "outputs", "calls")
CHANGES: dict[str, Callable[[Any], Any]] = {
    "a list": lambda header: [1, 2],
    "no model": at("model", value=None),
    "a model that is a number": at("model", value=3),
    "a class that is not known": at("model", "class_name", value="os.system"),
    "a layer instead of a model": at(
        "model", value={"class_name": "Dense", "config": {"units": 3}}
    ),
    "an optimizer instead of a model": at(
        "model", value={"class_name": "Adam", "config": {"learning_rate": 3}}
    ),
    "unknown arguments": at("model", "config", value={"inputs": [], "evil": 1}),
    "inputs that are none": at("model", "config", "inputs", value=7),
    "inputs without shapes": at("model", "config", "inputs", value=[{"name": "x"}]),
    "an empty shape": at("model", "config", "inputs", 0, "shape", value=[]),
    "a negative size": at("model", "config", "inputs", 0, "shape", value=[None, -4]),
    "a dtype that is none": at("model", "config", "inputs", 0, "dtype", value="object"),
    "calls that are none": at(*CALLS, value=None),
    "a call that is none": at(*CALLS, 0, value=[]),
    "a layer that is not there": at(*CALLS, 0, "layer", value="elsewhere"),
    "an input that is not there": at(*CALLS, 0, "inputs", value=[9]),
    "a call before it was made": at(*CALLS, 0, "inputs", value=[[5, None]]),
    "a position of a single tensor": at(*CALLS, 0, "inputs", value=[{"list": 3}]),
    "training that is a word": at(*CALLS, 0, "training", value="yes"),
    "no outputs": at("model", "config", "outputs", "tensors", value=[]),
    "a wide layer": at("model", "config", "outputs", "layers", "dense", "config", "units", value=4),
    "a layer without units": at(
        "model", "config", "outputs", "layers", "dense", "config", value={}
    ),
    "an unknown optimizer": at("compile", "optimizer", value={"class_name": "X", "config": {}}),
    "a loss that is a list too long": at("compile", "loss", value=["mse"] * 9),
    "settings that are none": at("compile", value=[1]),
    "an unknown setting": at("compile", "evil", value=1),
    "an order that is a word": at("order", value="sorted"),
    "another format": at("format", value=2),
    "a format that is a list": at("format", value=[1]),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_header_that_lies_is_refused(case: str, saved: Path) -> None:
    rewritten(saved, CHANGES[case])
    with pytest.raises(DataError) as caught:
        cn.load_model(saved)
    assert str(caught.value).startswith(f"{saved}: ")


def test_the_honest_file_is_read(saved: Path) -> None:
    rewritten(saved, lambda header: None)
    assert cn.load_model(saved).output_shape == [(None, 2), (None, 3)]


def test_weights_of_another_shape_are_refused(saved: Path) -> None:
    weights = load_file(saved)
    from safetensors import safe_open

    with safe_open(saved, framework="np") as file:
        header = json.loads(file.metadata()["cairnet"])
    for name, value in (
        ("dense/kernel", np.zeros((4, 5), np.float32)),
        ("optimizer/iterations", np.zeros(3, np.int64)),
        ("optimizer/learning_rate", np.zeros((), np.float32)),
    ):
        changed = {**weights, name: value}
        header["sha256"] = _digest(changed, header)
        save_file(changed, saved, {"cairnet": json.dumps(header)})
        with pytest.raises(DataError, match=name.rsplit("/", 1)[1]):
            cn.load_model(saved)


def test_a_header_of_a_thousand_brackets_is_refused(saved: Path) -> None:
    save_file({"w": np.zeros(1)}, saved, {"cairnet": "[" * 100_000})
    with pytest.raises(DataError, match="its header is not JSON"):
        cn.load_model(saved)
