"""A whole training comes to what Keras comes to: statistics, penalties and constraints included."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn

pytestmark = pytest.mark.parity


def network(library: Any, inputs: Any) -> Any:
    """The same network in either library."""
    layers, regularizers, constraints = library.layers, library.regularizers, library.constraints
    x = layers.Conv2D(
        3,
        3,
        kernel_regularizer=regularizers.L2(0.01),
        kernel_constraint=constraints.MaxNorm(0.8, axis=[0, 1, 2]),
    )(inputs)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("elu")(x)
    shortcut = layers.DepthwiseConv2D(3, padding="same", bias_constraint="non_neg")(x)
    x = layers.Add()([x, shortcut])
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.LayerNormalization()(x)
    x = layers.Dense(4, activation="tanh", activity_regularizer=regularizers.L1(0.01))(x)
    return layers.Dense(1, kernel_regularizer=regularizers.L1L2(0.001, 0.002))(x)


def test_a_training_agrees_with_keras() -> None:
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(0)
    x = random.normal(1, 2, size=(24, 8, 8, 2)).astype(np.float32)
    y = random.normal(size=(24, 1)).astype(np.float32)
    inputs = cn.Input((8, 8, 2))
    mine = cn.Model(inputs, network(cn, inputs))
    inputs = keras.Input((8, 8, 2))
    theirs = keras.Model(inputs, network(keras, inputs))
    for model, optimizers in ((mine, cn.optimizers), (theirs, keras.optimizers)):
        model.compile(optimizers.SGD(0.05, momentum=0.9), "mean_squared_error")
    # In the order of the layers: weights and statistics.
    start = [random.normal(0, 0.4, size=weight.shape) for weight in mine.get_weights()]
    names = [variable.name for variable in mine.weights]
    start = [
        np.abs(value) + 0.5 if name.endswith("variance") else value
        for name, value in zip(names, start, strict=True)
    ]
    mine.set_weights(start)
    theirs.set_weights([value.astype(np.float32) for value in start])
    options = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0}
    own, other = mine.fit(x, y, **options), theirs.fit(x, y, **options)
    np.testing.assert_allclose(own.history["loss"], other.history["loss"], rtol=1e-4)
    for name, weight, reference in zip(names, mine.get_weights(), theirs.weights, strict=True):
        expected = reference.value.detach().numpy()
        np.testing.assert_allclose(weight, expected, rtol=2e-3, atol=2e-5, err_msg=name)
    expected = float(theirs.evaluate(x, y, batch_size=8, verbose=0))
    assert mine.evaluate(x, y, batch_size=8) == pytest.approx(expected, rel=1e-4)
