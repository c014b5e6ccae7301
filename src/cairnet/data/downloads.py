"""Where the files of a data set come from: a folder of the user's, or the net by way of a cache.

The cache is safe to interrupt: a file has its name only when it is whole and its SHA-256 is
right; what an interrupted download has brought is kept as `NAME.part` and continued. A file of the
cache that was damaged since is downloaded anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cairnet.base.errors import DataError
from cairnet.base.folders import cache_folder
from cairnet.data.transfers import ResumingDownloader, locked

__all__ = ["RemoteFile", "locate", "locate_input"]


@dataclass(frozen=True)
class RemoteFile:
    """A file that the net offers: its name and the SHA-256 that it must have."""

    name: str
    sha256: str


def locate(
    data_set: str, files: Sequence[RemoteFile], mirrors: Sequence[str], *, exact: bool = False
) -> list[Path]:
    """The files of a data set on this machine, downloaded if they are nowhere yet.

    Looks in the folder `data_set` of the folder that the environment variable CAIRNET_DATA names,
    then in the cache, then downloads from the first mirror that delivers. A file of the user's is
    taken as it is, for it may be packed differently, and whoever reads it checks what is in it;
    with `exact` it must have the SHA-256 too.

    Raises:
        DataError: a file of the user's does not have the SHA-256 it must have.
        DataError: no mirror delivered the file; the message says what each of them answered, and
            where to put the file by hand.
    """
    provided = os.environ.get("CAIRNET_DATA")
    folder = Path(provided) / data_set if provided else None
    found = []
    for file in files:
        if folder is not None and (folder / file.name).exists():
            if exact:
                _check_sum(folder / file.name, file.sha256)
            found.append(folder / file.name)
        else:
            found.append(_download(data_set, file, mirrors))
    return found


def locate_input(path: str | os.PathLike[str]) -> Path:
    """The file or folder that a user means by `path`.

    A path is taken from the working folder; one that is not there is looked for in the folder
    that CAIRNET_DATA names. What is in neither place is returned as it was given.
    """
    given = Path(path)
    provided = os.environ.get("CAIRNET_DATA")
    if provided and not given.exists() and (Path(provided) / given).exists():
        return Path(provided) / given
    return given


def _check_sum(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    if found != expected:
        raise DataError(
            f"{path}: expected a file with SHA-256 {expected}, found {found}: it is damaged, or "
            "another one"
        )


def _download(data_set: str, file: RemoteFile, mirrors: Sequence[str]) -> Path:
    import logging

    import pooch

    # Pooch announces every download; what fails is said below, and success needs no words.
    pooch.get_logger().setLevel(logging.ERROR)
    folder = cache_folder("data") / data_set
    folder.mkdir(parents=True, exist_ok=True)
    downloader = ResumingDownloader(folder / f"{file.name}.part")
    answers = []
    with locked(folder / f".{file.name}.lock"):
        for mirror in mirrors:
            try:
                return Path(
                    pooch.retrieve(
                        mirror + file.name,
                        known_hash=f"sha256:{file.sha256}",
                        fname=file.name,
                        path=folder,
                        downloader=downloader,
                    )
                )
            # The network fails with OSError, a wrong checksum with ValueError.
            except (OSError, ValueError) as error:
                answers.append(f"  {mirror}{file.name}: {_short(error)}")
    listing = "\n".join(answers)
    raise DataError(
        f"{file.name} of the data set {data_set!r} could not be downloaded:\n{listing}\n"
        f"expected a file with SHA-256 {file.sha256}; to use a copy of your own, set CAIRNET_DATA "
        f"to a folder and put it at {data_set}/{file.name} in there"
    )


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:199] + "…"
