"""Scans become loops whose bodies are planned like programs of their own."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.compiler.passes import (
    TARGET,
    Graph,
    Records,
    check_values,
    feeds_for,
    graph,
    lowered,
)
from tests.graphs import assert_close

import cairnet as cn
from cairnet.base.configuration import configure
from cairnet.compiler.loops import Buffer, Loop
from cairnet.compiler.pipeline import LoopStep, Step, lower
from cairnet.compiler.scans import join_scans
from cairnet.tensor.core import Tensor, topological_order

records = Records("scans", before=None, after="arrange")


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


@records.shows("a running state that is also an output")
def _() -> Graph:
    x = tensor(5, 3)
    outputs, last = cn.scan(lambda item, state: (state + item, state + item), x, cn.zeros((3,)))
    return graph([x], [outputs, last])


@records.shows("a recurrent layer: the weights are read by every turn")
def _() -> Graph:
    x, h = tensor(None, 4, 3), tensor(4, 5, name="h")
    w, u = tensor(3, 5, name="w"), tensor(5, 5, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item @ w + state @ u)
        return new, new

    return graph([x, h, w, u], list(cn.scan(step, x, h)))


@records.shows("from the last element to the first")
def _() -> Graph:
    x = tensor(5, 3)
    return graph(
        [x], cn.scan(lambda item, s: (s * item, s * item), x, cn.ones((3,)), reverse=True)[0]
    )


@records.shows("states that change places")
def _() -> Graph:
    x = tensor(4)

    def step(item: Tensor, state: Any) -> Any:
        return state[0], (state[1], state[0] + item)

    outputs, _ = cn.scan(step, x, (cn.asarray(0.0), cn.asarray(1.0)))
    return graph([x], outputs)


@records.shows("back through time: the product comes first")
def _() -> Graph:
    x, u = tensor(7, 2, 3), tensor(3, 3, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item + state @ u)
        return new, new

    outputs, _ = cn.scan(step, x, cn.zeros((2, 3)))
    return graph([x, u], list(cn.grad(cn.sum(cn.sin(outputs)), [x, u])))


@records.shows("a loop within a loop")
def _() -> Graph:
    x = tensor(3, 4)

    def outer(row: Tensor, total: Tensor) -> tuple[None, Tensor]:
        _, inner = cn.scan(lambda item, s: (None, s * 0.5 + item), row, total)
        return None, inner

    return graph([x], cn.scan(outer, x, cn.asarray(0.0))[1])


def test_the_loops_of_every_record() -> None:
    records.check_golden()


@pytest.mark.parametrize("title", list(records.shown))
def test_the_values_of_every_record(title: str) -> None:
    check_values(records.shown[title]())


def loops(made: Graph) -> list[Loop]:
    return [step.nest for step in lowered(made).steps if isinstance(step, LoopStep)]


def recurrent(turns: int | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A cost with its input, initial state and weights."""
    x, h, u = tensor(turns, 2, 3), tensor(2, 3, name="h"), tensor(3, 3, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item + state @ u)
        return new, new

    outputs, last = cn.scan(step, x, h)
    return cn.sum(cn.sin(outputs)) + cn.sum(last), x, h, u


def test_forward_and_backward_are_a_loop_each() -> None:
    cost, x, h, u = recurrent(7)
    found = loops(graph([x, h, u], [cost, *cn.grad(cost, [x, h, u])]))
    assert [loop.reverse for loop in found] == [False, True]
    assert [loop.length for loop in found] == [7, 7]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_turn_back_through_time_is_one_nest(rows: int) -> None:
    cost, x, u = wide_recurrent(rows)
    backward = lowered(graph([x, u], cn.grad(cost, [x, u]))).steps
    (loop,) = (step for step in backward if isinstance(step, LoopStep) and step.nest.reverse)
    (step,) = (step for step in loop.body if isinstance(step, Step) and not step.serial)
    assert step.nest.folds
    assert {store.buffer.kind for store in step.nest.stores} == {"moving"}


def test_a_state_whose_gradient_is_wanted_keeps_the_product_at_the_end() -> None:
    cost, x, h, u = recurrent(7)
    (loop,) = (it for it in loops(graph([x, h, u], cn.grad(cost, [x, h, u]))) if it.reverse)
    assert not loop.following


