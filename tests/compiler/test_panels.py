"""Panels: which operands of products are copied, how they lie then, and that results agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.compiler.passes import TARGET, graph, lowered

import cairnet as cn
from cairnet.compiler.panels import with_panels
from cairnet.compiler.pipeline import Lowered, Step
from cairnet.tensor.core import INPUT, topological_order


def panels(program: Lowered) -> dict[str, tuple[object, ...]]:
    """The extents of the panels of a program, and of what is left over."""
    buffers = [life.buffer for life in program.lives]
    return {b.name: b.extents for b in buffers if b.name.endswith(("_panels", "_rest"))}


def program(output: cn.Tensor) -> Lowered:
    inputs = [item for item in topological_order([output]) if item.primitive is INPUT]
    return lowered(graph(inputs, [output]))


def matrices(rows: int, inner: int, columns: int) -> tuple[cn.Tensor, cn.Tensor]:
    return cn.input((rows, inner), name="x"), cn.input((inner, columns), name="w")


def product(size: int) -> cn.Tensor:
    x, w = matrices(size, size, size)
    return x @ w


def convolution(count: int, space: int, channels: int) -> tuple[list[cn.Tensor], cn.Tensor]:
    """Images, weights and what the results are weighed with, and the cost of that."""
    x = cn.input((count, space, space, channels), name="x")
    w = cn.input((3, 3, channels, channels), name="w")
    slope = cn.input((count, space, space, channels), name="slope")
    cost = cn.sum(cn.conv2d(x, w, padding="same") * slope)
    return [x, w, slope], cost


def test_a_large_matrix_is_copied_into_panels_of_a_few_vectors() -> None:
    assert panels(program(product(1024)))["w_panels"] == (16, 1024, 64)


def test_panels_are_narrower_where_they_would_fill_the_second_level_cache() -> None:
    x, w = cn.input((512, 4096), name="x"), cn.input((4096, 512), name="w")
    assert panels(program(x @ w))["w_panels"] == (16, 4096, 32)


def test_a_small_matrix_stays_where_it_is() -> None:
    assert panels(program(product(128))) == {}


def test_a_transposed_matrix_is_turned_on_the_way() -> None:
    x, w = cn.input((512, 512), name="x"), cn.input((512, 512), name="w")
    found = program(x @ cn.matrix_transpose(w))
    assert panels(found) == {"w_panels": (8, 512, 64)}
    copy, multiply = (step for step in found.steps if isinstance(step, Step))
    # A block of the copy is a square of 16 × 16, read along the rows and written along the columns.
    assert list(copy.schedule.tile.values()) == [16]
    assert copy.schedule.vector is copy.nest.axes[-1]
    # The panel is the outermost loop of the product, its columns the lanes.
    assert multiply.schedule.order[0].name == "i1p"
    assert multiply.schedule.vector is multiply.nest.axes[-1]


def test_a_small_matrix_is_turned_where_its_rows_lie_the_wrong_way() -> None:
    x, w = cn.input((25, 65), name="x"), cn.input((128, 65), name="w")
    assert panels(program(x @ cn.matrix_transpose(w))) == {"w_panels": (2, 65, 64)}
    few = cn.input((4, 65), name="x")
    assert panels(program(few @ cn.matrix_transpose(w))) == {}


def test_columns_that_are_no_whole_number_of_panels_make_wider_ones() -> None:
    x, w = cn.input((256, 784), name="x"), cn.input((784, 784), name="w")
    assert panels(program(x @ w)) == {"w_panels": (7, 784, 112)}


def test_both_operands_where_neither_is_read_along_its_rows() -> None:
    x, w = cn.input((1024, 1024), name="x"), cn.input((1024, 1024), name="w")
    found = panels(program(cn.matrix_transpose(x) @ w))
    assert found == {
        "x_panels": (21, 1024, 48),
        "x_rest": (1, 1024, 16),
        "w_panels": (16, 1024, 64),
    }


def test_a_left_operand_whose_panels_would_fill_the_cache_is_turned_in_runs() -> None:
    x, w = cn.input((2048, 2048), name="x"), cn.input((2048, 2048), name="w")
    found = program(cn.matrix_transpose(x) @ w)
    assert panels(found) == {"x_panels": (2048, 2048), "w_panels": (32, 2048, 64)}
    turn = found.steps[0]
    assert isinstance(turn, Step)
    assert [axis.extent for axis in turn.schedule.order] == [32, 2048, 64]


def test_what_whole_panels_leave_over_is_a_narrower_one() -> None:
    x, w = cn.input((700, 700), name="x"), cn.input((700, 700), name="w")
    found = program(x @ cn.matrix_transpose(w))
    assert panels(found) == {"w_panels": (10, 700, 64), "w_rest": (1, 700, 60)}


def test_a_new_value_is_not_written_in_parts() -> None:
    x, w = cn.input((700, 700), name="x"), cn.Variable(np.zeros((700, 700), np.float32), name="w")
    new = w - x @ cn.matrix_transpose(w)
    found = lowered(graph([x], (), {w: new}))
    assert panels(found) == {"w_panels": (1, 700, 700)}


def test_the_gradient_of_the_images_reads_weights_turned() -> None:
    inputs, cost = convolution(16, 14, 64)
    assert panels(program(cn.grad(cost, inputs[:1])[0])) == {"w_panels": (1, 3, 3, 64, 64)}


def test_nothing_is_copied_where_the_work_is_near_what_the_processor_can_do() -> None:
    made = program(product(1024))
    (nest,) = (s.nest for s in made.steps if isinstance(s, Step) and s.nest.folds)
    least = 1024**3 / 16 / 2
    assert with_panels(nest, TARGET, lambda _: 1.1 * least) == [nest]


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(-4, 5, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("shapes", "multiply"),
    [
        (((256, 256), (256, 256)), lambda x, w: x @ cn.matrix_transpose(w)),
        (((512, 256), (512, 512)), lambda x, w: cn.matrix_transpose(x) @ w),
        (((100, 400), (784, 400)), lambda x, w: cn.relu(x @ cn.matrix_transpose(w))),
        (((210, 260), (333, 260)), lambda x, w: cn.relu(x @ cn.matrix_transpose(w) + 1)),
        (((512, 1024), (512, 512)), lambda x, w: cn.matrix_transpose(x) @ w),
    ],
)
def test_products_of_whole_numbers_are_exact(
    shapes: tuple[tuple[int, int], tuple[int, int]],
    multiply: Callable[[cn.Tensor, cn.Tensor], cn.Tensor],
) -> None:
    inputs = [cn.input(shape) for shape in shapes]
    arrays = [numbers(*shape) for shape in shapes]
    output = multiply(*inputs)
    assert panels(program(output))
    native = cn.function(inputs, output)
    found = native(*arrays)
    np.testing.assert_array_equal(found, cn.function(inputs, output, backend="reference")(*arrays))
    with cn.debug(bounds=True):
        np.testing.assert_array_equal(native(*arrays), found)


def test_both_gradients_of_a_convolution_are_exact() -> None:
    inputs, cost = convolution(2, 14, 64)
    slopes = cn.grad(cost, inputs[:2])
    arrays = [numbers(*map(int, item.extents)) for item in inputs]
    found = cn.function(inputs, slopes)(*arrays)
    expected = cn.function(inputs, slopes, backend="reference")(*arrays)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
