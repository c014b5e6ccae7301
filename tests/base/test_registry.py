"""Names, saved forms, and the objects they stand for."""

from typing import Any

import numpy as np
import pytest

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.base.registry import Configurable, Registry, custom_objects, serialize


class Stone(Configurable):
    def __init__(self, weight: float, shape: Any = "round") -> None:
        self.weight = weight
        self.shape = shape


def pebble(weight: float = 1.0) -> str:
    return f"a pebble of {weight}"


@pytest.fixture
def registry() -> Registry[Any]:
    found: Registry[Any] = Registry("stone")
    found.add(Stone)
    found.add(pebble)
    return found


def test_things_are_found_by_name(registry: Registry[Any]) -> None:
    assert registry.find("Stone") is registry.find("stone") is Stone
    assert registry.get("pebble") is pebble
    assert registry.get(pebble) is pebble
    with pytest.raises(UnknownNameError, match="unknown stone 'peble'; did you mean 'pebble'"):
        registry.get("peble")


def test_saved_forms_become_objects_again(registry: Registry[Any]) -> None:
    stone = Stone(2.5, (1, np.int64(2), None, np.dtype("float32")))
    saved = serialize(stone)
    assert saved == {
        "class_name": "Stone",
        "config": {"weight": 2.5, "shape": [1, 2, None, "float32"]},
    }
    again = registry.get(saved)
    assert type(again) is Stone
    assert serialize(again) == saved
    assert serialize({"inner": stone}) == {"inner": saved}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"class_name": "Stone"}, "expected a mapping with 'class_name' and 'config'"),
        ({"class_name": 3, "config": {}}, "expected a mapping with 'class_name' and 'config'"),
        ({"class_name": "Stone", "config": {"color": 1}}, "'Stone': missing a required argument"),
        (
            {"class_name": "Stone", "config": {"weight": 1, "color": 1}},
            "'Stone': got an unexpected keyword argument 'color'",
        ),
        (17, "expected a name .Stone, pebble, stone., an object or a function, got 17"),
    ],
)
def test_what_stands_for_nothing_is_refused(
    value: Any, words: str, registry: Registry[Any]
) -> None:
    with pytest.raises(ArgumentError, match=words):
        registry.get(value)


def test_custom_objects_are_known_for_a_while(registry: Registry[Any]) -> None:
    class Brick(Stone):
        pass

    with custom_objects({"Brick": Brick, "pebble": Brick}):
        assert registry.find("Brick") is registry.find("pebble") is Brick
    assert registry.find("pebble") is pebble
    with pytest.raises(UnknownNameError):
        registry.find("Brick")


@pytest.mark.parametrize("value", [lambda x: x, object(), 1j, {1, 2}])
def test_what_cannot_be_found_again_is_not_saved(value: Any) -> None:
    with pytest.raises(ArgumentError, match="cannot be saved: it has no name"):
        serialize(value)
