"""CAIRNET_TUNE: the clock decides how a nest is walked, once, and the answer is kept."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.compiler.passes import Graph, graph

import cairnet as cn
from cairnet.backends.native import cache, tuning
from cairnet.backends.native.machine import host
from cairnet.backends.native.tuning import Tuner, varied
from cairnet.base.configuration import configure
from cairnet.compiler.likeness import form_of
from cairnet.compiler.loops import Nest
from cairnet.compiler.pipeline import LoopStep, Lowered, lower
from cairnet.compiler.schedule import Schedule, Target
from cairnet.compiler.tile import candidates

TARGET = Target(host().vector_bytes, host().registers)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; and a digest that holds even if sources are edited meanwhile."""
    monkeypatch.setenv("CAIRNET_CACHE", str(tmp_path))
    monkeypatch.setattr(tuning, "compiler_digest", lambda: "the compiler of this test")
    return tmp_path


@pytest.fixture
def tuned(folder: Path) -> Iterator[Path]:
    before = configure(tune=True)
    yield folder
    configure(tune=before.tune)


def product(rows: int | None = 48) -> Graph:
    x, w = cn.input((rows, 64), name="x"), cn.input((64, 40), name="w")
    return graph([x, w], cn.relu(x @ w))


def lowered(made: Graph) -> tuple[Nest, Lowered]:
    plan = lower(made.inputs, made.outputs, list(made.updates.items()), TARGET)
    first = plan.steps[0]
    assert not isinstance(first, LoopStep)
    return first.nest, plan


def test_the_fastest_is_taken_and_not_the_one_expected(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nest, plan = lowered(product())
    good = candidates(nest, TARGET, 1)[0]
    slow = Schedule(1, None, order=nest.axes, reduce=nest.reduce, cycles=good.cycles)
    monkeypatch.setattr(tuning, "candidates", lambda *_: [slow, good])
    chosen = Tuner(host(), TARGET).choose(nest, plan.memory)
    assert (chosen.lanes, chosen.vector) == (good.lanes, good.vector)
    assert " µs measured, the fastest of 2 ways; " in chosen.remark
    assert chosen.remark.endswith("for the one that was expected to be")


def test_the_answer_is_kept(folder: Path) -> None:
    nest, plan = lowered(product())
    first = Tuner(host(), TARGET).choose(nest, plan.memory)
    entries = list(folder.rglob("*"))
    assert sum(entry.is_file() for entry in entries) >= 1
    # Another nest that is alike, as another process would make it. Two measurements are never
    # equal to the last digit, so this one was read.
    nest, plan = lowered(product())
    again = Tuner(host(), TARGET).choose(nest, plan.memory)
    assert again.remark == first.remark
    assert list(again.tile.values()) == list(first.tile.values())


def test_a_damaged_answer_is_measured_again(folder: Path) -> None:
    nest, plan = lowered(product())
    tuner = Tuner(host(), TARGET)
    tuner.choose(nest, plan.memory)
    key = tuner._key(form_of(nest, plan.memory), varied(candidates(nest, TARGET, 400), 10))
    assert key is not None
    whole = cache.lookup(key)
    assert whole is not None
    for damaged in (b"", b"[1]", b'["a", 1, 2]', b"[900, 1.0, 1.0]"):
        cache.store(key, damaged)
        assert "measured" in tuner.choose(nest, plan.memory).remark
        again = cache.lookup(key)
        assert again is not None
        assert len(json.loads(again)) == len(json.loads(whole))


def test_what_is_not_known_or_not_worth_it_is_left_to_the_model(folder: Path) -> None:
    for made in (product(None), graph([x := cn.input((5,), name="x")], x + 1)):
        nest, plan = lowered(made)
        chosen = Tuner(host(), TARGET).choose(nest, plan.memory)
        assert chosen == candidates(nest, TARGET, 1)[0]
        assert chosen.remark == ""
    assert not [entry for entry in folder.rglob("*") if entry.is_file()]


def test_ways_that_differ_are_preferred() -> None:
    x, w = cn.input((8, 12, 12, 3), name="x"), cn.input((3, 3, 3, 16), name="w")
    nest, _ = lowered(graph([x, w], cn.conv2d(x, w)))
    proposed = candidates(nest, TARGET, 400)
    chosen = varied(proposed, 6)
    assert chosen[0] == proposed[0]
    assert len(chosen) == 6
    assert len({(schedule.vector, schedule.unrolled) for schedule in chosen}) > 1
    assert [s.cycles for s in chosen] == sorted(s.cycles for s in chosen)


def test_candidates_are_ordered_and_begin_with_the_choice_of_the_model() -> None:
    nest, _ = lowered(product())
    listed = candidates(nest, TARGET, 50)
    assert [s.cycles for s in listed] == sorted(s.cycles for s in listed)
    assert listed[0] == candidates(nest, TARGET, 1)[0]
    assert 10 < len(listed) <= 50


def test_a_tuned_function_is_right_and_says_what_was_measured(tuned: Path) -> None:
    x = cn.input((None, 12, 12, 3), name="x")
    w = cn.Variable(np.linspace(-1, 1, 3 * 3 * 3 * 8, dtype=np.float32).reshape(3, 3, 3, 8))
    y = cn.max_pool(cn.relu(cn.conv2d(x, w, padding="same")), 2)
    cost = cn.mean(y * y)
    (slope,) = cn.grad(cost, [w])
    value = np.random.default_rng(0).random((16, 12, 12, 3), np.float32)
    f = cn.function([x], [cost, slope], backend="native")
    expected = cn.function([x], [cost, slope], backend="reference")(value)
    for one, other in zip(f(value), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)
    assert " µs measured, the fastest of " in cn.explain(f, "loops")


@pytest.mark.slow
def test_in_place_updates_and_scans_are_tuned_too(tuned: Path) -> None:
    w = cn.Variable(np.eye(64, dtype=np.float32), name="w")
    x = cn.input((6, 64, 64), name="x")

    def turn(item: cn.Tensor, state: cn.Tensor) -> tuple[cn.Tensor, cn.Tensor]:
        following = cn.tanh(state @ w + item)
        return following, following

    states, _ = cn.scan(turn, x, cn.zeros((64, 64)))
    value = np.random.default_rng(0).random((6, 64, 64), np.float32)
    expected = cn.function([x], states, backend="reference")(value)
    f = cn.function([x], states, {w: w - 0.1 * (states[0] @ w)}, backend="native")
    np.testing.assert_allclose(f(value), expected, rtol=1e-4, atol=1e-5)
