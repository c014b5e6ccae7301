"""From graph to nests: what is read through, how indices move, where guards stand."""

import pytest
from tests.compiler.passes import Graph, Records, check_values, graph, listing_after

import cairnet as cn
from cairnet.compiler.hearts import HEARTS
from cairnet.compiler.storage import HEAVY
from cairnet.tensor.core import Tensor

records = Records("nest", before=None, after="nest")


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


# -- reading through movement -----------------------------------------------------------------


@records.shows("an elementwise expression is one nest")
def _() -> Graph:
    x, y = tensor(3, 5), tensor(3, 5, name="y")
    return graph([x, y], cn.where(x < y, x * 2.0 + y, -x))


@records.shows("a broadcast reads the same element again")
def _() -> Graph:
    x, row, column = tensor(3, 5), tensor(5, name="row"), tensor(3, 1, name="column")
    return graph([x, row, column], x + row * column)


@records.shows("a transpose swaps the axes")
def _() -> Graph:
    x = tensor(3, 5)
    return graph([x], cn.permute_dims(x, (1, 0)))


@records.shows("a slice steps and starts, backwards too")
def _() -> Graph:
    x = tensor(7, 10)
    return graph([x], x[::-1, 1::3])


@records.shows("a slice of a slice is one index")
def _() -> Graph:
    x = tensor(20)
    return graph([x], x[2::3][1::2])


@records.shows("a reshape of memory keeps the flat position")
def _() -> Graph:
    x = tensor(6, 4)
    return graph([x], cn.exp(cn.reshape(x, (3, 8))))


@records.shows("a reshape of an expression splits the flat index where the axes match")
def _() -> Graph:
    x, y = tensor(6, 4), tensor(4, name="y")
    return graph([x, y], cn.reshape(x * y, (2, 3, 4)))


@records.shows("a reshape that cannot be split has what it reads stored first")
def _() -> Graph:
    x, y = tensor(6, 4), tensor(4, name="y")
    return graph([x, y], cn.reshape(x * y, (8, 3)))


@records.shows("a reshape with an unknown extent splits too")
def _() -> Graph:
    x = tensor(None, 4, 3)
    return graph([x], cn.reshape(x + 1.0, (-1, 12)))


@records.shows("a transposed pad is guarded along the right axis")
def _() -> Graph:
    x = tensor(3, 5)
    wide = cn.concat([cn.zeros((3, 2)), x], axis=1)
    return graph([x], [cn.permute_dims(wide, (1, 0)), cn.roll(x, 2, axis=1)])


@records.shows("coordinates and extents are numbers")
def _() -> Graph:
    x = tensor(None, dtype=cn.int64)
    return graph([x], [x + cn.arange(x.extents[0]), cn.mean(cn.astype(x, "float64"))])


@records.shows("rows are gathered where they lie")
def _() -> Graph:
    x, rows = tensor(9, 2), tensor(None, name="rows", dtype=cn.int64)
    return graph([x, rows], cn.exp(cn.take(x, rows, axis=0)))


@records.shows("rows of something computed are gathered from memory")
def _() -> Graph:
    x, rows = tensor(9, 2), tensor(4, name="rows", dtype=cn.int64)
    return graph([x, rows], cn.take(cn.exp(x), rows, axis=0))


# -- hearts -----------------------------------------------------------------------------------


@records.shows("reductions")
def _() -> Graph:
    x = tensor(3, 4, 5)
    return graph([x], [cn.sum(x, axis=(0, 2)), cn.max(x, axis=1), cn.argmin(x, axis=2)])


@records.shows("cumulative sums are stored at every turn")
def _() -> Graph:
    x = tensor(3, 5)
    return graph([x], [cn.cumulative_sum(x, axis=1), cn.cumulative_prod(x, axis=0)])


@records.shows("a product of stacks of matrices")
def _() -> Graph:
    x, y = tensor(2, 3, 4), tensor(2, 4, 5, name="y")
    return graph([x, y], x @ y)


@records.shows("a sum over several axes of two tensors")
def _() -> Graph:
    x, y = tensor(3, 4, 5), tensor(5, 4, 2, name="y")
    return graph([x, y], cn.einsum("abc,cbd->ad", x, y))


