"""The parts of the fit loop by themselves: pace, totals, the report."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cairnet as cn
from cairnet.training.pace import Pace
from cairnet.training.progress import ProgressReport
from cairnet.training.totals import Totals


class Clock:
    """A clock that an imaginary computation moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(0, 5000), st.floats(1e-7, 10))
def test_runs_cover_all_steps_and_none_twice(steps: int, seconds: float) -> None:
    clock = Clock()
    pace, reached = Pace(0.04, clock), 0
    for start, stop in pace.runs(steps):
        assert start == reached < stop
        reached = stop
        clock.now += (stop - start) * seconds
    assert reached == steps


@pytest.mark.parametrize("seconds", [1e-6, 1e-4, 1e-2, 1.0])
def test_runs_come_to_take_the_time_they_should(seconds: float) -> None:
    clock = Clock()
    pace, lengths = Pace(0.04, clock), []
    for start, stop in pace.runs(2_000_000):
        lengths.append(stop - start)
        clock.now += (stop - start) * seconds
        if len(lengths) == 20:
            break
    assert lengths[0] == 1
    assert lengths[-1] == pytest.approx(max(1, 0.04 / seconds), rel=0.02)


def test_a_run_after_a_slow_one_is_shorter() -> None:
    clock = Clock()
    pace, lengths = Pace(0.04, clock), []
    for start, stop in pace.runs(100_000):
        lengths.append(stop - start)
        clock.now += (stop - start) * (1e-4 if len(lengths) < 10 else 1e-2)
        if len(lengths) == 20:
            break
    assert lengths[8] == pytest.approx(400, rel=0.02)
    assert lengths[-1] == pytest.approx(4, abs=1)


def test_totals_weigh_by_rows_and_do_not_depend_on_the_grouping() -> None:
    random = np.random.default_rng(0)
    losses = random.normal(size=100).astype(np.float32)
    hits = random.integers(0, 32, 100).astype(np.float32)
    results = []
    for cuts in ([100], [1, 3, 50, 100], list(range(1, 101))):
        totals = Totals({"accuracy": cn.metrics.Accuracy()})
        for start, stop in zip([0, *cuts], cuts, strict=False):
            totals.add({"loss": losses[start:stop], "metric/accuracy": hits[start:stop]}, 32)
        totals.add({"loss": np.array([2.0]), "metric/accuracy": np.array([1.0])}, 5)
        results.append(totals.logs())
    assert results[0] == results[1] == results[2]
    expected = (losses.astype(float).sum() * 32 + 2.0 * 5) / 3205
    assert results[0]["loss"] == pytest.approx(expected)
    assert results[0]["accuracy"] == pytest.approx((hits.sum() + 1) / 3205)


def fit(verbose: int | str, epochs: int = 3) -> None:
    cn.seed(0)
    model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    x = np.arange(20.0)[:, np.newaxis] / 20
    model.fit(x, x, epochs=epochs, batch_size=4, validation_split=0.2, verbose=verbose)


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_without_a_terminal_there_is_a_line_for_each_epoch(
    verbose: int | str, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(verbose)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["epoch", "loss", "val_loss", "time"]
    assert [line.split()[0] for line in lines[1:]] == ["1/3", "2/3", "3/3"]
    assert len({len(line) for line in lines}) == 1
    assert all(
        re.search(r" \d\.\d{4}  +\d\.\d{4}  +(\d\.\d+ s|\d+ ms)$", line) for line in lines[1:]
    )


def test_verbose_0_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    fit(0)
    assert capsys.readouterr() == ("", "")


def test_columns_stay_aligned_when_the_epochs_have_more_digits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fit(2, epochs=12)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert len({len(line) for line in lines}) == 1


def test_on_a_terminal_there_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr("cairnet.training.bar._SECONDS_BETWEEN_FRAMES", 0.0)
    fit("auto")
    out = capsys.readouterr().out
    assert "━" in out
    assert "epoch 2/3" in out
    # The bar is gone at the end, and its last line is cleared.
    assert out.rstrip().endswith("\x1b[2K") or "\x1b[?25h" in out


def measured(verbose: int | str) -> None:
    model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mean_squared_error")
    x = np.ones((1200, 1))
    model.evaluate(x, x, verbose=verbose)
    model.predict(x, verbose=verbose)


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_evaluate_and_predict_end_with_a_line(
    verbose: int | str, capsys: pytest.CaptureFixture[str]
) -> None:
    measured(verbose)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"1,200 samples  loss 1\.0000  \d+(\.\d+)? m?s", first)
    assert re.fullmatch(r"1,200 samples  \d+(\.\d+)? m?s", second)
    measured(0)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_evaluate_and_predict_have_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr("cairnet.training.bar._SECONDS_BETWEEN_FRAMES", 0.0)
    measured("auto")
    out = capsys.readouterr().out
    assert out.count("0 of 1,200 samples") > 1
    assert re.search(r"━.*1,\d\d\d of 1,200 samples.*loss 1\.0000", out)
    assert len(re.findall(r"^.*1,200 samples  (?:loss 1\.0000  )?\d+.*m?s", out, re.MULTILINE)) == 2
    measured(2)
    assert "━" not in capsys.readouterr().out


def test_evaluate_and_predict_refuse_an_unknown_level() -> None:
    with pytest.raises(ValueError, match="verbose: expected"):
        measured(3)


def test_where_the_training_stopped_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    class Stop(cn.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            if epoch == 1:
                raise KeyboardInterrupt

    model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(KeyboardInterrupt):
        model.fit([[1.0]], [[1.0]], epochs=5, verbose=2, callbacks=[Stop()])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        "stopped in epoch 2 of 5, after 0 of 1 batches; the model keeps what it has learned"
    )


def test_the_report_refuses_an_unknown_level() -> None:
    with pytest.raises(ValueError, match="verbose: expected"):
        ProgressReport(5)
