"""Numbers with names: e, pi, inf, nan; and newaxis, the index that makes a new axis.

>>> import cairnet as cn
>>> cn.asarray([cn.pi, cn.e])[cn.newaxis, :]
Tensor([[3.1415927, 2.7182817]], dtype=float32)
"""

from __future__ import annotations

import math

__all__ = ["e", "inf", "nan", "newaxis", "pi"]

e: float = math.e
inf: float = math.inf
nan: float = math.nan
newaxis: None = None
pi: float = math.pi
