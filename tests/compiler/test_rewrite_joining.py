"""Pads and concatenations, and the slices that take them apart."""

from typing import Any

import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.compiler.rewrite import rewrite
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import CONCATENATE, ELEMENTWISE, PAD, SLICE

cases = Cases("joining")


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


def pad(x: Tensor, low: Any, high: Any, interior: Any = None, value: float = 0) -> Tensor:
    gaps = (0,) * x.ndim if interior is None else interior
    return apply(PAD, x, low=low, high=high, interior=gaps, value=value)


def part(x: Tensor, starts: Any, sizes: Any, steps: Any = None) -> Tensor:
    return apply(SLICE, x, starts=starts, sizes=sizes, steps=steps or (1,) * x.ndim)


def join(*inputs: Tensor, axis: int = 0) -> Tensor:
    return apply(CONCATENATE, *inputs, axis=axis)


@cases.shows("pad by nothing")
def _() -> Any:
    return pad(tensor(3, 4), (0, 0), (0, 0))


@cases.refuses("pad by nothing")
def something_is_put_in_between() -> Any:
    return pad(tensor(3), (0,), (0,), (1,))


@cases.shows("pad of a pad")
def _() -> Any:
    return pad(pad(tensor(3), (1,), (2,), (1,)), (4,), (0,))


@cases.refuses("pad of a pad")
def the_values_differ() -> Any:
    return pad(pad(tensor(3), (1,), (2,)), (1,), (1,), value=1.0)


@cases.refuses("pad of a pad")
def minus_zero_is_another_value() -> Any:
    return pad(pad(tensor(3), (1,), (2,)), (1,), (1,), value=-0.0)


@cases.refuses("pad of a pad")
def the_outer_one_spreads_the_inner_one() -> Any:
    return pad(pad(tensor(3), (1,), (2,)), (0,), (0,), (1,))


@cases.shows("slice undoes pad")
def _() -> Any:
    x = tensor(None, 4)
    return part(pad(x, (2, 1), (3, 0), (0, 2)), (2, 1), x.extents, (1, 3))


@cases.refuses("slice undoes pad")
def it_takes_some_of_the_padding() -> Any:
    return part(pad(tensor(4), (2,), (3,)), (1,), (4,))


@cases.shows("slice of a pad", "less of both")
def _() -> Any:
    return part(pad(tensor(4, 5), (2, 0), (3, 0)), (1, 0), (3, 5))


@cases.shows("slice of a pad", "padding alone")
def _() -> Any:
    return part(pad(tensor(4), (5,), (3,), value=2.5), (1,), (3,))


@cases.refuses("slice of a pad")
def the_elements_are_spread() -> Any:
    return part(pad(tensor(4), (2,), (3,), (1,)), (1,), (4,))


@cases.refuses("slice of a pad")
def the_extent_is_unknown() -> Any:
    return part(pad(tensor(None), (2,), (3,)), (1,), (4,))


@cases.shows("concatenation of one")
def _() -> Any:
    return join(tensor(3))


@cases.shows("concatenation of one", "and nothing")
def _() -> Any:
    return join(cn.zeros((0, 2)), tensor(3, 2), cn.zeros((0, 2)))


@cases.refuses("concatenation of one")
def an_unknown_extent_may_not_be_zero() -> Any:
    return join(tensor(None, name="x"), tensor(3, name="y"))


@cases.shows("concatenation of a concatenation")
def _() -> Any:
    return join(tensor(1, name="x"), join(tensor(2, name="y"), tensor(3, name="z")))


@cases.refuses("concatenation of a concatenation")
def it_runs_along_another_axis() -> Any:
    return join(
        tensor(1, 4, name="x"), join(tensor(2, 3, name="y"), tensor(2, 1, name="z"), axis=1)
    )


@cases.shows("concatenation of neighbours")
def _() -> Any:
    x = tensor(9, 4)
    return join(part(x, (0, 1), (2, 2)), part(x, (2, 1), (3, 2)), tensor(1, 2, name="y"))


