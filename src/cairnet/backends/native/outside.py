"""Routines from outside: where LAPACK and BLAS are.

SciPy brings a LAPACK with it, and shows the addresses of its routines to other compiled code as
capsules (`scipy.linalg.cython_lapack`, `scipy.linalg.cython_blas`). Compiled kernels call them by
symbols that are bound here, whenever their object code is mapped into memory: an object on the disk
knows names alone, and serves every process.

A LAPACK may have threads of its own. While a program runs that calls it, it is told to use one: the
program's threads share out the matrices, and how the sums of one matrix are ordered must depend on
no number of threads.
"""

from __future__ import annotations

import ctypes
import re
import threading
from functools import cache
from typing import Any

from cairnet.backends.native.forking import guard
from cairnet.base.errors import CompileError

__all__ = ["PREFIX", "one_thread_each", "outside_symbols"]

#: What the symbols of routines begin with in object code.
PREFIX = "lapack."


def outside_symbols(object_code: bytes) -> dict[str, int]:
    """The addresses of the routines that object code calls, by symbol."""
    names = set(re.findall(re.escape(PREFIX).encode() + rb"([a-z0-9]+)", object_code))
    return {f"{PREFIX}{name.decode()}": _address(name.decode()) for name in names}


@cache
def _address(routine: str) -> int:
    # Imported here, since SciPy's library takes longer to load than all of Cairnet.
    from scipy.linalg import cython_blas, cython_lapack

    for home in (cython_lapack, cython_blas):
        if routine in home.__pyx_capi__:
            return _pointer_in(home.__pyx_capi__[routine])
    raise CompileError(f"SciPy offers no routine {routine!r}")


def _pointer_in(capsule: Any) -> int:
    python = ctypes.pythonapi
    python.PyCapsule_GetName.restype, python.PyCapsule_GetName.argtypes = (
        ctypes.c_char_p,
        [ctypes.py_object],
    )
    python.PyCapsule_GetPointer.restype, python.PyCapsule_GetPointer.argtypes = (
        ctypes.c_void_p,
        [ctypes.py_object, ctypes.c_char_p],
    )
    name = python.PyCapsule_GetName(capsule)
    return int(python.PyCapsule_GetPointer(capsule, name))


# -- their threads ------------------------------------------------------------------------------


class _Limit:
    """Holds the libraries to one thread for as long as anybody wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        guard(self._lock)
        self._users = 0
        self._before: list[tuple[Any, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                found = ((library, library.get_num_threads()) for library in _libraries())
                self._before = [(library, count) for library, count in found if count != 1]
                for library, _ in self._before:
                    library.set_num_threads(1)
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                for library, count in self._before:
                    library.set_num_threads(count)


@cache
def _libraries() -> list[Any]:
    # Imported here for the same reason as SciPy. Looks at the libraries that the process has.
    from threadpoolctl import ThreadpoolController

    controllers: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return controllers


#: A context in which routines of LAPACK and BLAS start no threads of their own. When the last of
#: all who are inside leaves it, they have as many as before the first one came.
one_thread_each = _Limit()
