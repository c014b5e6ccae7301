"""Where a node came from: the user's line, and the path of the layer that was being called."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Source", "current_path", "here", "scope", "standing_for"]

_PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep
_path: list[str] = []
#: The line that nodes carry in place of the user's, while a pass rebuilds one of theirs.
_standing: list[Source] = []


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the user's program; line 0 is a file that has no lines, such as a saved model."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def short(self) -> str:
        """File name and line without the folders, which would bury what they are about."""
        return str(Source(self.file.replace("\\", "/").rsplit("/", 1)[-1], self.line))


def here() -> Source:
    """The innermost line on the stack that is not Cairnet's own."""
    if _standing:
        return _standing[-1]
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Source(frame.f_code.co_filename, frame.f_lineno)


def current_path() -> str:
    """The names of the enclosing scopes, joined by "/"."""
    return "/".join(_path)


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Nodes made inside carry `name` in their path; scopes nest.

    >>> import cairnet as cn
    >>> with cn.scope("encoder"):
    ...     y = cn.exp(cn.input((3,)))
    >>> y.path
    'encoder'
    """
    _path.append(name)
    try:
        yield
    finally:
        _path.pop()


@contextmanager
def standing_for(source: Source, path: str) -> Iterator[None]:
    """Nodes made inside stand in for another one, and so carry its source and path."""
    outer, _path[:] = list(_path), [path] if path else []
    _standing.append(source)
    try:
        yield
    finally:
        _standing.pop()
        _path[:] = outer
