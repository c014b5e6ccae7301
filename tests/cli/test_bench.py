"""`cairnet bench`: kernels of a named network, and of one from a file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

import cairnet as cn
from cairnet.cli import main


class Finished(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in an empty folder, for as short as it goes."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Finished:
        given = ["cairnet", "bench", *arguments, "--seconds", "0.001"]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as left:
            main()
        return Finished(int(left.value.code or 0), *capsys.readouterr())

    return command


def saved(path: Path, *, with_loss: bool = True) -> Path:
    """A network of two inputs and two outputs, in a file."""
    image, word = cn.Input((6, 6, 1), name="image"), cn.Input((3,), "int64", name="word")
    seen = cn.layers.Flatten()(cn.layers.Conv2D(2, 3, name="look")(image))
    read = cn.layers.Flatten()(cn.layers.Embedding(7, 2, name="read")(word))
    both = cn.layers.Concatenate()([seen, read])
    kind = cn.layers.Dense(4, activation="softmax", name="kind")(both)
    size = cn.layers.Dense(1, name="size")(both)
    model = cn.Model({"image": image, "word": word}, [kind, size], name="pair")
    if with_loss:
        model.compile("sgd", ["sparse_categorical_crossentropy", "mean_squared_error"])
    model.save(path)
    return path


def test_a_named_network_is_measured_and_drawn(run: Run) -> None:
    finished = run(
        "lenet5",
        "--batch-size",
        "4",
        "--plot",
        "bars.png",
        "--roofline",
        "roofs.png",
        "--most",
        "3",
    )
    assert finished.code == 0, finished.err
    lines = finished.out.splitlines()
    assert lines[0].startswith("lenet5.fit, with len(rows) = 4, on ")
    assert lines[4].startswith("kernel ")
    assert lines[-3].startswith("and ")
    assert lines[-2:] == ["saved bars.png", "saved roofs.png"]
    for name in ("bars.png", "roofs.png"):
        with Image.open(name) as picture:
            assert picture.size[0] > 1000


def test_a_file_is_measured_in_training_and_in_use(run: Run, tmp_path: Path) -> None:
    path = str(saved(tmp_path / "pair.safetensors"))
    finished = run(path, "--batch-size", "5", "--most", "0", "--threads", "1")
    assert finished.code == 0, finished.err
    assert finished.out.startswith("pair.fit, with len(rows) = 5, on 1 thread: ")
    for layer in ("look", "read/gradient", "kind/gradient", "size", "loss"):
        assert f" {layer} " in finished.out
    forward = run(path, "--forward")
    assert forward.code == 0, forward.err
    assert forward.out.startswith("pair.predict, with len(image) = 32, on ")
    assert "gradient" not in forward.out


def test_what_cannot_be_measured_is_said(run: Run, tmp_path: Path) -> None:
    unknown = run("lenet")
    assert unknown.code == 2
    assert "unknown model 'lenet'; did you mean 'lenet5'?" in unknown.err
    path = str(saved(tmp_path / "plain.safetensors", with_loss=False))
    finished = run(path)
    assert finished.code == 2
    assert "saved without a loss" in finished.err
    assert "--forward" in finished.err
    missing = run("missing.safetensors")
    assert missing.code == 1
