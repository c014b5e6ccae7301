"""Cache lines that a walk moves, beside a cache that is simulated line by line."""

from __future__ import annotations

import itertools
from collections import OrderedDict

import pytest

from cairnet.compiler.loops import Axis
from cairnet.compiler.traffic import LINE, Cache, Footprint, fetched

ROW, COLUMN, FOLDED = Axis("i", 48), Axis("j", 64), Axis("k", 128)
#: A product of matrices: x[i, k], w[k, j], the vector along j.
PRODUCT = [Footprint({ROW: 128, FOLDED: 1}, 4), Footprint({FOLDED: 64, COLUMN: 1}, 4)]


def simulated(capacity: int, tile: int, lanes: int) -> int:
    """Lines that a cache without conflicts has to fetch for a product."""
    held: OrderedDict[tuple[int, int], None] = OrderedDict()
    misses = 0
    blocks = itertools.product(range(0, 48, tile), range(0, 64, lanes), range(128))
    for i, j, k in blocks:
        touched = {(0, (128 * (i + t) + k) * 4 // LINE) for t in range(tile)}
        touched |= {(1, (64 * k + j) * 4 // LINE + n) for n in range(lanes * 4 // LINE)}
        for line in sorted(touched):
            if line in held:
                held.move_to_end(line)
            else:
                misses += 1
                held[line] = None
            if len(held) > capacity:
                held.popitem(last=False)
    return misses


@pytest.mark.parametrize("capacity", [40, 200, 400, 800, 4000])
@pytest.mark.parametrize(("tile", "lanes"), [(6, 16), (4, 64), (12, 32)])
def test_fetched_lines_are_those_of_a_simulated_cache(capacity: int, tile: int, lanes: int) -> None:
    loops = [(FOLDED, 1, 128), (COLUMN, lanes, 64), (ROW, tile, 48)]
    (found,) = fetched(PRODUCT, {ROW: tile, COLUMN: lanes}, loops, [Cache(capacity)])
    wanted = simulated(capacity, tile, lanes)
    # What a loop leaves over of the cache keeps a part of what comes next: at most twice as many.
    assert wanted / 1.3 <= found <= 2.0 * wanted


def test_lines_of_overlapping_windows_count_once() -> None:
    y, k, c = Axis("y", 28), Axis("k", 5), Axis("c", 16)
    rows = Footprint({y: 16 * 16, k: 16 * 16, c: 16}, 4)
    # 28 positions and 5 taps see 32 places of 16 lines each.
    assert rows.lines({y: 28, k: 5, c: 16}) == 32 * 16


def test_neighbours_share_a_line() -> None:
    assert Footprint({FOLDED: 1}, 4).lines({FOLDED: 128}) == 8
    assert Footprint({FOLDED: 2}, 4).lines({FOLDED: 128}) == 16
    assert Footprint({FOLDED: 64}, 4).lines({FOLDED: 128}) == 128
    assert Footprint({ROW: 1}, 4).lines({FOLDED: 128}) == 1


def test_everything_that_fits_is_fetched_once() -> None:
    loops = [(FOLDED, 1, 128), (COLUMN, 16, 64), (ROW, 6, 48)]
    found = fetched(PRODUCT, {ROW: 6, COLUMN: 16}, loops, [Cache(10_000), Cache(100_000)])
    assert found == [48 * 128 / 16 + 128 * 64 / 16] * 2


@pytest.mark.parametrize(
    ("stride", "room"),
    [
        (16, 32),  # side by side, a line each
        (16 * 63, 32),  # an odd number of lines apart, each in a set of its own
        (16 * 64, 0.65 * 32 * 64),  # as many lines apart as there are sets: all in one of them
        (16 * 16, 0.65 * 32 * 16),  # eight to a set
    ],
)
def test_lines_that_share_a_set_leave_no_room_in_it(stride: int, room: float) -> None:
    rows = Footprint({ROW: stride}, 4).over({ROW: 32})
    assert rows.lines == 32
    assert rows.room(64) == pytest.approx(room)


def test_columns_of_a_power_of_two_are_fetched_again_for_every_block() -> None:
    loops = [(FOLDED, 1, 128), (ROW, 8, 48)]
    for length, times in [(1024, 6), (1040, 1)]:
        columns = Footprint({FOLDED: length, COLUMN: 1}, 4)
        (found,) = fetched([columns], {COLUMN: 16, ROW: 8}, loops, [Cache(460, 64)])
        assert found == times * 128
