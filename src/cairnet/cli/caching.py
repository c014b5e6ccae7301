"""`cairnet cache`: the compiled functions that are kept on disk."""

from __future__ import annotations

from cairnet.backends.native import cache
from cairnet.training.summary import shown_bytes

__all__ = ["clear", "info"]


def info() -> None:
    """Print where the cache is and what it holds."""
    held = cache.info()
    print(f"folder     {held.folder}")
    print(f"functions  {held.files:,}")
    print(f"size       {shown_bytes(held.bytes)} of at most {shown_bytes(held.limit)}")


def clear() -> None:
    """Empty the cache, and print what was removed."""
    size = cache.info().bytes
    count = cache.clear()
    noun = "function" if count == 1 else "functions"
    print(f"removed {count:,} compiled {noun}, {shown_bytes(size)}")
