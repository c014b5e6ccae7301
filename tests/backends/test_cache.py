"""The cache of compiled objects: whole files or none, a limit, damage, folders that resist."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cairnet.backends.native import cache
from cairnet.base.errors import ArgumentError

KEY = hashlib.sha256(b"key").hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path))
    monkeypatch.delenv("CAIRNET_CACHE_LIMIT", raising=False)
    monkeypatch.setattr(cache, "_warned", False)
    return tmp_path / "objects"


def key(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def test_what_is_stored_is_found(folder: Path) -> None:
    assert cache.lookup(KEY) is None
    cache.store(KEY, b"machine code")
    assert cache.lookup(KEY) == b"machine code"
    cache.store(KEY, b"other code")
    assert cache.lookup(KEY) == b"other code"
    assert [path.suffix for path in folder.iterdir()] == [".object"]


def test_empty_object() -> None:
    cache.store(KEY, b"")
    assert cache.lookup(KEY) == b""


@pytest.mark.parametrize("damage", ["cut", "flipped", "longer", "empty", "older"])
def test_damaged_files_are_dropped(folder: Path, damage: str) -> None:
    cache.store(KEY, bytes(range(256)) * 10)
    path = folder / f"{KEY}.object"
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-100] ^= 1
    changed = {
        "cut": content[:-1],
        "flipped": content,
        "longer": content + b"x",
        "empty": b"",
        "older": content.replace(b"cairnet object 1", b"cairnet object 0"),
    }
    path.write_bytes(changed[damage])
    assert cache.lookup(KEY) is None
    assert not path.exists()


def test_info_and_clear(folder: Path) -> None:
    assert cache.info() == cache.Info(folder, 0, 0, 512 << 20)
    for number in range(3):
        cache.store(key(number), bytes(1000))
    info = cache.info()
    assert info.files == 3
    assert 3000 < info.bytes < 3300
    (folder / "unrelated.txt").write_text("stays")
    assert cache.clear() == 3
    assert cache.info().files == 0
    assert (folder / "unrelated.txt").exists()


def test_what_was_not_used_for_longest_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_CACHE_LIMIT", "10K")
    past = time.time() - 1000
    for number in range(3):
        cache.store(key(number), bytes(3000))
        os.utime(folder / f"{key(number)}.object", (past + number, past + number))
    assert cache.lookup(key(0)) is not None  # used now, so it is no longer the oldest
    cache.store(key(3), bytes(3000))
    assert [cache.lookup(key(number)) is not None for number in range(4)] == [
        True,
        False,
        True,
        True,
    ]
    assert cache.info().bytes <= 10 << 10


def test_objects_beyond_the_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRNET_CACHE_LIMIT", "0")
    cache.store(KEY, b"code")
    assert cache.info().files == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("2k", 2048), ("3M", 3 << 20), (" 1G ", 1 << 30), ("", 512 << 20)],
)
def test_limit(monkeypatch: pytest.MonkeyPatch, text: str, expected: int) -> None:
    monkeypatch.setenv("CAIRNET_CACHE_LIMIT", text)
    assert cache.info().limit == expected


@pytest.mark.parametrize("text", ["much", "-1", "1.5G", "10T"])
def test_wrong_limits_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CAIRNET_CACHE_LIMIT", text)
    with pytest.raises(
        ArgumentError, match=r"CAIRNET_CACHE_LIMIT is .* expected a number of bytes"
    ):
        cache.store(KEY, b"code")


@pytest.mark.parametrize("wrong", ["../outside", "", "a/b", "a.b"])
def test_wrong_keys_are_refused(wrong: str) -> None:
    with pytest.raises(ArgumentError, match="expected a digest"):
        cache.lookup(wrong)


def test_left_over_temporary_files_are_removed(folder: Path) -> None:
    cache.store(KEY, b"code")
    old, new = folder / "old.part", folder / "new.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.store(key(1), b"code")
    assert (old.exists(), new.exists()) == (False, True)


def test_folder_that_cannot_be_made_is_warned_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path / "file"))
    assert cache.lookup(KEY) is None
    with pytest.warns(RuntimeWarning, match="not kept on disk"):
        cache.store(KEY, b"code")
    cache.store(KEY, b"code")  # a second warning would be an error


@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="the superuser may write everywhere"
)
def test_folder_that_can_only_be_read_is_read(folder: Path) -> None:
    cache.store(KEY, b"code")
    folder.chmod(0o500)
    try:
        assert cache.lookup(KEY) == b"code"
        with pytest.warns(RuntimeWarning, match="not kept on disk"):
            cache.store(key(1), b"code")
    finally:
        folder.chmod(0o700)


def test_failed_write_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store(KEY, b"code")
    # The name of the object is taken by a folder, so that the renaming fails.
    (folder / f"{key(1)}.object").mkdir()
    with pytest.warns(RuntimeWarning, match="not kept on disk"):
        cache.store(key(1), b"code")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [f"{KEY}.object", f"{key(1)}.object"]
    )
    assert cache.lookup(key(1)) is None


WRITER = """
import hashlib, sys
from cairnet.backends.native import cache
start = int(sys.argv[1])
for number in range(150):
    key = hashlib.sha256(str((start + number) % 40).encode()).hexdigest()
    data = key.encode() * 20
    found = cache.lookup(key)
    assert found in (None, data)
    cache.store(key, data)
"""


def test_processes_share_the_folder(folder: Path) -> None:
    # The limit is small enough that they remove each other's files all the time.
    environment = {**os.environ, "CAIRNET_CACHE_LIMIT": "20K"}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(10 * number)], env=environment)
        for number in range(3)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert cache.info().bytes <= (20 << 10) + 3 * 1400  # each may have added its last one
    for number in range(40):
        data = cache.lookup(key(number))
        assert data in (None, key(number).encode() * 20)
    assert not list(folder.glob("*.part"))
