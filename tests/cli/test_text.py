"""`cairnet train charrnn` and `cairnet generate`: a network that learns from a file, and writes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import cairnet as cn
from cairnet.cli import main


class Finished(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Finished]
SMALL = ("--layers", "1", "--hidden", "8", "--batch-size", "4", "--sequence-length", "20")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in a folder with a text."""
    monkeypatch.chdir(tmp_path)
    lines = np.random.default_rng(0).choice(["tick tack\n", "ding dong\n"], 120)
    Path("clock.txt").write_text("".join(lines))

    def command(*arguments: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["cairnet", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return Finished(int(left.value.code or 0), *capsys.readouterr())

    return command


def test_a_network_is_trained_saved_and_writes(run: Run) -> None:
    trained = run("train", "charrnn", "--data", "clock.txt", *SMALL, "--epochs", "2")
    assert trained.code == 0, trained.err
    lines = trained.out.splitlines()
    assert lines[0] == (
        "CharRNN, lstm of 1 × 8 units (739 parameters), on clock.txt: 1,200 bytes, 11 different "
        "characters"
    )
    assert lines[1].split()[-2:] == ["val_bits_per_character", "time"]
    assert [line.split()[0] for line in lines if "/2 " in line] == ["1/2", "2/2"]
    assert lines[-5].startswith("saved charrnn.safetensors")
    assert lines[-4] == "saved charrnn.png, the learning curves"
    assert lines[-1].split("   ")[0] == "  cairnet generate charrnn.safetensors"
    assert Path("charrnn.png").exists()
    model = cn.load_model("charrnn.safetensors")
    written = run("generate", "charrnn.safetensors", "--prompt", "ti", "--seed", "1")
    assert written == (0, f"ti{model.generate('ti', 500, seed=1)}\n", "")
    settings = ("--length", "9", "--temperature", "0.5", "--top-k", "3", "--top-p", "0.9")
    short = run("generate", "charrnn.safetensors", *settings, "--seed", "2", "--threads", "1")
    assert short.out == model.generate("\n", 9, 0.5, 3, 0.9, seed=2) + "\n"
    beams = ("--prompt", "t?", "--unknown", "i", "--beam-width", "2", "--length", "5")
    searched = run("generate", "charrnn.safetensors", *beams)
    assert searched.out == f"t?{model.generate('ti', 5, beam_width=2)}\n"


def test_the_options_decide(run: Run) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        options = (*SMALL, "--cell", "gru", "--optimizer", "sgd", "--learning-rate", "0.5")
        saved = ("--epochs", "1", "--seed", seed, "--out", f"{name}.safetensors")
        assert run("train", "charrnn", "--data", "clock.txt", *options, *saved).code == 0
    a, b, c = (Path(f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b != c
    model = cn.load_model("a.safetensors")
    assert (model.cell, model.depth, model.hidden) == ("gru", 1, 8)
    assert (type(model.optimizer).__name__, model.optimizer.learning_rate) == ("SGD", 0.5)


def test_kernels_of_a_network_that_writes_are_measured_and_shown(run: Run) -> None:
    vocabulary = cn.text.CharacterVocabulary("abc")
    model = cn.models.CharRNN("gru", hidden=4, vocabulary=vocabulary)
    model.compile()
    model.save("abc.safetensors")
    shape = ("--batch-size", "3", "--sequence-length", "5")
    graph = run("explain", "abc.safetensors", "--training", "--level", "graph", *shape)
    assert graph.code == 0, graph.err
    assert 'input "characters" : int64[None, None]' in graph.out
    assert "gradient" in graph.out
    loops = run("explain", "abc.safetensors", *shape).out
    assert loops.startswith("char_rnn.predict, with len(characters) = 3")
    measured = run("bench", "abc.safetensors", "--seconds", "0.001", *shape)
    assert measured.code == 0, measured.err
    assert measured.out.startswith("char_rnn.train, with len(characters) = 3")
    assert "gru_1" in measured.out
    named = run("bench", "charrnn", "--seconds", "0.001", "--forward", *shape)
    assert "lstm_2" in named.out, named.err
    forward = run("bench", "abc.safetensors", "--forward", "--seconds", "0.001", *shape)
    assert forward.out.startswith("char_rnn.predict, with len(characters) = 3")


def test_generate_has_examples(run: Run) -> None:
    finished = run("generate", "--help")
    assert finished.code == 0
    assert "cairnet generate charrnn.safetensors --prompt" in finished.out
    assert "cairnet train charrnn --data poems.txt" in run("train", "--help").out
    assert "charrnn  CharRNN, for any text" in run("list", "models").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "charrnn"], 2, "--data: expected a file of text to learn from, as in: cairnet"),
        (["train", "charrnn", "--data", "no.txt"], 1, "error: no.txt: there is no such file"),
        (["train", "charrnn", "--data", "bad.txt"], 1, "found byte 0xff at offset 3"),
        (["train", "charrnn", "--data", "clock.txt"], 2, "text: expected 2,049 characters or more"),
        (["train", "charrnn", "--data", "clock.txt", "--cell", "x"], 2, "unknown cell 'x'"),
        (["train", "charnn", "--data", "clock.txt"], 2, "did you mean 'charrnn'?"),
        (["train", "lenet5", "--cell", "gru"], 2, "--cell: lenet5 has none; it is for networks"),
        (["generate", "no.safetensors"], 1, "no.safetensors: there is no such file"),
        (["generate", "rows.safetensors"], 2, "expected a network that writes, as cairnet train"),
        (["generate", "abc.safetensors", "--prompt", "ab!"], 2, "unknown character '!'"),
        (["generate", "abc.safetensors", "--temperature", "0"], 2, "expected a number above 0"),
        (["generate", "abc.safetensors", "--beam-width", "0"], 2, "beam_width: expected a whole"),
    ],
)
def test_errors_teach_and_leave_with_a_code(
    arguments: list[str], code: int, words: str, run: Run
) -> None:
    Path("bad.txt").write_bytes(b"abc\xff")
    cn.Sequential([cn.Input((4,)), cn.layers.Dense(2)]).save("rows.safetensors")
    vocabulary = cn.text.CharacterVocabulary("abc")
    cn.models.CharRNN(hidden=4, vocabulary=vocabulary).save("abc.safetensors")
    finished = run(*arguments)
    assert finished.code == code
    assert words in finished.err
    assert "Traceback" not in finished.err
    assert not Path("charrnn.safetensors").exists()
