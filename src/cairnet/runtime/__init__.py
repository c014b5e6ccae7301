"""From graph to callable: specialisation, caches, buffers; what `cn.function` calls."""

from cairnet.runtime.function import Function, function

__all__ = ["Function", "function"]
