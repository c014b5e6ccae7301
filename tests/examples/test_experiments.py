"""The experiments in examples/: each runs, the cheap ones reach what they must."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from results_page import DIGITS, ORDER, SEQUENCES

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> dict[str, Any]:
    """Run an example as its command does; what it entered in a page of its own."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--results", str(folder), *options])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    (entry,) = json.loads((folder / "results.json").read_text("utf-8")).values()
    assert entry["key"] == name
    return entry


def test_every_experiment_has_its_place_on_the_page() -> None:
    experiments = {path.stem for path in EXAMPLES.glob("*.py") if "EXPERIMENT" in path.read_text()}
    assert experiments == set(ORDER)


#: What runs whenever tests run; the others are like them.
QUICK = ("mnist_softmax_regression", "mnist_lenet5")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in DIGITS.order],
)
def test_an_experiment_on_digits_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", "digits", "--images", "10", "--epochs", "1", "--seeds", "1"]
    entry = run(name, tmp_path, monkeypatch, *options)
    assert f"{entry['title']}, seed 1: " in capsys.readouterr().out
    for picture in entry["pictures"]:
        assert (tmp_path / "images" / picture["file"]).stat().st_size > 1000
    page = (tmp_path / "results.md").read_text("utf-8")
    command = f"python examples/{name}.py --seeds 1 --data digits --epochs 1 --images 10"
    assert command in page


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SEQUENCES.order if name.startswith("text_")])
def test_an_experiment_on_text_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = np.random.default_rng(0).choice(["To be,", "or not", "to be,", "that is"], 3000)
    text = tmp_path / "text.txt"
    text.write_text("\n".join(words))
    options = ["--data", str(text), "--characters", "12000", "--epochs", "1", "--seeds", "1"]
    entry = run(name, tmp_path, monkeypatch, *options, "--networks", str(tmp_path))
    assert f"{entry['title']}, seed 1: " in capsys.readouterr().out
    assert set(entry["runs"][0]["values"]) == {each["name"] for each in entry["quantities"]}
    for picture in entry["pictures"]:
        assert (tmp_path / "images" / picture["file"]).stat().st_size > 1000
    assert all(text["text"] for text in entry["texts"])
    saved = [cn.load_model(path) for path in tmp_path.glob("*.safetensors")]
    assert all(each.generate(length=5) for each in saved)
    assert len(saved) == (2 if name == "text_lstm_gru" else 1)


@pytest.mark.slow
def test_networks_are_saved_for_the_vote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", "digits", "--images", "10", "--epochs", "1", "--networks", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["mnist_dropout.py", *options, "--seeds", "1"])
    runpy.run_path(str(EXAMPLES / "mnist_dropout.py"), run_name="__main__")
    saved = tmp_path / "mnist_dropout-1.safetensors"
    alone = capsys.readouterr().out.split(":")[1]
    before = saved.stat().st_mtime_ns
    monkeypatch.setattr(sys, "argv", ["mnist_vote.py", *options, "--seeds", "1"])
    runpy.run_path(str(EXAMPLES / "mnist_vote.py"), run_name="__main__")
    # A vote of one says what the one says.
    assert capsys.readouterr().out.split(":")[1].strip() in alone
    assert saved.stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist_softmax_regression", "mnist_sigmoid"])
def test_an_experiment_reaches_its_accuracy(
    name: str, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(data_folder))
    entry = run(name, tmp_path, monkeypatch, "--seeds", "1")
    (reached,) = (run["values"]["test images"] for run in entry["runs"])
    assert 100 * reached >= entry["quantities"][0]["bound"]
