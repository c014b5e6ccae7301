"""Merging axes and splitting long folds: what happens, and where it must not."""

import numpy as np
import pytest
from tests.compiler.passes import Graph, Records, check_values, graph, listing_after, lowered

import cairnet as cn
from cairnet.compiler.loops import Affine, Axis, Buffer, Fold, Load, Nest, Result, Store
from cairnet.compiler.shape import coalesce, hint
from cairnet.tensor.core import Tensor
from cairnet.tensor.extent import symbol

merging = Records("coalesce", before="fuse", after="coalesce")
splitting = Records("split", before="coalesce", after="split")


def tensor(*shape: int | None, name: str = "x", dtype: object = cn.float32) -> Tensor:
    return cn.input(shape, dtype, name)


@merging.shows("axes that are walked as one")
def _() -> Graph:
    x, y = tensor(3, 4, 5), tensor(3, 4, 5, name="y")
    return graph([x, y], x + y)


@merging.shows("the axes on either side of one that is read otherwise")
def _() -> Graph:
    x, bias = tensor(3, 4, 5, 6), tensor(5, 6, name="bias")
    return graph([x, bias], x + bias)


@merging.shows("an unknown extent and a known one")
def _() -> Graph:
    x = tensor(None, 4, 5)
    return graph([x], cn.exp(x))


@merging.shows("axes that are folded")
def _() -> Graph:
    x, w = tensor(2, 6, 6, 3), tensor(3, 3, 3, 4, name="w")
    return graph([x, w], [cn.sum(x, axis=(1, 2)), cn.conv2d(x, w)])


@merging.shows("not: an axis that is folded with one that is not")
def _() -> Graph:
    x = tensor(4, 5)
    return graph([x], cn.sum(x, axis=1))


@merging.shows("not: axes that are read in another order than they are written")
def _() -> Graph:
    x = tensor(4, 5)
    return graph([x], cn.permute_dims(x, (1, 0)))


@merging.shows("not: an axis with a guard of its own")
def _() -> Graph:
    x, y = tensor(3, 4, 5), tensor(3, 4, 5, name="y")
    return graph([x, y], cn.concat([x, cn.zeros((3, 4, 5))], axis=1) + 1.0)


@merging.shows("not: rows whose place is a value")
def _() -> Graph:
    x, rows = tensor(9, 2, 3), tensor(4, name="rows", dtype=cn.int64)
    return graph([x, rows], cn.take(x, rows, axis=0))


@splitting.shows("a long sum in sixteen chunks")
def _() -> Graph:
    x = tensor(160000)
    return graph([x], cn.sum(x))


@splitting.shows("the number of chunks divides the length where it can")
def _() -> Graph:
    x = tensor(13 * 13 * 200)
    return graph([x], cn.max(x))


@splitting.shows("a length that nothing divides is guarded")
def _() -> Graph:
    x = tensor(100003, 2)
    return graph([x], cn.sum(x * x, axis=0))


@splitting.shows("an unknown length, if what is known is long")
def _() -> Graph:
    x = tensor(None, 3000)
    return graph([x], cn.sum(x))


@splitting.shows("not: an unknown length by itself")
def _() -> Graph:
    x = tensor(None)
    return graph([x], cn.sum(x))


@splitting.shows("not: many results are shared out as they are")
def _() -> Graph:
    x = tensor(2000, 20000)
    return graph([x], cn.sum(x, axis=1))


@splitting.shows("not: a short sum")
def _() -> Graph:
    x = tensor(16000)
    return graph([x], cn.sum(x))


@splitting.shows("not: the place of an extreme")
def _() -> Graph:
    x = tensor(160000)
    return graph([x], cn.argmax(x))


def test_the_loops_of_every_record() -> None:
    merging.check_golden()
    splitting.check_golden()


@pytest.mark.parametrize("title", list(merging.shown))
def test_the_values_after_merging(title: str) -> None:
    check_values(merging.shown[title]())


@pytest.mark.parametrize("title", list(splitting.shown))
def test_the_values_after_splitting(title: str) -> None:
    check_values(splitting.shown[title]())


