"""Results that are neighbours are finished side by side, whatever their number."""

import numpy as np
import pytest
from tests.graphs import assert_close

import cairnet as cn
from cairnet.compiler.loops import Affine, Axis, Buffer, Load, Nest, Store
from cairnet.compiler.rows import row_of


def stored(stride: int, read: int) -> tuple[Nest, Axis]:
    """A nest that stores every so many elements, and reads every so many."""
    tensor = cn.zeros((64,))
    x, y = (
        Buffer(name, tensor.dtype, (64,), tensor, kind)
        for name, kind in [("x", "input"), ("y", "output")]
    )
    i = Axis("i", 8)
    value = Load(tensor.dtype, x, Affine.of(i) * read)
    store = Store(y, Affine.of(i) * stride, value)
    return Nest((i,), (), (), (store,), (tensor,)), i


def test_neighbours_that_fill_lanes_are_a_row() -> None:
    nest, axis = stored(1, 1)
    assert row_of(nest, {axis: 8}, 16) is axis
    assert row_of(nest, {axis: 8}, 8) is axis


@pytest.mark.parametrize(("count", "lanes"), [(1, 16), (6, 16), (8, 4)])
def test_other_numbers_than_powers_of_two_up_to_the_lanes_are_none(count: int, lanes: int) -> None:
    nest, axis = stored(1, 1)
    assert row_of(nest, {axis: count}, lanes) is None


@pytest.mark.parametrize(("stride", "read"), [(2, 1), (1, 3)])
def test_results_that_lie_apart_or_read_what_does_are_no_row(stride: int, read: int) -> None:
    nest, axis = stored(stride, read)
    assert row_of(nest, {axis: 8}, 16) is None


@pytest.mark.parametrize("rows", [3, 8, 61, 64])
def test_what_follows_a_product_with_the_lanes_along_the_sum(rows: int) -> None:
    w, x, b = cn.input((rows, 48), name="w"), cn.input((48,), name="x"), cn.input((rows,), name="b")
    y = cn.tanh(w @ x + b)
    random = np.random.default_rng(rows)
    arrays = [random.normal(0, 0.3, item.shape).astype(np.float32) for item in (w, x, b)]
    outputs = [y, y * y - b, cn.sum(y)]
    found = [
        cn.function([w, x, b], outputs, backend=name)(*arrays) for name in ("native", "reference")
    ]
    for actual, expected in zip(*found, strict=True):
        assert_close(actual, expected)
