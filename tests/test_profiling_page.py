"""docs/profiling.md: its program runs, and the columns that it explains are those of the table."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "profiling.md").read_text(encoding="utf-8")


def test_the_program_runs_and_the_columns_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile(program, "profiling.md", "exec"), names)
    shown = capsys.readouterr().out
    assert "conv2d_1/gradient" in shown
    assert (tmp_path / "kernels.png").exists()
    header = next(line for line in shown.splitlines() if line.startswith("kernel "))
    for column in re.split(r"  +", header):
        assert column == "computes" or re.search(rf"^- \*\*{re.escape(column)}\*\*", PAGE, re.M)
