"""Draw the pictures of docs/layers.md, training.md, recurrent.md, data.md and command_line.md.

    python scripts/pictures [NAME...]

Without names all of them, into docs/images; about two minutes. The pictures of digits need MNIST,
from the folder that CAIRNET_DATA names or by a download of 11 MB. The pictures of docs/engine.md
are drawn by examples/engine.py, that of docs/performance.md by `python -m benchmarks`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from catalogue import PICTURES
from looks import keep

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"


def main(names: list[str]) -> None:
    """Draw the pictures of these names, or all."""
    for name in names or PICTURES:
        if name not in PICTURES:
            sys.exit(f"expected one of {', '.join(PICTURES)}, got {name!r}")
        path = FOLDER / f"{name}.png"
        keep(PICTURES[name](), path)
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
