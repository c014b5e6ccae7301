"""The public namespaces under their public names, however they are imported."""

import importlib
from types import ModuleType

import pytest

import cairnet as cn

NAMESPACES = [name for name in cn.__all__ if isinstance(getattr(cn, name), ModuleType)]


@pytest.mark.parametrize("name", NAMESPACES)
def test_a_namespace_can_be_imported_by_its_public_name(name: str) -> None:
    assert importlib.import_module(f"cairnet.{name}") is getattr(cn, name)


def test_names_can_be_imported_from_a_namespace() -> None:
    import cairnet.array_api as xp
    from cairnet.layers import Dense

    assert Dense is cn.layers.Dense
    assert xp.sum is cn.sum


@pytest.mark.parametrize("name", cn.__all__)
def test_every_name_promised_is_there(name: str) -> None:
    assert hasattr(cn, name)


def test_no_other_names_are_offered() -> None:
    """Rooms are seen too, as Python sets them; everything else public stands in the list."""
    rooms = {"base", "tensor", "compiler", "backends", "runtime", "nn", "optim", "teaching", "data"}
    rooms |= {"plots", "training", "models", "estimators", "interop", "cli", "web"}
    others = {name for name in vars(cn) if not name.startswith("_")} - set(cn.__all__) - rooms
    assert others == {"sys", "ModuleType"}
