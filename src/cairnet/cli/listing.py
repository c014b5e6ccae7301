"""`cairnet list`: what can be asked for by name."""

from __future__ import annotations

import inspect
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping
from types import ModuleType

from cairnet import optim
from cairnet.base.errors import UnknownNameError
from cairnet.cli.data import DATA_SETS
from cairnet.models.recipes import RECIPES, TEXT_RECIPES
from cairnet.nn import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    regularizers,
)
from cairnet.training import callbacks

__all__ = ["KINDS", "listing"]

#: What is public beside the things that have names: their bases, and what layers are written with.
_BASES = {"Callback", "Effects", "InputLayer", "Layer", "Merge", "RandomKeys", "get"}


def _networks() -> Mapping[str, str]:
    return {
        **{
            name: f"{recipe.title}, for {' or '.join(recipe.settings)}"
            for name, recipe in RECIPES.items()
        },
        **{name: f"{recipe.title}, for any text" for name, recipe in TEXT_RECIPES.items()},
    }


def _data_sets() -> Mapping[str, str]:
    return {name: _first_line(load) for name, load in DATA_SETS.items()}


def _public(module: ModuleType, *, classes: bool) -> Callable[[], Mapping[str, str]]:
    """The public classes, or functions, of a module with the first line that they say."""

    def found() -> Mapping[str, str]:
        items = {name: getattr(module, name) for name in module.__all__}
        return {
            name: _first_line(item)
            for name, item in items.items()
            if isinstance(item, type) == classes and callable(item)
            if name not in _BASES and not inspect.isabstract(item)
            if getattr(item, "__name__", name) == name
        }

    return found


#: What can be listed, and how.
KINDS: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "models": _networks,
    "data": _data_sets,
    "layers": _public(layers, classes=True),
    "activations": _public(activations, classes=False),
    "initializers": _public(initializers, classes=True),
    "regularizers": _public(regularizers, classes=True),
    "constraints": _public(constraints, classes=True),
    "losses": _public(losses, classes=True),
    "metrics": _public(metrics, classes=True),
    "optimizers": _public(optim, classes=True),
    "schedules": _public(optim.schedules, classes=True),
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
            print(_wrapped(f"{name.ljust(wide)}  ", ", ".join(find())))
        print("\nA line on each of a kind: cairnet list KIND, as in: cairnet list layers")
        return
    found = KINDS[kind]()
    wide = max(map(len, found))
    for name, line in found.items():
        print(_wrapped(f"{name.ljust(wide)}  ", line))


def _wrapped(start: str, text: str) -> str:
    """A text behind a label: on a terminal in as many lines as it needs, else in one, for grep."""
    if not sys.stdout.isatty():
        return f"{start}{text}".rstrip()
    across = max(shutil.get_terminal_size().columns, len(start) + 30)
    return textwrap.fill(start + text, across, subsequent_indent=" " * len(start)).rstrip()


def _first_line(item: object) -> str:
    return (item.__doc__ or "").strip().split("\n")[0]
