"""Numbers that an Embedding has no row for are refused before anything runs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError

WORDS = np.random.default_rng(0).integers(0, 10, size=(8, 3))
Y = np.arange(8) % 2


def tail() -> list[Any]:
    return [cn.layers.Flatten(), cn.layers.Dense(2, "softmax")]


def in_a_row(*, shape: bool = True) -> cn.Sequential:
    first = [cn.Input((3,), "int64")] if shape else []
    return cn.Sequential([*first, cn.layers.Embedding(10, 4), *tail()])


def from_tensors() -> cn.Model:
    words, numbers = cn.Input((3,), "int64", name="words"), cn.Input((2,), name="numbers")
    hidden = cn.layers.Flatten()(cn.layers.Embedding(10, 4)(words))
    both = cn.layers.Concatenate()([hidden, numbers])
    return cn.Model([words, numbers], cn.layers.Dense(2, "softmax")(both))


def nested() -> cn.Model:
    words = cn.Input((3,), "int64")
    return cn.Model(words, cn.layers.Dense(2, "softmax")(in_a_row()(words)))


def with_word(number: int) -> np.ndarray:
    words = WORDS.copy()
    words[5, 1] = words[6, 0] = number
    return words


METHODS: dict[str, Callable[[cn.Model, Any], Any]] = {
    "fit": lambda model, x: model.fit(x, Y, verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, Y),
    "predict": lambda model, x: model.predict(x),
    "train_on_batch": lambda model, x: model.train_on_batch(x, Y),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [10, -1, 2**40])
def test_a_number_outside_is_refused_with_its_row(method: str, number: int) -> None:
    model = in_a_row()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    words = rf"x: expected numbers from 0 to 9, .* input_dim=10 .* x\[5, 1\] is {number} \(2 of 8"
    with pytest.raises(ArgumentError, match=words):
        METHODS[method](model, with_word(number))
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    METHODS[method](model, WORDS)


def test_a_model_whose_shape_is_not_known_refuses_too() -> None:
    model = in_a_row(shape=False)
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ArgumentError, match=r"x\[5, 1\] is 10\.0"):
        model.fit(with_word(10), Y, verbose=0)
    model.fit(WORDS, Y, verbose=0)


def test_one_input_of_several() -> None:
    model, numbers = from_tensors(), np.full((8, 2), 100.0)
    assert model.input_limits() == [10, None]
    model.predict([WORDS, numbers])
    with pytest.raises(ArgumentError, match=r"x\['words'\]: expected numbers from 0 to 9"):
        model.predict({"words": with_word(12), "numbers": numbers})


def test_a_model_within_a_model() -> None:
    model = nested()
    model.predict(WORDS)
    with pytest.raises(ArgumentError, match=r"x\[5, 1\] is -3"):
        model.predict(with_word(-3))


def test_validation_data_is_looked_at_before_training() -> None:
    model = in_a_row()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ArgumentError, match="expected numbers from 0 to 9"):
        model.fit(WORDS, Y, validation_data=(with_word(10), Y), verbose=0)


def test_fractions_are_rounded_towards_zero() -> None:
    model = in_a_row(shape=False)
    np.testing.assert_array_equal(model.predict([[9.9, -0.9, 0.0]]), model.predict([[9, 0, 0]]))
