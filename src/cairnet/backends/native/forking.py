"""What has to be done before and after the process forks.

A forked child has the memory of all threads of its parent but only the thread that forked. A lock
that another thread held is held for ever there; so the forking thread takes it first. Python does
this for the locks of its own import system, `guard` for the locks of other libraries.

Steps before a fork are taken in the reverse order of their registration. The guarded locks are
registered when this module is imported and so are taken last, since a thread that holds one of
them never waits for anything else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

__all__ = ["around", "guard"]

_guarded: list[AbstractContextManager[Any]] = []
_held = ExitStack()


def guard(lock: AbstractContextManager[Any]) -> None:
    """Have a lock taken before each fork, and given back in parent and child."""
    _guarded.append(lock)


def around(
    before: Callable[[], object],
    in_parent: Callable[[], object],
    in_child: Callable[[], object],
) -> None:
    """Have functions called before each fork, and after it in the parent and in the child."""
    if hasattr(os, "register_at_fork"):  # not where processes cannot fork
        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)


def _take() -> None:
    for lock in _guarded:
        _held.enter_context(lock)


around(_take, _held.close, _held.close)
