"""Model.profile: a step of fit, kernel by kernel, and nothing changes."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, GraphError


def network() -> cn.Sequential:
    cn.seed(0)
    model = cn.Sequential(
        [
            cn.Input((8, 8, 1)),
            cn.layers.Conv2D(4, 3, activation="relu", name="edges"),
            cn.layers.Flatten(),
            cn.layers.Dense(3, name="classes"),
        ]
    )
    loss = cn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def test_a_step_is_measured_layer_by_layer_and_changes_nothing() -> None:
    model = network()
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 8, 8, 1), np.float32), rng.integers(0, 3, 40)
    model.fit(x, y, epochs=1, verbose=0)
    before = [variable.numpy() for variable in model.weights]
    measured = model.profile(x, y, batch_size=16, seconds=0.01)
    for variable, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    layers = {part.layer for part in measured.by_layer()}
    assert {"edges", "classes", "edges/gradient", "classes/gradient", "loss"} <= layers
    assert {name.split("/")[0] for name in layers} <= {
        *("", "edges", "flatten", "classes", "loss", "accuracy", "optimizer"),
    }
    assert measured.sizes == {"len(rows)": 16}
    forward = 2 * 16 * (36 * 9 * 4 + 36 * 4 * 3)
    assert measured.operations > 2 * forward


def test_training_goes_on_as_if_it_had_not_been_measured() -> None:
    x, y = np.linspace(0, 1, 24 * 64).reshape(24, 8, 8, 1), np.arange(24) % 3
    plain, measured = network(), network()
    measured.profile(x, y, seconds=0.01)
    for model in (plain, measured):
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(plain.weights, measured.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_what_is_missing_is_said() -> None:
    model = cn.Sequential([cn.Input((2,)), cn.layers.Dense(1)])
    with pytest.raises(GraphError, match="call compile"):
        model.profile([[1.0, 2.0]], [[1.0]])
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(ArgumentError, match="batch_size"):
        model.profile([[1.0, 2.0]], [[1.0]], batch_size=0)
    given: Any = model
    with pytest.raises(ArgumentError, match=r"got Sequential; .*model.profile\(x, y\)"):
        cn.profile(given, [[1.0, 2.0]])
