"""cn.profile: every kernel is timed, named after its layer, and held against the peak."""

import itertools
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError, ShapeError

BRIEF = 0.01


@pytest.fixture(scope="module")
def dense() -> cn.Profile:
    x, target = cn.input((None, 96), name="x"), cn.input((None, 16), name="target")
    w = cn.Variable(np.full((96, 16), 0.01, np.float32), name="w")
    with cn.scope("layer"):
        y = cn.relu(x @ w)
    with cn.scope("cost"):
        cost = cn.mean((y - target) ** 2)
    (slope,) = cn.grad(cost, [w])
    f = cn.function([x, target], cost, {w: w - 0.1 * slope}, name="step", backend="native")
    rng = np.random.default_rng(0)
    inputs = [rng.random(shape, np.float32) for shape in ((256, 96), (256, 16))]
    before = w.numpy()
    measured = cn.profile(f, *inputs, seconds=BRIEF)
    np.testing.assert_array_equal(w.numpy(), before, "the variable has its old value")
    kernels = cn.explain(f, "loops", *inputs).count("\nkernel ")
    assert kernels == len(measured.kernels)
    return measured


def test_every_kernel_has_a_time_and_the_call_takes_as_long(dense: cn.Profile) -> None:
    assert all(0 < kernel.seconds < 1 for kernel in dense.kernels)
    assert all(0 < kernel.busy <= 1 for kernel in dense.kernels)
    assert dense.seconds > 0.5 * dense.computing > 0
    assert dense.calls >= 4
    assert 1e9 < dense.peak < 1e14
    assert 0 < dense.share_of_peak < 2


def test_kernels_belong_to_the_layers_that_the_user_named(dense: cn.Profile) -> None:
    first, *_ = dense.kernels
    assert first.layer == "layer"
    assert "dot" in first.title
    assert first.line.startswith("test_profile.py:")
    assert first.operations >= 2 * 256 * 96 * 16
    layers = {kernel.layer for kernel in dense.kernels}
    assert {"layer", "cost", "layer/gradient"} <= layers
    assert dense.sizes == {"len(x)": 256, "len(target)": 256}


def test_layers_add_up_their_kernels(dense: cn.Profile) -> None:
    parts = dense.by_layer()
    numbers = sorted(itertools.chain(*(part.kernels for part in parts)))
    assert numbers == [kernel.number for kernel in dense.kernels]
    assert sum(part.operations for part in parts) == dense.operations
    assert sum(part.seconds for part in parts) == pytest.approx(
        sum(kernel.seconds for kernel in dense.kernels)
    )
    for part in parts:
        reached = part.operations_per_second / dense.peak
        assert part.share_of_peak == pytest.approx(reached)


def test_the_table_begins_with_the_longest_kernel(dense: cn.Profile) -> None:
    text = repr(dense)
    assert text == dense.text()
    head, *rows = text.splitlines()[4:]
    assert head.split() == [
        *("kernel", "time", "share", "busy", "GFLOP/s", "of", "peak"),
        *("GB/s", "layer", "computes"),
    ]
    longest = max(dense.kernels, key=lambda kernel: kernel.seconds)
    assert rows[0].split()[0] == str(longest.number)
    assert longest.layer in rows[0]
    assert len(rows) == len(dense.kernels)
    assert text.startswith("step, with len(x) = 256, len(target) = 256, on ")


def test_a_shorter_table_says_what_it_leaves_out(dense: cn.Profile) -> None:
    lines = dense.text(most=1).splitlines()
    assert lines[-1].startswith(f"and {len(dense.kernels) - 1} more kernels, ")


def test_shown_is_plain_text_where_there_is_no_terminal(
    dense: cn.Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    dense.show(None)
    assert capsys.readouterr().out == f"{dense.text()}\n"


def test_shown_is_in_colour_on_a_terminal(
    dense: cn.Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    dense.show(2)
    shown = capsys.readouterr().out
    assert "\x1b[" in shown
    assert "layer/gradient" in shown
    assert "and " in shown.splitlines()[-1]


def test_kernels_inside_loops_count_every_turn() -> None:
    x = cn.input((20, 8), name="x")
    w = cn.Variable(np.eye(8, dtype=np.float32))

    def turn(row: cn.Tensor, h: cn.Tensor) -> tuple[None, cn.Tensor]:
        return None, cn.tanh(h @ w + row)

    _, last = cn.scan(turn, x, cn.zeros((8,)))
    f = cn.function([x], last, backend="native")
    measured = cn.profile(f, np.zeros((20, 8), np.float32), seconds=BRIEF)
    assert {kernel.turns for kernel in measured.kernels} >= {20}
    inside = sum(kernel.operations for kernel in measured.kernels if kernel.turns == 20)
    assert inside >= 20 * 2 * 8 * 8


def test_doubles_are_held_against_half_the_peak() -> None:
    x = cn.input((32, 32), cn.float64, "x")
    f = cn.function([x], x @ x, backend="native")
    measured = cn.profile(f, np.zeros((32, 32)), seconds=BRIEF)
    assert measured.kernels[0].peak == pytest.approx(measured.peak / 2)


def test_several_threads_share_a_kernel() -> None:
    x = cn.input((256, 256), name="x")
    f = cn.function([x], x @ x, backend="native")
    before = configure(threads=2)
    try:
        measured = cn.profile(f, np.zeros((256, 256), np.float32), seconds=BRIEF)
    finally:
        configure(threads=before.threads)
    (kernel,) = measured.kernels
    assert measured.threads in (1, 2)
    assert kernel.shared
    assert kernel.busy > 0.5


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (len, r"expected a function made by cn.function, got builtin.*model.profile\(x, y\)"),
        (cn.function([], cn.ones(()), backend="reference"), "runs on the reference backend"),
    ],
)
def test_what_cannot_be_profiled_is_refused(function: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        cn.profile(function)


def test_arguments_are_checked() -> None:
    x = cn.input((3,), name="x")
    f = cn.function([x], x + 1, backend="native")
    with pytest.raises(ShapeError, match="input 'x': expected 3 along axis 0"):
        cn.profile(f, [1.0])
    with pytest.raises(ArgumentError, match="seconds: expected a positive number, got 0"):
        cn.profile(f, [1.0, 2.0, 3.0], seconds=0)
