"""Functions of complex numbers on both backends: batches, steps, updates, watchers, settings."""

import numpy as np
import pytest

import cairnet as cn
from cairnet.base import DTypeError, NonFiniteError

BACKENDS = ("reference", "native")
RNG = np.random.default_rng(11)


def draw(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


@pytest.mark.parametrize("backend", BACKENDS)
def test_outputs_of_all_kinds(backend: str) -> None:
    z = cn.input((None, 3), "complex128", name="z")
    f = cn.function(
        [z], {"z": z * 2, "x": cn.real(z), "same": z, "one": cn.sum(z)}, backend=backend
    )
    for rows in (2, 5, 0):
        array = draw(rows, 3)
        found = f(array)
        np.testing.assert_array_equal(found["z"], array * 2)
        np.testing.assert_array_equal(found["x"], array.real)
        np.testing.assert_array_equal(found["same"], array)
        np.testing.assert_allclose(found["one"], array.sum(), rtol=1e-12)
        assert found["z"].dtype == np.complex128
        assert found["z"].flags.c_contiguous
    assert f.compilations == 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_arguments_are_converted_or_refused(backend: str) -> None:
    z = cn.input((2,), "complex64", name="z")
    f = cn.function([z], z + 1j, backend=backend)
    np.testing.assert_array_equal(f([1.0, 2.0]), np.array([1 + 1j, 2 + 1j], "complex64"))
    np.testing.assert_array_equal(f(draw(4)[::2] * 0), np.array([1j, 1j], "complex64"))
    x = cn.input((2,), "float32", name="x")
    with pytest.raises(DTypeError, match="input 'x': expected dtype float32, got complex128"):
        cn.function([x], x, backend=backend)(np.array([1j, 2]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_steps_are_as_many_calls(backend: str) -> None:
    start, inputs = draw(3), draw(6, 3)

    def made() -> tuple[cn.Variable, cn.Function]:
        state = cn.Variable(start, name="state")
        z = cn.input((3,), "complex128", name="z")
        new = state * cn.exp(1j * cn.real(z)) + z
        return state, cn.function([z], [new, cn.abs(state)], {state: new}, backend=backend)

    state, f = made()
    one_by_one = [f(item) for item in inputs]
    other, g = made()
    together = g.steps(6, inputs)
    for place in (0, 1):
        expected = np.stack([results[place] for results in one_by_one])
        np.testing.assert_array_equal(together[place], expected)
    np.testing.assert_array_equal(other.numpy(), state.numpy())


def test_gradient_descent_on_a_complex_matrix_is_the_same_on_both_backends() -> None:
    inputs, targets, start = draw(8, 4), draw(8, 2), draw(4, 2)
    found = []
    for backend in BACKENDS:
        weights = cn.Variable(start, name="weights")
        z, t = cn.input((None, 4), "complex128"), cn.input((None, 2), "complex128")
        cost = cn.mean(cn.abs(z @ weights - t) ** 2)
        update = {weights: weights - 0.5 * cn.grad(cost, weights)}
        step = cn.function([z, t], cost, update, backend=backend)
        costs = [float(step(inputs, targets)) for _ in range(30)]
        assert costs == sorted(costs, reverse=True)
        found.append((costs, weights.numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-10)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-10)


def test_a_recurrent_phase_and_its_gradient() -> None:
    """A linear recurrence, as in unitary networks, through time and back."""
    sequence, weight = cn.input((None, 3), "complex128"), cn.input((3,), "complex128")
    start = cn.zeros((3,), dtype="complex128")
    _, last = cn.scan(lambda z, h: (cn.abs(h), h * weight + z), sequence, start)
    slope = cn.grad(cn.sum(cn.abs(last) ** 2), weight)
    arrays = draw(7, 3), draw(3) * 0.4
    expected, found = (
        cn.function([sequence, weight], [last, slope], backend=backend)(*arrays)
        for backend in BACKENDS
    )
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_a_program_is_found_on_the_disk_again() -> None:
    z = cn.input((5,), "complex64")
    array = draw(5).astype("complex64")
    first, second = (cn.function([z], cn.sqrt(z) * 3j, backend="native")(array) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("backend", BACKENDS)
def test_watched_values_are_complex(backend: str) -> None:
    z = cn.input((2,), "complex128")
    seen = []
    inner = cn.watch(z * 1j, "turned", callback=lambda name, value, step: seen.append(value))
    f = cn.function([z], inner + 1, backend=backend)
    np.testing.assert_array_equal(f([1.0, 2.0]), [1 + 1j, 1 + 2j])
    np.testing.assert_array_equal(seen[0], [1j, 2j])


def test_the_first_infinity_is_found() -> None:
    z = cn.input((2,), "complex128")
    f = cn.function([z], cn.exp(z * 1000), backend="native")
    with (
        cn.debug(non_finite=True),
        pytest.raises(NonFiniteError, match=r"first (infinity|NaN) arose"),
    ):
        f([1.0 + 1j, 0.0])


def test_explanations_show_pairs() -> None:
    z = cn.input((2,), "complex64", name="z")
    f = cn.function([z], z * 1j, backend="native")
    f([1.0, 2.0])
    assert 'input "z" : complex64[2]' in cn.explain(f, "graph")
    assert 'input "z" : float32[2, 2]' in cn.explain(f, "rewritten")
    assert "output0" in cn.explain(f, "loops")
