"""Compiled objects on disk, so that the next process starts without compiling.

One file an object, named by its key, written whole under another name and then renamed: another
process sees all of a file or none of it. The file begins with a digest of the rest, so that a
damaged one is noticed, removed and compiled anew. When the folder has grown beyond its limit,
the objects that have not been used for the longest time go first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cairnet.base.errors import ArgumentError
from cairnet.base.folders import cache_folder

__all__ = ["Info", "clear", "info", "lookup", "store"]

_MAGIC = b"cairnet object 1\n"
_DIGEST_BYTES = 32
_SUFFIX = ".object"
_DEFAULT_LIMIT = 512 << 20
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# A temporary file that is older was left behind by a process that was killed.
_ABANDONED_AFTER = 3600.0

_warned = False


@dataclass(frozen=True)
class Info:
    """What the cache holds.

    Attributes:
        folder: where it is.
        files: number of objects.
        bytes: what they take together.
        limit: what they may take, in bytes.
    """

    folder: Path
    files: int
    bytes: int
    limit: int


def lookup(key: str) -> bytes | None:
    """The object that was stored under a key, or None.

    Args:
        key: a digest, in letters and figures, of everything that the object depends on.
    """
    try:
        path = _path(key)
        content = path.read_bytes()
    except OSError:
        return None
    data = _unsealed(content)
    with contextlib.suppress(OSError):  # the folder may be one that can only be read
        if data is None:
            path.unlink()
        else:
            os.utime(path)  # used now; file systems seldom keep the time of reading
    return data


def store(key: str, data: bytes) -> None:
    """Keep an object; a folder that cannot be written is warned of once, and no error."""
    limit = _limit()
    if len(data) > limit:
        return
    try:
        path = _path(key)
        _write(path, _MAGIC + hashlib.sha256(data).digest() + data)
        _shrink(path.parent, limit, keep=path)
    except OSError as error:
        _warn(error)


def info() -> Info:
    """What the cache holds now."""
    folder = cache_folder("objects")
    sizes = [size for _, size, _ in _entries(folder)]
    return Info(folder, len(sizes), sum(sizes), _limit())


def clear() -> int:
    """Remove every object; the number of files removed."""
    return sum(_remove(path) for path, _, _ in _entries(cache_folder("objects")))


def _path(key: str) -> Path:
    if not re.fullmatch("[0-9A-Za-z]+", key):
        raise ArgumentError(f"cache key {key!r}: expected a digest in letters and figures")
    return cache_folder("objects") / f"{key}{_SUFFIX}"


def _unsealed(content: bytes) -> bytes | None:
    start = len(_MAGIC) + _DIGEST_BYTES
    data = content[start:]
    seal = content[:start]
    return data if seal == _MAGIC + hashlib.sha256(data).digest() else None


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        _remove(temporary)
        raise


def _entries(folder: Path) -> Iterator[tuple[Path, int, float]]:
    """Path, size and time of last use of every object that no other process removes meanwhile."""
    for path in folder.iterdir():
        if path.suffix != _SUFFIX or not path.is_file():
            continue
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield path, status.st_size, status.st_mtime


def _shrink(folder: Path, limit: int, keep: Path) -> None:
    """Remove the objects that were not used for the longest time until the rest is small enough."""
    entries = sorted(_entries(folder), key=lambda entry: entry[2])
    total = sum(size for _, size, _ in entries)
    for path, size, _ in entries:
        if total <= limit:
            break
        if path != keep:
            _remove(path)
            total -= size
    for path in folder.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                _remove(path)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _limit() -> int:
    """The size limit in bytes, from CAIRNET_CACHE_LIMIT ("200M") or the default."""
    text = os.environ.get("CAIRNET_CACHE_LIMIT", "").strip()
    if not text:
        return _DEFAULT_LIMIT
    parts = re.fullmatch(r"(\d+)([KMG]?)", text, re.IGNORECASE)
    if parts is None:
        raise ArgumentError(
            f"CAIRNET_CACHE_LIMIT is {text!r}; expected a number of bytes, as 1000000 or 200M"
        )
    return int(parts[1]) * _UNITS[parts[2].upper()]


def _warn(error: OSError) -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            f"compiled functions are not kept on disk, and every process compiles them anew: "
            f"{error}. The environment variable CAIRNET_CACHE can name another folder.",
            RuntimeWarning,
            stacklevel=3,
        )