def wide_recurrent(rows: int) -> tuple[Tensor, Tensor, Tensor]:
    """A cost with its input and weights; threads share what a turn does."""
    x, u = tensor(7, rows, 128), tensor(128, 128, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item + 0.1 * (state @ u))
        return new, new

    outputs, _ = cn.scan(step, x, cn.zeros((rows, 128)))
    return cn.sum(cn.sin(outputs)), x, u


def test_what_every_turn_reads_is_walked_to_and_fro() -> None:
    cost, x, u = wide_recurrent(1)
    made = graph([x, u], [cost, *cn.grad(cost, [x, u])])
    bodies = [step.body for step in lowered(made).steps if isinstance(step, LoopStep)]
    walked = [step.schedule.returning for body in bodies for step in body if step.nest.folds]
    assert len(walked) > 1
    assert any(walked)
    check_values(made)


def test_walks_to_and_fro_give_the_same_bits_on_any_number_of_threads() -> None:
    cost, x, u = wide_recurrent(1)
    made = graph([x, u], [cost, *cn.grad(cost, [x, u])])
    arrays, f = feeds_for(made), cn.function(made.inputs, list(made.outputs))
    before, found = configure(), []
    try:
        for threads in (1, 2, 3):
            cn.set_threads(threads)
            found.append(b"".join(result.tobytes() for result in f(*arrays)))
    finally:
        configure(threads=before.threads)
    assert found == 3 * found[:1]


def test_what_no_turn_changes_is_copied_into_panels_before_the_loop() -> None:
    x, u = tensor(40, 64, 512), tensor(512, 512, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item + state @ u)
        return new, new

    outputs, _ = cn.scan(step, x, cn.zeros((64, 512)))
    steps = lowered(graph([x, u], outputs)).steps
    (loop,) = (step for step in steps if isinstance(step, LoopStep))
    copies = [step for step in steps[: steps.index(loop)] if panels_of(step)]
    assert len(copies) == 1
    assert not any(panels_of(step) for step in loop.body)
    assert panels_of(copies[0]) <= set(loop.nest.reads())


def panels_of(step: Step | LoopStep) -> set[Buffer]:
    """The panels that a step fills."""
    return {buffer for buffer in step.nest.written() if buffer.name.endswith("_panels")}


def layers(count: int) -> Graph:
    """Recurrent layers on top of each other, with outputs and gradients of all of them."""
    x, h, u = tensor(7, 2, 3), tensor(2, 3, name="h"), tensor(3, 3, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item + state @ u)
        return new * 1.5, new

    outputs, y = [], x
    for _ in range(count):
        y, last = cn.scan(step, y, h)
        outputs += [y, last]
    cost = cn.sum(cn.sin(y)) + cn.sum(outputs[0] * y)
    return graph([x, h, u], [cost, *outputs, *cn.grad(cost, [x, h, u])])


def test_a_smaller_scan_is_read_off_the_larger_one_that_repeats_it() -> None:
    made = layers(1)
    before = {item.parameters["body"] for item in scans(made.outputs)}
    joined = scans(join_scans(made.outputs))
    after = {item.parameters["body"] for item in joined}
    assert (len(before), len(after)) == (3, 2)
    assert len({(t.parameters["body"], t.parameters["output"]) for t in joined}) == len(joined)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_layer_is_two_loops_however_many_there_are(count: int) -> None:
    made = layers(count)
    assert len(loops(made)) == 2 * count
    check_values(made)


def scans(outputs: Sequence[Tensor]) -> list[Tensor]:
    return [item for item in topological_order(outputs) if item.primitive.name == "scan"]


def test_an_output_that_two_bodies_of_one_loop_give_is_one_node() -> None:
    """The step's output is the new state itself, which the gradient asks for as well."""
    cost, x, h, u = recurrent(7)
    check_values(graph([x, h, u], [cost, *cn.grad(cost, [x, h, u])]))


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
def test_a_scan_gives_what_the_unrolled_graph_gives(turns: int) -> None:
    cost, x, h, u = recurrent(None)
    whole = cn.function([x, h, u], [cost, *cn.grad(cost, [x, h, u])], backend="native")
    xs, state, outputs = tensor(turns, 2, 3), h, []
    for number in range(turns):
        state = cn.tanh(xs[number] + state @ u)
        outputs.append(state)
    other = cn.sum(state)
    if outputs:
        other = cn.sum(cn.sin(cn.stack(outputs))) + other
    slopes = cn.grad(other, [xs, h, u], disconnected="zero")
    unrolled = cn.function([xs, h, u], [other, *slopes], backend="native")
    random = np.random.default_rng(5)
    arrays = [random.normal(size=s).astype(np.float32) for s in [(turns, 2, 3), (2, 3), (3, 3)]]
    for actual, expected in zip(whole(*arrays), unrolled(*arrays), strict=True):
        assert_close(actual, expected)


