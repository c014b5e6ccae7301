"""NumPy's .npz archives, read without trusting them: a zip file of arrays, one member each."""

from __future__ import annotations

import math
import os
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from cairnet.base.errors import DataError
from cairnet.data.downloads import locate_input

__all__ = ["load_npz"]


def load_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read all arrays of an .npz archive, as `numpy.savez` writes it.

    Arrays of Python objects would have to be unpickled, and a pickle can run any program: they
    are refused, whatever is in them. The sizes that the archive states are compared before any
    memory is set aside.

    Args:
        path: the file. A relative path that is not in the working folder is looked for in the
            folder CAIRNET_DATA names.

    Returns:
        The arrays by name, with the shapes and dtypes they were saved with.

    Raises:
        DataError: the file is missing, is not an .npz archive, is damaged, or holds objects; the
            message names the file and the array.

    Source:
        The format is that of NumPy Enhancement Proposal 1, "A simple file format for NumPy
        arrays".

    Example:
        >>> import cairnet as cn
        >>> import numpy as np
        >>> np.savez("pair.npz", x=np.eye(2), y=np.array([0, 1]))
        >>> arrays = cn.datasets.load_npz("pair.npz")
        >>> sorted(arrays), arrays["y"]
        (['x', 'y'], array([0, 1]))
    """
    file = locate_input(path)
    try:
        with zipfile.ZipFile(file) as archive:
            return {_name(member): _read(file, archive, member) for member in archive.infolist()}
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"{file}: expected an .npz archive of NumPy, found a file that is damaged or is no "
            f"such archive ({error})"
        ) from None
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from None


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _read(file: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    name = _name(member)
    with archive.open(member) as stream:
        shape, columns_first, dtype = _header(file, name, stream)
        if dtype.hasobject:
            raise DataError(
                f"{file}: array {name!r} holds Python objects, which only a pickle could bring "
                "back, and Cairnet opens no pickles; save it as numbers or as strings of a fixed "
                "length (`array.astype(str)`)"
            )
        expected = math.prod(shape) * dtype.itemsize
        present = member.file_size - stream.tell()
        if present != expected or min(shape, default=0) < 0:
            raise DataError(
                f"{file}: expected {expected} bytes for array {name!r} of shape {shape} and "
                f"dtype {dtype}, found {present}"
            )
        content = stream.read()
    if len(content) != expected:
        raise DataError(
            f"{file}: expected {expected} bytes for array {name!r}, found {len(content)}"
        )
    # A copy, so that the array may be written to.
    return np.ndarray(shape, dtype, content, order="F" if columns_first else "C").copy(order="K")


def _header(file: Path, name: str, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        return np.lib.format.read_array_header_2_0(stream)
    # NumPy reads the header as a piece of Python; damage shows itself in all these ways.
    except (ValueError, TypeError, SyntaxError, tokenize.TokenError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{file}: expected member {name!r} to be an array in NumPy's format, found another "
            f"({reason})"
        ) from None
