"""`cairnet list`: what can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from cairnet.base.errors import UnknownNameError
from cairnet.cli.data import DATA_SETS
from cairnet.models.recipes import RECIPES
from cairnet.nn import activations, initializers, layers, losses, metrics
from cairnet.training import callbacks

__all__ = ["KINDS", "listing"]


def _networks() -> Mapping[str, str]:
    return {
        name: f"{recipe.title}, for {' or '.join(recipe.settings)}"
        for name, recipe in RECIPES.items()
    }


def _data_sets() -> Mapping[str, str]:
    return {name: _first_line(load) for name, load in DATA_SETS.items()}


def _public(module: ModuleType, *, classes: bool) -> Callable[[], Mapping[str, str]]:
    """The public classes, or functions, of a module with the first line that they say."""

    def found() -> Mapping[str, str]:
        items = {name: getattr(module, name) for name in module.__all__}
        chosen = {n: item for n, item in items.items() if isinstance(item, type) == classes}
        return {n: _first_line(item) for n, item in chosen.items() if callable(item)}

    return found


def _optimizers() -> Mapping[str, str]:
    from cairnet import optim

    return _public(optim, classes=True)()


#: What can be listed, and how.
KINDS: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "models": _networks,
    "data": _data_sets,
    "layers": _public(layers, classes=True),
    "activations": _public(activations, classes=False),
    "initializers": _public(initializers, classes=True),
    "losses": _public(losses, classes=True),
    "metrics": _public(metrics, classes=True),
    "optimizers": _optimizers,
    "callbacks": _public(callbacks, classes=True),
}


def listing(kind: str | None) -> None:
    """Print the names of one kind with a line on each; without a kind, the names of all.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise UnknownNameError("kind", kind, KINDS)
    if kind is None:
        wide = max(map(len, KINDS))
        for name, find in KINDS.items():
            print(f"{name.ljust(wide)}  {', '.join(find())}")
        print("\nA line on each of a kind: cairnet list KIND, as in: cairnet list layers")
        return
    found = KINDS[kind]()
    wide = max(map(len, found))
    for name, line in found.items():
        print(f"{name.ljust(wide)}  {line}".rstrip())


def _first_line(item: object) -> str:
    return (item.__doc__ or "").strip().split("\n")[0]
