"""From graph to callable: specialisation, caches, buffers; what `cn.function` calls."""

from cairnet.runtime.debugging import debug
from cairnet.runtime.explain import explain
from cairnet.runtime.function import Function, function
from cairnet.runtime.profile import profile
from cairnet.runtime.profiled import Profile
from cairnet.runtime.threads import get_threads, set_threads

__all__ = [
    "Function",
    "Profile",
    "debug",
    "explain",
    "function",
    "get_threads",
    "profile",
    "set_threads",
]
