"""examples/binary_addition.py: a network that learns to carry."""

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "binary_addition.py"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE))


def test_digits_are_those_of_the_numbers(example: dict[str, Any]) -> None:
    pairs = np.array([[5, 6], [127, 127]])
    numbers, sums = example["in_digits"](pairs, 8)
    weights = 2 ** np.arange(8)
    assert (np.einsum("ntk,t->nk", numbers, weights) == pairs).all()
    assert (sums[..., 0] @ weights == [11, 254]).all()


def test_no_addition_that_is_asked_for_was_seen(example: dict[str, Any]) -> None:
    seen, unseen = example["additions"](np.random.default_rng(0))
    assert (len(seen), len(unseen)) == (10_000, 1_000)
    both = {tuple(pair) for pair in np.concatenate([seen, unseen]).tolist()}
    assert len(both) == 11_000


def test_it_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [EXAMPLE.name, "--results", str(tmp_path)])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    (entry,) = json.loads((tmp_path / "results.json").read_text("utf-8")).values()
    assert len(entry["runs"]) == 3
    for run in entry["runs"]:
        assert min(run["values"].values()) >= 0.999
    (shown,) = entry["texts"]
    for line in shown["text"].splitlines():
        a, b, total = re.findall(r"\b[01]{8}\b", line)
        assert int(a, 2) + int(b, 2) == int(total, 2)
