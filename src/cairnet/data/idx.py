"""The IDX format: a few big-endian header words, then the bytes of one array.

    offset 0   two zero bytes, one byte for the element type, one byte for the rank r
    offset 4   r extents, 32 bits each, big-endian
    then       the elements in row-major order, big-endian

It is what MNIST and its relatives are kept in (Y. LeCun, C. Cortes, C. Burges: The MNIST database
of handwritten digits, 1998).
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from cairnet.base.errors import DataError
from cairnet.data.downloads import locate_input

__all__ = ["load_idx"]

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def load_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read the array in an IDX file, compressed with gzip or not.

    Args:
        path: the file; compression is recognised by its content, not by its name. A relative path
            that is not in the working folder is looked for in the folder CAIRNET_DATA names.

    Returns:
        The array, in the machine's byte order, writable.

    Raises:
        DataError: the file is missing, is not IDX, or is damaged; the message names the file,
            what was expected and what was found.

    Example:
        >>> import cairnet as cn
        >>> from pathlib import Path
        >>> _ = Path("pair.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
        >>> cn.datasets.load_idx("pair.idx")
        array([7, 9], dtype=uint8)
    """
    file = locate_input(path)
    content = _read(file)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DataError(
            f"{file}: expected an IDX file, which begins with the bytes 00 00, a type (08 for "
            f"bytes) and a rank; found {content[:4].hex(' ') or 'nothing'}"
        )
    dtype, rank = np.dtype(_TYPES[content[2]]), content[3]
    start = 4 + 4 * rank
    if len(content) < start:
        raise DataError(
            f"{file}: expected {rank} extents in the header, found {len(content)} bytes in all"
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", rank, 4))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"{file}: expected {expected} bytes for shape {shape} of {dtype.name}, "
            f"found {len(content)}"
        )
    array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _read(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{file}: expected a whole gzip file, found a damaged one "
            f"of {len(content)} bytes ({error})"
        ) from None
