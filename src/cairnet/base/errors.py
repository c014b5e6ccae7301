"""Errors that teach: each says what came, what was expected, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ArgumentError",
    "BoundsError",
    "CairnetError",
    "CompileError",
    "DTypeError",
    "DataError",
    "GradientError",
    "GraphError",
    "IndexRangeError",
    "NonFiniteError",
    "ShapeError",
    "UnknownNameError",
    "nearest_name",
]


class CairnetError(Exception):
    """Base of every error that Cairnet raises on purpose."""


class ArgumentError(CairnetError, ValueError):
    """An argument has a value that the function does not accept."""


class ShapeError(ArgumentError):
    """Shapes, ranks or extents that do not fit together."""


class IndexRangeError(ShapeError, IndexError):
    """An index beyond an axis, an axis beyond the rank, or a mask that does not fit."""


class DTypeError(ArgumentError):
    """A dtype that the operation does not accept, or a promotion that the standard leaves out."""


class GraphError(ArgumentError):
    """A graph that was put together wrongly: a missing input, a cycle of updates, a wrong owner."""


class GradientError(ArgumentError):
    """A gradient that is undefined, or zero because nothing connects cost and variable."""


class NonFiniteError(ArgumentError):
    """A NaN or an infinity where finite numbers are required."""


class UnknownNameError(ArgumentError):
    """A name that is not known; the message offers the nearest one that is."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        self.name = name
        self.known = sorted(known)
        super().__init__(f"unknown {kind} {name!r}; {nearest_name(str(name), self.known)}")


class BoundsError(CairnetError, RuntimeError):
    """Compiled code was about to leave its memory: a defect of Cairnet, please report it."""


class DataError(CairnetError, OSError):
    """A file that is missing, damaged or not what its name says."""


class CompileError(CairnetError, RuntimeError):
    """A graph that the native compiler cannot compile: a defect of Cairnet, please report it."""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Say which of the known names is nearest to `name`, or list them all when none is near.

    >>> nearest_name("sofmax", ["relu", "softmax"])
    "did you mean 'softmax'? Known: relu, softmax"
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listing = f"Known: {', '.join(names)}" if names else "nothing is known here"
    return f"did you mean {close[0]!r}? {listing}" if close else listing
