"""Schedules agree with Keras's and with their formulas, and refuse what makes no sense."""

import importlib
import json
import os
from typing import Any, cast

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.base.registry import serialize

schedules = cn.optimizers.schedules
NAMES = [name for name in schedules.__all__ if name not in ("LearningRateSchedule", "get")]
STEPS = np.arange(0, 40)

# Every schedule with settings of each kind. Keras has those of its names with the same arguments.
CASES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 0.4}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 1.0, "decay_steps": 7, "decay_rate": 1.1, "staircase": True},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 0.4}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 7, "decay_rate": 3, "staircase": True},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.3, "decay_steps": 20}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 9, "end_learning_rate": 0.1, "power": 0.5},
    ),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 9, "power": 3.0, "cycle": True},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.3, "decay_steps": 30}),
    ("CosineDecay", {"initial_learning_rate": 0.3, "decay_steps": 11, "alpha": 0.2}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 11,
            "alpha": 0.2,
            "warmup_target": 0.7,
            "warmup_steps": 9,
        },
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 11, "warmup_target": 0.7}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.3, "first_decay_steps": 7}),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.3,
            "first_decay_steps": 6,
            "t_mul": 1.0,
            "m_mul": 0.7,
            "alpha": 0.2,
        },
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.3, "first_decay_steps": 4, "t_mul": 1.3, "m_mul": 1.1},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5], "values": [1.0, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [0, 5, 20], "values": [1.0, 0.5, 0.7, 0.1]}),
    ("StepHalving", {"initial_learning_rate": 0.3, "decay_steps": 7}),
    ("LinearWarmup", {"learning_rate": 0.3, "warmup_steps": 6, "initial_learning_rate": 0.1}),
    (
        "LinearWarmup",
        {
            "learning_rate": {
                "class_name": "CosineDecay",
                "config": {"initial_learning_rate": 0.7, "decay_steps": 11, "alpha": 0.2},
            },
            "warmup_steps": 9,
            "initial_learning_rate": 0.1,
        },
    ),
]


def rates(kind: str, arguments: dict[str, Any]) -> np.ndarray:
    """The rates of all steps, as a compiled function gives them from a count of its own."""
    step = cn.Variable(np.int64(0), name="step")
    rate = getattr(schedules, kind)(**arguments)(step)
    compiled: np.ndarray = cn.function([], rate, updates={step: step + 1}).steps(len(STEPS))
    return compiled


def test_every_schedule_has_a_case() -> None:
    assert {kind for kind, _ in CASES} == set(NAMES)


@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_a_compiled_schedule_gives_what_its_graph_means(kind: str, arguments: Any) -> None:
    compiled = rates(kind, arguments)
    assert compiled.dtype == np.float64
    np.testing.assert_allclose(
        compiled, getattr(schedules, kind)(**arguments)(STEPS).numpy(), rtol=1e-13
    )


@pytest.mark.parity
@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_rates_are_those_of_keras(kind: str, arguments: Any) -> None:
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    if not hasattr(keras.optimizers.schedules, kind):
        pytest.skip("Keras has no such schedule; its formula is tested below")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        theirs = getattr(keras.optimizers.schedules, kind)(**arguments)
        expected = [float(theirs(int(step))) for step in STEPS]
    finally:
        keras.config.set_floatx(before)
    np.testing.assert_allclose(rates(kind, arguments), expected, rtol=1e-12, atol=1e-15)


def test_step_halving_is_an_exponential_staircase() -> None:
    ours = schedules.StepHalving(0.3, 7)(STEPS).numpy()
    np.testing.assert_array_equal(ours, 0.3 * 0.5 ** (STEPS // 7))
    staircase = schedules.ExponentialDecay(0.3, 7, 0.5, staircase=True)
    np.testing.assert_array_equal(ours, staircase(STEPS).numpy())


@pytest.mark.parametrize("longer", [1, 2, 3, 10])
def test_restarts_come_on_the_very_step(longer: int) -> None:
    schedule = schedules.CosineDecayRestarts(1.0, 10, t_mul=longer, m_mul=0.5)
    begins = 10 * np.cumsum([longer**number for number in range(6)])
    np.testing.assert_allclose(schedule(begins).numpy(), 0.5 ** np.arange(1, 7), rtol=1e-12)
    just_before = schedule(begins - 1e-3).numpy()
    assert (just_before < 1e-6).all()


def test_a_warm_up_composes_with_any_schedule() -> None:
    composed = schedules.LinearWarmup(schedules.CosineDecay(0.7, 11, 0.2), 9, 0.1)
    within = schedules.CosineDecay(0.1, 11, 0.2, warmup_target=0.7, warmup_steps=9)
    np.testing.assert_allclose(composed(STEPS).numpy(), within(STEPS).numpy(), rtol=1e-14)
    constant = schedules.LinearWarmup(0.5, 4)
    assert constant([0, 1, 2, 3, 4, 100]).numpy().tolist() == [0, 0.125, 0.25, 0.375, 0.5, 0.5]


def test_a_warm_up_does_not_ask_a_schedule_for_steps_below_zero() -> None:
    falling = schedules.LinearWarmup(lambda step: cn.sqrt(step + 1), 4)
    assert falling([0, 2, 4, 7]).numpy().tolist() == [0, 0.5, 1, 2]


@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_a_schedule_comes_back_from_its_configuration(kind: str, arguments: Any) -> None:
    schedule = getattr(schedules, kind)(**arguments)
    saved = json.loads(json.dumps(serialize(schedule)))
    again = schedules.get(saved)
    assert type(again) is type(schedule)
    np.testing.assert_array_equal(again(STEPS).numpy(), schedule(STEPS).numpy())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps: expected a number above 0"),
        (lambda: schedules.ExponentialDecay(-1, 5, 0.5), "initial_learning_rate: .* 0 or more"),
        (lambda: schedules.ExponentialDecay(1, 5, 0), "decay_rate: expected a number above 0"),
        (
            lambda: schedules.StepHalving(cast(Any, "1"), 5),
            "initial_learning_rate: expected a number, got '1'",
        ),
        (lambda: schedules.CosineDecay(0.1, 5, alpha=2), "alpha: expected a number from 0 to 1"),
        (lambda: schedules.CosineDecayRestarts(1, 5, t_mul=0.5), "t_mul: .* 1 or more, got 0.5"),
        (lambda: schedules.CosineDecayRestarts(1, 5, alpha=2), "alpha: .* from 0 to 1, got 2"),
        (lambda: schedules.LinearWarmup(0.1, 0), "warmup_steps: expected a number above 0"),
        (
            lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]),
            "values: expected 3, one more than there are boundaries, got 2",
        ),
        (
            lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]),
            r"boundaries: expected numbers that rise, got \[2.0, 1.0\]",
        ),
    ],
)
def test_wrong_arguments_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


def test_schedules_are_the_same_under_their_public_name() -> None:
    assert importlib.import_module("cairnet.optimizers.schedules") is schedules


def test_an_unknown_schedule_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown schedule 'Cosine'; did you mean"):
        cn.optimizers.SGD({"class_name": "Cosine", "config": {}})