def test_a_fold_of_two_values_is_split_as_one() -> None:
    x = tensor(64 * 1024)
    made = graph([x], [cn.sum(x), cn.prod(x * 0.0 + 1.0)])
    text = listing_after(made, "split")
    assert text.count("for chunk < ") == 1
    check_values(made)


def test_two_folds_of_one_nest_are_split_together() -> None:
    x = tensor(64 * 1024)
    axis = Axis("i", 64 * 1024)
    source = Buffer("x", cn.float32, x.extents, x, "input")
    load = Load(cn.float32, source, Affine.of(axis))
    stores = tuple(
        Store(Buffer(name, cn.float32, (), x, "output"), Affine(), Result(cn.float32, number))
        for number, name in enumerate(("total", "largest"))
    )
    nest = Nest((), (axis,), (Fold("sum", load), Fold("max", load)), stores, (x,))
    from cairnet.compiler.nest_listing import format_nests
    from cairnet.compiler.shape import split_folds

    assert format_nests(split_folds(nest, lambda _: 0.0, lambda _: 1)).splitlines() == [
        "for chunk < 16:",
        "    total = sum over i < 4096 of x[4096·chunk + i]",
        "    largest = max over i < 4096 of x[4096·chunk + i]",
        "    partial[chunk] := total",
        "    partial2[chunk] := largest",
        "total = sum over chunk < 16 of partial[chunk]",
        "largest = max over chunk < 16 of partial2[chunk]",
        "total := total",
        "largest := largest",
    ]


