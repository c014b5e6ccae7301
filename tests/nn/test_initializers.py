import inspect
import math
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize, snake_case

NAMES = [name for name in cn.initializers.__all__ if name[0].isupper() and name != "Initializer"]
SHAPE = (3, 3, 40, 60)  # fan in 360, fan out 540
VARIANCES = {
    "GlorotUniform": 2 / 900,
    "GlorotNormal": 2 / 900,
    "HeUniform": 2 / 360,
    "HeNormal": 2 / 360,
    "LecunUniform": 1 / 360,
    "LecunNormal": 1 / 360,
    "VarianceScaling": 1 / 360,
    "Orthogonal": 1 / 360,
    "RandomNormal": 0.05**2,
    "RandomUniform": 0.05**2 / 3,
    "TruncatedNormal": (0.05 * 0.87962566) ** 2,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype(name: str, dtype: str) -> None:
    initializer = getattr(cn.initializers, name)()
    for shape in [(2, 0), (3, 4)] if name == "Identity" else [(2, 0, 5), (2, 3, 4), (3, 4)]:
        value = initializer(shape, dtype)
        assert value.shape == shape
        assert value.dtype == np.dtype(dtype)


def test_every_random_initializer_has_its_variance() -> None:
    assert set(VARIANCES) == set(NAMES) - {"Constant", "Identity", "Ones", "Zeros"}


@pytest.mark.parametrize("name", NAMES)
def test_found_by_both_names_and_back_from_the_configuration(name: str) -> None:
    initializer = cn.initializers.get(snake_case(name))
    assert type(initializer) is type(cn.initializers.get(name))
    again = cn.initializers.get(serialize(initializer))
    assert again.get_config() == initializer.get_config()


@pytest.mark.parametrize("name", VARIANCES)
def test_mean_and_variance(name: str) -> None:
    values = getattr(cn.initializers, name)(seed=3)(SHAPE, "float64")
    count, variance = values.size, VARIANCES[name]
    assert abs(values.mean()) < 4 * math.sqrt(variance / count)
    # The fourth moment of none of these distributions exceeds that of the normal one, 3 σ⁴.
    assert abs(values.var() - variance) < 4 * variance * math.sqrt(2 / count)


@pytest.mark.parametrize("name", ["GlorotUniform", "HeUniform", "LecunUniform", "RandomUniform"])
def test_uniform_values_fill_their_interval(name: str) -> None:
    values = getattr(cn.initializers, name)(seed=3)(SHAPE)
    limit = math.sqrt(3 * VARIANCES[name])
    assert 0.99 * limit < abs(values).max() <= limit


@pytest.mark.parametrize("name", ["GlorotNormal", "HeNormal", "LecunNormal"])
def test_normal_values_are_cut_off(name: str) -> None:
    values = getattr(cn.initializers, name)(seed=3)(SHAPE)
    limit = 2 * math.sqrt(VARIANCES[name]) / 0.8796
    assert 0.99 * limit < abs(values).max() <= limit


def test_settings_of_the_plain_distributions() -> None:
    normal = cn.initializers.RandomNormal(mean=2.0, stddev=0.5, seed=1)((200, 200))
    assert normal.mean() == pytest.approx(2, abs=0.01)
    assert normal.std() == pytest.approx(0.5, rel=0.02)
    cut = cn.initializers.TruncatedNormal(mean=2.0, stddev=0.5, seed=1)((200, 200))
    assert (cut.min(), cut.max()) == pytest.approx((1, 3), abs=0.01)
    uniform = cn.initializers.RandomUniform(-1.0, 3.0, seed=1)((200, 200))
    assert (uniform.min(), uniform.max()) == (
        pytest.approx(-1, abs=0.01),
        pytest.approx(3, abs=0.01),
    )


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (3, 2, 4, 5), (2, 1, 2, 6)])
def test_orthogonal_weights_keep_lengths(shape: tuple[int, ...]) -> None:
    value = cn.initializers.Orthogonal(gain=2.0, seed=1)(shape, "float64").reshape(-1, shape[-1])
    rows, columns = value.shape
    product = value @ value.T if rows <= columns else value.T @ value
    np.testing.assert_allclose(product, 4 * np.eye(min(rows, columns)), atol=1e-12)


