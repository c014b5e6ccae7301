"""One lock for work that a fork must not interrupt.

A forked child has the memory of all threads of its parent but only the thread that forked. What
another thread was in the middle of, it finds half done, and a lock held there is held for ever. So
compiling, loading and starting threads are done under this lock, which a fork takes first.
"""

from __future__ import annotations

import os
import threading

__all__ = ["lock"]

lock = threading.RLock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
    )
