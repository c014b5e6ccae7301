"""Named things and how they are written to a file: a class or function by name, its arguments.

Layers, activations, initializers, losses, metrics and optimizers can all be given by name
(`activation="relu"`) and saved. One registry for each kind holds the names. What is saved of an
object is what its constructor was given, as in Keras:

    {"class_name": "Dense", "config": {"units": 10, "activation": "softmax", …}}

and of a function its name.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

import numpy as np

from cairnet.base.errors import ArgumentError, UnknownNameError

__all__ = ["Configurable", "Registry", "custom_objects", "serialize", "snake_case"]

T = TypeVar("T")
Item = TypeVar("Item", bound=Callable[..., Any])

#: What the caller of `load_model` said his own names stand for.
_custom: dict[str, Any] = {}


@contextmanager
def custom_objects(objects: Mapping[str, Any]) -> Iterator[None]:
    """While inside, the given names are known to every registry, before its own."""
    before = dict(_custom)
    _custom.update(objects)
    try:
        yield
    finally:
        _custom.clear()
        _custom.update(before)


def snake_case(name: str) -> str:
    """The lower-case form of a class name.

    >>> snake_case("MaxPooling2D"), snake_case("SparseCategoricalCrossentropy"), snake_case("SGD")
    ('max_pooling2d', 'sparse_categorical_crossentropy', 'sgd')
    >>> snake_case("KLDivergence"), snake_case("TopKCategoricalAccuracy")
    ('kl_divergence', 'top_k_categorical_accuracy')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Configurable:
    """Mixin for objects that are saved as the arguments of their constructor.

    Every argument of the constructor must be kept in an attribute of the same name.
    """

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name, as JSON can hold them."""
        return {
            name: serialize(getattr(self, name))
            for name in inspect.signature(type(self)).parameters
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """An object like the one that gave this configuration."""
        return cls(**config)


class Registry(Generic[T]):
    """The things of one kind that can be given by name.

    Args:
        kind: what they are called in errors, as "activation".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, Callable[..., Any]] = {}

    def add(self, item: Item) -> Item:
        """Enter a function under its name, a class under its name and its snake_case name."""
        self._items[item.__name__] = item
        if inspect.isclass(item):
            self._items[snake_case(item.__name__)] = item
        return item

    def alias(self, name: str, item: Callable[..., Any]) -> None:
        """Enter an item under one more name."""
        self._items[name] = item

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def find(self, name: str) -> Any:
        """The class or function of a name.

        Raises:
            UnknownNameError: there is none; the message offers the nearest.
        """
        if name in _custom:
            return _custom[name]
        if name not in self._items:
            raise UnknownNameError(self.kind, name, self._items)
        return self._items[name]

    def get(self, value: Any) -> T:
        """The thing itself, from its name, its class, its saved form, or itself.

        Raises:
            UnknownNameError: the name is not known.
            ArgumentError: the value is none of these.
        """
        if isinstance(value, Mapping):
            return self._from_saved(value)
        found: Any = self.find(value) if isinstance(value, str) else value
        if inspect.isclass(found):
            return self._make(found, {})
        if not callable(found) and not isinstance(found, Configurable):
            raise ArgumentError(
                f"{self.kind}: expected a name ({', '.join(sorted(self._items))}), "
                f"an object or a function, got {value!r}"
            )
        return cast(T, found)

    def _from_saved(self, value: Mapping[str, Any]) -> T:
        name, config = value.get("class_name"), value.get("config")
        if not isinstance(name, str) or not isinstance(config, Mapping):
            raise ArgumentError(
                f"{self.kind}: expected a mapping with 'class_name' and 'config', got {value!r}"
            )
        return self._make(self.find(name), config)

    def _make(self, item: Any, config: Mapping[str, Any]) -> T:
        try:
            inspect.signature(item).bind(**config)
        except TypeError as error:
            raise ArgumentError(f"{self.kind} {item.__name__!r}: {error}") from None
        configurable = inspect.isclass(item) and issubclass(item, Configurable)
        return cast(T, item.from_config(config) if configurable else item(**config))


def serialize(value: Any) -> Any:
    """A value as JSON can hold it: plain data as it is, objects and functions by name.

    Raises:
        ArgumentError: the value cannot be saved.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, list | tuple):
        return [serialize(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): serialize(item) for name, item in value.items()}
    if isinstance(value, Configurable):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    name = getattr(value, "__name__", "<lambda>")
    if callable(value) and name != "<lambda>":
        return name
    raise ArgumentError(
        f"{value!r} cannot be saved: it has no name to be found by again. Use one of Cairnet's own "
        "functions, or one made with `def`, and give it to "
        "cn.load_model(path, custom_objects={name: it})"
    )
