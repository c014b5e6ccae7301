"""Recurrent layers inside models of several forms: trained, saved, loaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.layers import GRU, LSTM, Bidirectional, Concatenate, Dense, Embedding

WORDS = np.random.default_rng(0).integers(1, 9, size=(8, 6))
WORDS[3, 4:] = WORDS[5, 2:] = 0


def trained(model: cn.Model, x: Any, y: np.ndarray, loss: str = "mse") -> None:
    """Two epochs, after which every weight has moved."""
    model.compile(cn.optimizers.Adam(0.01), loss)
    before = model.get_weights()
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def check_saved(model: cn.Model, x: Any, path: Path) -> None:
    model.save(path / "model.safetensors")
    again = cn.load_model(path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_a_network_of_frames_inside_one_of_sequences(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).normal(size=(8, 3, 6, 6, 1)).astype(np.float32)
    inner = cn.Sequential([cn.layers.Conv2D(2, 3), cn.layers.MaxPooling2D(2), cn.layers.Flatten()])
    model = cn.Sequential(
        [
            cn.Input((3, 6, 6, 1)),
            cn.layers.TimeDistributed(inner),
            Bidirectional(GRU(3)),
            Dense(1),
        ]
    )
    trained(model, frames, np.ones((8, 1), np.float32))
    check_saved(model, frames, tmp_path)


def test_an_encoder_that_is_used_twice(tmp_path: Path) -> None:
    encoder = cn.Sequential(
        [cn.Input((None,), "int64"), Embedding(9, 4, mask_zero=True), LSTM(5)], name="encoder"
    )
    first, second = (cn.Input((None,), "int64", name=name) for name in ("first", "second"))
    joined = Concatenate()([encoder(first), encoder(second)])
    model = cn.Model([first, second], Dense(1)(joined))
    trained(model, [WORDS, WORDS[::-1]], np.ones((8, 1), np.float32))
    check_saved(model, [WORDS, WORDS], tmp_path)
    # The padding inside the encoder is still seen as such.
    longer = np.concatenate([WORDS, np.zeros((8, 3), int)], axis=1)
    shown = model.predict([WORDS, WORDS])
    np.testing.assert_allclose(model.predict([longer, longer]), shown, rtol=1e-5, atol=1e-6)


def test_a_state_that_another_layer_gives(tmp_path: Path) -> None:
    """What is seen in a picture begins the sentence about it."""
    seen, words = cn.Input((7,), name="seen"), cn.Input((None,), "int64", name="words")
    begun = Dense(6, activation="tanh")(seen)
    hidden = GRU(6, return_sequences=True)(
        Embedding(9, 4, mask_zero=True)(words), initial_state=begun
    )
    model = cn.Model([seen, words], Dense(9, activation="softmax")(hidden))
    picture = np.random.default_rng(2).normal(size=(8, 7)).astype(np.float32)
    trained(model, [picture, WORDS], WORDS, "sparse_categorical_crossentropy")
    check_saved(model, [picture, WORDS], tmp_path)
    # Weights of samples count beside the mask.
    weights = np.arange(1.0, 9.0)
    expected, losses = 0.0, -np.log(model.predict([picture, WORDS]))
    for row in range(8):
        for step in np.flatnonzero(WORDS[row]):
            expected += weights[row] * losses[row, step, WORDS[row, step]] / (WORDS != 0).sum()
    measured = model.evaluate([picture, WORDS], WORDS, batch_size=8, sample_weight=weights)
    assert measured == pytest.approx(expected, rel=1e-5)


class Tagger(cn.Model):
    """A model of one's own with states in its hands."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Embedding(9, 4, mask_zero=True)
        self.read = LSTM(5, return_state=True)
        self.tell = Dense(2)

    def call(self, x: cn.Tensor) -> Any:
        y, h, c = self.read(self.words(x))
        return self.tell(y + h + c)


def test_a_model_of_ones_own() -> None:
    model, words = Tagger(), WORDS.astype(np.float32)
    assert model.predict(words).shape == (8, 2)  # which makes the weights
    trained(model, words, np.ones((8, 2), np.float32))


def test_sequences_of_any_length_are_two_programs_for_a_model_too() -> None:
    cn.seed(0)
    model = cn.Sequential(
        [cn.Input((None, 3)), cn.layers.Masking(), GRU(4, return_sequences=True), Dense(1)]
    )
    model.compile("sgd", "mse")
    shapes = [(8, 5), (8, 2), (5, 9), (3, 1), (8, 12)]
    random = np.random.default_rng(0)
    for rows, time in shapes:
        x, y = random.normal(size=(rows, time, 3)), random.normal(size=(rows, time, 1))
        before = model.predict(x)
        assert model.evaluate(x, y) == pytest.approx(((before - y) ** 2).mean(), rel=1e-5)
        model.train_on_batch(x, y)
        assert (model.predict(x) != before).any()
    for data in ((x,), (x, y)):
        function, _ = model.function_for(*data)
        assert function.compilations == 2
