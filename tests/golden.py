"""Golden files: text that a test expects, kept beside the tests.

`CAIRNET_UPDATE_GOLDEN=1 pytest tests/...` writes what came out in place of what was expected; read
the difference (`git diff`) before committing it.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare a text with the file `tests/golden/<name>`."""
    path = FOLDER / name
    if os.environ.get("CAIRNET_UPDATE_GOLDEN", "") not in ("", "0"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.exists(), f"{path} does not exist; set CAIRNET_UPDATE_GOLDEN=1 to write it"
    assert text + "\n" == path.read_text(encoding="utf-8"), (
        f"{path} differs; set CAIRNET_UPDATE_GOLDEN=1 to write what came out, and read the diff"
    )
