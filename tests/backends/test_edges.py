"""Edges: however a nest is walked, taps beyond the edge are left out and no other is."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.backends.native import passes
from cairnet.compiler.bounds import can_be_apart, edges, holds, stretches, written_apart
from cairnet.compiler.loops import Affine, Axis, Buffer, Guard, Nest
from cairnet.compiler.pipeline import Lowered, lower
from cairnet.compiler.schedule import Schedule, Target
from cairnet.compiler.tile import candidates
from cairnet.tensor.core import Input, Tensor
from cairnet.tensor.extent import Extent

Y, K = Axis("y", 10), Axis("k", 3)
#: 0 <= y + k - 1 < 10: a window of three taps around each of ten points.
GUARD = Guard(Affine(-1, {Y: 1, K: 1}), 10)
TARGET = Target(32, 16)


def test_a_guard_holds_everywhere_or_nowhere_or_here_and_there() -> None:
    assert holds(GUARD, -1, {Y: (1, 8), K: (0, 2)}) is True
    assert holds(GUARD, -1, {Y: (0, 0), K: (0, 0)}) is False
    assert holds(GUARD, 1, {Y: (9, 9)}) is False
    assert holds(GUARD, -1, {Y: (0, 8), K: (0, 2)}) is None


def test_blocks_at_the_edge_are_those_whose_windows_reach_over_it() -> None:
    assert edges(Y, 1, [GUARD]) == [0, 9]
    assert edges(Y, 4, [GUARD]) == [0, 8]
    assert edges(Y, 10, [GUARD]) == [0]
    assert edges(Y, 2, [Guard(Affine(0, {Y: 1}), 10)]) == []


def test_a_loop_has_a_stretch_for_each_set_of_taps() -> None:
    # All three taps of a turn over the points are written out.
    cases = [(GUARD, tap - 1) for tap in range(3)]
    assert stretches(Y, cases, {}) == [(0, 0), (1, 8), (9, 9)]
    # A turn over the taps, at the first of all points.
    assert stretches(K, [(GUARD, -1)], {Y: (0, 0)}) == [(0, 0), (1, 2)]
    # What is not known yet is settled by a loop within: one turn at a time.
    assert stretches(Y, [(GUARD, -1)], {K: (0, 2)}) == [(0, 0), (1, 8), (9, 9)]


def test_code_is_written_apart_as_long_as_it_is_not_too_much() -> None:
    assert written_apart([GUARD], {Y: 4}, [], 12) == (frozenset({GUARD}), 3)
    assert written_apart([GUARD], {}, [Y], 12) == (frozenset({GUARD}), 3)
    assert written_apart([GUARD], {Y: 4}, [K], 12) == (frozenset({GUARD}), 9)
    assert written_apart([GUARD], {Y: 4}, [K], 120) == (frozenset(), 1)


def test_only_numbers_are_known_when_code_is_written() -> None:
    assert can_be_apart(GUARD, None)
    assert not can_be_apart(GUARD, Y)  # along the lanes
    (size,) = (extent for extent in cn.input((None,)).extents if isinstance(extent, Extent))
    assert not can_be_apart(Guard(Affine(-1, {Axis("y", size): 1, K: 1}), size), None)


def convolutions() -> Iterator[tuple[str, Sequence[Input], Tensor]]:
    """Convolutions with borders."""
    x, w, slope = (cn.input(shape) for shape in ((2, 6, 7, 3), (3, 3, 3, 9), (2, 6, 7, 9)))
    y = cn.conv2d(x, w, padding="same")
    by_x, by_w = cn.grad(cn.sum(y * slope), [x, w])
    for name, result in (("forward", y), ("images", by_x), ("weights", by_w)):
        yield name, (x, w, slope), result
    x, w = cn.input((1, 9, 2)), cn.input((4, 2, 5))
    yield "dilated", (x, w), cn.conv1d(x, w, padding="same", dilation=2)
    yield "pooled", (x, w), cn.max_pool(cn.conv1d(x, w, padding=((2, 1),)), 2)


def walked(number: int, seen: set[str]) -> Callable[..., Lowered]:
    """The passes, with another walk than the cheapest for every nest with guards."""

    def choose(nest: Nest, _: Callable[[Buffer], Buffer]) -> Schedule:
        if not any(load.guards for load in nest.loads()):
            return candidates(nest, TARGET, 1)[0]
        found = candidates(nest, TARGET, 4 * number + 1)
        seen.add(found[-1].describe())
        return found[-1]

    def lowered(*arguments: Any, **options: Any) -> Lowered:
        return lower(*arguments, **{**options, "choose": choose})

    return lowered


def check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, numbers: range, least: int, *names: str
) -> None:
    seen: set[str] = set()
    random = np.random.default_rng(0)
    for (name, inputs, result), number in itertools.product(convolutions(), numbers):
        if name not in names:
            continue
        # Numbers that add up exactly, in any order.
        arrays = [
            random.integers(-3, 4, [int(n or 0) for n in item.shape]).astype(np.float32)
            for item in inputs
        ]
        monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path / str(number)))
        monkeypatch.setattr(passes, "lower", walked(number, seen))
        native, reference = (
            cn.function(inputs, result, backend=backend)(*arrays)
            for backend in ("native", "reference")
        )
        np.testing.assert_array_equal(native, reference, f"{name}, walk {number}")
    assert len(seen) >= least


def test_another_walk_of_a_convolution_gives_the_same_sums(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    check(monkeypatch, tmp_path, range(0, 12, 6), 5, "forward", "weights", "pooled")


@pytest.mark.slow
def test_every_walk_of_a_convolution_gives_the_same_sums(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    names = ("forward", "images", "weights", "dilated", "pooled")
    check(monkeypatch, tmp_path, range(40), 100, *names)
