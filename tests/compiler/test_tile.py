"""How nests are walked: whatever the cost model prefers, the walk is complete and fits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.passes import Graph, graph

import cairnet as cn
from cairnet.compiler.loops import Nest
from cairnet.compiler.pipeline import LoopStep, Lowered, lower
from cairnet.compiler.schedule import Schedule, Target
from cairnet.compiler.shape import hint
from cairnet.tensor.core import Tensor

TARGETS = [Target(16, 16), Target(16, 32), Target(32, 16), Target(64, 32)]


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


def schedules(made: Graph, target: Target) -> list[tuple[Nest, Schedule]]:
    """Every nest with its schedule."""
    plan: Lowered = lower(made.inputs, made.outputs, list(made.updates.items()), target)
    return [(s.nest, s.schedule) for s in plan.steps if not isinstance(s, LoopStep)]


def check(nest: Nest, schedule: Schedule, target: Target) -> None:
    """Every point is visited once, and what is held fits into the registers."""
    assert sorted(schedule.order, key=id) == sorted(nest.axes, key=id)
    assert sorted((*schedule.reduce, *schedule.unrolled), key=id) == sorted(nest.reduce, key=id)
    assert set(schedule.tile) <= set(nest.axes) - {schedule.vector}
    assert all(1 <= count <= hint(axis.extent) for axis, count in schedule.tile.items())
    held = schedule.vectors * math.prod(schedule.tile.values())
    assert held * max(len(nest.folds), 1) < target.registers
    assert all(isinstance(axis.extent, int) for axis in schedule.unrolled)
    assert 0 < schedule.cycles < math.inf
    if schedule.vector is None:
        assert schedule.lanes == 1
    else:
        assert schedule.vector in (*nest.axes, *nest.reduce)
        assert 1 <= schedule.lanes <= target.vector_bytes
        # The vector axis is the innermost loop, so that neighbours in memory are met together.
        assert schedule.vector is (*schedule.reduce, *schedule.order)[-1] or (
            schedule.reduce and schedule.vector is schedule.reduce[-1]
        )


def network() -> Graph:
    x, labels = tensor(None, 12, 12, 1), tensor(None, name="labels", dtype=cn.int64)
    kernel = cn.Variable(cn.zeros((3, 3, 1, 8)), name="kernel")
    weights = cn.Variable(cn.zeros((200, 10)), name="weights")
    hidden = cn.max_pool(cn.relu(cn.conv2d(x, kernel)), 2)
    scores = cn.log_softmax(cn.reshape(hidden, (-1, 200)) @ weights)
    cost = -cn.mean(cn.sum(scores * cn.one_hot(labels, 10), axis=1))
    slopes = cn.grad(cost, [kernel, weights])
    updates = {kernel: kernel - 0.1 * slopes[0], weights: weights - 0.1 * slopes[1]}
    return graph(
        [x, labels], [cost, cn.argsort(scores, axis=1), cn.cumulative_sum(x, axis=1)], updates
    )


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_nest_of_a_network_is_walked_whole(target: Target) -> None:
    found = schedules(network(), target)
    assert {nest.kind for nest, _ in found} >= {"map", "sort", "running"}
    for nest, schedule in found:
        check(nest, schedule, target)


@settings(max_examples=30)
@given(
    st.sampled_from(TARGETS),
    st.tuples(*[st.sampled_from([1, 2, 3, 5, 8, 13, 31, 64, 100, 257])] * 3),
    st.sampled_from(["float32", "float64"]),
    st.booleans(),
)
def test_products_of_all_sizes(
    target: Target, sizes: tuple[int, int, int], dtype: str, turned: bool
) -> None:
    rows, inner, columns = sizes
    x = tensor(rows, inner, dtype=dtype)
    w = tensor(*((columns, inner) if turned else (inner, columns)), name="w", dtype=dtype)
    made = graph([x, w], x @ (cn.matrix_transpose(w) if turned else w))
    for nest, schedule in schedules(made, target):
        check(nest, schedule, target)


def only(made: Graph, target: Target = TARGETS[-1]) -> tuple[Nest, Schedule]:
    (found,) = schedules(made, target)
    return found


def test_lanes_are_as_many_as_the_vector_holds() -> None:
    for dtype, lanes in [(cn.float32, 16), (cn.float64, 8)]:
        x = tensor(100, dtype=dtype)
        assert only(graph([x], cn.exp(x)))[1].lanes == lanes
    x = tensor(100)
    assert only(graph([x], cn.exp(x)), Target(16, 16))[1].lanes == 4


def test_memory_is_walked_along_its_rows() -> None:
    x, row = tensor(50, 64), tensor(64, name="row")
    nest, schedule = only(graph([x, row], x * row))
    assert schedule.vector is nest.axes[1]


def test_a_sum_along_the_rows_keeps_a_partial_sum_in_every_lane() -> None:
    x = tensor(5, 1000)
    nest, schedule = only(graph([x], cn.sum(x, axis=1)))
    assert schedule.vector is nest.reduce[0]


def test_a_large_product_keeps_a_tile_in_registers() -> None:
    x, w = tensor(256, 256), tensor(256, 256, name="w")
    nest, schedule = only(graph([x, w], x @ w))
    assert schedule.vector is nest.axes[1]
    held = schedule.vectors * math.prod(schedule.tile.values())
    assert 12 <= held <= 28  # what measurements ask for
    assert schedule.cycles < 2 * 256**3 / 16 / 2 * 1.5  # within 1.5 of the machine's peak


def test_a_matrix_that_is_read_once_is_read_in_long_runs() -> None:
    x, w = tensor(1, 256), tensor(256, 1024, name="w")
    nest, schedule = only(graph([x, w], x @ w))
    assert schedule.vector is nest.axes[-1]
    assert schedule.vectors == 16  # a kilobyte of each row at a time


def test_rows_are_added_several_vectors_at_a_time() -> None:
    rows, index = tensor(64, 128), tensor(64, name="index", dtype=cn.int64)
    table = cn.Variable(cn.zeros((9, 128)), name="table")
    slope = cn.grad(cn.sum(cn.take(table, index, axis=0) * rows), table)
    found = schedules(graph([rows, index], slope), TARGETS[-1])
    (schedule,) = (schedule for nest, schedule in found if nest.kind == "scatter")
    assert schedule.lanes == 16
    assert schedule.vectors > 1


def test_overlapping_windows_are_written_out() -> None:
    x, w = tensor(8, 14, 14, 6), tensor(5, 5, 6, 16, name="w")
    _, schedule = only(graph([x, w], cn.conv2d(x, w)))
    assert schedule.unrolled or math.prod(schedule.tile.values()) > 4


def test_a_scalar_is_computed_by_itself() -> None:
    x = tensor()
    _, schedule = only(graph([x], cn.exp(x)))
    assert schedule == Schedule(1, None, cycles=schedule.cycles)


def test_a_schedule_says_what_it_does() -> None:
    x, w = tensor(256, 256), tensor(256, 256, name="w")
    nest, _ = only(graph([x, w], x @ w))
    (i, j), (k,) = nest.axes, nest.reduce
    assert Schedule(1, None).describe() == "one element at a time"
    assert Schedule(16, j).describe() == "16 lanes along i1"
    text = Schedule(16, j, 2, {i: 6}, unrolled=(k,)).describe({i: "row", j: "column", k: "term"})
    assert text == (
        "16 lanes along column, 2 vectors side by side; 6 of row in registers; term written out"
    )


def test_numbers_of_the_whole_nest_do_not_narrow_the_vectors() -> None:
    rate = cn.Variable(0.5, "float64", name="rate")
    weights = cn.Variable(cn.zeros((64, 64)), name="weights")
    step = cn.astype(rate, "float32") * tensor(64, 64)
    ((_, schedule),) = schedules(graph([], [], {weights: weights - step}), Target(64, 32))
    assert schedule.lanes == 16
    wide = cn.Variable(cn.zeros((64, 64), dtype="float64"), name="wide")
    ((_, schedule),) = schedules(
        graph([], [], {wide: wide - cn.astype(step, "float64")}), Target(64, 32)
    )
    assert schedule.lanes == 8


def test_rows_that_few_vectors_fill_are_taken_several_at_a_time() -> None:
    x = tensor(24, 2, 56, 32)
    nest, schedule = only(graph([x], cn.permute_dims(x, (2, 1, 0, 3))))
    assert schedule.vector is nest.axes[-1]
    assert list(schedule.tile.values()) == [8]
    rows = np.arange(24 * 2 * 56 * 32, dtype=np.float32).reshape(24, 2, 56, 32)
    found = cn.function([x], cn.permute_dims(x, (2, 1, 0, 3)))(rows)
    np.testing.assert_array_equal(found, rows.transpose(2, 1, 0, 3))


def test_transposes_turn_squares() -> None:
    x = tensor(67, 50)
    nest, schedule = only(graph([x], cn.matrix_transpose(x)))
    assert schedule.vector is nest.axes[1]
    assert schedule.tile == {nest.axes[0]: 16}
    for dtype in (np.float32, np.float64, np.int8, np.bool_):
        rows = (np.arange(67 * 50).reshape(67, 50) % 7).astype(dtype)
        y = tensor(67, 50, dtype=np.dtype(dtype))
        found = cn.function([y], cn.matrix_transpose(y))(rows)
        np.testing.assert_array_equal(found, rows.T)


def test_all_taps_of_a_small_window_are_held_with_several_channels() -> None:
    x, w = tensor(128, 16, 16, 32), tensor(3, 3, 32, 8, name="w")
    slope = cn.grad(cn.sum(cn.conv2d(x, w) ** 2), w)
    (found,) = (
        (nest, schedule)
        for nest, schedule in schedules(graph([x, w], slope), Target(64, 32))
        if nest.tensors[0].primitive.name == "convolve_weight_gradient" and len(nest.reduce) > 1
    )
    nest, schedule = found
    check(nest, schedule, Target(64, 32))
    held = {axis.name: count for axis, count in schedule.tile.items()}
    assert (held["k0"], held["k1"]) == (3, 3)
    assert len(held) == 3


def test_results_are_walked_in_the_order_in_which_they_lie() -> None:
    # Channels lie outside of rows and columns, since the second convolution slides along those.
    x = tensor(64, 14, 14, 4)
    first, second = tensor(3, 3, 4, 8, name="first"), tensor(3, 3, 8, 4, name="second")
    made = graph([x, first, second], cn.conv2d(cn.relu(cn.conv2d(x, first)), second))
    nest, schedule = next(
        found
        for found in schedules(made, Target(64, 32))
        if found[0].stores[0].buffer.extents == (4, 8, 12, 12, 16)
    )
    place = nest.stores[0].offset
    strides = [hint(place.coefficient(axis)) for axis in schedule.order]
    assert strides == sorted(strides, reverse=True)
