"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cairnet.base.errors import DataError

__all__ = ["written_whole"]


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to; on success it is renamed to `path`, in one move.

    Whatever goes wrong, `path` holds either what it held before or all of the new content.

    Raises:
        DataError: the folder of `path` does not exist, or cannot be written to.

    Example:
        >>> from pathlib import Path
        >>> from cairnet.base.files import written_whole
        >>> with written_whole("note.txt") as temporary:
        ...     _ = temporary.write_text("whole or not at all")
        >>> Path("note.txt").read_text()
        'whole or not at all'
    """
    final = Path(path)
    if not final.parent.is_dir():
        raise DataError(f"{final}: the folder {str(final.parent)!r} to write it to does not exist")
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{final.stem}-", suffix=final.suffix, dir=final.parent
        )
    except OSError as error:
        raise DataError(f"{final}: cannot be written: {error.strerror}") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes a file that only its owner may read; give it an ordinary file's mode.
        temporary.chmod(0o666 & ~_mask())
        temporary.replace(final)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _mask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
