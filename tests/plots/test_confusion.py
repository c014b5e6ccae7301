from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError


def test_counts_stand_in_their_places_and_mistakes_are_coloured() -> None:
    figure = cn.plots.confusion_matrix([[90, 4, 0], [2, 80, 0], [0, 0, 0]], classes="abc")
    (axes,) = figure.axes
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert {place: text for place, text in shown.items() if text} == {
        (0, 0): "90",
        (1, 0): "4",
        (0, 1): "2",
        (1, 1): "80",
    }
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    colours = np.asarray(axes.images[0].get_array())
    np.testing.assert_array_equal(colours[0, 0], colours[2, 2])
    np.testing.assert_array_equal(colours[0, 2], (1, 1, 1))
    # Twice as many mistakes are twice as far from white.
    np.testing.assert_allclose(1 - colours[0, 1], 2 * (1 - colours[1, 0]))


def test_a_matrix_from_the_metrics_is_written(tmp_path: Path) -> None:
    matrix = cn.metrics.confusion_matrix([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    cn.plots.confusion_matrix(matrix, tmp_path / "matrix.png", title="No mistakes")
    with Image.open(tmp_path / "matrix.png") as picture:
        assert picture.size[0] > 300


@pytest.mark.parametrize(
    ("matrix", "classes", "error", "words"),
    [
        (np.zeros((2, 3)), None, ShapeError, r"\(classes, classes\), got \(2, 3\)"),
        (np.zeros((0, 0)), None, ShapeError, r"got \(0, 0\)"),
        ([[1, -1], [0, 1]], None, ArgumentError, "counts, finite numbers of 0 or more"),
        ([[1.0, np.inf], [0, 1]], None, ArgumentError, "counts"),
        ([[1, 0], [0, 1]], ["cat"], ArgumentError, "expected 2 names, got 1"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(
    matrix: Any, classes: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        cn.plots.confusion_matrix(matrix, classes=classes)
