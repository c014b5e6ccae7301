"""Updates in place, phases, lives, and the layout of the arena."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compiler.passes import Graph, Records, check_values, graph, lowered

import cairnet as cn
from cairnet.compiler.plan import ALIGNMENT, arena_layout
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import symbol

records = Records("arrange", before="split", after="arrange")


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


def variable(name: str, *shape: int) -> cn.Variable:
    size = int(np.prod(shape))
    return cn.Variable(np.linspace(1, 2, size, dtype=np.float32).reshape(shape), name=name)


@records.shows("an update that reads its variable only where it writes")
def _() -> Graph:
    x, w = tensor(4, 5), variable("w", 4, 5)
    return graph([x], cn.sum(x * w), {w: w * 0.5 + x})


@records.shows("an update waits for every other reader of the old value")
def _() -> Graph:
    x, w = tensor(3, 4), variable("w", 4, 4)
    return graph([x], [x @ w, cn.sum(w)], {w: w - 1.0})


@records.shows("two variables that change places")
def _() -> Graph:
    a, b = variable("a", 3), variable("b", 3)
    return graph([], [], {a: b, b: a})


@records.shows("a chain of variables, each taking the next one's old value")
def _() -> Graph:
    a, b, c = variable("a", 3), variable("b", 3), variable("c", 3)
    return graph([], [], {a: b, b: c, c: c + 1.0})


@records.shows("three variables that change places in a ring")
def _() -> Graph:
    a, b, c = variable("a", 3), variable("b", 3), variable("c", 3)
    return graph([], [], {a: b * 1.0, b: c * 1.0, c: a * 1.0})


@records.shows("an update that needs all of the old value is copied in at the end")
def _() -> Graph:
    w = variable("w", 4, 4)
    return graph([], [], {w: w @ w})


@records.shows("so is one that reads its variable backwards")
def _() -> Graph:
    w = variable("w", 6)
    return graph([], [], {w: cn.flip(w) + w})


@records.shows("an output that shows the old value comes before the update")
def _() -> Graph:
    w = variable("w", 4)
    return graph([], [w * 1.0, w * 2.0], {w: cn.exp(w)})


@records.shows("two variables updated from one product")
def _() -> Graph:
    x, g = tensor(8, 4), tensor(8, 3, name="g")
    w, momentum = variable("w", 4, 3), variable("momentum", 4, 3)
    new = momentum * 0.9 + cn.matrix_transpose(x) @ g
    return graph([x, g], [], {momentum: new, w: w - new})


def test_the_loops_of_every_record() -> None:
    records.check_golden()


@pytest.mark.parametrize("title", list(records.shown))
def test_the_values_of_every_record(title: str) -> None:
    check_values(records.shown[title]())


def in_place(made: Graph) -> set[str]:
    """The names of the variables that are written straight into."""
    return {old.name for old in lowered(made).in_place.values()}


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("an update that reads its variable only where it writes", {"w"}),
        ("an update waits for every other reader of the old value", {"w"}),
        ("two variables updated from one product", {"w", "momentum"}),
        ("a chain of variables, each taking the next one's old value", {"a", "b", "c"}),
        ("an update that needs all of the old value is copied in at the end", set()),
        ("so is one that reads its variable backwards", set()),
    ],
)
def test_which_updates_are_in_place(title: str, names: set[str]) -> None:
    assert in_place(records.shown[title]()) == names


def test_of_a_ring_all_but_one_can_be_in_place() -> None:
    assert len(in_place(records.shown["two variables that change places"]())) == 1
    made = records.shown["three variables that change places in a ring"]()
    assert 1 <= len(in_place(made)) <= 2


def test_all_updates_read_old_values_step_after_step() -> None:
    a, b = cn.Variable([1.0, 2.0], name="a"), cn.Variable([3.0, 4.0], name="b")
    f = cn.function([], [a, b], {a: b, b: a + b})
    f.steps(3)
    # (1, 3) -> (3, 4) -> (4, 7) -> (7, 11)
    np.testing.assert_array_equal(a.numpy(), [7, 10])
    np.testing.assert_array_equal(b.numpy(), [11, 16])


# -- phases ---------------------------------------------------------------------------------------


def test_threads_meet_only_where_memory_is_handed_on() -> None:
    x, w, v = tensor(256, 256), tensor(256, 256, name="w"), tensor(256, 256, name="v")
    first, second = x @ w, x @ v
    steps = lowered(graph([x, w, v], [first, second, first @ second])).steps
    assert [step.phase for step in steps] == [0, 0, 1]
    assert not any(step.serial for step in steps)


def test_small_nests_are_done_by_one_thread_without_a_meeting() -> None:
    x = tensor(8)
    steps = lowered(graph([x], cn.sum(cn.exp(x - cn.max(x))))).steps
    assert len(steps) > 1
    assert {step.phase for step in steps} == {0}
    assert all(step.serial for step in steps)


# -- the arena ------------------------------------------------------------------------------------


def lives() -> Any:
    one = st.tuples(st.integers(0, 5000), st.integers(0, 12), st.integers(0, 12))
    return st.lists(one.map(lambda life: (life[0], min(life[1:]), max(life[1:]))), max_size=25)


@given(lives())
def test_buffers_that_live_together_never_overlap(buffers: list[tuple[int, int, int]]) -> None:
    offsets, total = arena_layout(buffers, {})
    assert len(offsets) == len(buffers)
    for number, (size, first, last) in enumerate(buffers):
        assert offsets[number] % ALIGNMENT == 0
        assert 0 <= offsets[number] <= offsets[number] + size <= total
        for other, (other_size, other_first, other_last) in enumerate(buffers[:number]):
            together = first <= other_last and other_first <= last
            apart = (
                offsets[number] + max(size, 1) <= offsets[other]
                or offsets[other] + max(other_size, 1) <= offsets[number]
            )
            assert apart or not together
    rounded = [max(1, -(-size // ALIGNMENT)) * ALIGNMENT for size, _, _ in buffers]
    assert total <= sum(rounded)
    busiest = max(
        (
            sum(
                r
                for r, (_, first, last) in zip(rounded, buffers, strict=True)
                if first <= t <= last
            )
            for t in range(13)
        ),
        default=0,
    )
    assert total >= busiest


def test_memory_is_used_again() -> None:
    offsets, total = arena_layout([(1000, 0, 1), (1000, 2, 3), (1000, 4, 5)], {})
    assert offsets == [0, 0, 0]
    assert total == 1024


def test_the_arena_of_unknown_sizes_is_laid_out_when_they_are_known() -> None:
    n = symbol("n")
    sizes = [(n * 4, 0, 1), (n * 8, 1, 2)]
    assert arena_layout(sizes, {n: 100})[1] == 512 + 896
    assert arena_layout(sizes, {n: 0})[1] == 2 * ALIGNMENT


def test_a_deep_network_needs_no_more_memory_than_two_of_its_layers() -> None:
    x = tensor(64, 64)
    w = tensor(64, 64, name="w")
    y = x
    for _ in range(10):
        y = cn.tanh(y @ w)
    layer = 64 * 64 * 4
    plan = lowered(graph([x, w], y))
    sizes = [(life.size, life.first, life.last) for life in plan.lives]
    assert len(sizes) == 9
    assert arena_layout(sizes, {})[1] == 2 * layer


def arena_of(made: Graph) -> int:
    sizes = [(life.size, life.first, life.last) for life in lowered(made).lives]
    return arena_layout(sizes, {})[1]


def test_updates_let_go_of_what_only_they_need() -> None:
    x = y = tensor(512, 512)
    weights = [variable(f"w{number}", 512, 512) for number in range(10)]
    for w in weights:
        y = cn.tanh(y @ w)
    slopes = cn.grad(cn.sum(y), weights)
    updates = {w: w - 0.1 * slope for w, slope in zip(weights, slopes, strict=True)}
    # The results of all layers; of their gradients, and of copies of either, a few at a time.
    assert arena_of(graph([x], [], updates)) < 16.5 * 512 * 512 * 4


def test_borders_are_filled_when_they_are_wanted() -> None:
    x = y = tensor(1, 72, 64, 16)
    w = tensor(3, 3, 16, 16, name="w")
    updates = {}
    for number in range(4):
        centre = cn.mean(y, axis=(0, 1, 2))
        updates[variable(f"centre{number}", 16)] = centre
        y = cn.conv2d(cn.tanh(y - centre), w, padding="same")
    assert arena_of(graph([x, w], cn.sum(y), updates)) < 3 * 72 * 64 * 16 * 4
