"""Watching compiled functions: the values are right, and no bit of the results changes."""

from typing import Any

import numpy as np
import pytest
from tests.runtime.steps import STEPS, batches

import cairnet as cn
from cairnet.tensor.core import Variable

NAMES = list(STEPS)


@pytest.mark.parametrize("name", NAMES)
def test_watching_changes_no_bit(name: str) -> None:
    plain, plain_parameters = STEPS[name]()
    watched, watched_parameters = STEPS[name](watch=cn.watch)
    x, labels = batches(name, 6)
    assert (
        plain.steps(3, x[:3], labels[:3]).tobytes() == watched.steps(3, x[:3], labels[:3]).tobytes()
    )
    for step in (3, 4, 5):
        cost = plain(x[step], labels[step])
        assert cost.tobytes() == watched(x[step], labels[step]).tobytes()
    for one, other in zip(plain_parameters, watched_parameters, strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()
    assert list(cn.watched("hidden").steps) == list(range(6))
    # It is the very same program: what is watched is computed by one of its own.
    assert cn.explain(plain, "llvm") == cn.explain(watched, "llvm")
    assert plain.compilations == watched.compilations == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_values_are_those_of_the_reference(name: str) -> None:
    x, labels = batches(name, 3)
    found: list[list[np.ndarray]] = []
    for backend in ("native", "reference"):
        f, _ = STEPS[name](backend, cn.watch)
        f.steps(3, x, labels)
        values = [*cn.watched("hidden").values, *cn.watched("cost").values]
        found.append([np.array(value) for value in values])
    assert len(found[0]) == 6
    for actual, expected in zip(*found, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-5)


def test_a_watched_cost_is_the_cost_that_is_returned() -> None:
    f, _ = STEPS["dense"](watch=cn.watch)
    x, labels = batches("dense", 4)
    costs = f.steps(4, x, labels)
    np.testing.assert_allclose([float(v) for v in cn.watched("cost").values], costs, rtol=1e-6)


def test_values_are_seen_before_the_step_updates_anything() -> None:
    seen: list[tuple[str, float, int]] = []
    state = Variable(1.0, name="state")
    shown = cn.watch(state * 1.0, "state", lambda *given: seen.append(given))
    f = cn.function([], None, {state: shown * 2.0}, backend="native")
    f()
    f.steps(3)
    assert [(name, float(value), step) for name, value, step in seen] == [
        ("state", 1.0, 0),
        ("state", 2.0, 1),
        ("state", 4.0, 2),
        ("state", 8.0, 3),
    ]
    assert float(state) == 16


def test_unknown_extents_are_watched_too() -> None:
    x = cn.input((None,), name="x")
    f = cn.function([x], cn.sum(cn.watch(cn.exp(x), "exponentials")), backend="native")
    for size in (3, 5, 2):
        f(np.zeros(size, "f4"))
    record = cn.watched("exponentials")
    assert [value.tolist() for value in record.values] == [[1] * 3, [1] * 5, [1] * 2]
    assert f.compilations == 2


def test_a_callback_that_fails_leaves_the_variables_alone() -> None:
    def fail(name: str, value: np.ndarray, step: int) -> Any:
        raise RuntimeError(name)

    state = Variable(1.0, name="state")
    f = cn.function([], None, {state: cn.watch(state, "bad", fail) + 1.0}, backend="native")
    with pytest.raises(RuntimeError, match="bad"):
        f()
    assert float(state) == 1


def test_watching_and_debugging_go_together() -> None:
    x, state = cn.input((), name="x"), Variable(1.0, name="state")
    y = cn.watch(cn.log(x), "logarithm")
    f = cn.function([x], y + state, {state: state + 1.0}, backend="native")
    with cn.debug(non_finite=True):
        f(1.0)
        with pytest.raises(ValueError, match=r"step 1: the first NaN arose in log"):
            f(-1.0)
    assert [float(v) for v in cn.watched("logarithm").values][:1] == [0]
    assert float(state) == 2
