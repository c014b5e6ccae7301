"""The command line, as a person or a script meets it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

import cairnet as cn
from cairnet.cli import main
from cairnet.cli.pictures import load_picture


class Finished(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["cairnet", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        code = left.value.code
        return Finished(int(code or 0), *capsys.readouterr())

    return command


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LeNet-5 that has seen the digits a few times."""
    path = tmp_path_factory.mktemp("trained") / "lenet5.safetensors"
    cn.seed(0)
    (x, y), _ = cn.datasets.digits()
    model = cn.models.lenet5()
    model.compile(cn.optimizers.Adam(0.003), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x, y, epochs=4, verbose=0)
    model.save(path)
    return path


def test_train_says_what_it_does_and_what_to_do_next(run: Run, tmp_path: Path) -> None:
    finished = run("train", "lenet5", "--epochs", "1", "--batch-size", "64")
    assert finished.code == 0, finished.err
    lines = finished.out.splitlines()
    assert lines[0] == (
        "LeNet-5 (61,706 parameters) on digits: 1,438 images to learn from, 359 to test"
    )
    assert lines[1].split() == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "time"]
    assert lines[2].split()[0] == "1/1"
    assert lines[4].startswith("test accuracy 0.")
    assert " of 359 images), after " in lines[4]
    assert lines[5].startswith("saved lenet5.safetensors (24")
    assert lines[6] == "saved lenet5.png, the learning curves"
    assert lines[8] == "Try next:"
    assert [line.split("   ")[0].strip() for line in lines[9:]] == [
        "cairnet predict lenet5.safetensors IMAGE.png",
        "cairnet summary lenet5.safetensors",
        "cairnet train lenet5 --data mnist",
    ]
    with Image.open(tmp_path / "lenet5.png") as picture:
        assert picture.format == "PNG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lenet5.png", "lenet5.safetensors"]


