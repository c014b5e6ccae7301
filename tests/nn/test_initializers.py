import math
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, UnknownNameError
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
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype(name: str, dtype: str) -> None:
    value = getattr(cn.initializers, name)()((2, 0, 5), dtype)
    assert value.shape == (2, 0, 5)
    assert value.dtype == np.dtype(dtype)


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


@pytest.mark.parametrize("name", ["GlorotUniform", "HeUniform", "LecunUniform"])
def test_uniform_values_fill_their_interval(name: str) -> None:
    values = getattr(cn.initializers, name)(seed=3)(SHAPE)
    limit = math.sqrt(3 * VARIANCES[name])
    assert 0.99 * limit < abs(values).max() <= limit


@pytest.mark.parametrize("name", ["GlorotNormal", "HeNormal", "LecunNormal"])
def test_normal_values_are_cut_off(name: str) -> None:
    values = getattr(cn.initializers, name)(seed=3)(SHAPE)
    limit = 2 * math.sqrt(VARIANCES[name]) / 0.8796
    assert 0.99 * limit < abs(values).max() <= limit


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
