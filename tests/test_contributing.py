"""What CONTRIBUTING.md quotes stands in the code, so that its examples stay real ones."""

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent


def plain(text: str) -> str:
    """The text with every run of white space as one blank."""
    return " ".join(text.split())


def test_quoted_code_is_in_the_repository() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```python\n(.*?)^ *```", page, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    sources = [plain(path.read_text(encoding="utf-8")) for path in files]
    missing = [
        block for block in blocks if not any(plain(textwrap.dedent(block)) in s for s in sources)
    ]
    assert missing == []


def test_the_files_it_names_exist() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]+\.py)`", page))
    assert len(named) >= 10
    roots = (ROOT, ROOT / "src" / "cairnet", ROOT / "src")
    assert [name for name in sorted(named) if not any((r / name).exists() for r in roots)] == []
