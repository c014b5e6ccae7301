"""Data that does not fit is refused before anything runs, in words that name it."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DTypeError, NonFiniteError, ShapeError

IMAGES = np.random.default_rng(0).uniform(size=(6, 4, 4, 1)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])
ONE_HOT = np.eye(3)[LABELS]


def with_value(array: np.ndarray, place: tuple[int, ...], value: float) -> np.ndarray:
    copy = array.astype(float)
    copy[place] = value
    return copy


@pytest.fixture
def model() -> cn.Sequential:
    model = cn.Sequential([cn.Input((4, 4, 1)), cn.layers.Flatten(), cn.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    return model


BAD_X: dict[str, tuple[Any, type[Exception], str]] = {
    "no channel": (
        IMAGES[..., 0],
        ShapeError,
        r"x: expected shape \(batch, 4, 4, 1\), got \(6, 4, 4\); add .* x\[\.\.\., np\.newaxis\]",
    ),
    "no batch": (IMAGES[0], ShapeError, r"for a single sample, give x\[np\.newaxis\]"),
    "other extent": (IMAGES[:, :3], ShapeError, r"\(batch, 4, 4, 1\), got \(6, 3, 4, 1\)"),
    "no rows": (IMAGES[:0], ShapeError, r"x: expected at least one row, got shape \(0, 4, 4, 1\)"),
    "a number": (3.0, ShapeError, "x: expected an array with one row for each sample, got a num"),
    "nothing": (None, ArgumentError, "x: expected an array with one row for each sample, got None"),
    "batches": (
        iter([(IMAGES, LABELS)]),
        ArgumentError,
        r"x: expected an array, got batches one after another \(list_iterator\).*np\.concatenate",
    ),
    "ragged": ([[1.0], [1.0, 2.0]], ShapeError, "x: expected an array, got nested lists of uneq"),
    "text": (np.array(["a"] * 6), DTypeError, "x: expected real numbers, got an array of dtype <U"),
    "objects": (np.array([None] * 6), DTypeError, "x: expected real numbers, .* dtype object"),
    "complex": (IMAGES * 1j, DTypeError, "x: expected real numbers, .* dtype complex"),
    "nan": (
        with_value(IMAGES, (2, 1, 0, 0), np.nan),
        NonFiniteError,
        r"x: expected finite numbers, but x\[2, 1, 0, 0\] is nan \(1 of 6 rows",
    ),
    "infinity": (with_value(IMAGES, (5, 3, 3, 0), -np.inf), NonFiniteError, r"\[5, 3, 3, 0\] is -"),
    "both infinities": (
        with_value(with_value(IMAGES, (1, 0, 0, 0), np.inf), (2, 0, 0, 0), -np.inf),
        NonFiniteError,
        r"x\[1, 0, 0, 0\] is inf \(2 of 6 rows",
    ),
}

BAD_Y: dict[str, tuple[Any, type[Exception], str]] = {
    "too few": (LABELS[:5], ShapeError, "y: expected 6 rows, as many as x has, got 5"),
    "no rows": (LABELS[:0], ShapeError, r"y: expected at least one row, got shape \(0,\)"),
    "too large": (LABELS + 1, ArgumentError, "y: expected class numbers from 0 to 2.* row 2 holds"),
    "negative": (LABELS - 1, ArgumentError, "y: expected class numbers from 0 to 2.* holds -1"),
    "floats": (LABELS * 1.0, DTypeError, "expected class numbers of an integer dtype, got float"),
    "one-hot": (ONE_HOT.astype(int), ShapeError, r"class numbers of shape \(None,\) for predict"),
    "nan": (LABELS * np.nan, NonFiniteError, r"y: expected finite numbers, but y\[0\] is nan"),
}


@pytest.mark.parametrize("case", BAD_X)
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "validation"])
def test_bad_inputs(case: str, method: str, model: cn.Sequential) -> None:
    x, kind, words = BAD_X[case]
    before = model.get_weights()
    call = {
        "predict": lambda: model.predict(x),
        "evaluate": lambda: model.evaluate(x, LABELS),
        "fit": lambda: model.fit(x, LABELS),
        "validation": lambda: model.fit(IMAGES, LABELS, validation_data=(x, LABELS)),
    }[method]
    with pytest.raises(kind, match=words):
        call()
    for weight, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, now)


@pytest.mark.parametrize("case", BAD_Y)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_bad_targets(case: str, method: str, model: cn.Sequential) -> None:
    y, kind, words = BAD_Y[case]
    with pytest.raises(kind, match=words):
        getattr(model, method)(IMAGES, y)


def test_targets_that_would_broadcast() -> None:
    model = cn.Sequential([cn.Input((2,)), cn.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(ShapeError, match=r"shape \(None, 1\), got \(None,\); .* y\[:, np.newaxis"):
        model.fit(np.ones((5, 2)), np.ones(5))


def test_finite_numbers_whose_sum_is_not_are_accepted(model: cn.Sequential) -> None:
    model.predict(np.full((6, 4, 4, 1), 3e38, np.float32))


@pytest.mark.parametrize("dtype", ["float64", "uint8", "int64", "bool"])
def test_numbers_of_other_dtypes_are_converted(dtype: str, model: cn.Sequential) -> None:
    x = (IMAGES * 2).astype(dtype)
    np.testing.assert_array_equal(model.predict(x), model.predict(x.astype(np.float32)))


def test_lists_and_views_are_accepted(model: cn.Sequential) -> None:
    view = np.asfortranarray(IMAGES)[::-1]
    np.testing.assert_array_equal(model.predict(view), model.predict(view.copy()))
    np.testing.assert_array_equal(model.predict(IMAGES.tolist()), model.predict(IMAGES))


class Loader:
    """Batches that are made when they are asked for, as data loaders of other libraries do."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Any:
        yield IMAGES, LABELS


@pytest.mark.parametrize("batches", [Loader(), (each for each in ()), zip((), strict=True)])
def test_batches_one_after_another_are_refused(batches: Any, model: cn.Sequential) -> None:
    with pytest.raises(ArgumentError, match=r"batches one after another .* call train_on_batch"):
        model.fit(batches)


def test_targets_left_out_are_asked_for(model: cn.Sequential) -> None:
    with pytest.raises(ArgumentError, match=r"y: expected an array .*, got None"):
        model.fit(IMAGES)
