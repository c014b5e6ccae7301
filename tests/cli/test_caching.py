import sys
from pathlib import Path

import pytest

from cairnet.backends.native import cache
from cairnet.cli import main


def run(
    *arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    monkeypatch.setattr(sys, "argv", ["cairnet", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    return capsys.readouterr().out.splitlines()


def test_the_cache_is_shown_and_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path))
    cache.store("a" * 64, bytes(2000))
    cache.store("b" * 64, bytes(5000))
    lines = run("cache", "info", monkeypatch=monkeypatch, capsys=capsys)
    assert [line.split()[0] for line in lines] == ["folder", "functions", "size"]
    assert lines[0].split(maxsplit=1)[1] == str(tmp_path / "objects")
    assert lines[1].split()[1] == "2"
    assert lines[2].split(maxsplit=1)[1] == "7 KiB of at most 512.0 MiB"
    lines = run("cache", "clear", monkeypatch=monkeypatch, capsys=capsys)
    assert lines == ["removed 2 compiled functions, 7 KiB"]
    assert cache.info().files == 0