def test_a_scan_of_any_length_is_one_program() -> None:
    cost, x, h, u = recurrent(None)
    f = cn.function([x, h, u], cost, backend="native")
    g = cn.function([x, h, u], cost, backend="reference")
    random = np.random.default_rng(5)
    h0, u0 = (random.normal(size=s).astype(np.float32) for s in [(2, 3), (3, 3)])
    for turns in (4, 9, 0, 1, 30):
        xs = random.normal(size=(turns, 2, 3)).astype(np.float32)
        assert_close(f(xs, h0, u0), g(xs, h0, u0))
    assert f.compilations == 2


def test_every_turn_begins_with_a_phase_of_its_own() -> None:
    cost, x, h, u = recurrent(7)
    plan = lowered(graph([x, h, u], [cost, *cn.grad(cost, [x, h, u])]))
    last = -1
    for step in plan.steps:
        assert step.phase >= last
        if isinstance(step, LoopStep):
            assert step.phase > last
            inner = [item.phase for item in step.body if isinstance(item, Step)]
            assert inner == sorted(inner)
            assert inner[0] >= step.phase
            last = inner[-1] + 1
        else:
            last = step.phase


def test_the_cost_of_a_loop_is_that_of_its_turns() -> None:
    def cycles(turns: int) -> float:
        cost, x, h, u = recurrent(turns)
        (step,) = [s for s in lower([x, h, u], [cost], [], TARGET).steps if isinstance(s, LoopStep)]
        return step.cycles

    assert cycles(20) == 2 * cycles(10)


def trained(turns: int) -> tuple[cn.Function, np.ndarray]:
    """A step of training of a recurrent layer over sequences of a length."""
    cn.seed(0)
    x, layer = tensor(8, turns, 5), cn.layers.LSTM(16)
    cost = cn.sum(layer(x) ** 2)
    weights = layer.trainable_variables
    updates = cn.optimizers.SGD(0.1).updates(weights, cn.grad(cost, weights))
    return cn.function([x], cost, updates=updates), np.ones((8, turns, 5), np.float32)


def test_what_is_compiled_does_not_grow_with_the_length() -> None:
    short, long = (cn.explain(f, "llvm", x) for f, x in map(trained, (10, 1000)))
    assert len(long) <= 1.2 * len(short)
    kernels = [cn.explain(f, "loops", x).count("kernel ") for f, x in map(trained, (10, 1000))]
    # Longer sums may be cut into chunks, which are added up by kernels of their own.
    assert kernels[0] <= kernels[1] <= kernels[0] + 3


@pytest.mark.slow
def test_compiling_takes_no_longer_for_a_long_sequence() -> None:
    seconds: dict[int, list[float]] = {10: [], 1000: []}
    for extra in range(5):  # other lengths each time, which no cache knows
        for turns, found in seconds.items():
            f, x = trained(turns + extra)
            start = time.perf_counter()
            f.program(x)
            found.append(time.perf_counter() - start)
    assert min(seconds[1000]) <= 1.2 * min(seconds[10])


def test_a_sequence_in_chunks_is_read_where_it_lies() -> None:
    x, w = tensor(12, 4, 3), tensor(3, 3, name="w")

    def step(item: Tensor, state: Tensor) -> tuple[None, Tensor]:
        return None, cn.tanh(item + state @ w)

    made = graph([x, w], [cn.scan(step, x, cn.zeros((4, 3)), checkpoint_every=5)[1]])
    plan = lowered(made)
    copied = [life for life in plan.lives if life.buffer.extents == (10, 4, 3)]
    assert not copied
    assert not [life for life in plan.lives if life.buffer.extents == (2, 5, 4, 3)]
    check_values(made)


