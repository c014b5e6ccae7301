"""The command line: `cairnet train`, `evaluate`, `predict`, `summary`, `explain`, `bench`…"""

from __future__ import annotations

import sys

from cairnet.base.errors import ArgumentError, CairnetError

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its exit code.

    Exit codes: 0 for success, 1 for what went wrong with files and data, 2 for a command that is
    not understood, 130 for Ctrl-C.
    """
    from cairnet.cli.commands import app

    try:
        app()
    except CairnetError as error:
        # What came, what was expected and how to mend it stand in the message; where in Cairnet
        # it was noticed helps nobody.
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2 if isinstance(error, ArgumentError) else 1)