@records.shows("a convolution in two groups, two steps apart")
def _() -> Graph:
    x, w = tensor(2, 7, 4), tensor(3, 2, 6, name="w")
    return graph([x, w], cn.conv1d(x, w, strides=2, groups=2))


@records.shows("a padded convolution reads what is inside")
def _() -> Graph:
    x, w = tensor(2, 7, 1), tensor(3, 1, 4, name="w")
    return graph([x, w], cn.conv1d(x, w, padding="same"))


@records.shows("the gradients of a strided convolution, by residue")
def _() -> Graph:
    x, w = tensor(2, 8, 1), tensor(3, 1, 2, name="w")
    cost = cn.sum(cn.conv1d(x, w, strides=2, padding=((1, 1),)))
    return graph([x, w], cn.grad(cost, [x, w]))


@records.shows("the gradient of a strided convolution with gaps in its window")
def _() -> Graph:
    x, w = tensor(1, 9, 1), tensor(3, 1, 1, name="w")
    cost = cn.sum(cn.conv1d(x, w, strides=3, dilation=2))
    return graph([x, w], cn.grad(cost, x))


@records.shows("maximum pooling finds value and place at once")
def _() -> Graph:
    x = tensor(2, 6, 3)
    pooled = cn.max_pool(x, 2)
    return graph([x], [pooled, cn.grad(cn.sum(pooled * pooled), x)])


@records.shows("windows that overlap add up in the gradient")
def _() -> Graph:
    x = tensor(1, 7, 1)
    return graph([x], cn.grad(cn.sum(cn.max_pool(x, 3, strides=2)), x))


@records.shows("a weight gradient looks at the windows of a pooling behind its convolution")
def _() -> Graph:
    x, w = tensor(2, 7, 9, 3), tensor(2, 2, 3, 4, name="w")
    y = cn.max_pool(cn.conv2d(x, w), (3, 2))
    return graph([x, w], cn.grad(cn.sum(y * y), w))


@records.shows("average pooling counts only what is inside")
def _() -> Graph:
    x = tensor(1, 5, 1)
    return graph([x], cn.avg_pool(x, 3, strides=2, padding="same"))


@records.shows("updates of rows are added in order")
def _() -> Graph:
    x, rows = tensor(9, 2), tensor(4, name="rows", dtype=cn.int64)
    return graph([x, rows], cn.grad(cn.sum(cn.take(x, rows, axis=0) ** 2), x))


@records.shows("a sort needs its keys in memory")
def _() -> Graph:
    x = tensor(3, 5)
    return graph([x], cn.argsort(x * 2.0, axis=1, descending=True))


@records.shows("random numbers are made where they are used")
def _() -> Graph:
    x = tensor(6)
    return graph([x], x + cn.random.uniform(cn.random.key(7), (6,)))


def test_the_loops_of_every_record() -> None:
    records.check_golden()


@pytest.mark.parametrize("title", list(records.shown))
def test_the_values_of_every_record(title: str) -> None:
    check_values(records.shown[title]())


def test_every_heavy_primitive_has_a_heart() -> None:
    assert HEAVY - {"scan"} <= set(HEARTS)


def test_an_extent_of_one_has_no_loop() -> None:
    x = tensor(1, 4, 1)
    text = listing_after(graph([x], cn.sum(x * 2.0, axis=2)), "nest")
    assert "< 1" not in text


def test_an_empty_tensor_has_no_nest() -> None:
    x = tensor(0, 4)
    assert listing_after(graph([x], cn.exp(x)), "nest") == ""
    text = listing_after(graph([x], cn.sum(x, axis=0)), "nest")
    assert "sum over i0 < 0" in text
    check_values(graph([x], [cn.sum(x, axis=0), cn.prod(x, axis=0)]))


def test_no_guard_is_written_that_always_holds() -> None:
    x, w = tensor(2, 9, 9, 1), tensor(3, 3, 1, 4, name="w")
    text = listing_after(graph([x, w], cn.conv2d(x, w)), "nest")
    assert "outside" not in text
    assert " if " not in text


def test_a_value_with_two_readers_is_computed_once() -> None:
    x = tensor(5)
    root = cn.exp(x)
    text = listing_after(graph([x], root * root + root), "nest")
    assert text.count("exp(") == 1
