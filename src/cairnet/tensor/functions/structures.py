"""Nests of tensors: a state may be one tensor, or tuples, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["leaves", "map_structure", "same_structure"]


def leaves(structure: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every leaf of a nest, with how it is reached: "state['h'][0]". None is an empty nest."""
    if structure is None:
        return
    if isinstance(structure, dict):
        for key in structure:
            yield from leaves(structure[key], f"{name}[{key!r}]")
    elif isinstance(structure, tuple | list):
        for position, item in enumerate(structure):
            yield from leaves(item, f"{name}[{position}]")
    else:
        yield name, structure


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same nest with every leaf replaced, in the order of `leaves`."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {key: map_structure(function, value) for key, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(map_structure(function, item) for item in structure))
    if isinstance(structure, tuple | list):
        return type(structure)(map_structure(function, item) for item in structure)
    return function(structure)


def same_structure(first: Any, second: Any) -> bool:
    """Whether two nests have leaves in the same places."""
    if isinstance(first, dict) and isinstance(second, dict):
        return list(first) == list(second) and all(
            same_structure(first[key], second[key]) for key in first
        )
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(same_structure, first, second))
    return (first is None) == (second is None) and _is_leaf(first) == _is_leaf(second)


def _is_leaf(structure: Any) -> bool:
    return not isinstance(structure, dict | tuple | list)
