"""Fetching one file over HTTP so that a broken connection costs only what was still missing.

The bytes that arrived are kept beside the destination, in `NAME.part`, and the next attempt, in
this process or in a later one, asks the server for the rest (a range request, RFC 9110 section
14). A server that does not know ranges sends everything, and the file is begun anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ResumingDownloader", "locked"]

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
            # All that Pooch's transport raises is an OSError.
            except OSError as error:
                status = _status(error)
                # With status 416, what is kept is no beginning of this file: start without it.
                if status == 416 or self.partial.stat().st_size == 0:
                    self.partial.unlink()
                passing = status is None or status in _PASSING
                if not passing or attempt + 1 == self.attempts:
                    raise
                time.sleep(self.pause * 2**attempt)
        self.partial.replace(output_file)

    def _receive(self, url: str) -> None:
        from pooch import HTTPDownloader

        with self.partial.open("ab") as file:

            def begin_anew_unless_resumed(response: Any, *_: object, **__: object) -> None:
                if response.status_code == 200:
                    file.truncate(0)

            # The sum is that of the file as it is stored, so the server is not to pack it further.
            headers = {"Accept-Encoding": "identity"}
            if have := file.tell():
                headers["Range"] = f"bytes={have}-"
            fetch = HTTPDownloader(
                headers=headers,
                timeout=self.timeout,
                hooks={"response": begin_anew_unless_resumed},
            )
            fetch(url, file, None)


def _status(error: OSError) -> int | None:
    """The server's answer, if it gave one."""
    response = getattr(error, "response", None)
    return None if response is None else response.status_code


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from fetching the same file at the same time; they wait."""
    import fcntl

    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
