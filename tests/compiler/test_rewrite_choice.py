"""The rules of choices, comparisons, logic and bits: what they show and what they refuse."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE

cases = Cases("choice")


def vector(name: str = "x", dtype: Any = cn.float32) -> Tensor:
    return cn.input((64,), dtype, name)


def number(value: Any, like: Tensor) -> Tensor:
    return cn.broadcast_to(cn.asarray(np.asarray(value, like.dtype)), like.extents)


def call(name: str, *inputs: Tensor) -> Tensor:
    return apply(ELEMENTWISE[name], *inputs)


def condition() -> Tensor:
    return vector("c", cn.bool)


@cases.shows("choose between equals")
def _() -> Any:
    x = vector()
    return call("where", condition(), x, x)


@cases.refuses("choose between equals")
def they_are_two() -> Any:
    return call("where", condition(), vector("x"), vector("y"))


@cases.shows("choose by a known condition", "true")
def _() -> Any:
    return call("where", number(True, condition()), vector("x"), vector("y"))


@cases.shows("choose by a known condition", "false")
def _() -> Any:
    return call("where", number(False, condition()), vector("x"), vector("y"))


@cases.refuses("choose by a known condition")
def the_condition_is_different_for_each_element() -> Any:
    mixed = cn.asarray(np.arange(64) % 2 == 0)
    return call("where", mixed, vector("x"), vector("y"))


@cases.shows("choose by a negation")
def _() -> Any:
    return call("where", call("bitwise_not", condition()), vector("x"), vector("y"))


@cases.refuses("choose by a negation")
def a_conjunction_is_no_negation() -> Any:
    both = call("bitwise_and", condition(), vector("d", cn.bool))
    return call("where", both, vector("x"), vector("y"))


@cases.shows("choose twice by one condition")
def _() -> Any:
    c = condition()
    return call("where", c, call("where", c, vector("x"), vector("y")), vector("z"))


@cases.shows("choose twice by one condition", "on the other side")
def _() -> Any:
    c = condition()
    return call("where", c, vector("x"), call("where", c, vector("y"), vector("z")))


@cases.refuses("choose twice by one condition")
def the_conditions_are_two() -> Any:
    inner = call("where", vector("d", cn.bool), vector("x"), vector("y"))
    return call("where", condition(), inner, vector("z"))


@cases.shows("choose between one and zero")
def _() -> Any:
    x = vector()
    return call("where", condition(), number(1, x), number(0, x))


@cases.shows("choose between one and zero", "of bools")
def _() -> Any:
    c = condition()
    return call("where", c, number(True, c), number(False, c))


@cases.refuses("choose between one and zero")
def minus_zero_is_not_what_false_converts_to() -> Any:
    x = vector()
    return call("where", condition(), number(1, x), number(-0.0, x))


@cases.shows("extreme of equals")
def _() -> Any:
    x = vector()
    return call("maximum", x, x)


@cases.refuses("extreme of equals")
def the_operands_are_two() -> Any:
    return call("minimum", vector("x"), vector("y"))


@cases.shows("extreme with a bound of the dtype")
def _() -> Any:
    x = vector()
    return call("maximum", x, number(-np.inf, x))


@cases.shows("extreme with a bound of the dtype", "of integers")
def _() -> Any:
    x = vector(dtype=cn.int8)
    return call("minimum", number(127, x), x)


@cases.refuses("extreme with a bound of the dtype")
def the_other_bound_is_the_result() -> Any:
    x = vector()
    return call("maximum", x, number(np.inf, x))


@cases.shows("extreme of an extreme")
def _() -> Any:
    x = vector()
    return call("maximum", call("maximum", x, number(0.5, x)), number(0.0, x))


@cases.refuses("extreme of an extreme")
def between_two_bounds_both_are_needed() -> Any:
    x = vector()
    return call("minimum", call("maximum", x, number(0.0, x)), number(1.0, x))


@cases.shows("compare with itself", "less")
def _() -> Any:
    x = vector()
    return call("less", x, x)


@cases.shows("compare with itself", "equal integers")
def _() -> Any:
    x = vector(dtype=cn.int32)
    return call("equal", x, x)


@cases.refuses("compare with itself")
def nan_is_not_equal_to_itself() -> Any:
    x = vector()
    return call("equal", x, x)


@cases.refuses("compare with itself")
def nan_is_not_less_or_equal() -> Any:
    x = vector()
    return call("less_equal", x, x)


@cases.shows("compare with a bound of the dtype", "never")
def _() -> Any:
    x = vector(dtype=cn.uint8)
    return call("less", x, number(0, x))


@cases.shows("compare with a bound of the dtype", "always")
def _() -> Any:
    x = vector(dtype=cn.int8)
    return call("less_equal", x, number(127, x))


@cases.refuses("compare with a bound of the dtype")
def floats_have_nan_beyond_their_bounds() -> Any:
    x = vector()
    return call("less_equal", x, number(np.inf, x))


@cases.shows("double negation")
def _() -> Any:
    return call("bitwise_not", call("bitwise_not", vector(dtype=cn.int16)))


@cases.refuses("double negation")
def one_negation_stays() -> Any:
    return call("bitwise_not", condition())


@cases.shows("negated comparison")
def _() -> Any:
    return call("bitwise_not", call("less", vector("x", cn.int32), vector("y", cn.int32)))


@cases.refuses("negated comparison")
def nan_is_neither_less_nor_more() -> Any:
    return call("bitwise_not", call("less", vector("x"), vector("y")))


@cases.shows("bits with themselves", "and")
def _() -> Any:
    x = vector(dtype=cn.uint16)
    return call("bitwise_and", x, x)


@cases.shows("bits with themselves", "exclusive or")
def _() -> Any:
    c = condition()
    return call("bitwise_xor", c, c)


@cases.refuses("bits with themselves")
def the_bits_are_others() -> Any:
    return call("bitwise_or", vector("x", cn.int32), vector("y", cn.int32))


@cases.shows("bits with none or all", "none")
def _() -> Any:
    x = vector(dtype=cn.int32)
    return call("bitwise_and", x, number(0, x))


@cases.shows("bits with none or all", "all")
def _() -> Any:
    x = vector(dtype=cn.int32)
    return call("bitwise_xor", number(-1, x), x)


@cases.shows("bits with none or all", "of bools")
def _() -> Any:
    c = condition()
    return call("bitwise_or", c, number(False, c))


@cases.refuses("bits with none or all")
def some_bits_are_set() -> Any:
    x = vector(dtype=cn.int32)
    return call("bitwise_and", x, number(1, x))


@cases.shows("shift by nothing")
def _() -> Any:
    x = vector(dtype=cn.int32)
    return call("shift_left", x, number(0, x))


@cases.refuses("shift by nothing")
def one_place_is_something() -> Any:
    x = vector(dtype=cn.int32)
    return call("shift_right", x, number(1, x))


@cases.shows("twice is once")
def _() -> Any:
    return call("floor", call("floor", vector()))


@cases.refuses("twice is once")
def floor_and_ceil_are_two_functions() -> Any:
    return call("ceil", call("floor", vector()))


@cases.refuses("twice is once")
def tanh_changes_its_own_results() -> Any:
    return call("tanh", call("tanh", vector()))


@cases.shows("absolute value of a negative")
def _() -> Any:
    return call("absolute", call("negative", vector()))


@cases.refuses("absolute value of a negative")
def the_sign_of_a_sum_matters() -> Any:
    return call("absolute", vector("x") - vector("y"))


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
