"""Downloads from a real server on this machine, which can be told to misbehave."""

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cairnet.base.errors import DataError
from cairnet.data.datasets import load_idx
from cairnet.data.downloads import RemoteFile, locate
from cairnet.data.transfers import ResumingDownloader

STONES = bytes(range(256)) * 1024


class Server(ThreadingHTTPServer):
    """Serves `files`; `troubles` says what goes wrong with the next requests, in turn."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.troubles: list[int | str] = []
        self.requests: list[tuple[str, str | None]] = []
        self.knows_ranges = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        trouble = self.server.troubles.pop(0) if self.server.troubles else None
        content = self.server.files.get(self.path.lstrip("/"))
        if isinstance(trouble, int) or content is None:
            self.send_error(trouble if isinstance(trouble, int) else 404)
            return
        start = 0
        if wanted and self.server.knows_ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        half = (start + len(content)) // 2
        self.wfile.write(content[start : half if trouble == "cut" else None])


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CAIRNET_DATA", raising=False)
    return tmp_path / "cache" / "data" / "things"


def remote(content: bytes = STONES) -> RemoteFile:
    return RemoteFile("a.bin", hashlib.sha256(content).hexdigest())


def visible(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))


def test_a_download_is_checked_and_kept(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    # The first mirror does not have the file: the second is asked.
    [path] = locate("things", [remote()], [server.address + "nowhere/", server.address])
    assert path == cache / "a.bin"
    assert path.read_bytes() == STONES
    assert visible(cache) == ["a.bin"]
    server.files.clear()
    asked = len(server.requests)
    assert locate("things", [remote()], [server.address]) == [path]
    assert len(server.requests) == asked


def test_a_file_that_is_not_there_is_asked_for_once(server: Server, cache: Path) -> None:
    with pytest.raises(DataError, match="404"):
        locate("things", [remote()], [server.address])
    assert server.requests == [("/a.bin", None)]
    assert visible(cache) == []


def test_a_broken_connection_is_continued_where_it_broke(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    server.troubles = ["cut"]
    [path] = locate("things", [remote()], [server.address])
    assert path.read_bytes() == STONES
    assert server.requests == [("/a.bin", None), ("/a.bin", f"bytes={len(STONES) // 2}-")]


def test_a_server_without_ranges_sends_everything_again(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    server.troubles = ["cut"]
    server.knows_ranges = False
    [path] = locate("things", [remote()], [server.address])
    assert path.read_bytes() == STONES


def test_an_interrupted_download_goes_on_in_the_next_process(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    cache.mkdir(parents=True)
    (cache / "a.bin.part").write_bytes(STONES[:1000])
    [path] = locate("things", [remote()], [server.address])
    assert path.read_bytes() == STONES
    assert server.requests == [("/a.bin", "bytes=1000-")]
    assert visible(cache) == ["a.bin"]


def test_a_remainder_longer_than_the_file_is_dropped(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    cache.mkdir(parents=True)
    (cache / "a.bin.part").write_bytes(STONES + b"more")
    [path] = locate("things", [remote()], [server.address])
    assert path.read_bytes() == STONES


def test_trouble_that_passes_is_waited_out(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = STONES
    server.troubles = [503, 429, "cut"]
    downloader = ResumingDownloader(tmp_path / "a.part", pause=0.01)
    downloader(server.address + "a.bin", str(tmp_path / "a.bin"))
    assert (tmp_path / "a.bin").read_bytes() == STONES
    assert len(server.requests) == 4


def test_trouble_that_stays_is_told(server: Server, tmp_path: Path) -> None:
    server.files["a.bin"] = STONES
    server.troubles = [503] * 9
    downloader = ResumingDownloader(tmp_path / "a.part", attempts=3, pause=0.01)
    with pytest.raises(OSError, match="503 Server Error"):
        downloader(server.address + "a.bin", str(tmp_path / "a.bin"))
    assert len(server.requests) == 3
    assert not list(tmp_path.glob("a*"))


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    downloader = ResumingDownloader(tmp_path / "a.part", attempts=1)
    with pytest.raises(OSError, match="refused"):
        downloader("http://127.0.0.1:9/a.bin", str(tmp_path / "a.bin"))


def test_a_wrong_download_is_refused_and_leaves_nothing(server: Server, cache: Path) -> None:
    server.files["a.bin"] = b"pebbles"
    with pytest.raises(DataError) as caught:
        locate("things", [remote()], [server.address])
    words = str(caught.value)
    assert f"expected a file with SHA-256 {remote().sha256}" in words
    assert f"{server.address}a.bin" in words
    assert "set CAIRNET_DATA" in words
    assert visible(cache) == []


def test_a_wrong_beginning_does_not_spoil_the_second_mirror(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    cache.mkdir(parents=True)
    (cache / "a.bin.part").write_bytes(b"x" * 100)
    [path] = locate("things", [remote()], [server.address, server.address])
    assert path.read_bytes() == STONES


def test_a_file_of_the_cache_that_was_damaged_is_fetched_anew(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    [path] = locate("things", [remote()], [server.address])
    path.write_bytes(STONES[:-1])
    locate("things", [remote()], [server.address])
    assert path.read_bytes() == STONES


def test_two_at_once_fetch_it_once(server: Server, cache: Path) -> None:
    server.files["a.bin"] = STONES
    found: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: found.extend(locate("things", [remote()], [server.address]))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [cache / "a.bin"] * 4
    assert len(server.requests) == 1


def test_a_file_of_the_users_is_taken_first(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(tmp_path))
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "a.bin").write_bytes(b"mine")
    [path] = locate("things", [RemoteFile("a.bin", "0" * 64)], [])
    assert path.read_bytes() == b"mine"
    with pytest.raises(DataError, match=r"a\.bin: expected a file with SHA-256 0{64}, found"):
        locate("things", [RemoteFile("a.bin", "0" * 64)], [], exact=True)
    mine = RemoteFile("a.bin", hashlib.sha256(b"mine").hexdigest())
    assert locate("things", [mine], [], exact=True) == [path]


def test_a_path_is_taken_from_here_then_from_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "data" / "a.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]))
    monkeypatch.setenv("CAIRNET_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "here")
    assert load_idx("a.idx").tolist() == [7]
    Path("a.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 8]))
    assert load_idx("a.idx").tolist() == [8]
    with pytest.raises(DataError, match=r"b\.idx: cannot be read: No such file"):
        load_idx("b.idx")
