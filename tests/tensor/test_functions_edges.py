"""Where formulas break: zeros, infinities, NaN, ties, overflow; values and derivatives there."""

import math
import re
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import ArgumentError, GradientError, GraphError, IndexRangeError

INF, NAN = math.inf, math.nan


def slope(function: Any, *numbers: Any) -> list[Any]:
    variables = [cn.Variable(number, dtype="float64") for number in numbers]
    cost = cn.sum(function(*variables))
    return [item.tolist() for item in cn.grad(cost, variables, disconnected="zero")]


@pytest.mark.parametrize(
    ("function", "numbers", "slopes"),
    [
        (lambda x: x**2, [0.0], [0.0]),
        (lambda x: x**2, [-3.0], [-6.0]),
        (lambda x: x**3.0, [-2.0], [12.0]),
        (lambda x: x**1, [0.0], [1.0]),
        (lambda x: x**0, [0.0], [0.0]),
        (lambda x: 0.0**x, [2.0], [0.0]),
        (lambda x: 2.0**x, [0.0], [math.log(2)]),
        (cn.abs, [0.0], [0.0]),
        (cn.prod, [[2.0, 3.0, 5.0]], [[15.0, 10.0, 6.0]]),
        (cn.prod, [[2.0, 0.0, 5.0]], [[0.0, 10.0, 0.0]]),
        (cn.prod, [[0.0, 0.0, 5.0]], [[0.0, 0.0, 0.0]]),
        (cn.cumulative_prod, [[2.0, 0.0, 5.0]], [[1.0, 12.0, 0.0]]),
        (cn.max, [[1.0, 3.0, 3.0]], [[0.0, 0.5, 0.5]]),
        (cn.min, [[1.0, 1.0, 3.0]], [[0.5, 0.5, 0.0]]),
        (cn.maximum, [2.0, 2.0], [1.0, 0.0]),
        (cn.minimum, [2.0, 2.0], [1.0, 0.0]),
        (lambda x: cn.clip(x, -1, 1), [[-2.0, -1.0, 0.5, 1.0, 2.0]], [[0.0, 1.0, 1.0, 1.0, 0.0]]),
        (cn.hypot, [3e200, 4e200], [0.6, 0.8]),
        (cn.hypot, [3e-200, 4e-200], [0.6, 0.8]),
        (cn.hypot, [0.0, 2.0], [0.0, 1.0]),
        (cn.logaddexp, [5.0, 5.0], [0.5, 0.5]),
        (cn.logaddexp, [1000.0, 0.0], [1.0, 0.0]),
        (cn.logaddexp, [-INF, 0.0], [0.0, 1.0]),
        (cn.sort, [[3.0, 1.0, 1.0]], [[1.0, 1.0, 1.0]]),
        (lambda x: cn.sort(x)[0], [[3.0, 1.0, 1.0]], [[0.0, 1.0, 0.0]]),
        (lambda x: cn.take(x, [1, 1, 0]), [[3.0, 1.0, 1.0]], [[1.0, 2.0, 0.0]]),
        (
            lambda x: cn.where(x > 0, cn.sqrt(cn.where(x > 0, x, 1)), 0),
            [[4.0, -1.0]],
            [[0.25, 0.0]],
        ),
        (lambda x: cn.copysign(x, -1.0), [[2.0, -2.0]], [[-1.0, 1.0]]),
        (lambda x: cn.mean(x, axis=0), [np.zeros((0, 2))], [[]]),
        (lambda x: cn.var(x, correction=1), [[1.0, 3.0]], [[-2.0, 2.0]]),
        (lambda x: cn.unique_values([2.0, 1.0]) * x, [3.0], [3.0]),
    ],
)
def test_derivatives_at_difficult_points(function: Any, numbers: Any, slopes: Any) -> None:
    found = slope(function, *numbers)
    for one, other in zip(found, slopes, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("function", "numbers", "expected"),
    [
        (cn.divide, ([1.0, -1.0, 0.0], 0.0), [INF, -INF, NAN]),
        (cn.log, ([0.0, -1.0],), [-INF, NAN]),
        (cn.sqrt, ([-0.0, -1.0],), [-0.0, NAN]),
        (cn.pow, ([0.0, INF, -8.0], [0.0, 0.0, 1 / 3]), [1.0, 1.0, NAN]),
        (cn.maximum, ([NAN, 1.0], [1.0, NAN]), [NAN, NAN]),
        (cn.max, ([1.0, NAN],), NAN),
        (cn.sign, ([NAN, -2.0, 0.0],), [NAN, -1.0, 0.0]),
        (cn.round, ([0.5, 1.5, -0.5, 2.5],), [0.0, 2.0, -0.0, 2.0]),
        (cn.remainder, ([-7.0, 7.0, 7.0], [3.0, -3.0, INF]), [2.0, -2.0, 7.0]),
        (cn.floor_divide, ([-7.0, 7.0], [2.0, -2.0]), [-4.0, -4.0]),
        (cn.hypot, ([INF, NAN, 0.0, 3e38], [NAN, 1.0, 0.0, 0.0]), [INF, NAN, 0.0, 3e38]),
        (
            cn.logaddexp,
            ([INF, -INF, -INF, NAN, -1e30], [INF, -INF, 2.0, 1.0, 1.0]),
            [INF, -INF, 2.0, NAN, 1.0],
        ),
        (cn.nextafter, ([0.0, -0.0, 1.0, INF, NAN], [1.0, -1.0, 1.0, 0.0, 1.0]), None),
        (cn.copysign, ([1.0, 2.0, INF], [-0.0, NAN, -1.0]), [-1.0, 2.0, -INF]),
        (cn.isfinite, ([1.0, INF, NAN],), [True, False, False]),
        (cn.signbit, ([-0.0, 0.0, -INF],), [True, False, True]),
        (cn.mean, ([],), NAN),
        (cn.sum, ([],), 0.0),
        (cn.prod, ([],), 1.0),
        (cn.any, ([NAN, 0.0],), True),
        (cn.all, ([],), True),
        (cn.var, ([2.0],), 0.0),
        (cn.argmax, ([1.0, NAN, 5.0, NAN],), 1),
        (cn.sort, ([NAN, 1.0, -INF],), [-INF, 1.0, NAN]),
    ],
)
def test_values_at_difficult_points(function: Any, numbers: Any, expected: Any) -> None:
    found = function(*(cn.asarray(number, dtype="float32") for number in numbers)).numpy()
    if expected is None:
        expected = getattr(np, function.__name__)(*(np.float32(number) for number in numbers))
    wanted = np.asarray(expected, found.dtype)
    np.testing.assert_array_equal(found, wanted)
    # Zeros have signs that count; those of NaN do not.
    if found.dtype == "float32":
        numbers_of = ~np.isnan(found)
        np.testing.assert_array_equal(np.signbit(found[numbers_of]), np.signbit(wanted[numbers_of]))


