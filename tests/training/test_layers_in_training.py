"""What layers do beside their output, in fit and out of it."""

import numpy as np
import pytest

import cairnet as cn

X = np.random.default_rng(0).normal(2.0, 3.0, size=(64, 5)).astype(np.float32)
Y = X[:, :1] * 0.5


def model_of(*layers: cn.layers.Layer, rate: float = 0.0) -> cn.Sequential:
    cn.seed(0)
    model = cn.Sequential([cn.Input((5,)), *layers])
    model.compile(cn.optimizers.SGD(rate), "mean_squared_error")
    return model


def test_moving_statistics_move_in_fit_and_nowhere_else() -> None:
    layer = cn.layers.BatchNormalization(momentum=0.5)
    model = model_of(layer, cn.layers.Dense(1))
    model.evaluate(X, Y)
    model.predict(X)
    model.test_on_batch(X, Y)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(5))
    model.fit(X, Y, batch_size=64, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.75 * X.mean(axis=0), rtol=1e-5)
    model.train_on_batch(X, Y)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.875 * X.mean(axis=0), rtol=1e-5)


def test_freezing_normalisation_between_two_fits_stops_its_statistics() -> None:
    layer = cn.layers.BatchNormalization()
    model = model_of(layer, cn.layers.Dense(1))
    model.fit(X, Y, verbose=0)
    layer.trainable = False
    before = layer.moving_mean.numpy()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), before)


def test_dropout_drops_in_fit_and_nowhere_else() -> None:
    ones = cn.layers.Dense(1, kernel_initializer="ones")
    model = model_of(cn.layers.Dropout(0.5), ones)
    plain = X.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(X), plain, rtol=1e-5)
    exact = float(np.mean((plain - Y) ** 2))
    assert model.evaluate(X, Y, batch_size=64) == pytest.approx(exact, rel=1e-5)
    losses = model.fit(X, Y, batch_size=64, epochs=3, shuffle=False, verbose=0).history["loss"]
    # Every step drops other units.
    assert len(set(losses)) == 3
    assert exact not in losses


def test_penalties_are_part_of_the_loss_in_fit_and_evaluate() -> None:
    plain = model_of(cn.layers.Dense(1, kernel_initializer="ones"))
    expected = plain.evaluate(X, Y)
    model = model_of(
        cn.layers.Dense(
            1,
            kernel_initializer="ones",
            kernel_regularizer=cn.regularizers.L2(0.1),
        )
    )
    assert model.evaluate(X, Y) == pytest.approx(expected + 0.5, rel=1e-6)
    loss = model.fit(X, Y, verbose=0).history["loss"][0]
    assert loss == pytest.approx(expected + 0.5, rel=1e-6)


def test_penalties_on_activity_are_averaged_over_samples() -> None:
    plain = model_of(cn.layers.Dense(1, kernel_initializer="ones"))
    penalty = cn.regularizers.L1(0.01)
    model = model_of(cn.layers.Dense(1, kernel_initializer="ones", activity_regularizer=penalty))
    expected = 0.01 * np.abs(X.sum(axis=1)).mean()
    assert model.evaluate(X, Y, 16) - plain.evaluate(X, Y, 16) == pytest.approx(expected, rel=1e-4)


def test_a_penalty_pulls_the_weights() -> None:
    sizes = []
    for regularizer in (None, cn.regularizers.L2(10.0)):
        dense = cn.layers.Dense(1, kernel_regularizer=regularizer)
        model = model_of(dense, rate=0.005)
        model.fit(X, Y, epochs=30, verbose=0)
        sizes.append(float(np.abs(dense.kernel.numpy()).sum()))
    assert sizes[1] < 0.7 * sizes[0]


def test_constraints_hold_after_every_step() -> None:
    dense = cn.layers.Dense(4, kernel_constraint=cn.constraints.MaxNorm(0.25))
    model = model_of(dense, cn.layers.Dense(1), rate=0.01)
    model.fit(X, Y, epochs=2, verbose=0)
    norms = np.linalg.norm(dense.kernel.numpy(), axis=0)
    assert (norms <= 0.25 + 1e-6).all()
    assert (norms > 0.2).any()


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_batch_normalisation_is_trained_as_in_keras() -> None:
    keras = pytest.importorskip("keras")
    theirs = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    theirs.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mean_squared_error")
    ours = cn.Sequential(
        [
            cn.Input((5,)),
            cn.layers.Dense(4, "tanh", kernel_regularizer=cn.regularizers.L2(0.01)),
            cn.layers.BatchNormalization(),
            cn.layers.Dense(1),
        ]
    )
    ours.compile(cn.optimizers.SGD(0.05, momentum=0.9), "mean_squared_error")
    ours.set_weights(theirs.get_weights())
    settings = {"batch_size": 20, "epochs": 3, "shuffle": False, "verbose": 0}
    weights = np.linspace(0.5, 1.5, len(X))
    expected = theirs.fit(X, Y, sample_weight=weights, **settings).history["loss"]
    found = ours.fit(X, Y, sample_weight=weights, **settings).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-3, atol=1e-4)
    assert ours.evaluate(X, Y) == pytest.approx(theirs.evaluate(X, Y, verbose=0), rel=1e-3)
