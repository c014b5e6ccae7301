"""Compiled functions: what goes in, what comes out, runs of steps, and that bits never differ."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.steps import STEPS, batches

import cairnet as cn
from cairnet.base.configuration import configure
from cairnet.base.errors import ShapeError

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BACKENDS = ("native", "reference")


def parity(name: str, threads: int = 0) -> bytes:
    """The bits of costs and weights after a training run."""
    if threads:
        cn.set_threads(threads)
    f, parameters = STEPS[name]()
    costs = f.steps(12, *batches(name, 12, 200))
    return b"".join([costs.tobytes(), *(p.numpy().tobytes() for p in parameters)])


@pytest.fixture
def any_threads() -> Iterator[None]:
    before = configure()
    yield
    configure(threads=before.threads)


@pytest.mark.parametrize("name", list(STEPS))
def test_a_run_of_steps_is_the_same_calls_bit_for_bit(name: str) -> None:
    run, run_parameters = STEPS[name]()
    single, single_parameters = STEPS[name]()
    x, labels = batches(name, 9)
    costs = run.steps(9, x, labels)
    for step in range(9):
        cost = single(x[step], labels[step])
        assert cost.tobytes() == costs[step].tobytes()
    for one, other in zip(run_parameters, single_parameters, strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()
    assert costs[-1] < costs[0] * 1.5
    assert len(set(costs.tolist())) == 9


@pytest.mark.parametrize("name", list(STEPS))
def test_the_backends_train_alike(name: str) -> None:
    x, labels = batches(name, 5)
    found = []
    for backend in BACKENDS:
        f, parameters = STEPS[name](backend)
        found.append([f.steps(5, x, labels), *(p.numpy() for p in parameters)])
    for actual, expected in zip(*found, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", list(STEPS))
def test_the_number_of_threads_changes_no_bit(name: str, any_threads: None) -> None:
    results = {parity(name, threads) for threads in (1, 2, 3)}
    assert len(results) == 1


@pytest.mark.parametrize("name", list(STEPS))
def test_another_process_computes_the_same_bits(name: str, tmp_path: Path) -> None:
    target = tmp_path / "bits"
    program = (
        "import sys, pathlib\n"
        "from tests.runtime.test_function import parity\n"
        f"pathlib.Path({str(target)!r}).write_bytes(parity({name!r}, 2))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, env=environment, check=True)
    assert target.read_bytes() == parity(name)


def test_threads_are_chosen_and_refused(any_threads: None) -> None:
    cn.set_threads(2)
    assert cn.get_threads() == 2
    for wrong in (0, -1, 1.5, True, "2", 100_000):
        with pytest.raises(ValueError, match=r"threads: expected a whole number from 1 to"):
            cn.set_threads(wrong)  # type: ignore[arg-type]
    assert cn.get_threads() == 2


def test_importing_cairnet_loads_no_compiler() -> None:
    program = "import sys, cairnet; print('llvmlite' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    finished = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert finished.stdout == "False\n"


# -- what comes out -------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_have_the_form_of_the_outputs(backend: str) -> None:
    x = cn.input((2,), name="x")
    one, two = x + 1.0, x * 2.0
    argument = np.asarray([1.0, 2.0], "f4")

    def call(outputs: Any) -> Any:
        return cn.function([x], outputs, backend=backend)(argument)

    assert call(None) is None
    assert call(one).tolist() == [2, 3]
    assert [value.tolist() for value in call([one, two])] == [[2, 3], [2, 4]]
    assert [value.tolist() for value in call((one,))] == [[2, 3]]
    assert {k: v.tolist() for k, v in call({"a": one, "b": two}).items()} == {
        "a": [2, 3],
        "b": [2, 4],
    }
    assert call([]) == []
    assert call([x, x])[1].tolist() == [1, 2]  # an input may be an output


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_are_arrays_of_their_own(backend: str) -> None:
    v = cn.Variable([1.0, 2.0], name="v")
    x = cn.input((2,), name="x")
    f = cn.function([x], [x, v, cn.asarray([5.0, 6.0])], {v: v + x}, backend=backend)
    argument = np.asarray([10.0, 20.0], "f4")
    first = f(argument)
    kept = [value.copy() for value in first]
    argument[:] = 0
    v.assign([0.0, 0.0])
    f(argument)
    for value, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(value, copy)
        assert value.flags.writeable
    assert kept[1].tolist() == [1, 2]  # outputs show the values before the update


def test_scalars_and_empty_tensors() -> None:
    x = cn.input((), name="x")
    f = cn.function([x], [x * 2.0, cn.zeros((0, 3)), cn.asarray(7)], backend="native")
    double, empty, constant = f(3.0)
    assert float(double) == 6
    assert empty.shape == (0, 3)
    assert (int(constant), constant.dtype) == (7, np.dtype("int64"))


def test_updates_read_old_values_and_are_committed_together() -> None:
    a, b = cn.Variable(1.0, name="a"), cn.Variable(1.0, name="b")
    fibonacci = cn.function([], b, {a: b, b: a + b}, backend="native")
    assert [int(fibonacci()) for _ in range(6)] == [1, 2, 3, 5, 8, 13]
    assert fibonacci.steps(3).tolist() == [21, 34, 55]


def test_givens_replace_tensors() -> None:
    x, y = cn.input((2,), name="x"), cn.input((2,), name="y")
    f = cn.function([y], x * 3.0, givens={x: y + 1.0}, backend="native")
    assert f([1.0, 2.0]).tolist() == [6, 9]


@pytest.mark.parametrize("backend", BACKENDS)
def test_givens_settle_extents_that_the_graph_computes_with(backend: str) -> None:
    """Rows of a kept data set in the place of a batch, as Theano's users write it."""
    x, number = cn.input((None, 2), name="x"), cn.scalar("number", dtype="int64")
    data = cn.Variable(np.arange(12, dtype="f4").reshape(6, 2), name="data")
    mean = cn.mean(cn.reshape(x, (x.extents[0] * 2,)) - cn.zeros((2 * x.extents[0],)))
    rows = number * 3 + cn.arange(3)
    f = cn.function([number], mean, givens={x: data[rows]}, backend=backend)
    assert [float(f(0)), float(f(1))] == [2.5, 8.5]


