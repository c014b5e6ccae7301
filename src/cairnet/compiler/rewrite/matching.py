"""Questions that rules ask of a graph: is this one number, where is it repeated, which sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.tensor.core import CONSTANT, Tensor
from cairnet.tensor.extent import Extent, Size
from cairnet.tensor.primitives import BROADCAST

__all__ = [
    "constant_array",
    "elements",
    "is_number",
    "never_more",
    "number_and_other",
    "number_of",
    "padded_extents",
    "repeated_axes",
    "unit_pairs",
]


def constant_array(x: Tensor) -> np.ndarray | None:
    """The value of a constant."""
    return x.parameters["value"].array if x.primitive is CONSTANT else None


def number_of(x: Tensor) -> Any:
    """The one number that every element of x is, or None: a scalar constant, repeated or not.

    Constants whose elements are all the same are written in that form (see `folding`).
    """
    if x.primitive is BROADCAST:
        x = x.inputs[0]
    if x.primitive is CONSTANT and not x.extents:
        return x.parameters["value"].array[()]
    return None


def is_number(x: Tensor, value: float) -> bool:
    """Whether every element of x is this number (0.0 and -0.0 are the same one)."""
    found = number_of(x)
    return found is not None and bool(found == value)


def number_and_other(node: Tensor) -> tuple[Any, Tensor] | None:
    """Of a node with two inputs in any order: the one number of the one, and the other."""
    first, second = node.inputs
    found = number_of(second)
    if found is not None:
        return found, first
    found = number_of(first)
    return None if found is None else (found, second)


def padded_extents(x: Tensor, rank: int) -> tuple[Size, ...]:
    """The extents of x as an operand of a broadcast to `rank` axes: new axes in front are 1."""
    return (1,) * (rank - x.ndim) + x.extents


def repeated_axes(x: Tensor) -> list[bool]:
    """For each axis whether x is a broadcast that repeats one value along it."""
    if x.primitive is not BROADCAST:
        return [False] * x.ndim
    inner = padded_extents(x.inputs[0], x.ndim)
    return [own == 1 and size != 1 for own, size in zip(inner, x.extents, strict=True)]


def unit_pairs(before: Sequence[Size], after: Sequence[Size]) -> list[tuple[int, int]] | None:
    """How the axes correspond when two shapes differ only by axes of extent 1, or None."""
    old = [axis for axis, size in enumerate(before) if size != 1]
    new = [axis for axis, size in enumerate(after) if size != 1]
    if len(old) != len(new):
        return None
    pairs = list(zip(old, new, strict=True))
    return pairs if all(before[i] == after[j] for i, j in pairs) else None


def elements(extents: Sequence[Size]) -> Size:
    """How many elements a tensor of these extents has."""
    total: Size = 1
    for size in extents:
        total = size * total
    return total


def never_more(first: Size, second: Size) -> bool:
    """Whether the first size cannot exceed the second, whatever the unknown sizes are."""
    difference = second - first
    if isinstance(difference, Extent):
        return all(
            factor >= 0 and all(atom.kind == "symbol" for atom in monomial)
            for monomial, factor in difference.terms
        )
    return difference >= 0
