"""What is fetched for the next step: rows that are known and that the caches will not hold."""

import numpy as np
import pytest
from tests.compiler.passes import Graph, graph

import cairnet as cn
from cairnet.compiler.pipeline import Lowered, lower
from cairnet.compiler.schedule import Target

#: A second-level cache of 64 KiB.
TARGET = Target(64, 32, l2_bytes=1 << 16)


def lowered(made: Graph) -> Lowered:
    return lower(made.inputs, made.outputs, list(made.updates.items()), TARGET)


def training(count: int, columns: int = 784, batch: int | None = 10) -> Graph:
    """A step that reads some rows of a data set."""
    data = cn.Variable(np.zeros((count, columns), np.float32), name="data")
    weights = cn.Variable(np.zeros((columns, 30), np.float32), name="weights")
    rows = cn.input((batch,), "int64", "rows")
    x = cn.take(data, rows, axis=0)
    cost = cn.sum((x @ weights - 1.0) ** 2)
    return graph([rows], [cost], {weights: weights - 0.1 * cn.grad(cost, [weights])[0]})


def test_every_line_of_the_rows_is_asked_for_once() -> None:
    (fetch,) = lowered(training(1000)).fetches
    group, row = fetch.nest.axes
    (line,) = fetch.nest.reduce
    assert (group.extent, row.extent, line.extent) == (7, 10, 7)  # 784 elements: 49 lines
    (load,) = fetch.nest.loads()[-1:]
    assert load.offset.coefficient(line) == 16
    assert load.offset.coefficient(group) == 7 * 16


def test_rows_that_end_within_a_line_may_begin_within_one_too() -> None:
    (fetch,) = lowered(training(10_000, columns=10)).fetches
    assert sorted(axis.extent for axis in (*fetch.nest.axes, *fetch.nest.reduce)) == [1, 2, 10]


@pytest.mark.parametrize(
    ("reason", "made"),
    [
        ("the caches hold the data", training(20)),
        ("they would not hold the rows of a step", training(1000, batch=20)),
    ],
)
def test_what_would_gain_nothing_is_not_asked_for(reason: str, made: Graph) -> None:
    assert lowered(made).fetches == (), reason


def test_memory_that_the_step_changes_is_not_asked_for() -> None:
    table = cn.Variable(np.zeros((1000, 784), np.float32), name="table")
    rows = cn.input((10,), "int64", "rows")
    cost = cn.sum(cn.take(table, rows, axis=0) ** 2)
    made = graph([rows], [cost], {table: table - cn.grad(cost, [table])[0]})
    assert lowered(made).fetches == ()


def test_rows_that_the_step_works_out_are_not_asked_for() -> None:
    table = cn.Variable(np.zeros((1000, 784), np.float32), name="table")
    scores = cn.input((10, 5), name="scores")
    made = graph([scores], [cn.sum(cn.take(table, cn.argmax(scores, axis=1), axis=0))], {})
    assert lowered(made).fetches == ()


def test_a_run_of_steps_fetches_and_computes_the_same() -> None:
    random = np.random.default_rng(0)
    values = random.random((2000, 784), np.float32)  # more than any second-level cache
    start = random.standard_normal((784, 30)).astype(np.float32) / 28
    order = random.integers(-2000, 2000, (5, 10))
    results = []
    for backend in ("native", "reference"):
        data, weights = cn.Variable(values), cn.Variable(start)
        rows = cn.input((None,), "int64")
        cost = cn.mean(cn.sigmoid(cn.take(data, rows, axis=0) @ weights))
        update = {weights: weights - cn.grad(cost, [weights])[0]}
        step = cn.function([rows], cost, update, backend=backend)
        results.append((step.steps(5, order), weights.numpy()))
    for native, reference in zip(*results, strict=True):
        np.testing.assert_allclose(native, reference, rtol=1e-5, atol=1e-7)
