"""CharRNN: what it learns from a text, and how it writes."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, DataError, GraphError, ShapeError, UnknownNameError
from cairnet.models import CharRNN

COUNTING = "one two three four five six seven eight nine ten, " * 30
ABC = cn.text.CharacterVocabulary("abc")


def small(cell: str = "lstm", layers: int = 2, **options: object) -> CharRNN:
    cn.seed(3)
    return CharRNN(cell, layers, hidden=6, vocabulary=ABC, **options)


def text_of(count: int) -> str:
    return "".join(np.random.default_rng(0).choice(list("abc"), count))


def log_probabilities(model: CharRNN, text: str) -> np.ndarray:
    """Those of the character behind each one of a text, from a pass over all of it at once."""
    logits = model.predict(model.known().encode(text)[np.newaxis])[0].astype(np.float64)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.fixture(scope="module")
def counting() -> CharRNN:
    """A network that has learned to count."""
    cn.seed(0)
    model = CharRNN("gru", hidden=32)
    model.fit(COUNTING, epochs=30, batch_size=4, sequence_length=25, verbose=0)
    return model


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_states_are_carried_from_batch_to_batch(cell: str) -> None:
    model, text = small(cell), text_of(41)
    whole = log_probabilities(model, text)
    chosen = whole[np.arange(40), model.known().encode(text)[1:]]
    expected = -chosen.mean() / np.log(2)
    for length in (5, 20, 40):
        assert model.bits_per_character(text, 1, length) == pytest.approx(expected, rel=1e-6)


def test_training_is_that_of_stateful_layers() -> None:
    """Beside a model put together by hand, on rows in the order in which they go on."""
    text, rows, length = text_of(4 * 30 + 1), 4, 6
    model = small(layers=2)
    table = cn.layers.Embedding(3, 3, weights=np.eye(3), trainable=False)
    layers = [cn.layers.LSTM(6, return_sequences=True, stateful=True) for _ in range(2)]
    by_hand = cn.Sequential(
        [cn.Input((length,), "int64", batch_size=rows), table, *layers, cn.layers.Dense(3)]
    )
    by_hand.set_weights([np.eye(3), *model.get_weights()])
    by_hand.compile(
        cn.optimizers.SGD(0.5), cn.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.compile(cn.optimizers.SGD(0.5))
    x, y = zip(*cn.text.CarriedBatches(ABC.encode(text), rows, length), strict=True)
    theirs = by_hand.fit(
        np.concatenate(x), np.concatenate(y).astype(np.int64), rows, shuffle=False, verbose=0
    )
    ours = model.fit(text, batch_size=rows, sequence_length=length, verbose=0)
    assert ours.history["loss"] == pytest.approx(theirs.history["loss"], rel=1e-6)
    for own, other in zip(model.get_weights(), by_hand.get_weights()[1:], strict=True):
        np.testing.assert_allclose(own, other, atol=2e-6)


def test_it_learns_what_comes_next(counting: CharRNN) -> None:
    assert counting.bits_per_character(COUNTING, sequence_length=50) < 0.2
    assert counting.generate("three", 24, top_k=1) == " four five six seven eig"
    assert counting.generate("three", 24, beam_width=3) == " four five six seven eig"
    assert counting.generate("three", 24, temperature=0.05, seed=4) == " four five six seven eig"
    assert counting.known().symbols == tuple(sorted(set(COUNTING)))


def test_history_has_smoothed_loss_and_validation_bits() -> None:
    model = small(layers=1)
    history = model.fit(
        text_of(1000), 2, batch_size=4, sequence_length=10, validation_split=0.2, verbose=0
    ).history
    names = ["loss", "smoothed_loss", "val_loss", "val_bits_per_character"]
    assert list(history) == names
    assert history["val_bits_per_character"][1] == pytest.approx(history["val_loss"][1] / np.log(2))
    # 20 steps an epoch, begun with what guessing costs.
    after = np.log(3) * 0.999**20 + (1 - 0.999**20) * history["loss"][0]
    assert history["smoothed_loss"][0] == pytest.approx(after, rel=1e-4)
    assert model.smoothed_loss == history["smoothed_loss"][1]
    held_out = model.fit(
        text_of(500), batch_size=4, sequence_length=10, validation_data=text_of(60), verbose=0
    )
    bits = model.bits_per_character(text_of(60), batch_size=4, sequence_length=10)
    assert held_out.history["val_bits_per_character"][0] == pytest.approx(bits)


def test_bits_are_of_one_character_where_the_loss_is_a_sum() -> None:
    model, text = small(layers=1), text_of(60)
    model.fit(text, batch_size=4, sequence_length=10, verbose=0)
    bits = model.bits_per_character(text, 2, 5)
    loss = cn.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model.compile(cn.optimizers.SGD(0.0), loss)
    assert model.bits_per_character(text, 2, 5) == pytest.approx(bits)
    fitted = model.fit(text, batch_size=2, sequence_length=5, validation_data=text, verbose=0)
    assert fitted.history["val_bits_per_character"] == [pytest.approx(bits)]
    assert fitted.history["val_loss"] == [pytest.approx(10 * np.log(2) * bits)]


def test_a_run_of_steps_is_one_call_of_one_program() -> None:
    model = small(layers=1)
    model.fit(text_of(2000), 2, batch_size=2, sequence_length=10, verbose=0)
    reader = model.reader(2, 10, training=True)
    assert reader.step.compilations == 1
    model.fit(text_of(2000), 1, batch_size=2, sequence_length=10, verbose=0)
    assert model.reader(2, 10, training=True) is reader


def test_texts_come_from_strings_files_and_corpora(tmp_path: Path) -> None:
    text, path = text_of(300), tmp_path / "text.txt"
    path.write_text(text)
    weights = []
    for source in (text, path, cn.text.Corpus(path)):
        cn.seed(1)
        model = CharRNN("rnn", hidden=4)
        model.fit(source, batch_size=2, sequence_length=10, verbose=0)
        weights.append(np.concatenate([each.ravel() for each in model.get_weights()]))
    assert (weights[0] == weights[1]).all()
    assert (weights[0] == weights[2]).all()


def test_a_saved_model_writes_and_goes_on_learning(tmp_path: Path) -> None:
    path, text = tmp_path / "model.safetensors", text_of(300) + "ж世👋"
    shape = {"batch_size": 2, "sequence_length": 10, "verbose": 0}
    cn.seed(5)
    first = CharRNN("gru", 2, 5, dropout=0.25)
    first.fit(text, 1, **shape)
    first.save(path)
    again = cn.load_model(path)
    assert type(again) is CharRNN
    assert again.known() == first.known()
    assert again.generate("世", 50, seed=1) == first.generate("世", 50, seed=1)
    for model in (first, again):
        model.fit(text, 2, initial_epoch=1, **shape)
    for own, other in zip(first.get_weights(), again.get_weights(), strict=True):
        assert (own == other).all()


def test_dropout_is_for_training_alone() -> None:
    plain, dropped = small(), small(dropout=0.5)
    dropped.set_weights(plain.get_weights())
    text = text_of(41)
    assert dropped.bits_per_character(text, 1, 20) == plain.bits_per_character(text, 1, 20)
    shape = {"batch_size": 2, "sequence_length": 10, "verbose": 0}
    assert plain.fit(text, **shape).history != dropped.fit(text, **shape).history


def test_callbacks_are_told() -> None:
    class Count(cn.callbacks.Callback):
        batches, runs = 0, 0

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            assert batch == self.batches
            self.batches += 1

        def on_run_end(self, batch: int, logs: object = None) -> None:
            self.runs += 1
            self.model.stop_training = self.runs == 7

    count = Count()
    model = small(layers=1)
    history = model.fit(
        text_of(400), 5, batch_size=2, sequence_length=10, callbacks=count, verbose=0
    )
    assert (count.batches, count.runs, history.epoch) == (7, 7, [0])


def test_characters_are_drawn_as_often_as_the_model_says() -> None:
    model = small(layers=1)
    model.set_weights([weight * 3 for weight in model.get_weights()])
    logs = log_probabilities(model, "ab")[-1]
    for temperature in (1.0, 0.5):
        expected = np.exp(logs / temperature) / np.exp(logs / temperature).sum()
        drawn = [model.generate("ab", 1, temperature, seed=seed) for seed in range(1500)]
        shares = np.array([drawn.count(symbol) for symbol in "abc"]) / len(drawn)
        assert np.abs(shares - expected).max() < 4 * np.sqrt(0.25 / len(drawn))


def test_the_least_likely_are_left_out() -> None:
    model = small(layers=1)
    model.set_weights([weight * 3 for weight in model.get_weights()])
    probabilities = np.exp(log_probabilities(model, "ab")[-1])
    order = np.argsort(-probabilities)
    likeliest = ["abc"[place] for place in order]
    nearly = float(probabilities[order[:2]].sum()) - 1e-3
    for options, expected in (
        ({"top_k": 1}, likeliest[:1]),
        ({"top_k": 2}, likeliest[:2]),
        ({"top_k": 9}, likeliest),
        ({"top_p": 1e-6}, likeliest[:1]),
        ({"top_p": nearly}, likeliest[:2]),
        ({"top_k": 1, "top_p": nearly}, likeliest[:1]),
        ({"temperature": 9.0}, likeliest),
    ):
        drawn = {model.generate("ab", 1, seed=seed, **options) for seed in range(60)}
        assert drawn == set(expected), options


def test_what_is_drawn_is_read(counting: CharRNN) -> None:
    """The probability of a text that was written is not hidden by how it was written."""
    text = counting.generate("one", 40, top_k=1)
    logs = log_probabilities(counting, "one" + text)
    numbers = counting.known().encode("one" + text)
    assert (logs[2:-1].argmax(axis=-1) == numbers[3:]).all()


def test_the_seed_decides_and_texts_may_be_written_in_turns() -> None:
    model = small()
    first, second = (model.generate("a", 60, seed=seed) for seed in (1, 2))
    assert first != second
    assert model.generate("a", 60, seed=1) == first
    assert model.generate("a", 10, seed=1) == first[:10]
    in_turns = [model.stream("a", 60, seed=1), model.stream("a", 60, seed=2)]
    pieces = list(itertools.zip_longest(*in_turns, fillvalue=""))
    assert ["".join(one) for one in zip(*pieces, strict=True)] == [first, second]
    cn.seed(9)
    once = model.generate("a", 60)
    assert model.generate("a", 60) != once
    cn.seed(9)
    assert model.generate("a", 60) == once


def test_a_stream_comes_in_pieces(counting: CharRNN) -> None:
    pieces = list(counting.stream("one", 300, seed=1))
    assert len(pieces) >= 3
    assert len(pieces[0]) == 1
    assert "".join(pieces) == counting.generate("one", 300, seed=1)
    searched = list(counting.stream("one", 60, beam_width=2))
    assert len(searched) > 1
    assert "".join(searched) == counting.generate("one", 60, beam_width=2)


def test_beam_search_finds_what_is_likeliest() -> None:
    model, length = small(layers=1), 4
    model.set_weights([weight * 4 for weight in model.get_weights()])
    texts = ["".join(letters) for letters in itertools.product("abc", repeat=length)]
    scores = {}
    for text in texts:
        logs = log_probabilities(model, "cab" + text)
        scores[text] = logs[np.arange(2, 2 + length), ABC.encode(text)].sum()
    best = max(scores, key=scores.__getitem__)
    assert model.generate("cab", length, beam_width=3 ** (length - 1)) == best
    assert model.generate("cab", 30, beam_width=1) == model.generate("cab", 30, top_k=1)
    assert len(model.generate("cab", 30, beam_width=5)) == 30


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0}, r"temperature: expected a number above 0, got 0; top_k=1 always"),
        ({"temperature": float("nan")}, "temperature: expected a number above 0, got nan"),
        ({"length": 0}, "length: expected a whole number"),
        ({"top_k": 0}, "top_k"),
        ({"top_p": 1.5}, "top_p: expected a number above 0 and at most 1, got 1.5"),
        ({"beam_width": 0}, "beam_width"),
        ({"beam_width": 2, "seed": 1}, "beam_width: expected it without seed"),
        ({"beam_width": 2, "temperature": 0.5}, "without temperature, since beam search draws"),
        ({"seed": -1}, "seed: expected a whole number"),
        ({"prompt": ""}, "prompt: expected a text of at least one character"),
        ({"prompt": "aé"}, r"prompt: unknown character 'é' \(U\+00E9 .*unknown="),
        ({"prompt": "é", "unknown": "z"}, "unknown: expected a character of the vocabulary"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(options: dict, words: str) -> None:
    model = small(layers=1)
    with pytest.raises(ArgumentError, match=words):
        model.stream(**{"prompt": "a", **options})


def test_unknown_characters_of_a_prompt_can_be_mapped() -> None:
    model = small(layers=1)
    assert model.generate("é", 20, seed=1, unknown="b") == model.generate("b", 20, seed=1)


def test_what_cannot_be_learned_from_is_refused(tmp_path: Path) -> None:
    model = small(layers=1)
    with pytest.raises(ShapeError, match=r"text: expected 201 characters .* sequence_length"):
        model.fit(text_of(200), batch_size=4, sequence_length=50)
    with pytest.raises(ShapeError, match="validation: expected 51 characters"):
        model.fit(text_of(900), batch_size=4, sequence_length=50, validation_data="abc")
    with pytest.raises(ArgumentError, match=r"unknown characters 'd' .* at place 0"):
        model.fit("def" * 100)
    with pytest.raises(ArgumentError, match="got an empty one"):
        model.fit("")
    with pytest.raises(ArgumentError, match="3"):
        model.predict([[0, 3]])
    with pytest.raises(ArgumentError, match="validation_split"):
        model.fit(text_of(900), validation_split=1.5)
    with pytest.raises(ArgumentError, match="epochs"):
        model.fit(text_of(900), epochs=0, batch_size=1)
    with pytest.raises(ArgumentError, match=r"validation_data: unknown character 'd'"):
        model.fit(text_of(900), batch_size=4, validation_data="abcd" * 99)
    (tmp_path / "latin1.txt").write_bytes(b"abc\xe9")
    with pytest.raises(DataError, match="0xe9 at offset 3"):
        CharRNN().fit(tmp_path / "latin1.txt")


def test_models_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown cell 'lstn'; did you mean 'lstm'"):
        CharRNN("lstn")
    with pytest.raises(ArgumentError, match="layers"):
        CharRNN(layers=0)
    with pytest.raises(ArgumentError, match="hidden"):
        CharRNN(hidden=0)
    with pytest.raises(UnknownNameError, match="WordVocabulary"):
        CharRNN(vocabulary=cn.text.WordVocabulary(["a"]))
    for use in (CharRNN().generate, lambda: CharRNN().bits_per_character("abc")):
        with pytest.raises(GraphError, match="knows no characters yet: fit it to a text first"):
            use()
    with pytest.raises(GraphError, match="cannot be saved"):
        CharRNN().save(tmp_path / "model.safetensors")


def test_a_sample_is_printed_after_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    model = small(layers=1)
    sample = cn.callbacks.SampleText("ab", length=30, every=2, seed=1)
    model.fit(text_of(100), 4, batch_size=2, sequence_length=10, callbacks=sample, verbose=2)
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert [line.split()[0] for line in lines[:3]] == ["epoch", "1/4", "2/4"]
    assert [line.split()[0] for line in lines[4:6]] == ["3/4", "4/4"]
    assert lines[6] == f"ab{model.generate('ab', 30, seed=1)}"
    assert lines[3].startswith("ab")
    assert len(lines[3]) == 32
    assert len(lines) == 7


def test_samples_that_cannot_be_are_refused_before_training() -> None:
    model = small(layers=1)
    for sample, words in (
        (cn.callbacks.SampleText("é"), "prompt: unknown character"),
        (cn.callbacks.SampleText("a", temperature=-1), "temperature"),
    ):
        with pytest.raises(ArgumentError, match=words):
            model.fit(text_of(100), batch_size=2, sequence_length=10, callbacks=sample, verbose=0)
    plain = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
    plain.compile("sgd", "mean_squared_error")
    with pytest.raises(ArgumentError, match="expected a model that writes"):
        plain.fit([[1.0]], [[1.0]], callbacks=cn.callbacks.SampleText(), verbose=0)
    with pytest.raises(ArgumentError, match="every"):
        cn.callbacks.SampleText(every=0)


def test_a_text_that_was_refused_leaves_no_vocabulary() -> None:
    model = CharRNN("rnn", hidden=4)
    with pytest.raises(ShapeError):
        model.fit("too short")
    assert model.vocabulary is None
    model.fit(text_of(100), batch_size=2, sequence_length=10, verbose=0)
    assert model.known() == ABC


def test_the_step_of_fit_is_explained_and_measured_and_nothing_changes() -> None:
    model, text = small(layers=1), text_of(41)
    model.compile()
    before = model.get_weights()
    measured = model.profile(text, 2, 10, seconds=0.001)
    assert {part.layer for part in measured.by_layer()} >= {"loss", "optimizer", "logits"}
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    x = ABC.encode(text)[:40].reshape(2, 20)
    step, arrays = model.function_for(x, np.roll(x, -1, axis=1))
    assert step is model.reader(2, 20, training=True).step
    first = step(*arrays)["loss"]
    assert first != step(*arrays)["loss"]
    assert "gradient" in cn.explain(model, "graph", x[:, :3], x[:, 1:4])
    with pytest.raises(ShapeError, match="text: expected 201 characters"):
        model.profile(text, 4, 50)


def test_profiles_name_the_layers_that_write() -> None:
    model = small(layers=2)
    sampler = model.borrow_sampler(filtered=False)
    profile = cn.profile(sampler.step, np.int64(-1), np.float32(0.5), np.float32(1), seconds=0.001)
    assert {"lstm_1/lstm_cell", "lstm_2/lstm_cell", "logits"} <= {
        kernel.layer for kernel in profile.kernels
    }