def test_an_unknown_extent_is_taken_for_a_typical_one() -> None:
    assert hint(7) == 7
    n = symbol("n")
    assert [hint(n), hint(n * 28 + 3), hint((n + 1) // 2)] == [64, 64 * 28 + 3, 32]


def test_merging_stops_where_a_number_repeats() -> None:
    x = tensor(4, 4)
    outer, inner = Axis("i", 4), Axis("j", 4)
    source = Buffer("x", cn.float32, (4, 4), x, "input")
    target = Buffer("y", cn.float32, (4, 4), x, "output")
    place = Affine(0, {outer: 4, inner: 1})
    turned = Affine(0, {outer: 1, inner: 4})
    nest = Nest(
        (outer, inner), (), (), (Store(target, place, Load(cn.float32, source, turned)),), (x,)
    )
    coalesce(nest)
    assert nest.axes == (outer, inner)
    nest = Nest(
        (outer, inner), (), (), (Store(target, place, Load(cn.float32, source, place)),), (x,)
    )
    coalesce(nest)
    assert [axis.extent for axis in nest.axes] == [16]


def test_a_sum_that_does_not_fit_into_the_caches_is_split_along_its_outermost_axis() -> None:
    x = tensor(8, 256, 512)
    n, k, i = Axis("n", 8), Axis("k", 256), Axis("i", 512)
    source = Buffer("x", cn.float32, (8, 256, 512), x, "input")
    place = Affine.of(n) * 131072 + Affine.of(k) * 512 + Affine.of(i)
    target = Buffer("y", cn.float32, (512,), x, "output")
    store = Store(target, Affine.of(i), Result(cn.float32, 0))
    nest = Nest((i,), (n, k), (Fold("sum", Load(cn.float32, source, place)),), (store,), (x,))
    from cairnet.compiler.nest_listing import format_nests
    from cairnet.compiler.shape import split_folds

    assert split_folds(nest, lambda part: 1e6, lambda _: 16) == [nest]
    cycles = {2: 1e6, 1: 4e5}  # of the whole, and of each part
    parts = split_folds(nest, lambda part: cycles[len(part.reduce)], lambda _: 16)
    assert format_nests(parts).splitlines() == [
        "for chunk < 8, i < 512:",
        "    total = sum over k < 256 of x[chunk, k, i]",
        "    partial[chunk, i] := total",
        "for i < 512:",
        "    total = sum over chunk < 8 of partial[chunk, i]",
        "    y[i] := total",
    ]


@pytest.mark.parametrize(("count", "chunks"), [(64, 64), (96, 48), (128, 64), (129, 43), (127, 0)])
def test_more_samples_than_there_may_be_chunks_are_folded_several_at_a_time(
    count: int, chunks: int
) -> None:
    x = tensor(count, 256, 512)
    n, k, i = Axis("n", count), Axis("k", 256), Axis("i", 512)
    source = Buffer("x", cn.float32, (count, 256, 512), x, "input")
    place = Affine.of(n) * 131072 + Affine.of(k) * 512 + Affine.of(i)
    target = Buffer("y", cn.float32, (512,), x, "output")
    store = Store(target, Affine.of(i), Result(cn.float32, 0))
    nest = Nest((i,), (n, k), (Fold("sum", Load(cn.float32, source, place)),), (store,), (x,))
    from cairnet.compiler.shape import split_folds

    # Half the work, unless it were folded in stretches along the longest axis.
    parts = split_folds(nest, lambda part: 1e6 if part is nest else 2e5, lambda _: 16)
    found = [axis.extent for axis in parts[0].axes if axis.name == "chunk"]
    assert found == ([chunks] if chunks else [])


@pytest.mark.parametrize(("dear", "chunks"), [(8, 16), (16, 8)])
def test_a_long_sum_is_split_along_its_outermost_axis_where_its_longest_is_dear(
    dear: int, chunks: int
) -> None:
    x = tensor(8, 256, 8)
    n, k, i = Axis("n", 8), Axis("k", 256), Axis("i", 8)
    source = Buffer("x", cn.float32, (8, 256, 8), x, "input")
    place = Affine.of(n) * 2048 + Affine.of(k) * 8 + Affine.of(i)
    store = Store(Buffer("y", cn.float32, (), x, "output"), Affine(), Result(cn.float32, 0))
    nest = Nest((), (n, k, i), (Fold("sum", Load(cn.float32, source, place)),), (store,), (x,))
    from cairnet.compiler.shape import split_folds

    def cost(part: Nest) -> float:
        return 10.0 if [axis.extent for axis in part.axes] == [dear] else 1.0

    partial, _ = split_folds(nest, cost, lambda _: 1)
    assert [axis.extent for axis in partial.axes] == [chunks]


def test_a_long_sum_of_one_block_is_shared_by_two_threads() -> None:
    x = cn.input((10, 784))
    w = cn.input((784, 30))
    from tests.compiler.passes import graph, lowered

    from cairnet.compiler.pipeline import Step

    steps = [step for step in lowered(graph([x, w], x @ w)).steps if isinstance(step, Step)]
    assert [[axis.extent for axis in step.nest.axes] for step in steps] == [[2, 10, 30], [10, 30]]
    # The halves lie outside: no block has results of both.
    assert steps[0].schedule.tile == {steps[0].nest.axes[1]: 10}


def test_large_images_are_folded_some_rows_at_a_time() -> None:
    shape = (2, 64, 64, 64)
    x, slope, w = tensor(*shape), tensor(*shape, name="slope"), tensor(3, 3, 64, 64, name="w")
    cost = cn.sum(cn.conv2d(x, w, padding="same") * slope)
    made = graph([x, slope, w], cn.grad(cost, [w])[0])
    (partial,) = (b for life in lowered(made).lives if (b := life.buffer).name == "partial0")
    # For each of two images, and for each half of its rows.
    assert partial.extents == (2, 2, 3, 3, 64, 64)
    random = np.random.default_rng(0)
    arrays = [random.integers(-3, 4, item.shape).astype(np.float32) for item in made.inputs]
    native, reference = (
        cn.function(made.inputs, made.outputs, backend=backend)(*arrays)
        for backend in ("native", "reference")
    )
    np.testing.assert_array_equal(native[0], reference[0])


def test_a_product_over_all_rows_of_all_times_is_folded_in_stretches() -> None:
    x, slope = tensor(10240, 128), tensor(10240, 512, name="slope")
    program = lowered(graph([x, slope], cn.matrix_transpose(x) @ slope))
    (partial,) = (b for life in program.lives if (b := life.buffer).name == "partial0")
    chunks, *_ = partial.extents
    # Of 512 to 1,024 rows each.
    assert chunks == 10
