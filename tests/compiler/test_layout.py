"""Batch lanes: which memory is laid out anew, how, and that nothing else changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.compiler.passes import TARGET, graph
from tests.compiler.passes import lowered as lowered_graph
from tests.graphs import RandomGraph, assert_close, graphs

import cairnet as cn
from cairnet.backends.native import cache
from cairnet.compiler.grouping import grouped_buffers
from cairnet.compiler.layout import _Choice, _Found, choose_layouts
from cairnet.compiler.loops import Nest
from cairnet.compiler.nest_listing import format_nests
from cairnet.compiler.pipeline import Lowered, Step, lower
from cairnet.compiler.verify import verify_nests
from cairnet.tensor.core import INPUT, Input, topological_order


def lowered(*outputs: cn.Tensor) -> Lowered:
    """The loops of some outputs, for a machine with 16 lanes."""
    inputs = [item for item in topological_order(outputs) if item.primitive is INPUT]
    return lowered_graph(graph(sorted(inputs, key=lambda item: item.ndim != 4), outputs))


def convolution(count: int, channels: int = 3) -> cn.Tensor:
    """Two convolutions with few channels, so that what lies between them has a layout."""
    x = cn.input((count, 12, 12, channels), name="x")
    first = cn.input((3, 3, channels, 6), name="first")
    second = cn.input((3, 3, 6, 4), name="second")
    return cn.conv2d(cn.relu(cn.conv2d(x, first)), second)


def layouts(program: Lowered) -> dict[str, tuple[object, ...]]:
    """The extents of the memory that the program has for itself."""
    return {life.buffer.name: life.buffer.extents for life in program.lives}


def test_few_channels_go_into_batch_lanes() -> None:
    found = layouts(lowered(convolution(64)))
    # 64 samples are 4 groups of 16; the rows and columns along which the window slides come last.
    # The images are read often, and so they are copied.
    assert list(found.values()) == [(4, 3, 12, 12, 16), (4, 6, 10, 10, 16)]


def test_what_is_computed_element_by_element_lies_as_what_windows_slide_along() -> None:
    # The second convolution reads the maxima, so rows and columns come last: for the places of
    # the maxima and for what comes back to them too.
    x = cn.input((64, 13, 13, 3), name="x")
    first, second = cn.input((2, 2, 3, 5), name="first"), cn.input((3, 3, 5, 4), name="second")
    y = cn.conv2d(cn.max_pool(cn.conv2d(x, first), 2), second)
    found = lowered(*cn.grad(cn.sum(y * y), [first, second]))
    shapes = {extents for extents in layouts(found).values() if len(extents) == 5}
    assert shapes == {(4, 5, 6, 6, 16), (4, 4, 4, 4, 16)}


def test_planes_that_would_lie_a_power_of_two_apart_lie_a_place_further() -> None:
    def between(size: int, channels: int) -> tuple[object, ...]:
        x = cn.input((64, size + 2, size + 2, 3), name="x")
        first = cn.input((3, 3, 3, channels), name="first")
        second = cn.input((3, 3, channels, 4), name="second")
        found = lowered(cn.conv2d(cn.relu(cn.conv2d(x, first)), second))
        buffer = found.lives[-1].buffer
        assert buffer.spare == buffer.size - math.prod((64, size, size, channels))
        return buffer.extents

    # 64 places of 64 bytes are a page: all channels would share a set of the first-level cache.
    assert between(8, 12) == (4, 12, 65, 16)
    assert between(8, 8) == (4, 8, 8, 8, 16)
    assert between(9, 12) == (4, 12, 9, 9, 16)


def test_values_with_gaps_between_planes_are_those_of_the_reference() -> None:
    random = np.random.default_rng(0)
    x = cn.input((32, 10, 10, 3))
    weights = [
        cn.Variable(random.normal(size=shape).astype("float32"))
        for shape in ((3, 3, 3, 12), (3, 3, 12, 12), (3, 3, 12, 2))
    ]
    h = cn.relu(cn.conv2d(x, weights[0]))
    h = cn.relu(cn.conv2d(h, weights[1], padding="same")) + h
    outputs = [cn.conv2d(h, weights[2]), cn.mean(h, axis=(0, 1, 2)), cn.flip(h, axis=1)]
    cost = cn.sum(outputs[0] * outputs[0]) + cn.sum(cn.max_pool(h, 2))
    outputs += cn.grad(cost, weights)
    values = random.normal(size=x.shape).astype("float32")
    program = lowered(*outputs)
    assert any(life.buffer.extents == (2, 12, 65, 16) for life in program.lives)
    given = [cn.function([x], outputs, backend=name)(values) for name in ("native", "reference")]
    for ours, wanted in zip(*given, strict=True):
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(ours, wanted, rtol=2e-4, atol=2e-5 * scale)


def test_an_uneven_batch_has_a_last_group_that_is_filled_up() -> None:
    found = layouts(lowered(cn.sum(cn.exp(convolution(60)))))
    assert (4, 6, 10, 10, 16) in found.values()


def test_an_uneven_batch_writes_nothing_beyond_the_end_of_an_output() -> None:
    # The output has no room for samples that fill up a group.
    assert list(layouts(lowered(convolution(60))).values()) == [(60, 10, 10, 6)]


def test_rows_that_are_also_columns_do_not_leave_their_memory() -> None:
    # The axis that counts the rows of one factor counts the columns of the other.
    random = np.random.default_rng(0)
    x = cn.input((13, 13), dtype="float64")
    y = cn.exp(x)
    cost = cn.sum((y @ cn.matrix_transpose(y)) * (cn.matrix_transpose(y) @ y))
    (slope,) = cn.grad(cost, [x])
    value = random.normal(size=(13, 13))
    found = cn.function([x], slope)(value)
    np.testing.assert_allclose(found, cn.function([x], slope, backend="reference")(value))


def test_an_unknown_batch_stays_as_it_is() -> None:
    x = cn.input((None, 12, 12, 3))
    y = cn.conv2d(cn.relu(cn.conv2d(x, cn.input((3, 3, 3, 6)))), cn.input((3, 3, 6, 4)))
    (extents,) = layouts(lowered(y)).values()
    assert extents[1:] == (10, 10, 6)


def test_wide_layers_keep_channels_along_the_lanes() -> None:
    x = cn.input((16, 8, 8, 64))
    y = cn.conv2d(cn.relu(cn.conv2d(x, cn.input((3, 3, 64, 64)))), cn.input((3, 3, 64, 64)))
    assert list(layouts(lowered(y)).values()) == [(16, 6, 6, 64)]


def test_what_the_user_sees_stays_in_row_major_order() -> None:
    program = lowered(convolution(64))
    assert [buffer.extents for buffer in program.outputs] == [(64, 8, 8, 4)]
    assert program.inputs[0].extents == (64, 12, 12, 3)


@pytest.mark.parametrize("count", [16, 33, 60])
def test_values_and_gradients_are_those_of_the_reference(count: int) -> None:
    random = np.random.default_rng(count)
    x = cn.input((count, 10, 10, 2))
    rows = cn.input((count,), dtype="int64")
    weights = [
        cn.Variable(random.normal(size=shape).astype("float32"))
        for shape in ((3, 3, 2, 5), (3, 3, 5, 3), (3 * 2 * 2, 4))
    ]
    h = cn.max_pool(cn.relu(cn.conv2d(cn.take(x, rows, axis=0), weights[0])), 2)
    h = cn.relu(cn.conv2d(h, weights[1]))
    y = cn.reshape(h, (count, -1)) @ weights[2]
    cost = cn.mean(cn.logsumexp(y, axis=1) - y[:, 1])
    outputs = [cost, y, *cn.grad(cost, weights)]
    values = (
        random.normal(size=x.shape).astype("float32"),
        random.integers(count, size=count),
    )
    given = [
        cn.function([x, rows], outputs, backend=backend)(*values)
        for backend in ("native", "reference")
    ]
    for ours, wanted in zip(*given, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=2e-4, atol=2e-5)


def test_gathered_rows_are_copied_once() -> None:
    data, rows = cn.input((1000, 12, 12, 1), name="data"), cn.input((32,), "int64", name="rows")
    images = cn.take(data, rows, axis=0)
    kernel = cn.input((5, 5, 1, 4), name="kernel")
    loops = lowered(*cn.grad(cn.sum(cn.exp(cn.conv2d(images, kernel))), [kernel]))
    text = format_nests([step.nest for step in loops.steps if isinstance(step, Step)])
    assert text.count("data_packed[") == text.count("data_packed") > 2
    assert text.count("data[") == 1


def untouched(nests: Sequence[Nest], cost: Callable[[Nest], float]) -> bool:
    before = format_nests(nests)
    choose_layouts(nests, TARGET, cost, cost)
    return format_nests(nests) == before


def test_nothing_changes_where_it_would_not_be_cheaper() -> None:
    nests = [step.nest for step in lowered(convolution(64, 1)).steps if isinstance(step, Step)]
    assert untouched(nests, lambda nest: 1.0)
    verify_nests("layout", nests, [])


def test_a_chain_that_is_better_off_as_it_is_stays_so_beside_one_in_batch_lanes() -> None:
    def chain(channels: int) -> cn.Tensor:
        y: cn.Tensor = cn.input((64, 12, 12, channels))
        for _ in range(3):
            y = cn.relu(cn.conv2d(y, cn.input((3, 3, channels, channels))))
        return y

    def cost(nest: Nest) -> float:
        """Two layouts in one nest are the worst; one chain is better off in lanes, one is not."""
        own = [b for b in (*nest.reads(), *nest.written()) if b.kind == "arena"]
        lanes = {len(buffer.extents) == 5 for buffer in own}
        if len(lanes) != 1:
            return 10.0 * len(lanes)
        return 1.0 if lanes == {own[0].tensor.extents[-1] == 3} else 5.0

    chains = [chain(3), chain(5)]
    inputs = [item for item in topological_order(chains) if isinstance(item, Input)]
    found: list[tuple[object, ...]] = []

    def observe(name: str, nests: Sequence[Nest]) -> None:
        if name == "fuse":
            own = [Nest(n.axes, n.reduce, n.folds, n.stores, n.tensors) for n in nests]
            laid_out = choose_layouts(own, TARGET, cost, cost)
            found.extend(b.extents for n in laid_out for b in n.written() if b.kind == "arena")

    lower(inputs, chains, [], TARGET, observe)
    assert found == [(4, 3, 10, 10, 16), (4, 3, 8, 8, 16), (64, 10, 10, 5), (64, 8, 8, 5)]


def test_memory_that_a_loop_or_a_sort_touches_stays_as_it_is() -> None:
    x = cn.input((32, 8))
    nests = [s.nest for s in lowered(cn.sort(cn.exp(x), axis=1)).steps if isinstance(s, Step)]
    sorted_by = {b for nest in nests if nest.kind == "sort" for b in nest.reads()}
    assert sorted_by
    assert sorted_by.isdisjoint(grouped_buffers(nests, TARGET))


@given(graphs())
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_values_do_not_depend_on_where_things_lie(graph: RandomGraph) -> None:
    """Whatever can go into batch lanes goes there, as if it cost nothing."""

    def everything(choice: Any) -> Any:
        chosen = {buffer for buffer, form in choice.forms.items() if form.blocked is not None}
        return _Found(choice.nests, choice.forms, chosen, -float(len(choice.nests)))

    outputs = [*graph.outputs, *graph.gradients()]
    values = [graph.feeds[item] for item in graph.inputs]
    wanted = cn.function(graph.inputs, outputs, backend="reference")(*values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Choice, "best", everything)
        patch.setattr(cache, "lookup", lambda _: None)
        patch.setattr(cache, "store", lambda *_: None)
        found = cn.function(graph.inputs, outputs, backend="native")(*values)
    for one, other in zip(found, wanted, strict=True):
        assert_close(one, other)


@pytest.mark.parametrize(("rows", "columns"), [(40, 32), (40, 33), (64, 17)])
def test_memory_may_meet_its_transpose(rows: int, columns: int) -> None:
    """What counts the samples of one load counts elements within a sample of the other."""
    x = cn.input((rows, columns), name="x")
    centred = x - cn.mean(x, axis=0)
    covariance = cn.matmul(cn.matrix_transpose(centred), centred) / rows
    symmetric = (covariance + cn.matrix_transpose(covariance)) / 2
    values = np.random.default_rng(0).random((rows, columns), np.float32)
    found = cn.function([x], symmetric, backend="native")(values)
    np.testing.assert_allclose(found, np.cov(values.T, ddof=0), atol=1e-6)
