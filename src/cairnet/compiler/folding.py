"""Nests around one fold: the sum of products, and what the others share."""

from __future__ import annotations

from collections.abc import Sequence

from cairnet.compiler.loops import (
    Affine,
    Axis,
    Compute,
    Expression,
    Fold,
    Guard,
    Load,
    Nest,
    Result,
)
from cairnet.compiler.nest import Lowering
from cairnet.tensor.core import Tensor

__all__ = ["fold", "product_nest", "untested"]


def fold(
    kind: str,
    value: Expression,
    guards: tuple[Guard, ...] = (),
    position: Affine | None = None,
) -> Fold:
    """A fold whose guards are those that do not hold everywhere."""
    return Fold(kind, value, tuple(g for g in guards if not g.always()), position)


def product_nest(
    lowering: Lowering,
    tensor: Tensor,
    axes: Sequence[Axis],
    reduce: Sequence[Axis],
    first: Expression,
    second: Expression,
    *,
    index: Sequence[Affine] | None = None,
    guards: tuple[Guard, ...] = (),
) -> Nest:
    """tensor[index] = sum over `reduce` of first · second, the first only where `guards` hold."""
    value = Compute(tensor.dtype, "multiply", (first, second))
    return lowering.nest(
        axes,
        tensor,
        tuple(Affine.of(axis) for axis in axes) if index is None else tuple(index),
        Result(tensor.dtype, 0),
        reduce=reduce,
        folds=[fold("sum", value, untested(first, guards))],
    )


def untested(value: Expression, guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
    """The guards that must be tested around a value: a load tests its own, and gives zero."""
    return () if isinstance(value, Load) else guards
