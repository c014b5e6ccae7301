from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError

HISTORY = {
    "loss": [2.0, 0.5, 0.01],
    "accuracy": [0.3, 0.8, 0.99],
    "val_loss": [2.0, 0.6, 0.2],
    "val_accuracy": [0.4, 0.8, 0.9],
}


def test_each_quantity_has_a_panel_with_its_curves() -> None:
    figure = cn.plots.learning_curves(HISTORY, title="Digits")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "accuracy"]
    for axes, name in zip(figure.axes, ("loss", "accuracy"), strict=True):
        training, validation = axes.get_lines()
        np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(training.get_ydata(), HISTORY[name])
        np.testing.assert_array_equal(validation.get_ydata(), HISTORY[f"val_{name}"])
        assert training.get_color() != validation.get_color()
    loss, accuracy = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    assert sorted(loss) == ["training 0.01", "validation 0.2"]
    assert sorted(accuracy) == ["training 99.0%", "validation 90.0%"]


def test_a_loss_over_decades_is_shown_on_a_logarithmic_scale() -> None:
    figure = cn.plots.learning_curves(HISTORY)
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]
    assert cn.plots.learning_curves({"loss": [2.0, 1.0]}).axes[0].get_yscale() == "linear"
    assert cn.plots.learning_curves({"loss": [2.0, 0.0]}).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [1.0]},
        {"loss": [1.0, 1.0, 1.0], "val_loss": [1.0, 1.0, 1.0]},
        {"loss": [1.0, float("nan")], "accuracy": [0.5, 0.5]},
        {"loss": [float("inf"), float("nan")]},
    ],
)
def test_odd_histories_are_drawn(history: Any, tmp_path: Path) -> None:
    cn.plots.learning_curves(history, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size[0] > 500


def test_names_at_the_ends_do_not_cover_each_other() -> None:
    figure = cn.plots.learning_curves({"loss": [1.0, 0.5], "val_loss": [1.0, 0.5001]})
    figure.draw_without_rendering()
    first, second = (text.get_window_extent() for text in figure.axes[0].texts)
    assert not first.overlaps(second)


def test_resumed_epochs_are_numbered_on() -> None:
    figure = cn.plots.learning_curves(HISTORY, first_epoch=11)
    np.testing.assert_array_equal(figure.axes[0].get_lines()[0].get_xdata(), [11, 12, 13])


def test_the_history_of_a_training_draws_itself(tmp_path: Path) -> None:
    model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    history = model.fit([[1.0], [2.0]], [[1.0], [2.0]], epochs=4, initial_epoch=2, verbose=0)
    figure = history.plot(tmp_path / "curves.svg", title="a line")
    np.testing.assert_array_equal(figure.axes[0].get_lines()[0].get_xdata(), [3, 4])
    assert (tmp_path / "curves.svg").read_text().startswith("<?xml")


def test_no_global_state_is_touched() -> None:
    from matplotlib import pyplot as plt

    before = dict(mpl.rcParams)
    cn.plots.learning_curves(HISTORY)
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ({}, "expected at least one epoch of at least one quantity"),
        ({"loss": []}, "expected at least one epoch"),
        ({"loss": [1.0], "accuracy": [1.0, 2.0]}, "curves of one length, got {'loss': 1, 'accu"),
    ],
)
def test_histories_without_curves_are_refused(history: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        cn.plots.learning_curves(history)


def test_a_name_without_a_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"a name ending in one of .*\.png.*'.*curves\.docx'"):
        cn.plots.learning_curves(HISTORY, tmp_path / "curves.docx")
    with pytest.raises(DataError, match=r"the folder '.*nowhere' to write it to does not exist"):
        cn.plots.learning_curves(HISTORY, tmp_path / "nowhere" / "curves.png")
    assert list(tmp_path.iterdir()) == []
