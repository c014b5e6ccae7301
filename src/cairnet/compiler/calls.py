"""Calls of routines that others wrote: the part of the loop IR that is not loops.

    for i < batch:
        call potrf("U", n, w[i, :, :], n)

Factoring a matrix is no nest of sums over affine indices; LAPACK has done it for decades. A call is
a nest nevertheless: points of the parallel axes that any thread may do, memory that is read, memory
that is written, all of it planned like the rest. A routine works in place on memory that ordinary
nests have filled, and leaves it to ordinary nests to put the result where it is wanted, so copies,
transpositions and triangles need no code of their own, and nothing is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cairnet.compiler.loops import Nest
from cairnet.tensor.extent import Size

__all__ = ["Argument", "Call", "Operand", "Target"]


@dataclass(frozen=True)
class Operand:
    """Memory that the routine reads: where the load of this fold begins."""

    fold: int


@dataclass(frozen=True)
class Target:
    """Memory that the routine writes, or reads and writes: where this store begins."""

    store: int


#: What a routine is handed: a letter, an integer, a number or memory.
Argument: TypeAlias = "str | Size | float | Operand | Target"


@dataclass(eq=False)
class Call(Nest):
    """One call of a routine for every point of the parallel axes.

    Folds of the kind "operand" load from the memory that it reads (that on which it works in place
    among it), `stores` name the memory that it writes. Their offsets say where the piece of a point
    begins; all of a piece may be touched.

    Attributes:
        routine: a routine of LAPACK or BLAS, without the letter of the dtype: "potrf".
        arguments: what it is handed, in order.
        reports: whether one more argument follows, a number that is 0 unless it has failed.
        spoiled: what is filled with NaN where it has failed: stores, and how many elements of each.
        pairs: whether the numbers that it works on are complex: pairs of those in memory.
        work: about how many floating-point operations it takes.
    """

    routine: str = ""
    arguments: tuple[Argument, ...] = ()
    reports: bool = True
    spoiled: tuple[tuple[int, Size], ...] = ()
    pairs: bool = False
    work: Size = 0
