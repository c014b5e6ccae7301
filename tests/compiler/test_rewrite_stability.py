"""Formulas that overflow become forms that do not."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.primitives import ELEMENTWISE

cases = Cases("stability")
#: Beyond what exp can hold in float32, on both sides, and digits that adding one would lose.
LARGE = np.array([500, -500, 1, 0], np.float32)
TINY = np.array([1e-12, 1e-3, 2, 0], np.float32)
WIDE = LARGE.astype(float)


def negative(x: Tensor) -> Tensor:
    return apply(ELEMENTWISE["negative"], x)


def vector(dtype: Any = cn.float32) -> Tensor:
    return cn.input((4,), dtype, name="x")


@cases.shows("logarithm of an exponential", beyond=[({"x": LARGE}, LARGE)])
def _() -> Any:
    return cn.log(cn.exp(vector()))


@cases.refuses("logarithm of an exponential")
def expm1_is_another_function() -> Any:
    return cn.log(cn.expm1(cn.abs(vector())) + 2.0)


@cases.shows("exponential of a logarithm")
def _() -> Any:
    return cn.exp(cn.log(cn.abs(vector(cn.float64))))


@cases.shows("exponential of a logarithm", "of a sum of squares")
def _() -> Any:
    x = vector(cn.float64)
    return cn.exp(cn.log(cn.sum(x * x)))


@cases.refuses("exponential of a logarithm")
def the_logarithm_of_a_negative_number_is_nan() -> Any:
    return cn.exp(cn.log(vector()))


@cases.refuses("exponential of a logarithm")
def a_difference_may_be_negative() -> Any:
    x = vector()
    return cn.exp(cn.log(cn.exp(x) - x * x))


@cases.shows("logarithm of a sigmoid", beyond=[({"x": LARGE}, -np.logaddexp(0, -WIDE))])
def _() -> Any:
    return cn.log(cn.sigmoid(vector()))


@cases.refuses("logarithm of a sigmoid")
def the_sigmoid_is_scaled() -> Any:
    return cn.log(cn.sigmoid(vector()) * 2.0)


@cases.shows("logarithm of one minus a sigmoid", beyond=[({"x": LARGE}, -np.logaddexp(0, WIDE))])
def _() -> Any:
    return cn.log(1 - cn.sigmoid(vector()))


@cases.shows(
    "logarithm of one minus a sigmoid", "by log1p", beyond=[({"x": LARGE}, -np.logaddexp(0, WIDE))]
)
def _() -> Any:
    return cn.log1p(-cn.sigmoid(vector()))


@cases.refuses("logarithm of one minus a sigmoid")
def two_minus_a_sigmoid_is_something_else() -> Any:
    return cn.log(2 - cn.sigmoid(vector()))


@cases.shows("softplus", beyond=[({"x": LARGE}, np.logaddexp(0, WIDE))])
def _() -> Any:
    return cn.log(1 + cn.exp(vector()))


@cases.shows("softplus", "by log1p", beyond=[({"x": LARGE}, np.logaddexp(0, WIDE))])
def _() -> Any:
    return cn.log1p(cn.exp(vector()))


@cases.refuses("softplus")
def the_term_is_two() -> Any:
    return cn.log(2 + cn.exp(vector()))


@cases.shows("logarithm of one plus", beyond=[({"x": TINY}, np.log1p(TINY))])
def _() -> Any:
    return cn.log(1 + cn.abs(vector()))


@cases.refuses("logarithm of one plus")
def the_term_is_three() -> Any:
    return cn.log(cn.abs(vector()) + 3)


@cases.shows("exponential minus one", beyond=[({"x": TINY}, np.expm1(TINY))])
def _() -> Any:
    return cn.exp(vector()) - 1


@cases.refuses("exponential minus one")
def it_is_the_other_way_round() -> Any:
    return 1 - cn.exp(vector())


@cases.shows("sigmoid", beyond=[({"x": LARGE}, np.exp(-np.logaddexp(0, -WIDE)))])
def _() -> Any:
    return 1 / (1 + cn.exp(negative(vector())))


@cases.shows("sigmoid", "of the opposite", beyond=[({"x": LARGE}, np.exp(-np.logaddexp(0, WIDE)))])
def _() -> Any:
    return 1 / (cn.exp(vector()) + 1)


@cases.shows(
    "sigmoid",
    "as a quotient of exponentials",
    beyond=[({"x": LARGE}, np.exp(-np.logaddexp(0, -WIDE)))],
)
def _() -> Any:
    power = cn.exp(vector())
    return power / (1 + power)


@cases.refuses("sigmoid")
def the_numerator_is_two() -> Any:
    return 2 / (1 + cn.exp(vector()))


def powers() -> tuple[Tensor, Tensor]:
    x = vector()
    return cn.exp(x), cn.exp(negative(x))


@cases.shows("hyperbolic tangent", beyond=[({"x": LARGE}, np.tanh(LARGE))])
def _() -> Any:
    up, down = powers()
    return (up - down) / (up + down)


@cases.refuses("hyperbolic tangent")
def the_sum_is_above() -> Any:
    up, down = powers()
    return (up + down) / (up - down)


def matrix() -> Tensor:
    return cn.input((2, 3), name="x")


FAR = np.array([[1000, 0, -1000], [2, 2, 2]], np.float32)


def test_the_logarithm_of_a_softmax_is_right_where_softmax_is_zero() -> None:
    x = matrix()
    expected = [[0, -1000, -2000], [-np.log(3)] * 3]
    for softmax in (cn.softmax(x), cn.exp(x) / cn.sum(cn.exp(x), axis=1, keepdims=True)):
        (after,) = rewrite([cn.log(softmax)])
        (value,) = evaluate([after], {x: FAR})
        np.testing.assert_allclose(value, expected, rtol=1e-6)


@cases.shows("logarithm of a softmax")
def _() -> Any:
    return cn.log(cn.softmax(matrix()))


@cases.refuses("logarithm of a softmax")
def the_numerator_is_no_exponential() -> Any:
    x = cn.abs(matrix())
    return cn.log(x / cn.sum(x, axis=1, keepdims=True))


@cases.shows("log-sum-exp", beyond=[({"x": FAR}, [1000, 2 + np.log(3)])])
def _() -> Any:
    return cn.log(cn.sum(cn.exp(matrix()), axis=1))


@cases.shows(
    "log-sum-exp",
    "over everything, of infinities too",
    beyond=[({"x": np.full((2, 3), sign * np.inf)}, sign * np.inf) for sign in (-1, 1)],
)
def _() -> Any:
    return cn.log(cn.sum(cn.exp(matrix())))


@cases.refuses("log-sum-exp")
def the_maximum_is_out_already() -> Any:
    x = matrix()
    return cn.log(cn.sum(cn.exp(x - cn.max(x, axis=1, keepdims=True)), axis=1))


@cases.refuses("log-sum-exp")
def there_may_be_no_elements() -> Any:
    x = cn.input((None, 3), name="x")
    return cn.log(cn.sum(cn.exp(x), axis=0))


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
