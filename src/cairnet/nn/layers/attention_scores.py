"""What layers of attention share: which pairs of steps count, and weights that add up to 1."""

from __future__ import annotations

from functools import reduce

from cairnet.base.dtypes import int64
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.functions import logical_and, reshape, softmax, where
from cairnet.tensor.functions.arguments import stretch
from cairnet.tensor.primitives import IOTA

__all__ = ["along_queries", "along_values", "attention_weights", "causal_pairs", "pairs_that_count"]

#: What is subtracted from the scores of pairs that do not count: the exponential is exactly 0.
_FAR = 1e9


def along_queries(mask: Tensor) -> Tensor:
    """A mask of queries, [batch, queries], as one of pairs, [batch, queries, 1]."""
    return reshape(mask, (*mask.extents, 1))


def along_values(mask: Tensor) -> Tensor:
    """A mask of values, [batch, values], as one of pairs, [batch, 1, values]."""
    return reshape(mask, (mask.extents[0], 1, mask.extents[1]))


def causal_pairs(queries: Size, values: Size) -> Tensor:
    """Pairs in which the value is not later than the query, [1, queries, values]."""
    row = apply(IOTA, size=queries, dtype=int64)
    column = apply(IOTA, size=values, dtype=int64)
    return reshape(row, (1, queries, 1)) >= reshape(column, (1, 1, values))


def pairs_that_count(masks: list[Tensor | None]) -> Tensor | None:
    """The pairs that all masks allow; None if there is no mask."""
    given = [mask for mask in masks if mask is not None]
    return reduce(logical_and, given) if given else None


def attention_weights(scores: Tensor, pairs: Tensor | None) -> Tensor:
    """The softmax over the last axis, values, of the scores of the pairs that count."""
    if pairs is None:
        return softmax(scores, axis=-1)
    return softmax(where(stretch(pairs, scores.extents), scores, scores - _FAR), axis=-1)
