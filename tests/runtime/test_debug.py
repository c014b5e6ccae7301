"""cn.debug: the first NaN or infinity is named with its node, layer, line and step."""

import re
from typing import Any

import numpy as np
import pytest
from tests.runtime.steps import STEPS, batches

import cairnet as cn
from cairnet.base.configuration import configuration
from cairnet.base.errors import NonFiniteError

BACKENDS = ("native", "reference")


def line_of(function: Any, text: str) -> int:
    """The line of this file on which a function contains a text."""
    import inspect

    lines, start = inspect.getsourcelines(function)
    return start + next(number for number, line in enumerate(lines) if text in line)


def diverging(backend: str) -> tuple[Any, cn.Variable]:
    """A state that is squared at every step, and read through a logarithm in a layer."""
    x, state = cn.input((), name="x"), cn.Variable(2.0, name="state")
    with cn.scope("network"), cn.scope("head"):
        cost = cn.log(x + state)
    squared = state * state
    return cn.function([x], cost, {state: squared}, backend=backend), state


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_nan_in_an_output(backend: str) -> None:
    f, state = diverging(backend)
    with cn.debug(non_finite=True):
        assert np.isfinite(f(0.0))  # log(2); the state is now 4
        with pytest.raises(NonFiniteError) as error:
            f(-5.0)  # log(-1)
    text = str(error.value)
    line = line_of(diverging, "cn.log(")
    assert text.startswith("step 1: the first NaN arose in log in layer network/head, written at")
    assert re.search(rf"test_debug\.py:{line}: element \(\) of float32\[\]\.", text)
    assert "Its inputs: add from -1 to -1" in text
    assert float(state) == 4  # as it was before the step


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_infinity_in_a_new_value_of_a_variable(backend: str) -> None:
    f, state = diverging(backend)
    values = [2.0]
    with cn.debug(non_finite=True):
        for _ in range(6):
            f(1.0)
            values.append(float(state))
        with pytest.raises(NonFiniteError, match=r"step 6: the first infinity arose in multiply"):
            f(1.0)  # 2^64 squared is 2^128
    assert values[-1] == 2.0**64
    assert float(state) == values[-1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_step_of_a_run_is_named_and_earlier_steps_stand(backend: str) -> None:
    f, state = diverging(backend)
    arguments = np.asarray([1.0, 1.0, -300.0, 1.0], "f4")
    with cn.debug(non_finite=True):
        with pytest.raises(NonFiniteError, match=r"step 2: the first NaN arose in log"):
            f.steps(4, arguments)
        assert float(state) == 16  # two steps have been committed
        f.steps(1, arguments[:1])
        with pytest.raises(NonFiniteError, match=r"step 3: "):
            f(-1e6)


@pytest.mark.parametrize("name", list(STEPS))
def test_results_are_the_same_bits(name: str) -> None:
    x, labels = batches(name, 4)
    plain, plain_parameters = STEPS[name]()
    checked, checked_parameters = STEPS[name]()
    costs = plain.steps(4, x, labels)
    with cn.debug(non_finite=True):
        assert checked.steps(4, x, labels).tobytes() == costs.tobytes()
    for one, other in zip(plain_parameters, checked_parameters, strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()


def test_a_network_fed_with_nan_says_that_it_came_from_outside() -> None:
    f, parameters = STEPS["dense"]()
    x, labels = batches("dense", 1)
    x[0, 3, 7] = np.nan
    before = [p.numpy() for p in parameters]
    with cn.debug(non_finite=True), pytest.raises(NonFiniteError) as error:
        f(x[0], labels[0])
    text = str(error.value)
    assert text.startswith("step 0: the first NaN arose in x, written at")
    assert "element (3, 7) of float32[None, 50]" in text
    assert "It was given from outside" in text
    for p, old in zip(parameters, before, strict=True):
        np.testing.assert_array_equal(p.numpy(), old)


def test_an_infinity_that_was_written_into_the_graph_is_meant() -> None:
    x = cn.input((3,), name="x")
    masked = cn.where(cn.asarray([True, True, False]), x, -cn.inf)
    f = cn.function([x], [cn.softmax(masked), cn.sum(cn.log(x))])
    with cn.debug(non_finite=True):
        f([1.0, 2.0, 3.0])
        with pytest.raises(NonFiniteError, match=r"the first infinity arose in where|arose in log"):
            f([1.0, 0.0, 3.0])


def test_integers_are_always_finite() -> None:
    x = cn.input((2,), cn.int64, name="x")
    with cn.debug(non_finite=True):
        assert cn.function([x], x * 2)([1, 2]).tolist() == [2, 4]


def test_it_ends_with_its_block() -> None:
    assert not configuration().non_finite
    with cn.debug(non_finite=True):
        assert configuration().non_finite
        with cn.debug(non_finite=False):
            assert not configuration().non_finite
        assert configuration().non_finite
    assert not configuration().non_finite
    x = cn.input((), name="x")
    assert np.isnan(cn.function([x], cn.log(x))(-1.0))


def test_called_by_itself_it_stays_on() -> None:
    cn.debug(non_finite=True)
    try:
        assert configuration().non_finite
    finally:
        cn.debug(non_finite=False)
    assert not configuration().non_finite


def test_an_error_inside_the_block_passes_through() -> None:
    with pytest.raises(KeyError), cn.debug(non_finite=True):
        raise KeyError("x")
    assert not configuration().non_finite


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"debug: name what to check, as in cn.debug\(non_finite"):
        cn.debug()
    with pytest.raises(ValueError, match=r"debug: non_finite: expected True or False, got 1"):
        cn.debug(non_finite=1)  # type: ignore[arg-type]
    assert not configuration().non_finite
