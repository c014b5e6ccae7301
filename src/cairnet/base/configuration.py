"""One frozen object that holds every setting, and the function that changes it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from cairnet.base.errors import ArgumentError, UnknownNameError

__all__ = ["Configuration", "configuration", "configure"]


def _threads_from_environment() -> int | None:
    text = os.environ.get("CAIRNET_THREADS", "").strip()
    if not text:
        return None
    if not text.isdigit() or int(text) < 1:
        raise ArgumentError(
            f"CAIRNET_THREADS is {text!r}; expected a whole number of threads, 1 or more"
        )
    return int(text)


@dataclass(frozen=True)
class Configuration:
    """Every setting of the process; `configure` replaces it, nothing mutates it.

    Attributes:
        backend: "native" (compiled, the default) or "reference" (NumPy, one primitive at a time).
        threads: number of threads a compiled function may use; None means one per core.
        verify: check the graph and the loops between all compiler passes (slower; for tests).
        non_finite: check every result for NaN and infinity and say where the first arose.
        bounds: compile a check around every load and store (much slower; for hunting defects).
        tune: time several ways to walk each kernel when a function compiles, and keep the best.
    """

    backend: str = "native"
    threads: int | None = None
    verify: bool = False
    non_finite: bool = False
    bounds: bool = False
    tune: bool = False


_current = Configuration(
    backend=os.environ.get("CAIRNET_BACKEND", "native"),
    threads=_threads_from_environment(),
    verify=os.environ.get("CAIRNET_VERIFY", "") not in ("", "0"),
    bounds=os.environ.get("CAIRNET_BOUNDS", "") not in ("", "0"),
    tune=os.environ.get("CAIRNET_TUNE", "") not in ("", "0"),
)


def configuration() -> Configuration:
    """The settings in force.

    >>> configuration().non_finite
    False
    """
    return _current


def configure(**changes: Any) -> Configuration:
    """Replace settings by name and return the settings that were in force before."""
    global _current
    before = _current
    for name in changes:
        if name not in Configuration.__dataclass_fields__:
            raise UnknownNameError("setting", name, Configuration.__dataclass_fields__)
    _current = replace(before, **changes)
    return before
