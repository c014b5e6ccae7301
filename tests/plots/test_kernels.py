"""Bars of kernels: one each, as long as its time, blue as far as the peak would need."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import cairnet as cn
from cairnet.base.errors import ArgumentError


@dataclass(frozen=True)
class Kernel:
    number: int
    seconds: float
    operations: int
    layer: str = "dense"
    title: str = "dot, maximum"
    line: str = "mine.py:3"
    peak: float = 1e9


@dataclass(frozen=True)
class Measured:
    kernels: tuple[Kernel, ...]


def test_bars_are_sorted_and_split_at_what_the_peak_needs() -> None:
    measured = Measured((Kernel(0, 1e-3, 250_000), Kernel(1, 4e-3, 3_000_000), Kernel(2, 1e-4, 0)))
    (axes,) = cn.plots.kernel_times(measured).axes
    at_the_peak, beyond = axes.containers
    assert [bar.get_width() for bar in at_the_peak] == pytest.approx([3.0, 0.25, 0.0])
    assert [bar.get_width() for bar in beyond] == pytest.approx([1.0, 0.75, 0.1])
    assert [bar.get_x() for bar in beyond] == pytest.approx([3.0, 0.25, 0.0])
    assert [text.get_text() for text in axes.texts] == [
        "4 ms, 0.75 GFLOP/s, 75%",
        "1 ms, 0.25 GFLOP/s, 25%",
        "100 µs",
    ]
    assert axes.get_xlabel() == "ms in a call"


def test_short_kernels_share_the_last_bar() -> None:
    measured = Measured(tuple(Kernel(i, 1e-6 * (9 - i), 1_000, layer="") for i in range(5)))
    (axes,) = cn.plots.kernel_times(measured, most=2, title="Five").axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["dot, maximum   mine.py:3   0", "dot, maximum   mine.py:3   1", "3 more"]
    assert axes.texts[-1].get_text() == "18 µs"


def test_faster_than_the_peak_is_all_blue() -> None:
    (axes,) = cn.plots.kernel_times(Measured((Kernel(0, 1e-6, 1_100),))).axes
    assert [bar.get_width() for bar in axes.containers[1]] == [0.0]


def test_the_picture_is_written(tmp_path: Path) -> None:
    path = tmp_path / "kernels.png"
    cn.plots.kernel_times(Measured((Kernel(0, 1e-3, 250_000),)), path)
    with Image.open(path) as picture:
        assert picture.size[0] > 1000


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ArgumentError, match="expected at least one kernel"):
        cn.plots.kernel_times(Measured(()))
    with pytest.raises(ArgumentError, match="most: expected a whole number, 1 or more, got 0"):
        cn.plots.kernel_times(Measured((Kernel(0, 1e-3, 1),)), most=0)