@cases.shows("concatenation of neighbours", "going backwards")
def _() -> Any:
    x = tensor(9)
    return join(part(x, (8,), (2,), (-2,)), part(x, (4,), (3,), (-2,)))


@cases.refuses("concatenation of neighbours")
def there_is_a_gap_between_them() -> Any:
    x = tensor(9)
    return join(part(x, (0,), (2,)), part(x, (3,), (3,)))


@cases.refuses("concatenation of neighbours")
def they_differ_along_another_axis() -> Any:
    x = tensor(9, 4)
    return join(part(x, (0, 0), (2, 2)), part(x, (2, 1), (3, 2)))


@cases.shows("slice of a concatenation", "one of the inputs")
def _() -> Any:
    x, y, z = (tensor(None, 2, name=name) for name in "xyz")
    start = x.extents[0]
    return part(join(x, y, z), (start, 0), y.extents)


@cases.shows("slice of a concatenation", "two of three inputs")
def _() -> Any:
    x, y, z = tensor(3, name="x"), tensor(4, name="y"), tensor(5, name="z")
    return part(join(x, y, z), (5,), (4,))


@cases.refuses("slice of a concatenation")
def it_touches_all_inputs() -> Any:
    return part(join(tensor(3, name="x"), tensor(4, name="y")), (2,), (3,))


@cases.refuses("slice of a concatenation")
def it_takes_every_other_element() -> Any:
    return part(join(tensor(4, name="x"), tensor(4, name="y")), (0,), (2,), (2,))


@cases.shows("sum of neighbours")
def _() -> Any:
    x, y = tensor(2, 3, name="x"), tensor(2, 4, name="y")
    return apply(ELEMENTWISE["add"], pad(y, (0, 3), (0, 5)), pad(x, (0, 0), (0, 9)))


@cases.shows("sum of neighbours", "several, in any order")
def _() -> Any:
    x, y, z = tensor(2, 3, name="x"), tensor(2, 4, name="y"), tensor(2, 1, name="z")
    ends = apply(ELEMENTWISE["add"], pad(z, (0, 7), (0, 0)), pad(x, (0, 0), (0, 5)))
    return apply(ELEMENTWISE["add"], ends, pad(y, (0, 3), (0, 1)))


@cases.refuses("sum of neighbours")
def there_is_a_gap() -> Any:
    x, y, z = tensor(3, name="x"), tensor(4, name="y"), tensor(2, name="z")
    two = apply(ELEMENTWISE["add"], pad(x, (0,), (9,)), pad(y, (4,), (4,)))
    return apply(ELEMENTWISE["add"], two, pad(z, (10,), (0,)))


@cases.refuses("sum of neighbours")
def they_overlap() -> Any:
    x, y = tensor(3, name="x"), tensor(4, name="y")
    return apply(ELEMENTWISE["add"], pad(x, (0,), (3,)), pad(y, (2,), (0,)))


@cases.refuses("sum of neighbours")
def the_padding_is_not_zero() -> Any:
    x, y = tensor(3, name="x"), tensor(4, name="y")
    return apply(ELEMENTWISE["add"], pad(x, (0,), (4,), value=1), pad(y, (3,), (0,)))


def test_the_gradient_of_a_split_is_one_concatenation() -> None:
    gates = cn.input((5, 12), name="gates")
    i, f, g, o = (gates[:, place : place + 3] for place in (0, 3, 6, 9))
    state = cn.sigmoid(i) * cn.tanh(g) + cn.sigmoid(f)
    cost = cn.sum(cn.sigmoid(o) * cn.tanh(state))
    # Their order in the sum is not that in which they lie: o, f, then i beside g.
    (after,) = rewrite([cn.grad(cost, gates)])
    assert after.primitive is CONCATENATE
    assert len(after.inputs) == 4


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
