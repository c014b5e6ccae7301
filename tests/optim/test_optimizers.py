"""Optimizers agree with PyTorch's and Keras's, as recorded by record.py; what they refuse."""

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
NAMES = [n for n in cn.optimizers.__all__ if n not in ("Optimizer", "get", "schedules")]


def made(case: str) -> Any:
    kind, arguments = recorder.CASES[case]
    return getattr(cn.optimizers, kind)(**arguments)


def step_of(optimizer: Any, dtype: str = "float64") -> cn.Function:
    w, b = (cn.Variable(recorder.START[name], dtype=dtype, name=name) for name in "wb")
    curvature = cn.asarray(recorder.CURVATURE, dtype=dtype)
    cost = cn.sum(0.5 * curvature * w * w + cn.sin(w)) + cn.sum(2.5 * b * b)
    updates = optimizer.updates([w, b], cn.grad(cost, [w, b]))
    return cn.function([], cn.concat([updates[w], updates[b]]), updates=updates)


def test_every_optimizer_is_recorded() -> None:
    assert {kind for kind, _ in recorder.CASES.values()} == set(NAMES)


@pytest.mark.parametrize("case", recorder.CASES)
def test_steps_are_those_recorded(case: str) -> None:
    step = step_of(made(case))
    recorded = json.loads(recorder.RECORD.read_text())[case]
    precision = recorder.PRECISION.get(case, 1e-11)
    np.testing.assert_allclose(step.steps(recorder.STEPS), recorded, rtol=precision, atol=1e-13)
    assert step.compilations == 1


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_the_record_is_what_pytorch_and_keras_do() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("keras")
    recorded = json.loads(recorder.RECORD.read_text())
    assert recorded.keys() == recorder.CASES.keys()
    for case, weights in recorder.record().items():
        np.testing.assert_allclose(recorded[case], weights, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_float32_weights_stay_float32(name: str) -> None:
    case = next(case for case, (kind, _) in recorder.CASES.items() if kind == name)
    weights = step_of(made(case), "float32").steps(recorder.STEPS)
    assert weights.dtype == np.float32
    recorded = json.loads(recorder.RECORD.read_text())[case]
    np.testing.assert_allclose(weights, recorded, rtol=1e-4)


def test_steps_are_counted() -> None:
    optimizer = cn.optimizers.SGD()
    step_of(optimizer).steps(5)
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
    assert type(cn.optimizers.get(name)) is type(optimizer)
    again = cn.optimizers.get(json.loads(json.dumps(serialize(optimizer))))
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
        (lambda: cn.optimizers.AdamW(weight_decay=-1), "weight_decay: .* 0 or more, got -1"),
        (lambda: cn.optimizers.RMSprop(rho=1), "rho: expected a number from 0 to below 1, got 1"),
        (lambda: cn.optimizers.SGD(clipnorm=0), "clipnorm: expected a number above 0, got 0"),
        (
            lambda: cn.optimizers.SGD(clipnorm=1, clipvalue=2),
            "at most one of them, got {'clipnorm': 1.0, 'clipvalue': 2.0}",
        ),
        (
            lambda: cn.optimizers.Adagrad(initial_accumulator_value=-1),
            "initial_accumulator_value: expected a finite number, 0 or more, got -1",
        ),
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


def one_step(gradient: Any, **arguments: Any) -> np.ndarray:
    gradient = np.asarray(gradient, np.float32)
    w = cn.Variable(np.zeros_like(gradient), name="w")
    sgd = cn.optimizers.SGD(1.0, **arguments)
    cn.function([], [], updates=sgd.updates([w], [cn.asarray(gradient)]))()
    return -w.numpy()


def test_gradients_of_zero_are_clipped_without_dividing_by_their_norm() -> None:
    assert one_step([0.0, 0.0], clipnorm=1.0).tolist() == [0, 0]
    assert one_step([0.0, 0.0], global_clipnorm=1.0).tolist() == [0, 0]


def test_clipped_gradients_are_those_of_the_formulas() -> None:
    gradients = [np.array([[3.0, -4.0], [1.0, 0.5]]), np.array([0.1, -0.2])]
    norms = [np.sqrt((gradient**2).sum()) for gradient in gradients]
    expected = {
        "clipnorm": [g * min(1, 2 / norm) for g, norm in zip(gradients, norms, strict=True)],
        "global_clipnorm": [g * 2 / np.hypot(*norms) for g in gradients],
        "clipvalue": [np.clip(g, -2, 2) for g in gradients],
    }
    for kind, clipped in expected.items():
        variables = [cn.Variable(np.zeros_like(g), dtype="float64") for g in gradients]
        bounds: dict[str, Any] = {kind: 2.0}
        sgd = cn.optimizers.SGD(1.0, **bounds)
        updates = sgd.updates(variables, [cn.asarray(g, dtype="float64") for g in gradients])
        cn.function([], [], updates=updates)()
        for variable, gradient in zip(variables, clipped, strict=True):
            np.testing.assert_allclose(-variable.numpy(), gradient, rtol=1e-14)


@pytest.mark.parametrize("kind", ["clipnorm", "global_clipnorm"])
def test_norms_whose_squares_overflow_are_clipped_all_the_same(kind: str) -> None:
    np.testing.assert_allclose(one_step([3e30, 4e30], **{kind: 1.0}), [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("kind", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_clipping_does_not_hide_a_nan(kind: str) -> None:
    assert np.isnan(one_step([np.nan], **{kind: 1.0})).all()


def test_some_variables_do_not_decay() -> None:
    variables = [cn.Variable([1.0], name=name) for name in ("dense/kernel", "dense/bias", "scale")]
    adamw = cn.optimizers.AdamW(0.5, weight_decay=0.5)
    adamw.exclude_from_weight_decay(var_list=variables[2:], var_names=["bias$"])
    updates = adamw.updates(variables, [cn.zeros((1,))] * 3)
    cn.function([], [], updates=updates)()
    assert [float(variable.data[0]) for variable in variables] == [0.75, 1.0, 1.0]


def test_nearly_equal_large_gradients_do_not_make_a_centered_variance_negative() -> None:
    w = cn.Variable([0.0], name="w")
    rmsprop = cn.optimizers.RMSprop(0.1, centered=True)
    updates = rmsprop.updates([w], [cn.asarray([1234.567], dtype="float32")])
    step = cn.function([], w, updates=updates)
    assert np.isfinite(step.steps(300)).all()


def test_a_schedule_sets_the_learning_rate_and_nothing_else_may() -> None:
    schedule = cn.optimizers.schedules.StepHalving(1.0, 2)
    optimizer = cn.optimizers.SGD(schedule)
    w = cn.Variable([0.0])
    step = cn.function([], w, updates=optimizer.updates([w], [cn.ones((1,))]))
    step.steps(5)
    assert w.numpy().tolist() == [-(1 + 1 + 0.5 + 0.5 + 0.25)]
    assert optimizer.learning_rate == 0.25
    assert [variable.name for variable in optimizer.variables] == ["iterations"]
    with pytest.raises(ArgumentError, match="the schedule StepHalving sets it"):
        optimizer.learning_rate = 0.5


def test_a_schedule_is_saved_with_its_optimizer() -> None:
    warm = cn.optimizers.schedules.LinearWarmup(cn.optimizers.schedules.CosineDecay(0.5, 10), 4)
    saved = json.loads(json.dumps(serialize(cn.optimizers.Nadam(warm))))
    again = cn.optimizers.get(saved)
    assert serialize(again) == saved
    again.iterations.assign(4)
    assert again.learning_rate == 0.5


def test_a_function_of_the_step_is_a_schedule() -> None:
    optimizer = cn.optimizers.SGD(lambda step: 1 / (step + 1))
    optimizer.iterations.assign(3)
    assert optimizer.learning_rate == 0.25


def test_nadam_keeps_the_product_of_its_momenta_among_its_variables() -> None:
    nadam = cn.optimizers.Nadam()
    step_of(nadam).steps(2)
    [product] = [v for v in nadam.variables if v.name == "momentum_product"]
    expected = 0.9 * (1 - 0.5 * 0.96) * 0.9 * (1 - 0.5 * 0.96**2)
    np.testing.assert_allclose(product.numpy(), expected, rtol=1e-12)
