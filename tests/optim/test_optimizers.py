"""Optimizers agree with PyTorch's, as recorded by record.py, and refuse what makes no sense."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.base.registry import serialize


def load_recorder() -> ModuleType:
    path = Path(__file__).with_name("record.py")
    specification = importlib.util.spec_from_file_location("record", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


recorder = load_recorder()
NAMES = [name for name in cn.optimizers.__all__ if name not in ("Optimizer", "get")]


def step_of(optimizer: Any, dtype: str = "float64") -> tuple[cn.Variable, cn.Function]:
    w = cn.Variable(recorder.START, dtype=dtype, name="w")
    cost = cn.sum(0.5 * cn.asarray(recorder.CURVATURE, dtype=dtype) * w * w + cn.sin(w))
    return w, cn.function([], w, updates=optimizer.updates([w], [cn.grad(cost, w)]))


def test_every_optimizer_is_recorded() -> None:
    assert {kind for kind, *_ in recorder.CASES.values()} == set(NAMES)


@pytest.mark.parametrize("case", recorder.CASES)
def test_steps_are_those_recorded(case: str) -> None:
    kind, arguments, *_ = recorder.CASES[case]
    w, step = step_of(getattr(cn.optimizers, kind)(**arguments))
    trajectory = []
    for _ in range(recorder.STEPS):
        step()
        trajectory.append(w.numpy())
    recorded = json.loads(recorder.RECORD.read_text())[case]
    np.testing.assert_allclose(trajectory, recorded, rtol=1e-12)


@pytest.mark.parity
def test_the_record_is_what_pytorch_does() -> None:
    pytest.importorskip("torch")
    recorded = json.loads(recorder.RECORD.read_text())
    assert recorded.keys() == recorder.CASES.keys()
    for case, weights in recorder.record().items():
        np.testing.assert_allclose(recorded[case], weights, rtol=1e-12)


@pytest.mark.parametrize("case", recorder.CASES)
def test_float32_weights_stay_float32(case: str) -> None:
    kind, arguments, *_ = recorder.CASES[case]
    optimizer = getattr(cn.optimizers, kind)(**arguments)
    w, step = step_of(optimizer, "float32")
    for _ in range(recorder.STEPS):
        step()
    assert w.numpy().dtype == np.float32
    recorded = json.loads(recorder.RECORD.read_text())[case][-1]
    np.testing.assert_allclose(w.numpy(), recorded, rtol=1e-4)


def test_steps_are_counted() -> None:
    optimizer = cn.optimizers.SGD()
    _, step = step_of(optimizer)
    step.steps(5)
    assert int(optimizer.iterations) == 5


def test_the_learning_rate_can_be_changed_without_compiling_again() -> None:
    optimizer = cn.optimizers.SGD(1.0)
    w = cn.Variable([1.0])
    step = cn.function([], w, updates=optimizer.updates([w], [cn.ones((1,))]))
    step()
    optimizer.learning_rate = 0.25
    step()
    assert w.numpy().tolist() == [-0.25]
    assert step.compilations == 1
    assert optimizer.learning_rate == 0.25


def test_slots_are_made_once_for_each_variable() -> None:
    optimizer = cn.optimizers.Adam()
    v, w = cn.Variable([1.0], name="v"), cn.Variable([1.0], name="w")
    for _ in range(2):
        optimizer.updates([v, w], [cn.ones((1,)), cn.ones((1,))])
    names = [variable.name for variable in optimizer.variables]
    assert names == [
        "iterations",
        "learning_rate",
        "first_moment/v",
        "first_moment/w",
        "second_moment/v",
        "second_moment/w",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_found_by_name_and_back_from_the_configuration(name: str) -> None:
    optimizer = cn.optimizers.get(name.lower())
    optimizer.learning_rate = 0.125
    again = cn.optimizers.get(serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert again.learning_rate == 0.125


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cn.optimizers.SGD(-1), "learning_rate: expected a finite number, 0 or more"),
        (lambda: cn.optimizers.SGD(float("nan")), "learning_rate: expected a finite number"),
        (lambda: cn.optimizers.SGD("fast"), "learning_rate: expected a number, got 'fast'"),
        (lambda: cn.optimizers.SGD(momentum=1), "momentum: expected a number from 0 to below 1"),
        (lambda: cn.optimizers.Adam(beta_1=-0.1), "beta_1: expected a number from 0"),
        (lambda: cn.optimizers.Adam(beta_2=1.0), "beta_2: expected a number from 0"),
        (lambda: cn.optimizers.Adam(epsilon=0), "epsilon: expected a number above 0, got 0"),
    ],
)
def test_wrong_arguments_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_gradients_that_do_not_fit_are_refused() -> None:
    w = cn.Variable([1.0, 2.0], name="w")
    with pytest.raises(ArgumentError, match="expected one for each of 1 variables, got 0"):
        cn.optimizers.SGD().updates([w], [])
    with pytest.raises(ShapeError, match=r"expected shape \(2,\) for variable 'w', got \(1,\)"):
        cn.optimizers.SGD().updates([w], [cn.ones((1,))])


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown optimizer 'adm'; did you mean 'adam'"):
        cn.optimizers.get("adm")
