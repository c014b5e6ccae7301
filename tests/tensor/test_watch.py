"""cn.watch: values arrive, in order, and nothing that is computed changes."""

import gc
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.tensor.functions.watching import Watcher

GENERATOR = np.random.default_rng(31)


def test_values_are_recorded_call_by_call() -> None:
    x = cn.input((None,), name="x")
    hidden = cn.watch(cn.exp(x), "hidden")
    f = cn.function([x], cn.sum(hidden))
    first, second = [0.0, 1.0], [2.0, 3.0, 4.0]
    f(first)
    f(second)
    record = cn.watched("hidden")
    assert [value.shape for value in record.values] == [(2,), (3,)]
    np.testing.assert_allclose(record.values[0], np.exp(first), rtol=1e-6)
    np.testing.assert_allclose(record.last, np.exp(second), rtol=1e-6)
    assert list(record.steps) == [0, 1]
    record.clear()
    assert list(record.values) == []
    f(first)
    assert list(record.steps) == [2]


def test_a_run_of_steps_reports_every_one() -> None:
    state = cn.Variable(0.0, name="state")
    x = cn.input((), name="x")
    doubled = cn.watch(x * 2, "doubled")
    f = cn.function([x], state, updates={state: state + doubled})
    f.steps(4, np.arange(4, dtype=np.float32))
    record = cn.watched("doubled")
    assert [float(value) for value in record.values] == [0, 2, 4, 6]
    assert list(record.steps) == [0, 1, 2, 3]
    assert float(state) == 12


def test_a_callback_takes_the_values_in_place_of_the_record() -> None:
    seen: list[tuple[str, list[float], int]] = []
    x = cn.input((2,), name="x")
    y = cn.watch(x + 1, "y", lambda name, value, step: seen.append((name, value.tolist(), step)))
    f = cn.function([x], cn.sum(y))
    f([0.0, 1.0])
    f([2.0, 3.0])
    assert seen == [("y", [1, 2], 0), ("y", [3, 4], 1)]
    assert list(cn.watched("y").values) == []


def test_only_the_newest_values_are_kept_if_asked() -> None:
    x = cn.input((), name="x")
    y = cn.watch(x, "newest", keep=2)
    f = cn.function([x], y * 1.0)
    for number in range(5):
        f(float(number))
    assert [float(value) for value in cn.watched("newest").values] == [3, 4]


def build(watched: bool) -> Any:
    mark = cn.watch if watched else lambda x, name: x
    x = cn.input((None, 7), name="x")
    w = cn.Variable(np.linspace(-1, 1, 35, dtype=np.float32).reshape(7, 5), name="w")
    hidden = mark(cn.tanh(mark(x @ w, "before")), "after")
    cost = mark(cn.mean(cn.logsumexp(hidden, axis=1)), "cost")
    slope = mark(cn.grad(cost, w), "slope")
    return cn.function([x], cost, updates={w: w - 0.1 * slope}), w


def test_watching_changes_no_bit() -> None:
    x = GENERATOR.standard_normal((6, 7)).astype(np.float32)
    plain, w = build(False)
    marked, v = build(True)
    for _ in range(3):
        assert plain(x).tobytes() == marked(x).tobytes()
        assert w.numpy().tobytes() == v.numpy().tobytes()
    for name, shape in [("before", (6, 5)), ("after", (6, 5)), ("cost", ()), ("slope", (7, 5))]:
        record = cn.watched(name)
        assert [value.shape for value in record.values] == [shape] * 3
    np.testing.assert_allclose(
        cn.watched("after").last, np.tanh(cn.watched("before").last), rtol=1e-6
    )


def test_a_recorded_value_is_a_copy() -> None:
    watcher = Watcher("x")
    value = np.zeros(3)
    watcher.see(value, 0)
    value[:] = 1
    assert not watcher.last.any()


def test_gradients_pass_through() -> None:
    x = cn.Variable([1.0, 2.0])
    y = cn.watch(x * x, "y")
    np.testing.assert_array_equal(cn.grad(cn.sum(y), x).numpy(), [2, 4])


def test_the_last_watch_of_a_name_is_the_one_found() -> None:
    x = cn.input((), name="x")
    first, second = cn.watch(x, "twice"), cn.watch(x + 1, "twice")
    cn.function([x], first + second)(1.0)
    assert float(cn.watched("twice").last) == 2
    assert first.parameters["watcher"] is not second.parameters["watcher"]


def test_a_record_goes_when_its_graph_goes() -> None:
    y = cn.watch(cn.input(()), "transient")
    assert len(cn.watched("transient").values) == 0
    del y
    gc.collect()
    with pytest.raises(ValueError, match="unknown watched tensor 'transient'"):
        cn.watched("transient")


def test_refusals() -> None:
    x = cn.input(())
    y = cn.watch(x, "loss")
    with pytest.raises(ValueError, match=r"unknown watched tensor 'los'; did you mean 'loss'\?"):
        cn.watched("los")
    with pytest.raises(ValueError, match=r"watch 'loss' has recorded nothing yet"):
        _ = y.parameters["watcher"].last
    for name in ("", 3, None):
        with pytest.raises(ValueError, match=r"name must be a string"):
            cn.watch(x, name)
    with pytest.raises(ValueError, match=r"callback must be callable"):
        cn.watch(x, "x", 3)
    with pytest.raises(ValueError, match=r"keep must be a whole number, 1 or more, got 0"):
        cn.watch(x, "x", keep=0)
    with pytest.raises(ValueError, match=r"cn.watch inside the step of a scan"):
        cn.scan(lambda item, s: (None, cn.watch(s + item, "s")), cn.zeros((3,)), 0.0)
