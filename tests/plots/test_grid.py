from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cairnet as cn
from cairnet.base.errors import ArgumentError, NonFiniteError, ShapeError


def test_images_stand_row_by_row_under_their_labels() -> None:
    arrays = np.arange(7 * 6, dtype=np.uint8).reshape(7, 2, 3)
    figure = cn.plots.images(arrays, labels=[f"number {i}" for i in range(7)], columns=3)
    assert [axes.get_title() for axes in figure.axes] == [f"number {i}" for i in range(7)]
    for axes, array in zip(figure.axes, arrays, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), array)
    corners = np.array([axes.get_position().min for axes in figure.axes])
    assert [len(np.unique(places.round(6))) for places in corners.T] == [3, 3]
    assert len(cn.plots.images(arrays, columns=99).axes) == 7


def test_grey_images_share_a_scale_that_begins_at_black() -> None:
    figure = cn.plots.images([[[0.2, 0.4]], [[0.1, 0.8]]])
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 0.8)] * 2
    assert [axes.images[0].get_cmap().name for axes in figure.axes] == ["gray"] * 2


def test_weights_are_shown_about_zero() -> None:
    figure = cn.plots.images(np.array([[[-0.5, 0.0]], [[0.1, 0.2]]])[..., np.newaxis])
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(-0.5, 0.5)] * 2
    white = figure.axes[0].images[0].to_rgba(np.zeros((1, 1)))
    np.testing.assert_allclose(white, 1, atol=0.05)


def test_images_in_colour_are_written(tmp_path: Path) -> None:
    pixels = np.zeros((1, 8, 8, 3))
    pixels[..., 0] = 1
    cn.plots.images(pixels, tmp_path / "red.png", title="Red")
    with Image.open(tmp_path / "red.png") as picture:
        shown = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (shown == (255, 0, 0)).all(axis=1).mean() > 0.3
    cn.plots.images(np.zeros((1, 2, 2)))  # nothing but zeros has a scale too


@pytest.mark.parametrize(
    ("arrays", "options", "error", "words"),
    [
        (np.zeros((2, 3)), {}, ShapeError, r"or \(n, height, width, 1 or 3\), got \(2, 3\)"),
        (np.zeros((1, 3, 3, 2)), {}, ShapeError, r"got \(1, 3, 3, 2\)"),
        (np.zeros((0, 3, 3)), {}, ShapeError, "at least one image"),
        (np.full((1, 2, 2), np.nan), {}, NonFiniteError, "a NaN or an infinity"),
        (np.zeros((2, 3, 3)), {"labels": ["a"]}, ArgumentError, "each of 2 images, got 1"),
        (np.zeros((2, 3, 3)), {"columns": 0}, ArgumentError, "1 or more, got 0"),
        (np.zeros((2, 3, 3)), {"columns": 1.5}, ArgumentError, r"got 1\.5"),
    ],
)
def test_what_is_no_grid_is_refused(
    arrays: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        cn.plots.images(arrays, **options)
