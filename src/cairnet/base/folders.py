"""Where Cairnet keeps files of its own: compiled objects and downloaded data."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(purpose: str) -> Path:
    """The folder for `purpose` ("objects", "data"); made when first asked for.

    The environment variable CAIRNET_CACHE names another root than the platform's own.
    """
    root = os.environ.get("CAIRNET_CACHE", "").strip()
    if not root:
        import platformdirs

        root = platformdirs.user_cache_dir("cairnet")
    folder = Path(root) / purpose
    folder.mkdir(parents=True, exist_ok=True)
    return folder
