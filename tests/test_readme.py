"""The programs that the README shows run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_programs_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    shown = capsys.readouterr().out
    losses = re.findall(r"\[(0\.\d+), (0\.\d+)\]", shown)
    assert losses, shown
    assert float(losses[-1][1]) > 0.95
    assert "softmax" in shown or "exp" in shown


def test_what_it_links_to_exists() -> None:
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", README) if "://" not in t]
    assert [target for target in targets if not (ROOT / target).exists()] == []
