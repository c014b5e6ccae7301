"""Points under roofs: to the right operations for each byte, up operations in a second."""

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
    bytes: int
    layer: str = "dense"
    title: str = "dot, maximum"
    line: str = "mine.py:3"
    peak: float = 4e11


@dataclass(frozen=True)
class Measured:
    kernels: tuple[Kernel, ...]
    peak: float = 4e11
    memory: float = 4e10
    caches: float = 2e11


PRODUCT = Kernel(7, 1e-3, 300_000_000, 6_000_000)
UPDATE = Kernel(8, 2e-3, 4_000_000, 40_000_000, "optimizer", "subtract")
COPY = Kernel(9, 5e-3, 0, 40_000_000)


def test_kernels_lie_under_the_roofs_and_those_without_operations_nowhere() -> None:
    axes, key = cn.plots.roofline(Measured((PRODUCT, UPDATE, COPY))).axes
    points = [tuple(each.get_offsets()[0]) for each in axes.collections]
    assert points == [pytest.approx((0.1, 2.0)), pytest.approx((50.0, 300.0))]
    sizes = [each.get_sizes()[0] for each in axes.collections]
    assert sizes[0] > sizes[1]  # the longer one is the larger point, and lies below
    memory, caches, level = [line.get_xydata() for line in axes.lines]
    assert memory[1] == pytest.approx((10.0, 400.0))
    assert caches[1] == pytest.approx((2.0, 400.0))
    assert level[:, 1] == pytest.approx((400.0, 400.0))
    said = [text.get_text() for text in key.texts]
    assert said == [
        *("8", "subtract   optimizer", "2 ms, 0% of the peak"),
        *("7", "dot, maximum   dense", "1 ms, 75% of the peak"),
    ]


def test_the_longest_are_drawn_and_the_picture_is_written(tmp_path: Path) -> None:
    path = tmp_path / "roofline.png"
    figure = cn.plots.roofline(Measured((PRODUCT, UPDATE)), path, title="Two", most=1)
    assert len(figure.axes[0].collections) == 1
    with Image.open(path) as picture:
        assert picture.size[0] > 1000


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ArgumentError, match="expected a kernel with floating-point operations"):
        cn.plots.roofline(Measured((COPY,)))
    with pytest.raises(ArgumentError, match="most: expected a whole number, 1 or more, got 0"):
        cn.plots.roofline(Measured((PRODUCT,)), most=0)