@pytest.mark.parametrize("backend", BACKENDS)
def test_givens_settle_extents_inside_a_loop(backend: str) -> None:
    x, y = cn.input((4, None), name="x"), cn.input((None,), name="y")
    doubled, _ = cn.scan(lambda row, _: (row * 2.0, None), x, None)
    f = cn.function([y], doubled, givens={x: cn.stack([y, y, y, y])}, backend=backend)
    np.testing.assert_array_equal(f([1.0, 2.0]), [[2.0, 4.0]] * 4)


def test_givens_leave_extents_that_arguments_tell() -> None:
    x, y = cn.input((None,), name="x"), cn.input((None,), name="y")
    hidden = x * 2.0
    f = cn.function([x, y], [cn.sum(hidden), cn.sum(x)], givens={hidden: y})
    total, given = f([1.0, 2.0], [5.0, 6.0, 7.0])
    assert (float(total), float(given)) == (18.0, 3.0)


def test_givens_of_another_known_extent_are_refused() -> None:
    x, y = cn.input((None, 2), name="x"), cn.input((None, 3), name="y")
    with pytest.raises(ShapeError, match=r"givens: .*None, 2.*None, 3.*known extents must agree"):
        cn.function([y], cn.sum(x), givens={x: y})


def test_a_dataset_in_a_variable_is_read_by_row_numbers() -> None:
    data = cn.Variable(np.arange(40, dtype="f4").reshape(10, 4), name="data")
    rows = cn.input((None,), "int64", "rows")
    f = cn.function([rows], cn.sum(cn.take(data, rows, axis=0), axis=1), backend="native")
    expected = data.numpy().sum(axis=1)
    numbers = np.asarray([[3, 1], [9, 9], [0, -1]])
    np.testing.assert_array_equal(f.steps(3, numbers), expected[numbers])


