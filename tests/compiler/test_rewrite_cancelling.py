"""Divisions that cancel, where only rounding can make the divisor zero."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import Tensor
from cairnet.tensor.interpreter import evaluate

cases = Cases("cancelling")
#: exp of this is zero in float32.
LOW = -200.0


def vector(name: str) -> Tensor:
    return cn.input((6,), name=name)


def fed(value: float) -> np.ndarray:
    return np.full(6, value, np.float32)


@cases.shows("multiply back what was divided by", beyond=[({"x": fed(3), "y": fed(LOW)}, fed(3))])
def _() -> Any:
    x, b = vector("x"), cn.exp(vector("y"))
    return (x / b) * b


@cases.shows(
    "multiply back what was divided by",
    "and more",
    beyond=[({"x": fed(3), "y": fed(LOW)}, fed(3))],
)
def _() -> Any:
    x, b = vector("x"), cn.sigmoid(vector("y"))
    return (x / b) * (b * (1 - b))


@cases.refuses("multiply back what was divided by")
def the_divisor_may_be_zero() -> Any:
    x, y = vector("x"), vector("y")
    return (x / y) * y


@cases.refuses("multiply back what was divided by")
def a_square_may_be_zero_too() -> Any:
    x, y = vector("x"), vector("y")
    square = y * y
    return (x / square) * square


@cases.shows("slope of a softplus", beyond=[({"x": fed(3), "y": fed(200)}, fed(3))])
def _() -> Any:
    power = cn.exp(vector("y"))
    return (vector("x") / (1 + power)) * power


@cases.shows(
    "slope of a softplus", "and more", beyond=[({"x": fed(3), "y": fed(200), "z": fed(5)}, fed(15))]
)
def _() -> Any:
    power = cn.exp(vector("y"))
    return (power * vector("z")) * (vector("x") / (1 + power))


@cases.shows("slope of a softplus", "for a = 1", beyond=[({"y": fed(200)}, fed(1))])
def _() -> Any:
    y = vector("y")
    return cn.sigmoid(-y) * cn.exp(y)


@cases.refuses("slope of a softplus")
def the_term_is_two() -> Any:
    power = cn.exp(vector("y"))
    return (vector("x") / (2 + power)) * power


@cases.shows(
    "divide by a quotient and its divisor",
    beyond=[({"x": fed(3), "y": fed(80), "z": fed(-50)}, fed(3) / np.exp(fed(-50)))],
)
def _() -> Any:
    b, c = cn.exp(vector("z")), cn.exp(vector("y"))
    return (vector("x") / (b / c)) / c


@cases.refuses("divide by a quotient and its divisor")
def the_divisors_are_not_known_to_be_positive() -> Any:
    b, c = vector("z"), vector("y")
    return (vector("x") / (b / c)) / c


@cases.shows("divide what was multiplied", beyond=[({"x": fed(3), "y": fed(LOW)}, fed(3))])
def _() -> Any:
    b = cn.softplus(vector("y"))
    return (vector("x") * b) / b


@cases.refuses("divide what was multiplied")
def infinity_over_infinity_is_not_one() -> Any:
    x, y = vector("x"), vector("y")
    return (x * y) / y


@cases.shows(
    "multiply a sum of quotients", beyond=[({"x": fed(3), "y": fed(LOW), "z": fed(5)}, fed(3))]
)
def _() -> Any:
    b = cn.exp(vector("y"))
    return (vector("x") / b - vector("z")) * b


@cases.refuses("multiply a sum of quotients")
def no_divisor_is_positive() -> Any:
    y = vector("y")
    return (vector("x") / y - vector("z")) * y


@pytest.mark.parametrize(
    "written", [lambda z: cn.log(1 + cn.exp(z)), lambda z: cn.log1p(cn.exp(z))]
)
def test_the_gradient_of_a_softplus_written_out_is_a_sigmoid(written: Any) -> None:
    x = cn.input((3,), name="x")
    (slope,) = rewrite([cn.grad(cn.sum(written(x)), x)])
    (value,) = evaluate([slope], {x: np.array([-500, 0, 500], np.float32)})
    np.testing.assert_array_equal(value, [0, 0.5, 1])


def test_the_gradient_of_a_sigmoid_written_out_does_not_overflow() -> None:
    x = cn.input((3,), name="x")
    (slope,) = rewrite([cn.grad(cn.sum(1 / (1 + cn.exp(-x))), x)])
    (value,) = evaluate([slope], {x: np.array([-500, 0, 500], np.float32)})
    np.testing.assert_allclose(value, [0, 0.25, 0], atol=1e-30)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_the_gradient_of_a_cross_entropy_is_prediction_less_target(scale: float) -> None:
    x = cn.input((None, 5), name="x")
    labels = cn.input((None,), cn.int32, name="labels")
    cost = -cn.sum(cn.one_hot(labels, 5) * cn.log(cn.softmax(x)))
    (gradient,) = rewrite([cn.grad(cost, x)])
    scores = scale * np.random.default_rng(1).standard_normal((7, 5)).astype(np.float32)
    feeds = {x: scores, labels: np.arange(7, dtype=np.int32) % 5}
    (value,) = evaluate([gradient], feeds)
    powers = np.exp(scores.astype(float) - scores.max(1, keepdims=True))
    expected = powers / powers.sum(1, keepdims=True) - np.eye(5)[np.arange(7) % 5]
    np.testing.assert_allclose(value, expected, atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_the_gradient_of_a_binary_cross_entropy_is_prediction_less_target(scale: float) -> None:
    x, t = cn.input((None,), name="x"), cn.input((None,), name="t")
    y = cn.sigmoid(x)
    cost = -cn.sum(t * cn.log(y) + (1 - t) * cn.log(1 - y))
    after = rewrite([cost, cn.grad(cost, x)])
    scores = scale * np.random.default_rng(1).standard_normal(8).astype(np.float32)
    targets = (np.arange(8) % 2).astype(np.float32)
    loss, slope = evaluate(after, {x: scores, t: targets})
    expected = np.logaddexp(0, np.where(targets == 1, -scores, scores).astype(float)).sum()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(slope, 1 / (1 + np.exp(-scores)) - targets, atol=1e-6)


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
