"""Movements that cancel, join or turn out simpler."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import IOTA, RESHAPE, SLICE, TRANSPOSE

cases = Cases("movement")


def tensor(*shape: int | None, name: str = "x") -> Tensor:
    return cn.input(shape, name=name)


def transpose(x: Tensor, *axes: int) -> Tensor:
    return apply(TRANSPOSE, x, axes=axes)


def reshape(x: Tensor, *shape: Any) -> Tensor:
    return apply(RESHAPE, x, shape=shape)


def part(x: Tensor, starts: Any, sizes: Any, steps: Any) -> Tensor:
    return apply(SLICE, x, starts=starts, sizes=sizes, steps=steps)


@cases.shows("transpose into the same order")
def _() -> Any:
    return transpose(tensor(3, 4), 0, 1)


@cases.refuses("transpose into the same order")
def the_order_is_another() -> Any:
    return transpose(tensor(3, 4), 1, 0)


@cases.shows("double transpose")
def _() -> Any:
    return transpose(transpose(tensor(3, 4, 5), 1, 2, 0), 1, 0, 2)


@cases.refuses("double transpose")
def one_transpose_stays() -> Any:
    return transpose(tensor(3, 4, 5), 1, 2, 0)


@cases.shows("transpose of unit axes")
def _() -> Any:
    return transpose(tensor(3, 1, 4), 1, 0, 2)


@cases.refuses("transpose of unit axes")
def an_unknown_extent_may_be_more_than_one() -> Any:
    return transpose(tensor(None, 4), 1, 0)


@cases.shows("reshape to its own shape")
def _() -> Any:
    x = tensor(None, 4)
    return reshape(x, *x.extents)


@cases.refuses("reshape to its own shape")
def the_shape_is_another() -> Any:
    return reshape(tensor(3, 4), 4, 3)


@cases.shows("reshape of a reshape")
def _() -> Any:
    return reshape(reshape(tensor(3, 4), 12), 2, 6)


@cases.shows("reshape of a reshape", "an axis put in and taken out")
def _() -> Any:
    return reshape(reshape(tensor(3, 4), 3, 1, 4), 3, 4)


@cases.refuses("reshape of a reshape")
def a_transpose_stands_between_them() -> Any:
    return reshape(transpose(reshape(tensor(12), 3, 4), 1, 0), 12)


@cases.shows("slice of everything")
def _() -> Any:
    x = tensor(None, 4)
    return part(x, (0, 0), x.extents, (1, 1))


@cases.refuses("slice of everything")
def backwards_is_another_order() -> Any:
    return part(tensor(4), (3,), (4,), (-1,))


@cases.shows("slice of a slice")
def _() -> Any:
    return part(part(tensor(20), (3,), (8,), (2,)), (6,), (3,), (-2,))


@cases.shows("slice of a slice", "reversed twice")
def _() -> Any:
    x = tensor(None)
    last = x.extents[0] - 1
    return part(part(x, (last,), x.extents, (-1,)), (last,), x.extents, (-1,))


@cases.refuses("slice of a slice")
def one_slice_stays() -> Any:
    return part(tensor(20), (3,), (8,), (2,))


@cases.shows("slice before transpose")
def _() -> Any:
    return part(transpose(tensor(3, 4, 5), 2, 0, 1), (1, 0, 3), (2, 3, 2), (2, 1, -1))


@cases.refuses("slice before transpose")
def nothing_is_transposed() -> Any:
    return part(tensor(3, 4), (1, 0), (2, 4), (1, 1))


@cases.shows("slice before reshape")
def _() -> Any:
    return part(reshape(tensor(6, 4), 1, 6, 4, 1), (0, 1, 3, 0), (1, 2, 2, 1), (1, 3, -2, 1))


@cases.refuses("slice before reshape")
def the_axes_are_merged() -> Any:
    return part(reshape(tensor(3, 4), 12), (2,), (5,), (1,))


@cases.refuses("slice before reshape")
def the_unit_axis_is_cut_away() -> Any:
    return part(reshape(tensor(3), 1, 3), (0, 0), (0, 3), (1, 1))


@cases.shows("slice of a counter")
def _() -> Any:
    return part(apply(IOTA, size=9, dtype=np.dtype(np.int64)), (0,), (4,), (1,))


@cases.refuses("slice of a counter")
def it_starts_later() -> Any:
    return part(apply(IOTA, size=9, dtype=np.dtype(np.int64)), (2,), (4,), (1,))


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
