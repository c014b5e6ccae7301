from typing import Any

import numpy as np
import pytest
from scipy.ndimage import shift

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError


@pytest.mark.parametrize("pixels", [1, 2, np.int64(4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_copies_are_those_that_scipy_makes(pixels: int, dtype: type) -> None:
    images = np.random.default_rng(0).integers(1, 256, (3, 5, 7, 2)).astype(dtype)
    moved, labels = cn.augment.shifts(images, [4, 5, 6], pixels)
    assert (moved.shape, moved.dtype) == ((15, 5, 7, 2), dtype)
    assert labels.tolist() == [4, 5, 6] * 5
    steps = [(0, 0), (pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)]
    for copy, (down, right) in enumerate(steps):
        expected = shift(images, (0, down, right, 0), order=0, mode="constant", cval=0)
        np.testing.assert_array_equal(moved[3 * copy : 3 * copy + 3], expected)


def test_what_was_given_is_left_alone() -> None:
    images, labels = np.ones((1, 2, 2, 1)), np.array([[0.0, 1.0]])
    moved, again = cn.augment.shifts(images, labels)
    assert again.tolist() == [[0.0, 1.0]] * 5
    moved[:], again[:] = 7, 7
    assert images.min() == images.max() == 1
    assert labels.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("images", "labels", "pixels", "error", "words"),
    [
        ((2, 4, 4), 2, 1, ShapeError, r"got \(2, 4, 4\); add the channel with images\["),
        ((4, 4), 4, 1, ShapeError, r"\(n, height, width, channels\), got \(4, 4\)$"),
        ((2, 4, 4, 1), 3, 1, ShapeError, r"labels: expected one for each of 2 images, got shape"),
        ((2, 4, 5, 1), 2, 4, ArgumentError, r"from 1 to 3 for images of 4 × 5, got 4"),
        ((2, 4, 5, 1), 2, 0, ArgumentError, r"pixels: expected a whole number from 1 to 3"),
        ((2, 4, 5, 1), 2, 1.0, ArgumentError, r"got 1\.0"),
        ((2, 4, 5, 1), 2, True, ArgumentError, r"got True"),
    ],
)
def test_what_cannot_be_moved_is_refused(
    images: tuple[int, ...], labels: int, pixels: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        cn.augment.shifts(np.zeros(images), np.zeros(labels), pixels)
