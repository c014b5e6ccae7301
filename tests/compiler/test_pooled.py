"""Pooling in registers: which windows take up the nest that they read, and which do not."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.compiler.passes import Graph, Records, check_values, graph, listing_after

import cairnet as cn
from cairnet.tensor.core import Input, Tensor

records = Records("pooled", before=None, after="fuse")


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Input:
    return cn.input(shape, dtype, name)


def images(*, rows: int = 6) -> tuple[Input, Input, Tensor]:
    """Images, weights, and feature maps of them: an even number of rows for an even one."""
    x, w = tensor(2, rows, 5, 2), tensor(1, 2, 2, 3, name="w")
    return x, w, cn.relu(cn.conv2d(x, w))


@records.shows("the maximum and its place, of a convolution and what is made of it")
def _() -> Graph:
    x, w = tensor(2, 6, 5, 2), tensor(1, 2, 2, 3, name="w")
    pooled = cn.max_pool(cn.conv2d(x, w), 2)
    return graph([x, w], cn.grad(cn.sum(pooled * pooled), x))


@records.shows("a row and a column beyond the last window are not computed")
def _() -> Graph:
    x, w = tensor(2, 7, 6, 2), tensor(1, 2, 2, 3, name="w")
    return graph([x, w], cn.max_pool(cn.conv2d(x, w), 2) * 2.0)


@records.shows("the average of what is computed element by element")
def _() -> Graph:
    x = tensor(None, 8, 3)
    return graph([x], cn.avg_pool(cn.exp(cn.tanh(x)), 4))


@records.shows("a reduction of rows in fours")
def _() -> Graph:
    x, w = tensor(12, 3), tensor(3, 5, name="w")
    return graph([x, w], cn.max(cn.reshape(x @ w, (3, 4, 5)), axis=1))


@records.shows("refused: windows that overlap")
def _() -> Graph:
    x, w, maps = images()
    return graph([x, w], cn.max_pool(maps, 2, strides=1))


@records.shows("refused: windows that reach beyond the edge")
def _() -> Graph:
    x, w, maps = images(rows=5)
    return graph([x, w], cn.max_pool(maps, 2, padding="same"))


@records.shows("refused: large windows")
def _() -> Graph:
    x, w, maps = images()
    return graph([x, w], cn.max_pool(maps, (3, 2)))


@records.shows("refused: others read the results too")
def _() -> Graph:
    x, w, maps = images()
    return graph([x, w], [cn.max_pool(maps, 2), cn.sum(maps)])


@records.shows("refused: the results are wanted outside")
def _() -> Graph:
    x, w, maps = images()
    return graph([x, w], [cn.max_pool(maps, 2), maps])


def test_the_loops_of_every_record() -> None:
    records.check_golden()


@pytest.mark.parametrize("title", list(records.shown))
def test_the_values_of_every_record(title: str) -> None:
    check_values(records.shown[title]())


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("extreme", [cn.argmax, cn.argmin, cn.max, cn.min])
def test_the_first_of_equals_wins_and_the_first_that_is_no_number(
    extreme: Callable[..., Tensor], dtype: str
) -> None:
    x = tensor(8, 4, 3, dtype=dtype)
    rows = [[0, 0, 0, 0], [1, 2, 2, 1], [2, 1, 1, 2], [-3, -3, -4, -3]]
    values = np.zeros((8, 4, 3), dtype)
    values[:4] = np.asarray(rows, dtype)[:, :, np.newaxis]
    if dtype == "float32":
        values[4] = np.asarray([1, np.nan, np.nan, 2])[:, np.newaxis]
        values[5] = np.asarray([np.nan, 3, 0, np.nan])[:, np.newaxis]
        values[6] = np.asarray([-np.inf, -np.inf, np.inf, np.inf])[:, np.newaxis]
        values[7] = np.asarray([-0.0, 0.0, 0.0, -0.0])[:, np.newaxis]
    output = extreme(cn.max(x, axis=2), axis=1)
    assert listing_after(graph([x], output), "fuse").startswith("for i0 < 8:\n    largest1 = ")
    expected, actual = (
        cn.function([x], output, backend=name)(values) for name in ("reference", "native")
    )
    np.testing.assert_array_equal(actual, expected)


def test_a_pooled_network_gives_the_same_bits_for_any_number_of_threads() -> None:
    x, w = tensor(64, 12, 12, 3), cn.Variable(np.ones((3, 3, 3, 8), np.float32), name="w")
    y = cn.max_pool(cn.relu(cn.conv2d(x, w)), 2)
    slope = cn.grad(cn.sum(y * y), w)
    step = cn.function([x], cn.sum(y), {w: w - 0.001 * slope})
    values = np.random.default_rng(0).normal(size=(64, 12, 12, 3)).astype(np.float32)
    found = []
    before = cn.get_threads()
    try:
        for threads in (1, 2, 3):
            cn.set_threads(threads)
            w.assign(np.linspace(-1, 1, w.size, dtype=np.float32).reshape(w.shape))
            step(values)
            found.append(w.numpy().tobytes())
    finally:
        cn.set_threads(before)
    assert len(set(found)) == 1
