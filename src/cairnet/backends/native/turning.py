"""Turning a square of elements in registers, so that rows become columns.

log2(n) steps for n vectors of n lanes; in step w, rows i and i + w change squares of w × w:

    a b  →  a c
    c d     b d
"""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.backends.native.builder import Builder, Value

__all__ = ["turned"]


def turned(builder: Builder, rows: Sequence[Value]) -> list[Value]:
    """The columns of a square, given its rows: as many vectors as each has lanes, a power of two.

    Args:
        builder: where to write.
        rows: vectors of one type.
    """
    lanes = len(rows)
    result = list(rows)
    width = lanes // 2
    while width:
        for row in (i for i in range(lanes) if not i & width):
            upper, lower = result[row], result[row + width]
            left = [i if not i & width else lanes + i - width for i in range(lanes)]
            right = [i + width if not i & width else lanes + i for i in range(lanes)]
            result[row] = builder.shuffle(upper, lower, left)
            result[row + width] = builder.shuffle(upper, lower, right)
        width //= 2
    return result
