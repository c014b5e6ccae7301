"""How many programs a function compiles, and that each of them computes the same."""

import numpy as np
import pytest
from tests.runtime.steps import STEPS, batches

import cairnet as cn


def test_twenty_batch_sizes_are_two_programs() -> None:
    x, w = cn.input((None, 7), name="x"), cn.Variable(np.ones((7, 5), "f4"), name="w")
    f = cn.function([x], cn.tanh(x @ w), backend="native")
    g = cn.function([x], cn.tanh(x @ w), backend="reference")
    random = np.random.default_rng(2)
    for rows in [32, *range(20), 33, 100, 1000]:
        argument = random.standard_normal((rows, 7)).astype("f4")
        np.testing.assert_allclose(f(argument), g(argument), rtol=1e-5, atol=1e-6)
    assert f.compilations == 2


@pytest.mark.parametrize("name", list(STEPS))
def test_a_ragged_last_batch_costs_one_more_program(name: str) -> None:
    found = []
    for backend in ("native", "reference"):
        f, parameters = STEPS[name](backend)
        for epoch in range(2):
            x, labels = batches(name, 3, 32)
            f.steps(3, x, labels)
            f(x[0, : 17 + epoch], labels[0, : 17 + epoch])
        found.append([p.numpy() for p in parameters])
        assert f.compilations == 2
    for actual, expected in zip(*found, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-5)


def test_the_program_of_known_sizes_is_kept() -> None:
    x = cn.input((None,), name="x")
    f = cn.function([x], cn.sum(x), backend="native")
    sizes = [64, 10, 64, 11, 64]
    fixed = []
    for size in sizes:
        f(np.ones(size, "f4"))
        assert f.last is not None
        fixed.append(list(f.last.fixed.values()))
    assert fixed == [[64], [], [64], [], [64]]
    assert f.compilations == 2


def test_twenty_lengths_and_a_ragged_batch_are_two_programs() -> None:
    x = cn.input((None, None), name="x")
    f = cn.function([x], cn.sum(x, axis=1), backend="native")
    for shape in [(4, 8), *((4, length) for length in range(20)), (3, 5), (4, 8), (7, 3)]:
        assert f(np.ones(shape, "f4")).tolist() == [shape[1]] * shape[0]
    assert f.compilations == 2


def test_unknown_extents_that_meet_must_be_equal() -> None:
    x, y = cn.input((None, 3), name="x"), cn.input((None, 3), name="y")
    total = cn.Variable(np.zeros(3, "f4"), name="total")
    for backend in ("native", "reference"):
        f = cn.function([x, y], x + y, {total: total + 1.0}, backend=backend)
        small, large = np.ones((2, 3), "f4"), np.ones((4, 3), "f4")
        assert f(small, small).shape == (2, 3)
        before = total.numpy()
        words = r"add, written at .*test_specialization.*here len\(y\) is 4 and len\(x\) is 2"
        with pytest.raises(ValueError, match=words):
            f(small, large)
        np.testing.assert_array_equal(total.numpy(), before)
        assert f(large, large).shape == (4, 3)
        with pytest.raises(ValueError, match=r"unknown extents that meet must be equal"):
            f(small, large)


def test_an_extent_that_an_input_shares_must_be_equal() -> None:
    x = cn.input((None, 3), name="x")
    y = cn.input((x.extents[0],), name="y")
    f = cn.function([x, y], cn.sum(x, axis=1) + y, backend="native")
    assert f(np.ones((2, 3), "f4"), np.ones(2, "f4")).tolist() == [4, 4]
    with pytest.raises(ValueError, match=r"input 'y': expected 2 along axis 0"):
        f(np.ones((2, 3), "f4"), np.ones(5, "f4"))


def test_a_shape_that_depends_on_an_unknown_one_follows_it() -> None:
    x = cn.input((None, 6), name="x")
    outputs = [cn.reshape(x, (-1, 3)), x[::2], cn.concat([x, x], axis=0), cn.roll(x, 1)]
    f = cn.function([x], outputs, backend="native")
    g = cn.function([x], outputs, backend="reference")
    for rows in (4, 7, 1, 0):
        argument = np.random.default_rng(rows).standard_normal((rows, 6)).astype("f4")
        for actual, expected in zip(f(argument), g(argument), strict=True):
            np.testing.assert_array_equal(actual, expected)
    assert f.compilations == 2


def test_the_same_program_serves_calls_and_runs_of_steps() -> None:
    x = cn.input((None,), name="x")
    f = cn.function([x], x * 2.0, backend="native")
    f(np.ones(5, "f4"))
    f.steps(3, np.ones((3, 5), "f4"))
    assert f.compilations == 1