def embedded(axis: int) -> Graph:
    """A recurrent layer over one-hot vectors, with the gradients of its kernels."""
    labels, w = tensor(5, 8, name="labels", dtype=cn.int64), tensor(7, 3, name="w")
    u = tensor(3, 3, name="u")
    hot = cn.moveaxis(cn.one_hot(labels, 7, axis=axis), axis, -1)

    def step(item: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        new = cn.tanh(item @ w + state @ u)
        return new, new

    outputs, last = cn.scan(step, hot, cn.zeros((8, 3)))
    cost = cn.sum(outputs * outputs) + cn.sum(last)
    return graph([labels, w, u], [outputs, *cn.grad(cost, [w, u])])


@pytest.mark.parametrize("axis", [-1, 1])
def test_one_hot_items_are_read_by_their_labels(axis: int) -> None:
    made = embedded(axis)
    plan = lowered(made)
    assert not [life for life in plan.lives if life.buffer.size in (5 * 8 * 7, 8 * 7)]
    names = [
        tensor.primitive.name
        for loop in loops(made)
        for nest in loop.body
        for tensor in nest.tensors
    ]
    assert "scatter_add" in names
    random = np.random.default_rng(3)
    labels = random.integers(-1, 8, size=(5, 8))  # some of no vector
    arrays = [labels, *(random.normal(size=s).astype(np.float32) for s in [(7, 3), (3, 3)])]
    native, reference = (
        cn.function(made.inputs, made.outputs, backend=name)(*arrays)
        for name in ("native", "reference")
    )
    for actual, expected in zip(native, reference, strict=True):
        assert_close(actual, expected)


def test_one_hot_vectors_along_the_steps_are_walked_as_they_are() -> None:
    labels = tensor(4, name="labels", dtype=cn.int64)
    hot = cn.one_hot(labels, 6, axis=0)
    made = graph([labels], [cn.scan(lambda item, s: (None, s * 0.5 + item), hot, cn.zeros(4))[1]])
    f, g = (cn.function(made.inputs, made.outputs, backend=b) for b in ("native", "reference"))
    array = np.array([3, 0, 5, 9])
    assert_close(f(array)[0], g(array)[0])


def dots(made: Graph) -> list[Tensor]:
    """The products in the loops that a graph is lowered to."""
    found = {
        tensor: None
        for loop in loops(made)
        for nest in loop.body
        for tensor in nest.tensors
        if tensor.primitive.name == "dot"
    }
    return list(found)


def test_a_matrix_that_is_read_across_is_turned_before_the_loop() -> None:
    """The cotangent of a state is a product with the transpose of the recurrent kernel."""
    x, u, v = tensor(5, 8, 3), tensor(3, 3, name="u"), tensor(3, 3, name="v")

    def step(item: Tensor, state: Any) -> Any:
        lower = cn.tanh(item + state[0] @ u)
        upper = cn.tanh(lower @ v + state[1] @ u)
        return None, (lower, upper)

    start = (cn.zeros((8, 3)), cn.zeros((8, 3)))
    _, last = cn.scan(step, x, start)
    made = graph([x, u, v], [*last, *cn.grad(cn.sum(last[0] * last[1]), [x, u, v])])
    found = dots(made)
    assert len(found) > 6
    # None runs across the rows of its second factor.
    assert all(tensor.parameters["contract"][1] == (0,) for tensor in found)
    check_values(made)


def test_a_matrix_that_is_read_for_one_row_stays_as_it_is() -> None:
    x, u = tensor(5, 1, 3), tensor(3, 3, name="u")

    def step(item: Tensor, state: Tensor) -> tuple[None, Tensor]:
        return None, cn.tanh(item + state @ u)

    _, last = cn.scan(step, x, cn.zeros((1, 3)))
    made = graph([x, u], [last, *cn.grad(cn.sum(last * last), [x, u])])
    assert any(tensor.parameters["contract"][1] == (1,) for tensor in dots(made))
    check_values(made)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_state_that_is_an_output_is_carried_from_call_to_call(reverse: bool) -> None:
    random = np.random.default_rng(0)
    values = {length: random.standard_normal((length, 3)) for length in (4, 1, 0, 6)}
    found = []
    for backend in ("native", "reference"):
        state = cn.Variable(np.arange(3.0), name="state")
        x = cn.input((None, 3), "float64")

        def step(item: cn.Tensor, h: cn.Tensor) -> tuple[cn.Tensor, cn.Tensor]:
            new = cn.tanh(h * 0.5 + item)
            return new, new

        outputs, last = cn.scan(step, x, state, reverse=reverse)
        run = cn.function([x], [outputs, last], {state: last}, backend=backend)
        for length, array in values.items():
            found.append((backend, length, *run(array), state.numpy()))
    half = len(found) // 2
    for native, reference in zip(found[:half], found[half:], strict=True):
        for one, other in zip(native[2:], reference[2:], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