@pytest.mark.parametrize("function", [cn.floor, cn.sign, cn.round, lambda x: x // 2])
def test_steps_have_no_derivative(function: Any) -> None:
    x = cn.Variable([1.0, 2.0])
    with pytest.raises(GradientError, match="does not depend on"):
        cn.grad(cn.sum(function(x)), x)


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda: cn.asarray([2, 3]) ** -1, "pow, at .*: integers have no integer powers with"),
        (lambda: cn.arange(0, 5, 0), "arange, at .*: step must not be 0"),
        (lambda: cn.linspace(0, 1, -1), "linspace, at .*: num must be 0 or more, got -1"),
        (lambda: cn.meshgrid([1], indexing="yx"), 'meshgrid, at .*: indexing is "xy" or "ij"'),
        (
            lambda: cn.searchsorted([1], 1, side="l"),
            'searchsorted, at .*: side is "left" or "right"',
        ),
        (lambda: cn.repeat([1, 2], -1), "repeat, at .*: repeats must be whole numbers, 0 or more"),
        (lambda: cn.repeat([1, 2], 1.5), "repeat, at .*: repeats must be whole numbers, 0 or more"),
        (lambda: cn.tile([1, 2], -1), "tile, at .*: repetitions must be 0 or more"),
        (lambda: cn.roll([1, 2], (1, 2)), "roll, at .*: several shifts need as many axes"),
        (lambda: cn.roll([1, 2], (1, 2), axis=0), "roll, at .*: 2 shifts for 1 axes"),
        (lambda: cn.diff([1, 2], n=-1), "diff, at .*: n must be 0 or more, got -1"),
        (lambda: cn.take(cn.ones((2, 2)), [0]), "take, at .*: shape (2, 2) has 2 axes"),
        (lambda: cn.cumulative_sum(cn.ones((2, 2))), "cumulative_sum, at .*: shape (2, 2) has 2"),
        (lambda: cn.concat([]), "concat, at .*: expected at least one tensor, got none"),
        (lambda: cn.stack(cn.ones((2, 2))), "stack, at .*: expected a list or tuple of tensors"),
        (lambda: cn.result_type(3), "result_type, at .*: expected at least one tensor or dtype"),
        (lambda: cn.asarray(np.ones(2), copy=False), "asarray, at .*: copy=False is not possible"),
        (lambda: cn.zeros(2, device="gpu"), "device: expected None or 'cpu', got 'gpu'"),
        (
            lambda: cn.arange(cn.vector().extents[0], step=2),
            "arange, at .*: a range over an unknown",
        ),
    ],
)
def test_wrong_arguments_are_refused(compute: Any, words: str) -> None:
    pattern = ".*".join(re.escape(part) for part in words.split(".*"))
    with pytest.raises(ArgumentError, match=pattern):
        compute()


def test_what_only_the_values_show_is_refused_at_the_users_line() -> None:
    place = cn.Variable([5])
    with pytest.raises(
        IndexRangeError, match=r"gather, written at .*_edges\.py.*index 5 is out of"
    ):
        cn.take([1, 2, 3], place).numpy()
    count = cn.arange(cn.input((None,), name="x").extents[0])
    with pytest.raises(
        GraphError, match=r"iota, written at .*_edges\.py.*the extent len\(x\) .*not known"
    ):
        count.numpy()
