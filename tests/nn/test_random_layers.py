"""Layers that draw random numbers: what they do on average, and that it can be repeated."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cairnet as cn

MAKERS: dict[str, Callable[..., cn.layers.Layer]] = {
    "Dropout": lambda **keywords: cn.layers.Dropout(0.3, **keywords),
    "SpatialDropout2D": lambda **keywords: cn.layers.SpatialDropout2D(0.3, **keywords),
    "GaussianNoise": lambda **keywords: cn.layers.GaussianNoise(0.3, **keywords),
    "GaussianDropout": lambda **keywords: cn.layers.GaussianDropout(0.3, **keywords),
}


def step_of(layer: cn.layers.Layer, shape: tuple[int | None, ...], backend: str = "native") -> Any:
    x = cn.input(shape, name="x")
    with cn.layers.Effects() as effects:
        y = layer(x, training=True)
    return cn.function([x], y, updates=effects.updates, backend=backend)


def draws(kind: str, seed: int, count: int = 6) -> np.ndarray:
    """What training makes of ones, over several steps."""
    step = step_of(MAKERS[kind](seed=seed), (None, 8, 9, 50))
    return np.stack([step(np.ones((20, 8, 9, 50), np.float32)) for _ in range(count)])


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_dropout_silences_the_share_and_scales_the_rest(seed: int) -> None:
    y = draws("Dropout", seed)
    kept = y != 0
    np.testing.assert_allclose(y[kept], 1 / 0.7, rtol=1e-6)
    deviation = math.sqrt(0.3 * 0.7 / y.size)
    assert abs(kept.mean() - 0.7) < 4.5 * deviation
    # Neighbours along every axis, and the same place in the next step, are independent.
    for axis in range(y.ndim):
        first = np.take(kept, range(kept.shape[axis] - 1), axis)
        second = np.take(kept, range(1, kept.shape[axis]), axis)
        both = (first & second).mean()
        assert abs(both - 0.49) < 4.5 * math.sqrt(0.49 * 0.51 / first.size) + 0.49 * deviation


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_spatial_dropout_silences_whole_maps(seed: int) -> None:
    y = draws("SpatialDropout2D", seed)
    maps = y[:, :, 0, 0, :]
    np.testing.assert_array_equal(y, np.broadcast_to(maps[:, :, None, None, :], y.shape))
    np.testing.assert_allclose(maps[maps != 0], 1 / 0.7, rtol=1e-6)
    assert abs((maps != 0).mean() - 0.7) < 4.5 * math.sqrt(0.3 * 0.7 / maps.size)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(
    ("kind", "deviation"), [("GaussianNoise", 0.3), ("GaussianDropout", math.sqrt(0.3 / 0.7))]
)
def test_noise_is_normal(kind: str, deviation: float, seed: int) -> None:
    from scipy import stats

    noise = (draws(kind, seed).astype(np.float64) - 1) / deviation
    assert abs(noise.mean()) < 4.5 / math.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4.5 * math.sqrt(2 / noise.size)
    assert stats.kstest(noise[:, :5].ravel(), "norm").pvalue > 1e-4


def test_gaussian_dropout_multiplies() -> None:
    step = step_of(cn.layers.GaussianDropout(0.3, seed=1), (None, 500))
    ones = step(np.ones((2, 500), np.float32))
    other = step_of(cn.layers.GaussianDropout(0.3, seed=1), (None, 500))
    np.testing.assert_allclose(other(np.full((2, 500), 3, np.float32)), 3 * ones, rtol=1e-6)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_step_draws_anew_and_the_seed_repeats_it(kind: str) -> None:
    first, again, other = draws(kind, 1, 3), draws(kind, 1, 3), draws(kind, 2, 3)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("kind", MAKERS)
def test_a_run_of_steps_draws_what_single_steps_do(kind: str) -> None:
    x = np.ones((4, 2, 3, 2, 5), np.float32)
    single, run = (step_of(MAKERS[kind](seed=3), (None, 3, 2, 5)) for _ in range(2))
    np.testing.assert_array_equal(run.steps(4, x), np.stack([single(part) for part in x]))


@pytest.mark.parametrize("kind", ["Dropout", "SpatialDropout2D"])
def test_both_backends_draw_the_same_mask(kind: str) -> None:
    x = np.ones((3, 4, 2, 5), np.float32)
    native, reference = (
        step_of(MAKERS[kind](seed=3), (None, 4, 2, 5), backend)
        for backend in ("native", "reference")
    )
    for _ in range(3):
        np.testing.assert_array_equal(native(x), reference(x))


@pytest.mark.parametrize("kind", MAKERS)
def test_without_a_seed_the_process_decides(kind: str) -> None:
    def outcome(value: int) -> np.ndarray:
        cn.seed(value)
        return MAKERS[kind]()(np.ones((2, 3, 2, 5), np.float32), training=True).numpy()

    np.testing.assert_array_equal(outcome(1), outcome(1))
    assert not np.array_equal(outcome(1), outcome(2))


def test_two_layers_draw_different_numbers() -> None:
    x = np.ones((5, 5), np.float32)
    first, second = cn.layers.Dropout(0.5), cn.layers.Dropout(0.5)
    assert not np.array_equal(first(x, training=True).numpy(), second(x, training=True).numpy())


def test_a_layer_called_twice_in_a_step_draws_twice() -> None:
    layer, x = cn.layers.Dropout(0.5, seed=1), cn.input((None,), name="x")
    with cn.layers.Effects() as effects:
        pair = [layer(x, training=True), layer(x, training=True)]
    step = cn.function([x], pair, updates=effects.updates)
    ones = np.ones(50, np.float32)
    masks = [mask for _ in range(3) for mask in step(ones)]
    assert len({mask.tobytes() for mask in masks}) == 6
    assert int(layer.random.count) == 6


def test_a_mask_can_hold_along_an_axis() -> None:
    layer = cn.layers.Dropout(0.5, noise_shape=(None, 1, None), seed=1)
    y = layer(np.ones((4, 6, 5), np.float32), training=True).numpy()
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert set(np.unique(y)) == {0, 2}


def test_extreme_rates() -> None:
    x = np.array([[1.0, np.inf]], np.float32)
    np.testing.assert_array_equal(cn.layers.Dropout(1.0)(x, training=True).numpy(), [[0, 0]])
    for layer in (
        cn.layers.Dropout(0),
        cn.layers.SpatialDropout2D(0),
        cn.layers.GaussianNoise(0),
        cn.layers.GaussianDropout(0),
    ):
        image = np.ones((1, 1, 1, 2))
        np.testing.assert_array_equal(layer(image, training=True).numpy(), image)
    with cn.layers.Effects() as effects:
        cn.layers.Dropout(0)(x, training=True)
    assert effects.updates == {}


def test_a_silenced_unit_neither_passes_a_value_nor_a_gradient() -> None:
    layer, x = cn.layers.Dropout(0.5, seed=1), cn.Variable(np.full(6, np.nan, np.float32))
    y = layer(x, training=True)
    silent = y.numpy() == 0
    assert 0 < silent.sum() < 6
    gradient = cn.grad(cn.sum(y), x).numpy()
    np.testing.assert_array_equal(gradient, np.where(silent, 0, 2))


def test_the_state_of_random_numbers_is_no_weight() -> None:
    layer = cn.layers.Dropout(0.5)
    layer(np.ones((1, 2)))
    assert layer.weights == layer.get_weights() == layer.trainable_variables == []
    assert layer.count_params() == 0
    assert list(layer.named_variables()) == ["random/key", "random/count"]
    assert [variable.name for variable in layer.non_trainable_variables] == [
        "dropout/random/key",
        "dropout/random/count",
    ]


def test_half_the_units_are_dropped_while_a_model_is_fitted_and_none_in_use() -> None:
    cn.seed(3)
    seen: list[np.ndarray] = []

    def see(x: cn.Tensor) -> cn.Tensor:
        return cn.watch(x, "x", lambda name, value, step: seen.append(value))

    model = cn.Sequential(
        [
            cn.Input((40,)),
            cn.layers.Dropout(0.5, seed=1),
            cn.layers.Lambda(
                lambda x: cn.watch(x, "x", lambda name, value, step: seen.append(value))
            ),
            cn.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mean_squared_error")
    x = np.ones((30, 40), np.float32)
    model.fit(x, np.ones((30, 1), np.float32), batch_size=10, epochs=2, verbose=0)
    trained = list(seen)
    assert len(trained) == 6
    assert all(set(np.unique(value)) == {0, 2} for value in trained)
    assert len({value.tobytes() for value in trained}) == 6
    seen.clear()
    model.predict(x)
    assert all((value == 1).all() for value in seen)
