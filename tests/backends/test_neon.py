"""Code for aarch64 (NEON), run under an emulator: it computes what the interpreter computes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from tests.backends.emulated import UnavailableError, available, run
from tests.backends.test_native_graphs import RELAXED
from tests.graphs import RandomGraph, assert_close, graphs

import cairnet as cn
from cairnet.backends.native.machine import for_target
from cairnet.tensor.core import Input
from cairnet.tensor.extent import Extent, is_symbol

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="no qemu-aarch64 with a cross compiler"),
]
ARM = for_target("aarch64")


def sizes_of(inputs: list[Input], arrays: list[np.ndarray]) -> dict[Extent, int]:
    return {
        size: given
        for place, array in zip(inputs, arrays, strict=True)
        for size, given in zip(place.extents, array.shape, strict=True)
        if isinstance(size, Extent) and is_symbol(size)
    }


@pytest.mark.parametrize("part", range(3))
def test_random_graphs(part: int) -> None:
    """Values and gradients; the extents as numbers, and as numbers that are known at run time."""

    @seed(part)
    @settings(max_examples=60, suppress_health_check=RELAXED, derandomize=False, database=None)
    @given(graphs())
    def check(graph: RandomGraph) -> None:
        outputs: list[Any] = [*graph.outputs, *graph.gradients()]
        arrays = [graph.feeds[item] for item in graph.inputs]
        expected = cn.function(graph.inputs, outputs, backend="reference")(*arrays)
        sizes = sizes_of(graph.inputs, arrays)
        for fixed in (sizes, {}) if sizes else ({},):
            try:
                got = run(ARM, graph.inputs, outputs, {}, arrays, fixed=fixed, sizes=sizes)
            except UnavailableError:
                return  # another graph will do
            for one, other in zip(got.outputs, expected, strict=True):
                assert_close(one, other)

    check()


class Step:
    """A training step of a small convolutional network."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x, self.labels = cn.input((None, 9, 9, 2), name="x"), cn.input((None,), "int64", "y")
        kernel = cn.Variable(rng.normal(size=(3, 3, 2, 5)).astype(np.float32), name="kernel")
        w = cn.Variable(0.1 * rng.normal(size=(80, 3)).astype(np.float32), name="w")
        hidden = cn.max_pool(cn.relu(cn.conv2d(self.x, kernel, padding="same")), 2)
        logits = cn.reshape(hidden, (-1, 80)) @ w
        target = cn.one_hot(self.labels, 3)
        self.cost = -cn.mean(cn.sum(target * cn.log_softmax(logits, axis=-1), axis=-1))
        slopes = cn.grad(self.cost, [kernel, w])
        self.updates = {v: v - 0.1 * s for v, s in zip([kernel, w], slopes, strict=True)}
        self.inputs = [self.x, self.labels]

    def arrays(self, steps: int, rows: int) -> list[np.ndarray]:
        rng = np.random.default_rng(1)
        x = rng.random((steps, rows, 9, 9, 2), np.float32)
        return [x, rng.integers(0, 3, (steps, rows))]


@pytest.fixture
def step() -> Step:
    return Step()


@pytest.mark.parametrize("rows", [1, 12])
def test_steps_of_training_on_one_thread_and_on_two(step: Step, rows: int) -> None:
    arrays = step.arrays(4, rows)
    sizes = sizes_of(step.inputs, [array[0] for array in arrays])
    one, two = (
        run(
            ARM,
            step.inputs,
            [step.cost],
            step.updates,
            arrays,
            fixed=sizes,
            sizes=sizes,
            threads=threads,
            steps=4,
        )
        for threads in (1, 2)
    )
    for first, second in zip(
        (*one.outputs, *one.updated), (*two.outputs, *two.updated), strict=True
    ):
        np.testing.assert_array_equal(first, second, "threads change no bit")
    f = cn.function(step.inputs, step.cost, step.updates, backend="reference")
    costs = f.steps(4, *arrays)
    np.testing.assert_allclose(one.outputs[0], costs, rtol=1e-5)
    for value, variable in zip(one.updated, step.updates, strict=True):
        np.testing.assert_allclose(value, variable.numpy(), rtol=1e-4, atol=1e-6)


def test_a_recurrence_is_unrolled_in_time() -> None:
    x = cn.input((None, 6), name="x")
    w = cn.Variable(np.linspace(-0.5, 0.5, 36, dtype=np.float32).reshape(6, 6), name="w")
    sums, last = cn.scan(lambda row, h: (cn.sum(h), cn.tanh(h @ w + row)), x, cn.zeros((6,)))
    slope = cn.grad(cn.sum(last) + cn.sum(sums), [w])[0]
    value = np.random.default_rng(0).random((11, 6), np.float32)
    outputs = [sums, last, slope]
    sizes = sizes_of([x], [value])
    got = run(ARM, [x], outputs, {}, [value], sizes=sizes, threads=2)
    expected = cn.function([x], outputs, backend="reference")(value)
    for one, other in zip(got.outputs, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_kernels_are_timed_by_a_counter_that_programs_may_read(step: Step) -> None:
    arrays = [array[0] for array in step.arrays(1, 4)]
    sizes = sizes_of(step.inputs, arrays)
    got = run(
        ARM, step.inputs, [step.cost], step.updates, arrays, fixed=sizes, sizes=sizes, timed=True
    )
    assert got.times.shape[0] == 1
    assert (got.times >= 0).all()
    assert got.times[:, :, 0].sum() > 0