@pytest.mark.slow
def test_the_seed_and_the_options_decide(run: Run, tmp_path: Path) -> None:
    options = ["--epochs", "1", "--optimizer", "sgd", "--learning-rate", "0.05"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        out = f"{name}.safetensors"
        assert run("train", "lenet5", *options, "--seed", seed, "--out", out).code == 0
    a, b, c = ((tmp_path / f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b != c
    optimizer = cn.load_model(tmp_path / "a.safetensors").optimizer
    assert (type(optimizer).__name__, optimizer.learning_rate) == ("SGD", 0.05)


def test_evaluate_prints_loss_and_accuracy(run: Run, trained: Path) -> None:
    finished = run("evaluate", str(trained))
    assert finished.code == 0
    lines = finished.out.splitlines()
    assert lines[0] == f"{trained} on 359 test images of digits"
    name, value = lines[2].split()
    assert name == "accuracy"
    assert float(value) > 0.8


def test_evaluate_on_mnist(
    run: Run, trained: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRNET_DATA", str(data_folder))
    finished = run("evaluate", str(trained), "--data", "mnist")
    assert finished.out.splitlines()[0] == f"{trained} on 10,000 test images of mnist"


def test_predict_sees_digits_in_pictures(run: Run, trained: Path, tmp_path: Path) -> None:
    _, (x, y) = cn.datasets.digits()
    probabilities = cn.load_model(trained).predict(x)
    sure = np.flatnonzero((probabilities.argmax(axis=1) == y) & (probabilities.max(axis=1) > 0.9))
    bright = (x[sure[0], ..., 0] * 255).round().astype(np.uint8)
    Image.fromarray(bright).save(tmp_path / "bright.png")
    Image.fromarray(255 - bright).resize((280, 280)).save(tmp_path / "dark.jpg")
    finished = run("predict", str(trained), "bright.png", "dark.jpg")
    assert finished.code == 0, finished.err
    first, second = finished.out.splitlines()
    assert first.split()[:2] == ["bright.png", str(y[sure[0]])]
    assert first.split()[2].endswith("%")
    assert "turned around" not in first
    assert second.split()[:2] == ["dark.jpg", str(y[sure[0]])]
    assert second.endswith("(dark on bright: turned around)")


def test_summary_shows_layers_and_settings(run: Run, trained: Path) -> None:
    out = run("summary", str(trained)).out
    assert "conv2d_1" in out
    assert "61,706 parameters, 241 KiB" in out
    assert "optimizer Adam(learning_rate=0.003), loss sparse_categorical_crossentropy" in out


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "summary", "explain", "list"])
def test_help_has_examples(command: str, run: Run) -> None:
    finished = run(command, "--help")
    assert finished.code == 0
    assert "Examples:" in finished.out
    example = "cairnet list layers" if command == "list" else f"cairnet {command} lenet5"
    assert example in finished.out


def test_predict_draws_bars(run: Run, trained: Path, tmp_path: Path) -> None:
    _, (x, _) = cn.datasets.digits()
    for number in range(2):
        ink = (x[number, ..., 0] * 255).round().astype(np.uint8)
        Image.fromarray(ink).save(tmp_path / f"{number}.png")
    finished = run("predict", str(trained), "0.png", "1.png", "--plot", "bars.png")
    assert finished.code == 0, finished.err
    assert finished.out.splitlines()[-1] == "saved bars.png"
    with Image.open(tmp_path / "bars.png") as picture:
        assert picture.format == "PNG"
        # The likeliest class of each picture is drawn in blue, which nothing else is.
        pixels = np.asarray(picture.convert("RGB")).astype(int)
        blue = np.abs(pixels - (0x00, 0x72, 0xB2)).sum(axis=-1) < 12
        half = len(blue) // 2
        assert blue[:half].sum() > 200
        assert blue[half:].sum() > 200
    named = run("predict", str(trained), "0.png", "--data", "fashion_mnist")
    assert any(each in named.out for each in cn.datasets.class_names("fashion_mnist"))
    moons = run("predict", str(trained), "0.png", "--data", "moons")
    assert moons.code == 2
    assert "--data: expected a data set of 10 classes" in moons.err
    refused = run("predict", str(trained), "0.png", "--plot", "bars.doc")
    assert refused.code == 2
    assert "expected a name ending in one of" in refused.err
    assert not (tmp_path / "bars.doc").exists()


def test_everything_with_a_name_is_listed(run: Run) -> None:
    out = run("list").out
    kinds = [line.split()[0] for line in out.splitlines() if line]
    assert kinds[:3] == ["models", "data", "layers"]
    assert {"regularizers", "constraints", "schedules"} <= set(kinds)
    assert run("list", "regularizers").out.split()[0] == "L1"
    assert "\nl1 " not in run("list", "regularizers").out
    assert "Conv2D" in out
    assert "get" not in out.replace(",", "").split()
    layers = run("list", "layers").out.splitlines()
    [dense] = [line for line in layers if line.startswith("Dense ")]
    assert len(dense.split()) > 3
    assert run("list", "models").out == (
        "lenet5   LeNet-5, for digits or mnist or fashion_mnist\ncharrnn  CharRNN, for any text\n"
    )
    wrong = run("list", "layer")
    assert wrong.code == 2
    assert "unknown kind 'layer'; did you mean 'layers'" in wrong.err


def test_a_list_is_wrapped_on_a_terminal() -> None:
    pty = pytest.importorskip("pty")
    terminal, end = pty.openpty()
    program = "import sys; from cairnet.cli import main; sys.argv = ['cairnet', 'list']; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**os.environ, "COLUMNS": "80"},
    )
    os.close(end)
    written = b""
    while piece := _read(terminal):
        written += piece
    os.close(terminal)
    assert child.wait() == 0
    lines = written.decode().split("\r\n")
    assert max(map(len, lines)) <= 80
    assert any(line.startswith(" " * 14) for line in lines)
    assert "layers        ELU, " in written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end was closed
        return b""


def test_explain_shows_graph_and_loops(run: Run, trained: Path) -> None:
    graph = run("explain", str(trained), "--level", "graph").out
    assert "convolve" in graph
    assert f"# conv2d, {trained.name}" in graph
    loops = run("explain", str(trained), "--batch-size", "4").out
    assert "kernel 0" in loops
    assert "cycles" in loops
    step = run("explain", str(trained), "--level", "graph", "--training").out
    assert "gradient" in step
    assert len(step.splitlines()) > 3 * len(graph.splitlines())
    wrong = run("explain", str(trained), "--level", "loop")
    assert wrong.code == 2
    assert "unknown level 'loop'; did you mean 'loops'" in wrong.err


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, f"cairnet {cn.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "lenet"], 2, "error: unknown model 'lenet'; did you mean 'lenet5'"),
        (["train", "lenet5", "--data", "mnits"], 2, "unknown data set 'mnits'; did you mean 'mnis"),
        (["train", "lenet5", "--optimizer", "adm"], 2, "unknown optimizer 'adm'; did you mean"),
        (["train", "lenet5", "--learning-rate", "-1"], 2, "learning_rate: expected a finite numb"),
        (["train", "lenet5", "--out", "a.h5"], 2, "--out: expected a name that ends in .safetens"),
        (["train", "lenet5", "--out", "no/a.safetensors"], 2, "--out: the folder 'no' does not e"),
        (["evaluate", "no.safetensors"], 1, "error: no.safetensors: there is no such file"),
        (["summary", "text.safetensors"], 1, "expected a whole safetensors file"),
        (["predict", "MODEL", "no.png"], 1, "no.png: cannot be read: No such file or directory"),
        (["predict", "MODEL", "text.safetensors"], 1, "expected a picture, found another kind"),
    ],
)
def test_errors_teach_and_leave_with_a_code(
    arguments: list[str], code: int, words: str, run: Run, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.safetensors").write_text("These are only words, and too few of them.")
    finished = run(*(str(trained) if each == "MODEL" else each for each in arguments))
    assert finished.code == code
    assert words in finished.err
    assert "Traceback" not in finished.err
    assert finished.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["text.safetensors"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "lenet5", "--epochs", "0"],
        ["train", "lenet5", "--seed", "x"],
        ["train", "lenet5", "--threads", "0"],
        ["train"],
        ["predict", "lenet5.safetensors"],
        ["trian"],
    ],
)
def test_commands_that_are_not_understood_leave_with_2(arguments: list[str], run: Run) -> None:
    finished = run(*arguments)
    assert finished.code == 2
    assert finished.err


