"""Fetching one file over HTTP so that a broken connection costs only what was still missing.

The bytes that arrived are kept beside the destination, in `NAME.part`, and the next attempt, in
this process or in a later one, asks the server for the rest (a range request, RFC 9110 section
14). A server that does not know ranges sends everything, and the file is begun anew.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["ResumingDownloader", "locked"]

_CHUNK = 1 << 16
# Answers that another attempt may change: time-out, a range that does not fit (what was kept is
# dropped then), too early, too many requests, trouble at the server.
_PASSING = frozenset([408, 416, 425, 429, 500, 502, 503, 504])


@dataclass(frozen=True)
class ResumingDownloader:
    """What Pooch calls to bring the content of a URL into a file.

    Attributes:
        partial: where the bytes that have arrived are kept between attempts.
        attempts: how often the server is asked before giving up.
        pause: seconds before the second attempt; doubled before each further one.
        timeout: seconds without a byte after which a connection counts as broken.
    """

    partial: Path
    attempts: int = 4
    pause: float = 0.5
    timeout: float = 30

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Fetch `url`; when all of it is there, move it to `output_file`.

        Raises:
            OSError: the server does not have the file, or every attempt failed.
        """
        for attempt in range(self.attempts):
            try:
                self._receive(url)
                break
            except (OSError, http.client.HTTPException) as error:
                if attempt + 1 == self.attempts or not _may_pass(error):
                    raise OSError(f"{type(error).__name__}: {error}") from error
                time.sleep(self.pause * 2**attempt)
        self.partial.replace(output_file)

    def _receive(self, url: str) -> None:
        have = self.partial.stat().st_size if self.partial.exists() else 0
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        try:
            response = urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                # What is kept is no beginning of this file; the next attempt starts without it.
                self.partial.unlink()
            raise
        with response:
            resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
            with self.partial.open("ab" if resumed else "wb") as file:
                _copy(response, file)


def _copy(response: http.client.HTTPResponse, file: BinaryIO) -> None:
    """Write what the server sends, and notice when it sends less than it announced."""
    announced = response.headers.get("Content-Length")
    received = 0
    while chunk := response.read(_CHUNK):
        file.write(chunk)
        received += len(chunk)
    if announced is not None and received < int(announced):
        raise ConnectionError(f"the connection ended after {received} of {announced} bytes")


def _may_pass(error: Exception) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _PASSING
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from fetching the same file at the same time; they wait."""
    import fcntl

    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
