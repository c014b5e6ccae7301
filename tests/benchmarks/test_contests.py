"""A contest as it is run, with real worker processes; it needs no peer that may be missing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contest import Contest, Contestant
from benchmarks.crew import Worker, WorkerError
from benchmarks.measure import Judge, run_contest
from benchmarks.options import Options
from benchmarks.problem import Problem
from benchmarks.workloads import CONTESTS

QUICK = Options(threads=1, rounds=2, window=0.01, pause=0.0, quick=True, say=lambda line: None)


def only(contest: Contest, *names: str) -> Contest:
    return replace(contest, contestants=tuple(contest.contestant(name) for name in names))


@pytest.fixture
def problem_file(tmp_path: Path) -> Path:
    path = tmp_path / "problem.npz"
    CONTESTS["moons"].problem(True).save(path)
    return path


def test_a_contest_compares_losses_and_takes_turns() -> None:
    result = run_contest(only(CONTESTS["moons"], "Cairnet", "NumPy"), QUICK)
    assert [entry.name for entry in result.entries] == ["Cairnet", "NumPy"]
    assert result.left_out == []
    numpy = result.entries[1]
    assert numpy.difference is not None
    assert numpy.difference < 1e-5
    for entry in result.entries:
        assert len(entry.seconds) == QUICK.rounds
        assert all(1e-8 < seconds < 1 for seconds in entry.seconds)
        assert entry.ready is not None
        assert entry.ready > 0
        assert entry.memory is not None
        assert entry.memory > 10 << 20
    assert len(result.peaks) == QUICK.rounds
    assert result.peak > 1e8
    assert result.meetings == []  # there is but one thread
    assert result.best_peer is numpy
    assert result.ratio == pytest.approx(numpy.median / result.ours.median)


@pytest.mark.slow
def test_every_way_to_run_cairnet_finds_the_same_losses() -> None:
    for name in ("mlp", "small"):
        result = run_contest(only(CONTESTS[name], "Cairnet"), QUICK)
        assert len(result.ours.seconds) == QUICK.rounds
    result = run_contest(only(CONTESTS["lenet5"], "Cairnet", "Cairnet, fit"), QUICK)
    assert result.entries[1].difference == pytest.approx(0, abs=1e-5)
    assert not result.entries[1].peer


#: What takes seconds.
SLOW = {"convolutional-autoencoder", "lenet5", "lstm", "gru", "resnet18", "vanilla-rnn", "writing"}
SLOW |= {"product-2048", *(name for name in CONTESTS if name.startswith("convolution-"))}
SLOW -= {"convolution-512-images"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in CONTESTS],
)
def test_torch_computes_the_same(name: str) -> None:
    pytest.importorskip("torch")
    same_losses(CONTESTS[name], "torch, eager")


@pytest.mark.slow
def test_jax_trains_the_same_autoencoder() -> None:
    pytest.importorskip("jax")
    same_losses(CONTESTS["dense-autoencoder"], "JAX, jitted step")


def same_losses(contest: Contest, peer: str) -> None:
    problem = contest.problem(True)
    small = replace(problem, order=problem.order[:4, :8])
    runners = [contest.contestant(each).build(small, 1) for each in ("Cairnet", peer)]
    for runner in runners:
        runner.reset(small.order)
    ours, theirs = (runner.run() for runner in runners)
    assert len(ours) == 4
    assert len(set(ours)) == 4  # something happens in each step
    np.testing.assert_allclose(theirs, ours, rtol=1e-4)


def test_an_autoencoder_has_its_inputs_for_targets_from_disk_too(tmp_path: Path) -> None:
    problem = CONTESTS["dense-autoencoder"].problem(True)
    assert problem.reconstructs
    problem.save(tmp_path / "problem.npz")
    loaded = Problem.load(tmp_path / "problem.npz")
    assert loaded.reconstructs
    np.testing.assert_array_equal(loaded.x, problem.x)
    assert [weight.shape for weight in loaded.weights] == [each.shape for each in problem.weights]


def test_the_states_that_are_carried_are_on_disk_too(tmp_path: Path) -> None:
    problem = CONTESTS["vanilla-rnn"].problem(True)
    problem.save(tmp_path / "problem.npz")
    loaded = Problem.load(tmp_path / "problem.npz")
    assert [state.shape for state in loaded.carried] == [(1, 128)]
    assert [weight.shape for weight in loaded.weights] == [each.shape for each in problem.weights]


def test_a_contestant_with_other_losses_is_left_out() -> None:
    contest = only(CONTESTS["moons"], "Cairnet", "NumPy")
    # Without any tolerance, NumPy's roundings are other losses.
    result = run_contest(replace(contest, tolerance=0.0), QUICK)
    assert [entry.name for entry in result.entries] == ["Cairnet"]
    assert [(out.name, out.wrong) for out in result.left_out] == [("NumPy", True)]


def test_a_contestant_that_is_not_installed_is_left_out() -> None:
    contest = only(CONTESTS["moons"], "Cairnet", "NumPy")
    ours, peer = contest.contestants
    contest = replace(contest, contestants=(ours, replace(peer, needs=("no_such_library",))))
    result = run_contest(contest, QUICK)
    assert result.left_out[0].reason == "no_such_library not installed"
    assert not result.left_out[0].wrong
    assert result.best_peer is None
    assert result.ratio is None
    assert not replace(result, floor=2.0).missed


def test_a_worker_that_fails_says_why(problem_file: Path) -> None:
    with pytest.raises(WorkerError, match="StopIteration"):
        Worker("moons", "nobody", problem_file, 1)


def test_windows_are_whole_units_and_start_anew(problem_file: Path) -> None:
    with Worker("moons", "NumPy", problem_file, 1) as worker:
        first = worker.order("first", steps=5)
        steps = worker.order("calibrate", seconds=0.02)["steps"]
        again = worker.order("window", losses=5)
    assert steps >= 1
    assert again["steps"] == steps
    assert again["losses"] == first["losses"]
    assert again["finite"]
    assert 0 <= again["others"] <= 1


def test_the_judge() -> None:
    judge = Judge(np.array([2.0, 1.0]), tolerance=1e-4)
    assert judge.accepts(judge.difference([2.0, 1.00009], 2))
    assert not judge.accepts(judge.difference([2.0, 1.00011], 2))
    assert not judge.accepts(judge.difference([float("nan"), 1.0], 2))
    assert not judge.accepts(judge.difference([], 2))
    assert judge.accepts(judge.difference([1.5], 2))
    assert not judge.accepts(judge.difference([1.6], 2))


@pytest.mark.parametrize("contest", CONTESTS.values(), ids=lambda contest: contest.name)
def test_the_parts_of_a_contest_fit_together(contest: Contest) -> None:
    names = [contestant.name for contestant in contest.contestants]
    assert len(set(names)) == len(names)
    assert contest.contestants[0].library == "cairnet"
    assert any(contestant.is_peer for contestant in contest.contestants)
    problem = contest.problem(True)
    assert len(problem.x) == len(problem.y)
    assert problem.order.max(initial=0) < len(problem.x)
    assert contest.flops(2 * problem.batch) == 2 * contest.flops(problem.batch)
    assert isinstance(contest.contestants[0], Contestant)
    # A floor is meant for peers that take part.
    assert all(contest.contestant(name).is_peer for name in contest.rivals)
    if contest.rivals:
        assert contest.floor is not None