def test_a_transparent_picture_lies_on_white(tmp_path: Path) -> None:
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[8:12, 8:12, 3] = 255
    Image.fromarray(picture).save(tmp_path / "ink.png")
    array, turned = load_picture(tmp_path / "ink.png", (20, 20, 1))
    assert turned
    assert array[10, 10, 0] == 1
    assert array[0, 0, 0] == 0


def test_a_coloured_picture_keeps_its_colours(tmp_path: Path) -> None:
    picture = np.full((8, 6, 3), (255, 0, 51), np.uint8)
    Image.fromarray(picture).save(tmp_path / "red.png")
    array, turned = load_picture(tmp_path / "red.png", (4, 3, 3))
    assert not turned
    np.testing.assert_allclose(array, np.broadcast_to([1, 0, 0.2], (4, 3, 3)), rtol=1e-6)


def test_a_network_that_takes_no_pictures_is_refused(run: Run, tmp_path: Path) -> None:
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(2)])
    model.save(tmp_path / "rows.safetensors")
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    finished = run("predict", "rows.safetensors", "a.png")
    assert finished.code == 2
    assert "expected a network that takes pictures (height, width, 1 or 3)" in finished.err
    finished = run("evaluate", "rows.safetensors")
    assert "saved without a loss" in finished.err
    finished = run("explain", "rows.safetensors", "--training")
    assert finished.code == 2
    assert "saved without a loss, so there is no step of training" in finished.err
