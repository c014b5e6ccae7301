"""Repetition moves outwards, past elementwise work and past movements."""

from typing import Any

import numpy as np
import pytest
from tests.compiler.rewriting import Case, Cases

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitives import BROADCAST, ELEMENTWISE, RESHAPE, SLICE, TRANSPOSE

cases = Cases("broadcasting")


def tensor(*shape: int | None, name: str = "x") -> Tensor:
    return cn.input(shape, name=name)


def broadcast(x: Tensor, *shape: Any) -> Tensor:
    return apply(BROADCAST, x, shape=shape)


def reshape(x: Tensor, *shape: Any) -> Tensor:
    return apply(RESHAPE, x, shape=shape)


def call(name: str, *inputs: Tensor) -> Tensor:
    return apply(ELEMENTWISE[name], *inputs)


@cases.shows("broadcast to its own shape")
def _() -> Any:
    return broadcast(tensor(3, 4), 3, 4)


@cases.refuses("broadcast to its own shape")
def another_shape_repeats() -> Any:
    return broadcast(tensor(1, 4), 3, 4)


@cases.shows("broadcast of a broadcast")
def _() -> Any:
    return broadcast(broadcast(tensor(1), 4), 3, 4)


@cases.refuses("broadcast of a broadcast")
def a_reshape_between_them_mixes_the_axes() -> Any:
    return broadcast(reshape(broadcast(tensor(1, 4), 3, 4), 12), 2, 12)


@cases.shows("broadcast that repeats nothing")
def _() -> Any:
    return broadcast(tensor(3, 4), 1, 3, 4)


@cases.refuses("broadcast that repeats nothing")
def a_number_stays_a_repeated_number() -> Any:
    return broadcast(cn.asarray(2.5), 1, 1)


@cases.shows("broadcast adds axes in front by itself")
def _() -> Any:
    return broadcast(reshape(tensor(4), 1, 4), 3, 4)


@cases.refuses("broadcast adds axes in front by itself")
def the_new_axis_is_behind() -> Any:
    return broadcast(reshape(tensor(3), 3, 1), 3, 4)


@cases.shows("elementwise before broadcast", "numbers")
def _() -> Any:
    return call("add", broadcast(tensor(name="x"), 3, 4), broadcast(cn.asarray(2.0), 3, 4))


@cases.shows("elementwise before broadcast", "a row and a number")
def _() -> Any:
    return call("multiply", broadcast(tensor(4), 3, 4), broadcast(cn.asarray(2.0), 3, 4))


@cases.shows("elementwise before broadcast", "along an axis of an unknown extent")
def _() -> Any:
    x, y = tensor(None, 1, name="x"), tensor(1, 5, name="y")
    shape = (7, *x.extents[:1], 5)
    return call("where", broadcast(x > 0, *shape), broadcast(x, *shape), broadcast(y, *shape))


@cases.refuses("elementwise before broadcast")
def each_operand_repeats_along_another_axis() -> Any:
    x, y = tensor(3, 1, name="x"), tensor(1, 4, name="y")
    return call("add", broadcast(x, 3, 4), broadcast(y, 3, 4))


@cases.refuses("elementwise before broadcast")
def only_one_operand_is_repeated() -> Any:
    return call("add", broadcast(tensor(4, name="x"), 3, 4), tensor(3, 4, name="y"))


@cases.shows("reshape before broadcast")
def _() -> Any:
    return reshape(broadcast(tensor(3, 1), 3, 4), 3, 1, 4)


@cases.shows("reshape before broadcast", "of a scalar, to any shape")
def _() -> Any:
    return reshape(broadcast(tensor(), 3, 4), 6, 2)


@cases.refuses("reshape before broadcast")
def the_axes_are_mixed() -> Any:
    return reshape(broadcast(tensor(3, 1), 3, 4), 12)


@cases.shows("transpose before broadcast")
def _() -> Any:
    return apply(TRANSPOSE, broadcast(tensor(3, 1), 2, 3, 4), axes=(2, 0, 1))


@cases.refuses("transpose before broadcast")
def nothing_is_repeated() -> Any:
    return apply(TRANSPOSE, tensor(3, 4), axes=(1, 0))


@cases.shows("slice before broadcast")
def _() -> Any:
    x = broadcast(tensor(5, 1), 2, 5, 6)
    return apply(SLICE, x, starts=(0, 4, 1), sizes=(1, 2, 2), steps=(1, -2, 3))


@cases.refuses("slice before broadcast")
def there_is_no_broadcast() -> Any:
    return apply(SLICE, tensor(5), starts=(1,), sizes=(2,), steps=(1,))


@cases.shows("elementwise before movement")
def _() -> Any:
    return call("exp", reshape(tensor(3, 4), 12))


@cases.shows("elementwise before movement", "two transposes and a number")
def _() -> Any:
    x, y = (apply(TRANSPOSE, tensor(3, 4, name=n), axes=(1, 0)) for n in "xy")
    return call("where", call("less", x, broadcast(cn.asarray(0.0), 4, 3)), x, y)


@cases.refuses("elementwise before movement")
def the_operands_move_differently() -> Any:
    x, y = tensor(4, 3, name="x"), tensor(3, 4, name="y")
    return call(
        "add", reshape(x, 3, 4), apply(TRANSPOSE, apply(TRANSPOSE, y, axes=(1, 0)), axes=(1, 0))
    )


@cases.refuses("elementwise before movement")
def one_operand_stays() -> Any:
    return call("add", reshape(tensor(12, name="x"), 3, 4), tensor(3, 4, name="y"))


def test_numbers_meet_through_any_shapes() -> None:
    from cairnet.compiler.rewrite import rewrite

    x = broadcast(cn.asarray(2.0), 1, 4)
    y = call(
        "add", broadcast(x, 3, 4), broadcast(reshape(broadcast(cn.asarray(3.0), 4), 1, 4), 3, 4)
    )
    (after,) = rewrite([y])
    assert after.primitive is BROADCAST
    assert after.inputs[0].parameters["value"].array == np.float32(5.0)


@pytest.mark.parametrize("case", cases.shown, ids=str)
def test_the_rule_applies_and_keeps_what_it_promises(case: Case) -> None:
    case.check()


@pytest.mark.parametrize("case", cases.refused, ids=str)
def test_the_rule_refuses(case: Case) -> None:
    case.check_refusal()


def test_the_graphs_before_and_after() -> None:
    cases.check_golden()