# -- what goes in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_arguments_may_lie_in_memory_as_they_like(backend: str) -> None:
    x = cn.input((None, 3), name="x")
    f = cn.function([x], x * 2.0, backend=backend)
    base = np.arange(24, dtype="f4").reshape(4, 6)
    for argument in (base[:, ::2], base[::-1, 1:4], np.asfortranarray(base[:, :3]), base.T[:, :3]):
        np.testing.assert_array_equal(f(argument), argument * 2)
    odd = np.frombuffer(b"\0" + base[:, :3].tobytes(), np.uint8)[1:].view("f4").reshape(4, 3)
    assert not odd.flags.aligned
    np.testing.assert_array_equal(f(odd), odd * 2)
    np.testing.assert_array_equal(f([[1, 2, 3]]), [[2, 4, 6]])
    np.testing.assert_array_equal(f(cn.asarray([[1.0, 2.0, 3.0]])), [[2, 4, 6]])


def test_steps_of_non_contiguous_arguments() -> None:
    x, total = cn.input((3,), name="x"), cn.Variable(np.zeros(3, "f4"), name="total")
    f = cn.function([x], total, {total: total + x}, backend="native")
    base = np.arange(30, dtype="f4").reshape(5, 6)
    f.steps(5, base[:, ::2])
    np.testing.assert_array_equal(total.numpy(), base[:, ::2].sum(axis=0))


def test_wrong_arguments_are_refused_and_nothing_is_changed() -> None:
    x, v = cn.input((None, 3), name="x"), cn.Variable([0.0], name="v")
    f = cn.function([x], cn.sum(x), {v: v + 1.0}, name="f", backend="native")
    cases: list[tuple[Any, str]] = [
        (np.zeros(3, "f4"), r"input 'x': expected rank 2, shape \(None, 3\), got shape \(3,\)"),
        (np.zeros((2, 4), "f4"), r"input 'x': expected 3 along axis 1"),
        (np.zeros((2, 3), "c8"), r"input 'x': expected dtype float32, got complex64"),
        ([[1.0, 2.0], [3.0]], r"input 'x': "),
    ]
    for argument, words in cases:
        with pytest.raises(ValueError, match=words):
            f(argument)
    with pytest.raises(ValueError, match=r"f: expected 1 arguments \(x\), got 0"):
        f()
    for count in (0, -1, 2.0, "3"):
        with pytest.raises(ValueError, match=r"count: expected a whole number of steps, 1 or more"):
            f.steps(count, np.zeros((2, 1, 3), "f4"))  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"expected a leading axis of 4 steps, got shape \(2, 1, 3\)"
    ):
        f.steps(4, np.zeros((2, 1, 3), "f4"))
    assert v.numpy().tolist() == [0]


def test_wrong_functions_are_refused() -> None:
    x, v = cn.input((2,), name="x"), cn.Variable([0.0, 1.0], name="v")
    with pytest.raises(ValueError, match=r"input 'x' .* is needed, but is not among"):
        cn.function([], x + 1.0)
    with pytest.raises(ValueError, match=r"unknown backend 'nativ'; did you mean 'native'"):
        cn.function([x], x, backend="nativ")
    with pytest.raises(ValueError, match=r"a placeholder is listed twice"):
        cn.function([x, x], x)
    with pytest.raises(ValueError, match=r"expected a list of placeholders, got one tensor"):
        cn.function(x, x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"updates: variable 'v' is float32\[2\], its new value"):
        cn.function([x], None, {v: cn.sum(x)})
    with pytest.raises(ValueError, match=r"expected variables as keys, got Input"):
        cn.function([x], None, {x: v})  # type: ignore[dict-item]


def test_a_function_says_what_it_is() -> None:
    x, v = cn.input((None, 3), name="x"), cn.Variable([0.0], name="v")
    f = cn.function([x], cn.sum(x, axis=0), {v: v + 1.0}, name="sums")
    assert repr(f) == "<Function sums(x: float32[None, 3]) -> (float32[3]), 1 updates>"


def test_functions_may_be_called_from_several_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    x = cn.input((None, 64), name="x")
    w = cn.Variable(np.eye(64, dtype="f4") * 2, name="w")
    f = cn.function([x], cn.tanh(x @ w), backend="native")
    arrays = [np.full((rows, 64), rows / 50, "f4") for rows in range(1, 17)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for array, result in zip(arrays, pool.map(f, arrays), strict=True):
                np.testing.assert_allclose(result, np.tanh(array * 2), rtol=1e-5)
