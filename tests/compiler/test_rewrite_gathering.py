"""Gathers read in order, at one place, or before anything is computed."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply, constant
from cairnet.tensor.primitives import BROADCAST, ELEMENTWISE, GATHER, IOTA, SCATTER_ADD, TRANSPOSE

cases = Cases("gathering")
INT64 = np.dtype(np.int64)


def tensor(*shape: int | None, name: str = "x") -> Tensor:
    return cn.input(shape, name=name)


def index(*shape: int | None, name: str = "i") -> tuple[Tensor, dict[Tensor, np.ndarray]]:
    """Indices from 0 to 4, with what to feed them."""
    found = cn.input(shape, cn.int64, name)
    known = [3 if size is None else size for size in shape]
    return found, {found: np.random.default_rng(len(name)).integers(0, 5, known)}


def gather(x: Tensor, *indices: Tensor, axes: tuple[int, ...] = (0,)) -> Tensor:
    return apply(GATHER, x, *indices, axes=axes)


def counter(size: Any) -> Tensor:
    return apply(IOTA, size=size, dtype=INT64)


@cases.shows("gather in order")
def _() -> Any:
    return gather(tensor(3, 5), counter(5), axes=(1,))


@cases.refuses("gather in order")
def some_are_left_out() -> Any:
    return gather(tensor(5), counter(4))


@cases.shows("gather at regular places")
def _() -> Any:
    return gather(tensor(3, 9), constant(np.array([7, 5, 3])), axes=(1,))


@cases.refuses("gather at regular places")
def the_places_are_not_regular() -> Any:
    return gather(tensor(9), constant(np.array([7, 5, 2])))


@cases.refuses("gather at regular places")
def the_extent_is_unknown() -> Any:
    return gather(tensor(None), constant(np.array([0, 1])))


@cases.shows("gather at one place")
def _() -> Any:
    place = apply(BROADCAST, constant(np.int64(2)), shape=(4, 6))
    return gather(tensor(3, 5), place, axes=(1,))


@cases.refuses("gather at one place")
def the_place_is_computed() -> Any:
    i, feeds = index()
    return gather(tensor(5), apply(BROADCAST, i, shape=(4,))), feeds


@cases.shows("gather of a gather")
def _() -> Any:
    (i, first), (j, second) = index(6), index(2, 2, name="j")
    return gather(gather(tensor(5, 3), i), j), {**first, **second}


@cases.refuses("gather of a gather")
def the_other_one_reads_along_the_rest() -> Any:
    (i, first), (j, second) = index(6), index(4, name="j")
    return gather(gather(tensor(5, 5), i), j, axes=(1,)), {**first, **second}


@cases.shows("gather before transpose")
def _() -> Any:
    i, feeds = index(6)
    return gather(apply(TRANSPOSE, tensor(3, 5, 4), axes=(1, 0, 2)), i), feeds


@cases.refuses("gather before transpose")
def the_rest_would_change_its_order() -> Any:
    i, feeds = index(6)
    return gather(apply(TRANSPOSE, tensor(3, 4, 5), axes=(2, 1, 0)), i), feeds


@cases.shows("gather before broadcast")
def _() -> Any:
    (i, first), (j, second) = index(2), index(2, name="j")
    x = apply(BROADCAST, tensor(5, 1), shape=(6, 5, 7))
    return gather(x, i, j, axes=(2, 1)), {**first, **second}


@cases.shows("gather before broadcast", "along repeated axes alone")
def _() -> Any:
    i, feeds = index(2)
    return gather(apply(BROADCAST, tensor(5), shape=(6, 5)), i), feeds


@cases.refuses("gather before broadcast")
def nothing_is_repeated() -> Any:
    i, feeds = index(2)
    return gather(tensor(5, 4), i), feeds


@cases.shows("gather before elementwise")
def _() -> Any:
    i, feeds = index(6)
    x = apply(ELEMENTWISE["multiply"], tensor(60, 4, name="x"), tensor(60, 4, name="y"))
    return gather(x, i), feeds


@cases.shows("gather before elementwise", "one of each row, the number of rows unknown")
def _() -> Any:
    i, feeds = index(None)
    rows = i.extents[0]
    x = apply(ELEMENTWISE["exp"], cn.input((rows, 5), name="x"))
    return gather(x, counter(rows), i, axes=(0, 1)), feeds


@cases.refuses("gather before elementwise")
def more_is_read_than_there_is() -> Any:
    i, feeds = index(6)
    return gather(apply(ELEMENTWISE["exp"], tensor(5)), i), feeds


@cases.refuses("gather before elementwise")
def more_may_be_read_than_there_is() -> Any:
    i, feeds = index(None)
    return gather(apply(ELEMENTWISE["exp"], tensor(5)), i), feeds


def scatter(updates: Tensor, *indices: Tensor, shape: tuple[int, ...]) -> Tensor:
    axes = tuple(range(len(shape)))
    return apply(SCATTER_ADD, updates, *indices, axes=axes, shape=shape)


@cases.shows("scatter along all other axes")
def _() -> Any:
    i, feeds = index(6)
    return scatter(tensor(6), counter(6), i, shape=(6, 5)), feeds


@cases.shows("scatter along all other axes", "of a matrix")
def _() -> Any:
    i, feeds = index(3, 2)
    column = apply(BROADCAST, cn.reshape(counter(3), (3, 1)), shape=(3, 2))
    row = apply(BROADCAST, counter(2), shape=(3, 2))
    return scatter(tensor(3, 2), column, i, row, shape=(3, 5, 2)), feeds


@cases.refuses("scatter along all other axes")
def several_may_meet() -> Any:
    (i, first), (j, second) = index(6), index(6, name="j")
    return scatter(tensor(6), i, j, shape=(6, 5)), {**first, **second}


@cases.refuses("scatter along all other axes")
def the_counter_is_shorter_than_its_axis() -> Any:
    i, feeds = index(6)
    return scatter(tensor(6), counter(6), i, shape=(7, 5)), feeds


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
