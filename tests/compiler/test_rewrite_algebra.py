"""The rules of arithmetic: what they show and what they refuse."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import ELEMENTWISE

cases = Cases("algebra")


def vector(name: str = "x", dtype: Any = cn.float32) -> Tensor:
    return cn.input((64,), dtype, name)


def negative(x: Tensor) -> Tensor:
    return apply(ELEMENTWISE["negative"], x)


def number(value: Any, like: Tensor) -> Tensor:
    return cn.broadcast_to(cn.asarray(np.asarray(value, like.dtype)), like.extents)


def power(x: Tensor, exponent: float) -> Tensor:
    return apply(ELEMENTWISE["power"], x, number(exponent, x))


@cases.shows("multiply by one")
def _() -> Any:
    return vector() * 1.0


@cases.shows("multiply by one", "from the left")
def _() -> Any:
    return 1 * vector(dtype=cn.int32)


@cases.shows("multiply by one", "a division")
def _() -> Any:
    return vector() / 1.0


@cases.refuses("multiply by one")
def one_over_x_is_not_x() -> Any:
    return 1.0 / (vector() ** 2 + 1.0)


@cases.shows("multiply by minus one")
def _() -> Any:
    return vector() * -1.0


@cases.shows("multiply by minus one", "a division")
def _() -> Any:
    return vector() / -1.0


@cases.refuses("multiply by minus one")
def the_largest_unsigned_number_is_not_minus_one() -> Any:
    x = vector(dtype=cn.uint8)
    return x * number(254, x)


@cases.shows("multiply integers by zero")
def _() -> Any:
    return vector(dtype=cn.int32) * 0


@cases.refuses("multiply integers by zero")
def a_float_may_be_infinite() -> Any:
    return vector() * 0.0


@cases.shows("add zero")
def _() -> Any:
    return vector() + 0.0


@cases.shows("add zero", "a difference")
def _() -> Any:
    return vector() - 0.0


@cases.refuses("add zero")
def zero_minus_x_is_not_x() -> Any:
    return 0.0 - vector()


@cases.shows("subtract from zero")
def _() -> Any:
    return 0.0 - vector()


@cases.refuses("subtract from zero")
def x_minus_zero_is_not_its_negative() -> Any:
    return vector() - 0.0


@cases.shows("subtract an integer from itself")
def _() -> Any:
    x = vector(dtype=cn.int8)
    return x - x


@cases.refuses("subtract an integer from itself")
def infinity_minus_infinity_is_not_zero() -> Any:
    x = vector()
    return x - x


@cases.shows("add to itself")
def _() -> Any:
    x, y = vector("x"), vector("y")
    total = x + y
    return total + total


@cases.refuses("add to itself")
def two_tensors_are_not_one() -> Any:
    return vector("x") + vector("y")


@cases.shows("double negative")
def _() -> Any:
    return negative(negative(vector()))


@cases.refuses("double negative")
def one_negative_stays() -> Any:
    return negative(vector())


@cases.shows("negative of a difference")
def _() -> Any:
    return negative(vector("x") - vector("y"))


@cases.refuses("negative of a difference")
def a_sum_has_no_shorter_negative() -> Any:
    return negative(vector("x") + vector("y"))


@cases.shows("negative of a scaled value")
def _() -> Any:
    return negative(vector() * 0.1)


@cases.shows("negative of a scaled value", "a quotient")
def _() -> Any:
    return negative(3.0 / vector())


@cases.refuses("negative of a scaled value")
def no_factor_is_a_number() -> Any:
    return negative(vector("x") * vector("y"))


@cases.shows("add a negative")
def _() -> Any:
    return vector("x") + negative(vector("y"))


@cases.shows("add a negative", "from the left")
def _() -> Any:
    return negative(vector("x")) + vector("y")


@cases.refuses("add a negative")
def nothing_is_negative() -> Any:
    return vector("x") + vector("y")


@cases.shows("subtract a negative")
def _() -> Any:
    return vector("x") - negative(vector("y"))


@cases.refuses("subtract a negative")
def the_first_term_may_stay_negative() -> Any:
    return negative(vector("x")) - vector("y")


@cases.shows("negative factor")
def _() -> Any:
    return negative(vector("x")) * vector("y")


@cases.shows("negative factor", "a divisor")
def _() -> Any:
    return vector("x") / negative(vector("y"))


@cases.refuses("negative factor")
def powers_are_not_products() -> Any:
    return apply(ELEMENTWISE["power"], negative(vector("x")), number(2, vector()))


@cases.shows("divide by a power of two")
def _() -> Any:
    return vector() / -8.0


@cases.refuses("divide by a power of two")
def a_tenth_is_not_exact() -> Any:
    return vector() / 10.0


@cases.refuses("divide by a power of two")
def the_reciprocal_would_be_subnormal() -> Any:
    return vector() / float(2.0**127)


@cases.refuses("divide by a power of two")
def zero_has_no_reciprocal() -> Any:
    return vector() / 0.0


@cases.shows("collect factors")
def _() -> Any:
    return 0.1 * (vector() * 3.0)


@cases.shows("collect factors", "a quotient")
def _() -> Any:
    return (vector() * 2.0) / 3.0


@cases.shows("collect factors", "of integers, which wrap around")
def _() -> Any:
    return 100 * (vector(dtype=cn.int8) * 3)


@cases.refuses("collect factors")
def the_new_factor_would_overflow() -> Any:
    return 1e30 * (vector() * 1e30)


@cases.refuses("collect factors")
def the_new_factor_would_lose_digits() -> Any:
    return 1e-20 * (vector() * 1e-20)


@cases.refuses("collect factors")
def zero_is_no_normal_number() -> Any:
    return 0.0 * (vector() * 3.0)


@cases.shows("collect integer terms")
def _() -> Any:
    return (vector(dtype=cn.uint8) + 200) + 100


@cases.refuses("collect integer terms")
def floats_are_not_regrouped() -> Any:
    return (vector() + 1e20) + -1e20


@cases.shows("power of zero and one", "zero")
def _() -> Any:
    return power(vector(), 0)


@cases.shows("power of zero and one", "one")
def _() -> Any:
    return power(vector(dtype=cn.int32), 1)


@cases.refuses("power of zero and one")
def the_exponent_is_not_known() -> Any:
    return apply(ELEMENTWISE["power"], cn.abs(vector("x")), vector("y"))


@cases.shows("power by multiplication", "square")
def _() -> Any:
    return power(vector(dtype=cn.float64), 2)


@cases.shows("power by multiplication", "cube of integers")
def _() -> Any:
    return power(vector(dtype=cn.int16), 3)


@cases.shows("power by multiplication", "fourth power")
def _() -> Any:
    return power(vector(dtype=cn.float64), 4)


@cases.refuses("power by multiplication")
def five_factors_would_round_too_often() -> Any:
    return power(vector(), 5)


@cases.shows("power by root and reciprocal", "root")
def _() -> Any:
    return power(cn.abs(vector(dtype=cn.float64)), 0.5)


@cases.shows("power by root and reciprocal", "reciprocal")
def _() -> Any:
    return power(vector(dtype=cn.float64), -1)


@cases.shows("power by root and reciprocal", "reciprocal root")
def _() -> Any:
    return power(cn.abs(vector(dtype=cn.float64)), -0.5)


@cases.refuses("power by root and reciprocal")
def a_cube_root_is_another_function() -> Any:
    return power(cn.abs(vector()), 1 / 3)


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
