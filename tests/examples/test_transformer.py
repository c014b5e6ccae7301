"""examples/transformer.py: a network of attention that reads a text, and writes."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "transformer.py"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE))


def test_what_stands_behind_changes_nothing(example: dict[str, Any]) -> None:
    cn.seed(0)
    block, x = example["Block"](), np.random.default_rng(0).normal(size=(1, 6, 8))
    y = block(x).numpy()
    np.testing.assert_allclose(block(x[:, :3]).numpy(), y[:, :3], rtol=1e-9, atol=1e-12)
    assert len(block.trainable_variables) == 2 * 2 + 8 + 4


@pytest.mark.slow
def test_it_learns_from_a_text_and_writes(
    example: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = np.random.default_rng(0).choice(["one two three\n", "four five six!\n"], 2000)
    (tmp_path / "text.txt").write_text("".join(words))
    options = ["--data", str(tmp_path / "text.txt"), "--results", str(tmp_path)]
    saved = ["--networks", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [EXAMPLE.name, "--seeds", "1", *options, *saved])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    (entry,) = json.loads((tmp_path / "results.json").read_text("utf-8")).values()
    (bits,) = entry["runs"][0]["values"].values()
    # A line of 14 or 15 characters is one of two: 1 bit.
    assert 0.06 < bits < 0.2
    lines = entry["texts"][0]["text"].splitlines()[:-1]
    assert set(lines) == {"one two three", "four five six!"}
    custom = {name: example[name] for name in ("Places", "Block")}
    model = cn.load_model(tmp_path / "transformer-1.safetensors", custom)
    # Its measure, place by place.
    vocabulary = cn.text.CharacterVocabulary.of("".join(words))
    numbers = vocabulary.encode("".join(words[-200:]))
    half, context = example["CONTEXT"] // 2, example["CONTEXT"]
    costs = []
    for place in range(half + 1, context + 4 * half + 1):
        begin = (place - half - 1) // half * half
        logits = model.predict([numbers[begin : begin + context].astype(int)])[0]
        logs = logits[place - begin - 1] - np.log(np.exp(logits[place - begin - 1]).sum())
        costs.append(-logs[numbers[place]] / np.log(2))
    measured = example["bits_per_character"](model, numbers[: context + 4 * half + 1])
    assert measured == pytest.approx(np.mean(costs), rel=1e-5)