def test_orthogonal_weights_are_evenly_distributed() -> None:
    # Rotations by every angle, and reflections, are as likely: not so without the signs of R.
    values = np.stack([cn.initializers.Orthogonal(seed=s)((2, 2), "float64") for s in range(2000)])
    assert abs(values.mean(axis=0)).max() < 4 * math.sqrt(0.5 / 2000)
    assert abs((np.linalg.det(values) > 0).mean() - 0.5) < 4 * 0.5 / math.sqrt(2000)


def test_identity() -> None:
    np.testing.assert_array_equal(cn.initializers.Identity(3.0)((3, 2)), 3 * np.eye(3, 2))


@pytest.mark.parametrize("shape", [(3,), (), (2, 2, 2)])
def test_shapes_that_are_no_matrix_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"Identity: expected the shape of a matrix, got \("):
        cn.initializers.Identity()(shape)
    if len(shape) < 2:
        with pytest.raises(ShapeError, match=r"Orthogonal: expected a shape of two axes or more"):
            cn.initializers.Orthogonal()(shape)


@pytest.mark.parity
@pytest.mark.parametrize("name", NAMES)
def test_names_and_defaults_are_those_of_keras(name: str) -> None:
    keras = pytest.importorskip("keras")
    theirs = inspect.signature(getattr(keras.initializers, name)).parameters
    for argument, parameter in inspect.signature(getattr(cn.initializers, name)).parameters.items():
        assert parameter.default == theirs[argument].default
    for alias in ("normal", "uniform", "zeros", "ones", "one", "zero", "identity", "orthogonal"):
        mine, other = cn.initializers.get(alias), keras.initializers.get(alias)
        assert type(mine).__name__ == type(other).__name__


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(5,), (4, 6), (3, 3, 4, 6), (2, 3, 3, 4, 6)])
def test_fans_are_those_of_keras(shape: tuple[int, ...]) -> None:
    pytest.importorskip("keras")
    from keras.src.initializers.random_initializers import compute_fans

    from cairnet.nn.initializers.scaling import fans

    assert fans(shape) == compute_fans(shape)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("RandomNormal", {"stddev": -1}, "stddev: expected a number, 0 or more, got -1"),
        ("RandomNormal", {"mean": math.nan}, "mean: expected a finite number, got nan"),
        ("TruncatedNormal", {"stddev": "a"}, "stddev: expected a finite number, got 'a'"),
        ("RandomUniform", {"minval": 1.0}, "minval: expected at most maxval=0.05, got 1.0"),
        ("Orthogonal", {"seed": 1.5}, "seed: expected a whole number, 0 or more, got 1.5"),
    ],
)
def test_wrong_settings_are_refused(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        getattr(cn.initializers, name)(**arguments)


def test_the_seed_decides() -> None:
    def draw() -> list[np.ndarray]:
        return [cn.initializers.get("glorot_uniform")((4, 4)) for _ in range(2)]

    cn.seed(5)
    first = draw()
    cn.seed(5)
    again = draw()
    cn.seed(6)
    other = draw()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, other)


def test_an_initializer_with_a_seed_always_gives_the_same() -> None:
    initializer = cn.initializers.HeNormal(seed=2)
    np.testing.assert_array_equal(initializer((3, 4)), initializer((3, 4)))


def test_the_numbers_of_a_seed_stay_the_same_between_versions() -> None:
    values = cn.initializers.GlorotUniform(seed=0)((2, 2), "float64")
    recorded = [
        [-1.1964612152047822, -0.6330725920336934],
        [-0.9518083812269076, 0.15778295491193384],
    ]
    np.testing.assert_allclose(values, recorded, rtol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"scale": 0}, ArgumentError, "scale: expected a number above 0, got 0"),
        ({"mode": "fan_on"}, UnknownNameError, "unknown mode 'fan_on'; did you mean 'fan_in'"),
        ({"distribution": "normal"}, UnknownNameError, "unknown distribution 'normal'"),
        ({"seed": -1}, ArgumentError, "seed: expected a whole number, 0 or more, got -1"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        cn.initializers.VarianceScaling(**arguments)
