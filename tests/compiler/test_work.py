"""What nests are said to compute and to touch, against counts that are worked out otherwise."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.compiler.passes import Graph, graph, lowered

import cairnet as cn
from cairnet.compiler.pipeline import LoopStep
from cairnet.compiler.work import Work, work_of
from cairnet.tensor.extent import Extent


def tensor(*shape: int | None, name: str = "x", dtype: Any = cn.float32) -> cn.Tensor:
    return cn.input(shape, dtype, name)


def works(made: Graph, bindings: Mapping[Extent, int] | None = None) -> list[Work]:
    """The work of every nest outside of loops."""
    plan = lowered(made)
    nests = [step.nest for step in plan.steps if not isinstance(step, LoopStep)]
    return [work_of(nest, bindings or {}, plan.memory) for nest in nests]


def test_a_product_needs_two_operations_for_each_pair_and_touches_every_element_once() -> None:
    x, w = tensor(5, 7), tensor(7, 3, name="w")
    assert works(graph([x, w], x @ w)) == [Work(2 * 5 * 7 * 3, 4 * (5 * 7 + 7 * 3 + 5 * 3), 4)]


def test_what_is_fused_to_a_product_counts_once_for_each_result() -> None:
    x, w, b = tensor(5, 7), tensor(7, 3, name="w"), tensor(3, name="b")
    (work,) = works(graph([x, w, b], cn.relu(x @ w + b)))
    assert work.operations == 2 * 5 * 7 * 3 + 2 * 5 * 3
    assert work.bytes == 4 * (5 * 7 + 7 * 3 + 3 + 5 * 3)


def test_unknown_extents_are_those_of_the_call() -> None:
    x, w = tensor(None, 7), tensor(7, 3, name="w")
    rows = x.extents[0]
    assert isinstance(rows, Extent)
    assert works(graph([x, w], x @ w), {rows: 11})[0].operations == 2 * 11 * 7 * 3


@pytest.mark.parametrize(("size", "kernel"), [(7, 3), (6, 5), (4, 1)])
def test_taps_that_meet_nothing_do_not_count(size: int, kernel: int) -> None:
    x, w = tensor(2, size, size, 3), tensor(kernel, kernel, 3, 4, name="w")
    y = cn.conv2d(x, w)
    terms = (size - kernel + 1) ** 2 * kernel**2 * 2 * 3 * 4
    assert works(graph([x, w], y))[0].operations == 2 * terms
    g = tensor(*y.shape, name="g")
    # Every product of the forward pass has one in the gradient; more taps are walked over there.
    slope = cn.grad(cn.sum(y * g), [x])[0]
    assert works(graph([x, w, g], slope))[-1].operations == 2 * terms


def test_a_value_that_depends_on_fewer_axes_is_computed_less_often() -> None:
    x, row = tensor(6, 5), tensor(5, name="row")
    (work,) = works(graph([x, row], x * (row + 1)))
    assert work.operations == 6 * 5 + 5


def test_integers_are_no_floating_point_operations() -> None:
    x = tensor(6, dtype=cn.int32)
    assert works(graph([x], x * x + x)) == [Work(0, 2 * 4 * 6, 4)]


def test_the_widest_number_is_told() -> None:
    x = tensor(6, dtype=cn.float64)
    assert works(graph([x], x * x)) == [Work(6, 2 * 8 * 6, 8)]


def test_rows_that_are_picked_are_the_memory_that_is_touched() -> None:
    data, rows = tensor(1000, 8, name="data"), tensor(4, name="rows", dtype=cn.int64)
    work = works(graph([data, rows], cn.take(data, rows, axis=0)))[-1]
    assert work.bytes == 4 * 8 + 2 * 4 * 4 * 8


def test_windows_that_overlap_touch_no_more_than_there_is() -> None:
    x, w = tensor(1, 9, 1), tensor(3, 1, 1, name="w")
    (work,) = works(graph([x, w], cn.conv1d(x, w)))
    assert work.bytes == 4 * (9 + 3 + 7)


def test_a_call_counts_as_what_its_routine_takes() -> None:
    x = tensor(4, 6, 6, dtype=cn.float64)
    fill, call, *_ = works(graph([x], cn.linalg.cholesky(x)))
    assert call == Work(4 * 6**3 // 3, 8 * 2 * 4 * 6 * 6, 8)
    assert fill.bytes == 8 * 2 * 4 * 6 * 6
