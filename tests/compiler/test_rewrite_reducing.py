"""Reductions over nothing, over repetitions, over one another and past movements."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import (
    ARGMAX,
    BROADCAST,
    CUMULATIVE_PRODUCT,
    ELEMENTWISE,
    MAX,
    MIN,
    PAD,
    PRODUCT,
    RESHAPE,
    SUM,
    TRANSPOSE,
    WINDOW_SUM,
)

cases = Cases("reducing")


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float64) -> Tensor:
    return cn.input(shape, dtype, name)


def broadcast(x: Tensor, *shape: Any) -> Tensor:
    return apply(BROADCAST, x, shape=shape)


def total(x: Tensor, *axes: int) -> Tensor:
    return apply(SUM, x, axes=axes)


def window_sum(x: Tensor, window: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    none = ((0, 0),) * x.ndim
    return apply(
        WINDOW_SUM, x, window=window, strides=strides, padding=none, dilation=(1,) * x.ndim
    )


@cases.shows("reduce no axes")
def _() -> Any:
    return total(tensor(3, 4))


@cases.refuses("reduce no axes")
def an_axis_is_summed() -> Any:
    return total(tensor(3, 4), 1)


@cases.shows("reduce unit axes")
def _() -> Any:
    return total(tensor(3, 1, 4), 1)


@cases.shows("reduce unit axes", "and others")
def _() -> Any:
    return apply(MAX, tensor(1, 3, 1, 4), axes=(0, 2, 3))


@cases.refuses("reduce unit axes")
def an_unknown_extent_may_be_more_than_one() -> Any:
    return total(tensor(None), 0)


@cases.shows("reduce in one go")
def _() -> Any:
    return total(total(tensor(3, 4, 5, 6), 1), 0, 2)


@cases.shows("reduce in one go", "extremes")
def _() -> Any:
    return apply(MIN, apply(MIN, tensor(3, 4), axes=(0,)), axes=(0,))


@cases.refuses("reduce in one go")
def a_sum_of_products_is_not_a_product_of_sums() -> Any:
    return total(apply(PRODUCT, tensor(3, 4), axes=(0,)), 0)


@cases.shows("reduce before transpose")
def _() -> Any:
    return total(apply(TRANSPOSE, tensor(3, 4, 5), axes=(2, 0, 1)), 1)


@cases.refuses("reduce before transpose")
def the_reshape_mixes_the_axes() -> Any:
    return total(apply(RESHAPE, tensor(3, 4), shape=(4, 3)), 1)


@cases.shows("reduce before reshape", "unit axes")
def _() -> Any:
    return total(apply(RESHAPE, tensor(3, 4), shape=(3, 1, 4, 1)), 2)


@cases.shows("reduce before reshape", "over everything")
def _() -> Any:
    return apply(MAX, apply(RESHAPE, tensor(3, 1, 4), shape=(12,)), axes=(0,))


@cases.refuses("reduce before reshape")
def the_axes_are_merged() -> Any:
    return total(apply(RESHAPE, tensor(3, 4), shape=(6, 2)), 0)


@cases.shows("sum of repetitions")
def _() -> Any:
    return total(broadcast(tensor(4, 1), 3, 4, 5), 0, 1, 2)


@cases.shows("sum of repetitions", "of an unknown number of them")
def _() -> Any:
    x = tensor(None)
    return total(broadcast(cn.asarray(np.float64(0.5)), *x.extents), 0) + total(x, 0)


@cases.shows("sum of repetitions", "of integers")
def _() -> Any:
    return total(broadcast(tensor(dtype=cn.uint8), 300), 0)


@cases.refuses("sum of repetitions")
def no_times_infinity_is_not_zero() -> Any:
    x, y = tensor(None, name="x"), tensor(name="y")
    return total(broadcast(y, *x.extents), 0) + total(x, 0)


@cases.refuses("sum of repetitions")
def the_repeated_axis_is_not_summed() -> Any:
    return total(broadcast(tensor(4), 3, 4), 1)


@cases.shows("sum of multiples")
def _() -> Any:
    return total(tensor(3, 4, 2) * broadcast(tensor(4, 1, name="v"), 3, 4, 2), 0, 2)


@cases.shows("sum of multiples", "by a number")
def _() -> Any:
    return total(broadcast(cn.asarray(0.25, dtype=cn.float64), 3, 4) * tensor(3, 4), 1)


@cases.refuses("sum of multiples")
def factors_change_along_a_summed_axis() -> Any:
    return total(tensor(3, 4) * broadcast(tensor(4, name="v"), 3, 4), 0, 1)


@cases.shows("sum of deviations")
def _() -> Any:
    x = tensor(3, 4, 2)
    count = cn.asarray(12.0, dtype=cn.float64)
    return total(x - broadcast(total(x, 0, 1) / broadcast(count, 2), 3, 4, 2), 0, 1)


@cases.shows("sum of deviations", "by a factor")
def _() -> Any:
    x = tensor(4, 3)
    share = broadcast(cn.asarray(0.25, dtype=cn.float64), 3)
    return total(x - broadcast(total(x, 0) * share, 4, 3), 0)


@cases.refuses("sum of deviations")
def the_centre_is_something_else() -> Any:
    return total(tensor(3, 4) - broadcast(tensor(4, name="centre"), 3, 4), 0)


@cases.refuses("sum of deviations")
def the_centre_is_that_of_other_axes() -> Any:
    x = tensor(4, 4)
    quarter = broadcast(cn.asarray(0.25, dtype=cn.float64), 4)
    return total(x - broadcast(total(x, 1) * quarter, 4, 4), 0)


@cases.refuses("sum of deviations")
def the_centre_is_twice_the_mean() -> Any:
    x = tensor(4, 3)
    half = broadcast(cn.asarray(0.5, dtype=cn.float64), 3)
    return total(x - broadcast(total(x, 0) * half, 4, 3), 0)


@cases.shows("extreme of repetitions")
def _() -> Any:
    return apply(MAX, broadcast(tensor(4, 1), 3, 4, 5), axes=(0, 1))


@cases.refuses("extreme of repetitions")
def of_none_there_is_no_extreme() -> Any:
    x, y = tensor(None, name="x"), tensor(name="y")
    return apply(MIN, broadcast(y, *x.extents), axes=(0,)) + total(x, 0)


@cases.shows("sum of a negative")
def _() -> Any:
    return total(apply(ELEMENTWISE["negative"], tensor(3, 4, dtype=cn.float32)), 0)


@cases.refuses("sum of a negative")
def a_product_changes_its_sign_or_not() -> Any:
    return apply(PRODUCT, apply(ELEMENTWISE["negative"], tensor(3, 4)), axes=(0,))


def padded(value: float = 0) -> Tensor:
    return apply(PAD, tensor(3, 4), low=(1, 0), high=(2, 0), interior=(1, 0), value=value)


@cases.shows("sum of padding")
def _() -> Any:
    return total(padded(), 0, 1)


@cases.refuses("sum of padding")
def the_padded_axis_stays() -> Any:
    return total(padded(), 1)


@cases.refuses("sum of padding")
def the_padding_counts() -> Any:
    return total(padded(2.0), 0)


@cases.shows("extreme position of one")
def _() -> Any:
    return apply(ARGMAX, tensor(3, 1), axis=1)


@cases.refuses("extreme position of one")
def there_are_several_positions() -> Any:
    return apply(ARGMAX, tensor(3, 4), axis=1)


@cases.shows("running total of one")
def _() -> Any:
    return apply(CUMULATIVE_PRODUCT, tensor(3, 1, dtype=cn.float32), axis=1)


@cases.refuses("running total of one")
def there_are_several_elements() -> Any:
    return apply(CUMULATIVE_PRODUCT, tensor(3, 4), axis=1)


@cases.shows("window of one")
def _() -> Any:
    return window_sum(tensor(5, 4), (1, 1), (1, 1))


@cases.refuses("window of one")
def it_takes_strides() -> Any:
    return window_sum(tensor(5, 4), (1, 1), (2, 1))


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
