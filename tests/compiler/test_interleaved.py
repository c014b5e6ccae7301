"""Nests that write in turns: when they become one with what uses them, and that it is right."""

from collections.abc import Sequence

import pytest
from tests.compiler.passes import TARGET, Graph, check_values, feeds_for, graph

import cairnet as cn
from cairnet.compiler.interleaved import side_by_side
from cairnet.compiler.loops import Nest
from cairnet.compiler.nest_listing import format_nests
from cairnet.compiler.pipeline import lower
from cairnet.compiler.verify import verify_nests

FIELDS = ("axes", "reduce", "folds", "stores", "tensors", "kind")


def enlarging(batch: int, filters: int = 8, kernel: int = 4, shared: bool = False) -> Graph:
    """A convolution taken backwards with strides of two, a bias and a rectifier, another one."""
    x, b = cn.input((batch, 6, 6, 8), name="x"), cn.input((filters,), name="b")
    w = cn.input((kernel, kernel, filters, 8), name="w")
    v = cn.input((3, 3, filters, 8), name="v")
    sums = cn.conv2d_transpose(x, w, strides=2, padding="same")
    images = cn.conv2d(cn.relu(sums + b), v)
    return graph([x, b, w, v], [images, cn.sum(sums)] if shared else images)


def laid_out(made: Graph) -> list[Nest]:
    """The nests as they reach the pass."""
    found: list[Nest] = []

    def observe(name: str, nests: Sequence[Nest]) -> None:
        if name == "layout":
            found.extend(Nest(*(getattr(n, f) for f in FIELDS)) for n in nests)

    lower(made.inputs, made.outputs, (), TARGET, observe)
    return found


def test_sums_of_four_residues_stand_side_by_side_and_are_not_stored() -> None:
    nests = laid_out(enlarging(32))
    joined = side_by_side(nests, lambda nest: 1.0)
    verify_nests("side by side", joined)
    assert len(joined) == len(nests) - 4
    (merged,) = (nest for nest in joined if len(nest.folds) == 4)
    assert len(merged.stores) == 4
    assert len({store.buffer for store in merged.stores}) == 1
    assert len({store.offset.constant for store in merged.stores}) == 4
    assert "convolve_input_gradient" not in format_nests(joined)


def test_what_others_read_is_stored_too() -> None:
    joined = side_by_side(laid_out(enlarging(32, shared=True)), lambda nest: 1.0)
    (merged,) = (nest for nest in joined if len(nest.folds) == 4)
    assert len(merged.stores) == 8


def test_what_would_take_longer_stays_apart() -> None:
    nests = laid_out(enlarging(32))
    assert side_by_side(nests, lambda nest: len(nest.folds) ** 2) == nests


def test_residues_with_different_numbers_of_taps_stay_apart() -> None:
    nests = laid_out(enlarging(32, kernel=3))
    assert side_by_side(nests, lambda nest: 1.0) == nests


@pytest.mark.slow
def test_an_enlarged_image_gives_the_same_values_and_the_same_bits_on_any_threads() -> None:
    x, w = cn.input((32, 8, 8, 8), name="x"), cn.input((3, 3, 8, 32), name="w")
    b, v = cn.input((32,), name="b"), cn.input((3, 3, 32, 8), name="v")
    enlarged = cn.repeat(cn.repeat(x, 2, axis=1), 2, axis=2)
    images = cn.relu(cn.conv2d(enlarged, w, padding="valid") + b)
    made = graph([x, w, b, v], cn.conv2d(images, v, padding="valid"))
    check_values(made)
    f, arrays = cn.function(made.inputs, list(made.outputs)), feeds_for(made)
    found = []
    before = cn.get_threads()
    try:
        for threads in (1, 2, 3):
            cn.set_threads(threads)
            found.append(f(*arrays)[0].tobytes())
    finally:
        cn.set_threads(before)
    assert len(set(found)) == 1
    assert "total4" in str(cn.explain(f, "loops"))  # side by side, or this tests nothing
