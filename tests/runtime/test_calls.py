"""Calls of compiled functions: arguments of all kinds, sizes that vary, memory, threads."""

from __future__ import annotations

import resource
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training_steps import dense

import cairnet as cn
from cairnet.base.errors import GraphError, NonFiniteError, ShapeError
from cairnet.tensor.core import apply
from cairnet.tensor.primitives import PAD

BACKENDS = ("native", "reference")


def affine(backend: str = "native") -> cn.Function:
    x, y = cn.input((None, 3), name="x"), cn.input((None,), name="y")
    return cn.function([x, y], [cn.sum(x, axis=1) + y, x], name="affine", backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_function_takes_every_kind_of_argument(backend: str) -> None:
    f = affine(backend)
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    y = np.arange(4, dtype=np.float32)
    read_only = x.copy()
    read_only.flags.writeable = False
    unaligned = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(4, 3)
    kinds: list[Any] = [
        x,
        x.tolist(),
        x.astype(np.float64),
        np.asfortranarray(x),
        np.repeat(x, 2, axis=0)[::2],
        read_only,
        unaligned,
        cn.asarray(x),
    ]
    # Twice, since what a kind of call needs is remembered.
    for kind in (*kinds, *kinds):
        total, same = f(kind, y)
        np.testing.assert_array_equal(total, x.sum(axis=1) + y)
        np.testing.assert_array_equal(same, x)
    assert f.compilations == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_shapes_are_checked_however_often_other_ones_were_met(backend: str) -> None:
    f = affine(backend)
    good = np.ones((4, 3), np.float32), np.ones(4, np.float32)
    for _ in range(3):
        f(*good)
        with pytest.raises(ShapeError, match=r"input 'x': expected 3 along axis 1"):
            f(np.ones((4, 2), np.float32), good[1])
        with pytest.raises(ShapeError, match="must be equal"):
            f(good[0], np.ones(5, np.float32))
        with pytest.raises(ShapeError, match=r"expected a leading axis of 4 steps"):
            f.steps(4, np.ones((3, 4, 3), np.float32), np.ones((4, 4), np.float32))


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_extent_that_is_a_formula_is_checked(backend: str) -> None:
    x = cn.input((None,), name="x")
    y = cn.input((2 * x.extents[0],), name="y")
    f = cn.function([y, x], y * cn.concat([x, x]), backend=backend)
    np.testing.assert_array_equal(f([1, 2, 3, 4], [5, 6]), [5, 12, 15, 24])
    with pytest.raises(ShapeError, match=r"input 'y': expected 4 along axis 0 .*got shape \(7,\)"):
        f(np.ones(7, np.float32), np.ones(2, np.float32))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_size_that_no_input_tells_is_refused(backend: str) -> None:
    x = cn.input((None,), name="x")
    with pytest.raises(GraphError, match=r"depends on len\(x\), and none of the function's inputs"):
        cn.function([], cn.zeros_like(x), backend=backend)
    y = cn.input((2 * x.extents[0],), name="y")
    with pytest.raises(GraphError, match=r"^y .* depends on len\(x\)"):
        cn.function([y], y + 1, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_unknown_extents_of_one_name_are_two(backend: str) -> None:
    x, y = cn.input((None,), name="x"), cn.input((None,), name="x")
    wide = [
        apply(PAD, a, value=0.0, low=(0,), high=b.extents, interior=(0,))
        for a, b in ((x, y), (y, x))
    ]
    together = cn.exp(wide[0]) * 10 + wide[1]
    f = cn.function([x, y], together, backend=backend)
    around = np.full(40, 7, np.float32)
    for first, second in ((3, 4), (2, 3), (5, 2)):
        got = f(around[:first], around[:second])
        expected = np.full(first + second, 10, np.float32)
        expected[:first] = 10 * np.exp(7.0)
        expected[:second] += 7
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_sizes_that_vary_share_one_arena() -> None:
    x = cn.input((None, 16), name="x")
    w = cn.Variable(np.random.default_rng(0).standard_normal((16, 16)).astype(np.float32) / 4)
    hidden = cn.tanh(x @ w)
    f = cn.function([x], cn.sum(hidden @ cn.matrix_transpose(w) @ w, axis=1), backend="native")
    reference = cn.function([x], f.graph.outputs[0], backend="reference")
    generator = np.random.default_rng(1)
    for rows in [5, 3, 100, 1, 0, 7, 100, 150, *range(1, 40), 149, 5]:
        values = generator.standard_normal((rows, 16)).astype(np.float32)
        np.testing.assert_allclose(f(values), reference(values), rtol=1e-5, atol=1e-5)
    assert f.compilations == 2


def test_steps_and_single_calls_mix() -> None:
    x, total = cn.input((None,), name="x"), cn.Variable(0.0)
    f = cn.function([x], cn.sum(x) + total, updates={total: total + 1}, backend="native")
    for count in (1, 3, 2):
        values = np.ones((count, 4), np.float32)
        before = float(total)
        np.testing.assert_array_equal(f.steps(count, values), 4 + before + np.arange(count))
        assert float(f(values[0])) == 4 + before + count


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_the_same_in_all_steps_is_given_once(backend: str) -> None:
    rows = cn.input((2,), "int64", name="rows")
    data, scale = cn.input((None, 3), name="data"), cn.input((), name="scale")
    total = cn.Variable(0.0)
    new = total + scale * cn.sum(cn.take(data, rows, axis=0))
    f = cn.function([rows, data, scale], new, updates={total: new}, backend=backend)
    taken = np.array([[0, 1], [3, 3], [2, 0]])
    for count in (4, 9):
        values = np.arange(count * 3, dtype=np.float32).reshape(count, 3)
        before = float(total)
        expected = before + np.cumsum(2 * values[taken].sum(axis=(1, 2)))
        together = f.steps(3, taken, non_sequences=[values, 2.0])
        np.testing.assert_array_equal(together, expected)
        total.assign(before)
        assert [float(f(each, values, 2.0)) for each in taken] == list(expected)
    # How many rows the data have is no reason to compile again.
    assert f.compilations == 1
    with pytest.raises(ShapeError, match=r"'data': expected rank 2.*got shape \(3, 9, 3\)"):
        f.steps(3, taken, non_sequences=[np.zeros((3, 9, 3)), 2.0])
    with cn.debug(non_finite=True), pytest.raises(NonFiniteError, match="step"):
        f.steps(3, taken, non_sequences=[np.full((4, 3), np.nan, np.float32), 2.0])


def test_python_threads_share_a_function() -> None:
    x = cn.input((None,), name="x")
    f = cn.function([x], [cn.cumulative_sum(x), cn.sum(x)], backend="native")
    wrong: list[int] = []

    def work(size: int) -> None:
        values = np.full(size, 2.0, np.float32)
        for _ in range(300):
            sums, total = f(values)
            if sums[-1] != 2 * size or total != 2 * size:
                wrong.append(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in (3, 50, 700)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert f.compilations <= 2


def resident_bytes() -> int:
    """The memory that this process has now."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("the system does not tell how much memory a process has")
    return int(statm.read_text().split()[1]) * resource.getpagesize()


def test_a_hundred_thousand_calls_take_no_memory() -> None:
    step = dense(batch=1)
    f = step.function()
    for _ in range(1000):
        f(*step.arguments)
    before = resident_bytes()
    for _ in range(100_000):
        f(*step.arguments)
    assert resident_bytes() - before < 5e6


def test_thousands_of_sizes_take_no_memory() -> None:
    x = cn.input((None, None), name="x")
    f = cn.function([x], [cn.cumulative_sum(cn.exp(x), axis=1), cn.sum(x)], backend="native")
    f(np.ones((100, 100), np.float32))
    f(np.ones((99, 100), np.float32))
    f(np.ones((100, 99), np.float32))
    before = resident_bytes()
    for rows in range(1, 100):
        for columns in range(1, 100):
            f(np.ones((rows, columns), np.float32))
    assert f.compilations <= 3
    assert resident_bytes() - before < 5e6


def test_outputs_are_the_callers_own() -> None:
    f = affine()
    first = f(np.ones((2, 3), np.float32), np.ones(2, np.float32))[0]
    kept = first.copy()
    f(np.zeros((2, 3), np.float32), np.ones(2, np.float32))
    np.testing.assert_array_equal(first, kept)
