"""Layers that change images at random: what they draw, and what they make of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import kstest

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.nn.layers.resampling import FILL_MODES, resampled

IMAGES = np.random.default_rng(0).normal(size=(3, 5, 6, 2))
SCIPY_MODES = {
    "reflect": "reflect",
    "wrap": "grid-wrap",
    "nearest": "nearest",
    "constant": "grid-constant",
}
LAYERS: dict[str, Callable[..., cn.layers.Layer]] = {
    "RandomFlip": cn.layers.RandomFlip,
    "RandomTranslation": lambda **rest: cn.layers.RandomTranslation(0.3, 0.2, **rest),
    "RandomRotation": lambda **rest: cn.layers.RandomRotation(0.1, **rest),
    "RandomZoom": lambda **rest: cn.layers.RandomZoom(0.4, **rest),
}


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize(("interpolation", "order"), [("nearest", 0), ("bilinear", 1)])
def test_places_are_read_as_scipy_reads_them(
    fill_mode: str, interpolation: str, order: int
) -> None:
    random = np.random.default_rng(1)
    rows, columns = (random.uniform(-9, 14, size=(3, 4, 4)) for _ in range(2))
    found = resampled(
        cn.asarray(IMAGES), cn.asarray(rows), cn.asarray(columns), interpolation, fill_mode, 1.5
    ).numpy()
    for n in range(3):
        for c in range(2):
            expected = ndimage.map_coordinates(
                IMAGES[n, ..., c],
                [rows[n], columns[n]],
                order=order,
                mode=SCIPY_MODES[fill_mode],
                cval=1.5,
                prefilter=False,
            )
            np.testing.assert_allclose(found[n, ..., c], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
@pytest.mark.parametrize("fill_mode", ["constant", "nearest"])
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("RandomTranslation", {"height_factor": (0.21, 0.21), "width_factor": (-0.4, -0.4)}),
        ("RandomRotation", {"factor": (0.07, 0.07)}),
        ("RandomRotation", {"factor": (-0.3, -0.3)}),
        ("RandomZoom", {"height_factor": (0.3, 0.3)}),
        ("RandomZoom", {"height_factor": (-0.5, -0.5), "width_factor": (0.25, 0.25)}),
    ],
)
def test_where_nothing_is_left_to_chance_keras_agrees(
    kind: str, arguments: dict[str, Any], fill_mode: str
) -> None:
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    images = IMAGES.astype("float32")
    theirs = getattr(keras.layers, kind)(**arguments, fill_mode=fill_mode, fill_value=0.5)
    expected = keras.ops.convert_to_numpy(theirs(images, training=True))
    ours = getattr(cn.layers, kind)(**arguments, fill_mode=fill_mode, fill_value=0.5)
    found = ours(images, training=True).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
def test_keras_rescales_alike() -> None:
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    bytes_ = np.arange(12, dtype="uint8").reshape(3, 4)
    expected = keras.ops.convert_to_numpy(keras.layers.Rescaling(1 / 255, offset=-1.0)(bytes_))
    found = cn.layers.Rescaling(1 / 255, offset=-1.0)(bytes_).numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_out_of_training_nothing_changes(kind: str) -> None:
    np.testing.assert_array_equal(LAYERS[kind]()(IMAGES).numpy(), IMAGES)


@pytest.mark.parametrize("kind", LAYERS)
def test_every_image_and_every_step_is_drawn_anew_and_a_seed_repeats_them(kind: str) -> None:
    x = cn.input((None, 5, 6, 2), dtype="float64", name="x")
    steps = []
    for _ in range(2):
        layer = LAYERS[kind](seed=3)
        with cn.layers.Effects() as effects:
            y = layer(x, training=True)
        steps.append(cn.function([x], y, updates=effects.updates))
    same = np.repeat(IMAGES[:1], 8, axis=0)
    first, second = steps[0](same), steps[0](same)
    assert len(np.unique(first.round(9), axis=0)) > 1
    assert (first != second).any()
    np.testing.assert_array_equal(steps[1](same), first)


def test_half_of_the_images_are_mirrored_in_each_direction() -> None:
    corner = np.zeros((4000, 2, 2, 1), "float32")
    corner[:, 0, 0] = 1
    both = cn.layers.RandomFlip(seed=1)(corner, training=True).numpy().mean(0)
    np.testing.assert_allclose(both[..., 0], 0.25, atol=0.03)
    across = cn.layers.RandomFlip("horizontal", seed=1)(corner, training=True).numpy().mean(0)
    np.testing.assert_allclose(across[..., 0], [[0.5, 0.5], [0, 0]], atol=0.03)
    down = cn.layers.RandomFlip("vertical", seed=1)(corner, training=True).numpy().mean(0)
    np.testing.assert_allclose(down[..., 0], [[0.5, 0], [0.5, 0]], atol=0.03)


def test_steps_and_factors_are_uniform_between_their_bounds() -> None:
    """On a picture that is its own column number, what is read tells what was drawn."""
    ramp = np.broadcast_to(np.arange(21.0)[:, None], (1000, 1, 21, 1))
    moved = cn.layers.RandomTranslation(0.0, (-0.2, 0.1), seed=1)(ramp, training=True).numpy()
    shares = (10 - moved[:, 0, 10, 0]) / 21
    assert kstest(shares, "uniform", (-0.2, 0.3)).pvalue > 1e-4
    zoomed = cn.layers.RandomZoom((-0.5, 0.0), seed=1)(ramp, training=True).numpy()
    factors = (zoomed[:, 0, 15, 0] - 10) / 5 - 1
    assert kstest(factors, "uniform", (-0.5, 0.5)).pvalue > 1e-4
    square = np.broadcast_to(np.arange(21.0)[:, None], (1000, 21, 21, 1))
    turned = cn.layers.RandomRotation(0.1, seed=1)(square, training=True).numpy()
    angles = np.arcsin((turned[:, 5, 10, 0] - 10) / 5)
    assert kstest(angles, "uniform", (-0.2 * np.pi, 0.4 * np.pi)).pvalue > 1e-4


def test_the_two_directions_are_drawn_apart() -> None:
    ramp = np.arange(21.0)[:, None] + 100 * np.arange(21.0)[:, None, None]
    moved = cn.layers.RandomTranslation(0.2, 0.2, seed=1)(
        np.broadcast_to(ramp, (1000, 21, 21, 1)), training=True
    ).numpy()[:, 10, 10, 0]
    down = moved.round(-2)
    assert abs(np.corrcoef(down, moved - down)[0, 1]) < 0.2


def test_a_positive_angle_turns_counter_clockwise() -> None:
    image = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]).reshape(1, 3, 3, 1)
    turned = cn.layers.RandomRotation((0.25, 0.25))(image, training=True).numpy()
    assert turned[0, ..., 0].round(6).argmax() == 1  # from the right to the top


def test_gradients_pass_to_the_pixels_that_were_read() -> None:
    x = cn.Variable(IMAGES, name="x")
    y = cn.layers.RandomRotation((0.05, 0.05), seed=2)(x, training=True)
    assert cn.check_gradient(cn.sum(y**2), [x]).error < 1e-6


def test_images_of_unknown_size_are_changed_too() -> None:
    x = cn.input((None, None, None, 2), dtype="float64", name="x")
    y = cn.layers.RandomZoom((0.3, 0.3))(x, training=True)
    known = cn.layers.RandomZoom((0.3, 0.3))(IMAGES, training=True)
    np.testing.assert_allclose(cn.function([x], y)(IMAGES), known.numpy(), rtol=1e-9)


def test_a_model_trains_behind_them() -> None:
    cn.seed(1)
    model = cn.Sequential(
        [
            cn.Input((6, 6, 1), dtype="uint8"),
            cn.layers.Rescaling(1 / 255),
            cn.layers.RandomFlip("horizontal"),
            cn.layers.RandomTranslation(0.1, 0.1),
            cn.layers.Flatten(),
            cn.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    random = np.random.default_rng(0)
    x, y = random.integers(256, size=(16, 6, 6, 1)).astype("uint8"), np.arange(16) % 2
    losses = model.fit(x, y, epochs=2, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    np.testing.assert_array_equal(model.predict(x), model.predict(x))


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="mode 'sideways'"):
        cn.layers.RandomFlip("sideways")
    with pytest.raises(UnknownNameError, match="fill_mode 'mirror'"):
        cn.layers.RandomRotation(0.1, fill_mode="mirror")
    with pytest.raises(UnknownNameError, match="interpolation 'cubic'"):
        cn.layers.RandomZoom(0.1, interpolation="cubic")
    for factor in (1.5, -0.1, (0.3, 0.2), (0.1, 0.2, 0.3), "a"):
        with pytest.raises(ArgumentError, match="factor: expected"):
            cn.layers.RandomRotation(factor)
    with pytest.raises(ShapeError, match="expected"):
        cn.layers.RandomFlip()(np.zeros((2, 3)))
    with pytest.raises(ArgumentError, match="scale: expected"):
        cn.layers.Rescaling("a")
