"""Experiments on data that a program makes: the data is what it is said to be, and is learned."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(scope="module")
def sentiment() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / "sentiment.py"))


@pytest.fixture(scope="module")
def strings() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / "digit_strings.py"))


def is_praise(sentence: str, good: set[str]) -> bool:
    """What a sentence of the grammar says, found by taking it apart."""
    if sentence.startswith("although "):
        return is_praise(sentence.partition(" , ")[2], good)
    first, joint, second = sentence.partition(" , ")
    if joint:
        word, _, second = second.partition(" ")
        if word == "and":
            assert is_praise(first, good) == is_praise(second, good)
        return is_praise(second if word == "but" else first, good)
    turns = first.startswith("nobody would say that ")
    turns += any(f" {turn} " in first for turn in ("not", "never", "anything but"))
    return (first.split()[-1] in good) ^ (turns % 2 == 1)


def test_sentences_say_what_the_grammar_holds_true(sentiment: dict[str, Any]) -> None:
    found = sentiment["reviews"](3, 1000)
    good = set(sentiment["ADJECTIVES"][True])
    assert found == {sentence: is_praise(sentence, good) for sentence in found}
    assert 0.45 < np.mean(list(found.values())) < 0.55
    lengths = {len([word for word in sentence.split() if word != ","]) for sentence in found}
    assert min(lengths) == 4
    assert max(lengths) <= 23
    assert list(sentiment["reviews"](3, 500)) == list(found)[:500]


def test_rows_of_words_are_filled_up(sentiment: dict[str, Any]) -> None:
    rows = sentiment["rows"](["a b", "b a b"], {"a": 1, "b": 2})
    assert rows.tolist() == [[1, 2, 0], [2, 1, 2]]


def test_strings_and_what_is_to_be_written(strings: dict[str, Any]) -> None:
    read = strings["strings"](np.random.default_rng(0), 500)
    texts = [strings["as_text"](row) for row in read]
    assert len(set(texts)) == 500
    assert {len(text) for text in texts} == set(range(1, 9))
    for change, expected in ((np.flip, lambda t: t[::-1]), (np.sort, lambda t: "".join(sorted(t)))):
        written = strings["targets"](read, change)
        assert [strings["as_text"](row) for row in written] == [expected(text) for text in texts]
        assert (written == strings["END"]).sum(axis=1).tolist() == [1] * 500
        before = strings["told"](written)
        for row, target, text in zip(before, written, texts, strict=True):
            assert row[: len(text) + 1].tolist() == [strings["BEGIN"], *target[: len(text)]]
            assert not row[len(text) + 1 :].any()


def test_a_string_is_right_if_every_digit_is_and_the_end(strings: dict[str, Any]) -> None:
    end = strings["END"]
    target = np.array([[1, 2, end, 0], [3, end, 0, 0]])
    assert strings["exact"](np.array([[1, 2, end, 9], [3, end, 5, 0]]), target) == 1
    assert strings["exact"](np.array([[1, 2, 3, end], [3, end, 5, 0]]), target) == 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "least"),
    [("sentiment", ("--samples", "4000"), 0.99), ("digit_strings", ("--epochs", "5"), 0.97)],
)
def test_what_is_generated_is_learned(
    name: str, options: tuple[str, ...], least: float, tmp_path: Path, monkeypatch: Any
) -> None:
    arguments = [f"{name}.py", "--results", str(tmp_path), "--seeds", "4", *options]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    (entry,) = json.loads((tmp_path / "results.json").read_text("utf-8")).values()
    bound = [each["name"] for each in entry["quantities"] if each["bound"] is not None]
    (run,) = entry["runs"]
    assert min(run["values"][each] for each in bound) >= least
    assert f"python examples/{name}.py --seeds 4 {' '.join(options)}" in (
        tmp_path / "results.md"
    ).read_text("utf-8")
