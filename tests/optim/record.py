"""Record what PyTorch's and Keras's optimizers do to a small problem: writes recorded.json.

Run as `python tests/optim/record.py` where both are installed. The problem, in float64, is

    cost(w, b) = Σᵢ ½ aᵢ wᵢ² + sin(wᵢ) + Σⱼ 5/2 bⱼ²,   a = (1, 2, 3, 4),
    w from (1, −2, 3, −4), b from (5, −½), 12 steps.

What is recorded of each step is w, then b. Where Keras departs from a paper and Cairnet follows
Keras, or where only one of the two has a feature, the peer named with the case is that one.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

START = {"w": [1.0, -2.0, 3.0, -4.0], "b": [5.0, -0.5]}
CURVATURE = [1.0, 2.0, 3.0, 4.0]
STEPS = 12
RECORD = Path(__file__).with_name("recorded.json")


def schedule(kind: str, **config: Any) -> dict[str, Any]:
    """A schedule, in the form in which it is saved."""
    return {"class_name": kind, "config": config}


Arguments = dict[str, Any]
EXPONENTIAL = schedule("ExponentialDecay", initial_learning_rate=0.2, decay_steps=3, decay_rate=0.5)
STAIRCASE = schedule(
    "ExponentialDecay", initial_learning_rate=0.2, decay_steps=3, decay_rate=0.5, staircase=True
)
INVERSE = schedule("InverseTimeDecay", initial_learning_rate=0.2, decay_steps=2, decay_rate=0.7)
POLYNOMIAL = schedule(
    "PolynomialDecay", initial_learning_rate=0.2, decay_steps=8, end_learning_rate=0.01, power=2.0
)
CYCLE = schedule("PolynomialDecay", initial_learning_rate=0.2, decay_steps=5, cycle=True)
COSINE = schedule("CosineDecay", initial_learning_rate=0.2, decay_steps=9, alpha=0.1)
WARM_COSINE = schedule(
    "CosineDecay", initial_learning_rate=0.01, decay_steps=6, warmup_target=0.3, warmup_steps=4
)
PIECES = schedule("PiecewiseConstantDecay", boundaries=[2, 5], values=[0.2, 0.1, 0.05])

# Cases that have the same class and arguments in Cairnet and in Keras.
KERAS: dict[str, tuple[str, Arguments]] = {
    "momentum and exponential decay": ("SGD", {"learning_rate": EXPONENTIAL, "momentum": 0.9}),
    "sgd and staircase": ("SGD", {"learning_rate": STAIRCASE}),
    "sgd and inverse time decay": ("SGD", {"learning_rate": INVERSE}),
    "nesterov and polynomial decay": (
        "SGD",
        {"learning_rate": POLYNOMIAL, "momentum": 0.5, "nesterov": True},
    ),
    "sgd and cycles": ("SGD", {"learning_rate": CYCLE}),
    "sgd and cosine decay": ("SGD", {"learning_rate": COSINE}),
    "sgd and pieces": ("SGD", {"learning_rate": PIECES}),
    "sgd, decaying": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.3}),
    "sgd, clipped by value": ("SGD", {"learning_rate": 0.1, "clipvalue": 1.5}),
    "sgd, clipped by norm": ("SGD", {"learning_rate": 0.1, "clipnorm": 2.0}),
    "sgd, clipped by global norm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 3.0}),
    "adagrad": ("Adagrad", {}),
    "adagrad of other settings": (
        "Adagrad",
        {"learning_rate": 0.5, "initial_accumulator_value": 0.0, "epsilon": 0.01},
    ),
    "rmsprop": ("RMSprop", {}),
    "rmsprop with momentum": ("RMSprop", {"learning_rate": 0.05, "momentum": 0.9, "rho": 0.8}),
    "rmsprop, centered": ("RMSprop", {"learning_rate": 0.05, "centered": True}),
    "rmsprop, centered with momentum": (
        "RMSprop",
        {"learning_rate": COSINE, "centered": True, "momentum": 0.5, "epsilon": 0.01},
    ),
    "adadelta": ("Adadelta", {}),
    "adadelta of other settings": (
        "Adadelta",
        {"learning_rate": 1.0, "rho": 0.8, "epsilon": 0.01, "weight_decay": 0.05},
    ),
    "adamax": ("Adamax", {}),
    "adamax of other settings": (
        "Adamax",
        {"learning_rate": WARM_COSINE, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.01},
    ),
    "nadam": ("Nadam", {}),
    "nadam of other settings": (
        "Nadam",
        {"learning_rate": 0.3, "beta_1": 0.5, "beta_2": 0.8, "weight_decay": 0.1},
    ),
    "nadam and warm-up": ("Nadam", {"learning_rate": WARM_COSINE, "epsilon": 0.01}),
}

#: How near to Keras one can come: it takes norms through float32 numbers even in float64.
PRECISION = {"sgd, clipped by norm": 1e-6, "sgd, clipped by global norm": 1e-6}

# Cairnet's class and arguments first, then PyTorch's.
TORCH: dict[str, tuple[str, Arguments, str, Arguments]] = {
    "sgd": ("SGD", {"learning_rate": 0.1}, "SGD", {"lr": 0.1}),
    "momentum": (
        "SGD",
        {"learning_rate": 0.1, "momentum": 0.9},
        "SGD",
        {"lr": 0.1, "momentum": 0.9},
    ),
    "nesterov": (
        "SGD",
        {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ),
    "adadelta as in PyTorch": (
        "Adadelta",
        {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-6},
        "Adadelta",
        {"lr": 1.0, "rho": 0.9, "eps": 1e-6},
    ),
    "adam": ("Adam", {}, "Adam", {"lr": 0.001, "eps": 1e-7}),
    "adam of other settings": (
        "Adam",
        {"learning_rate": 0.3, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.01},
        "Adam",
        {"lr": 0.3, "betas": (0.5, 0.8), "eps": 0.01},
    ),
    "amsgrad": (
        "Adam",
        {"learning_rate": 0.3, "beta_2": 0.5, "epsilon": 0.01, "amsgrad": True},
        "Adam",
        {"lr": 0.3, "betas": (0.9, 0.5), "eps": 0.01, "amsgrad": True},
    ),
    "adamw": ("AdamW", {}, "AdamW", {"lr": 0.001, "eps": 1e-7, "weight_decay": 0.004}),
    "adamw of other settings": (
        "AdamW",
        {"learning_rate": 0.3, "weight_decay": 0.2, "amsgrad": True, "beta_2": 0.5},
        "AdamW",
        {"lr": 0.3, "weight_decay": 0.2, "amsgrad": True, "betas": (0.9, 0.5), "eps": 1e-7},
    ),
    "nadam as in PyTorch": (
        "Nadam",
        {"learning_rate": 0.1, "beta_1": 0.8},
        "NAdam",
        {"lr": 0.1, "betas": (0.8, 0.999), "eps": 1e-7, "momentum_decay": 1.0},
    ),
}

#: What Cairnet makes of every case: the name of the class, and its arguments.
CASES: dict[str, tuple[str, Arguments]] = {
    **{case: (kind, arguments) for case, (kind, arguments, _, _) in TORCH.items()},
    **KERAS,
}


@contextmanager
def torch_in_float64() -> Iterator[Any]:
    """PyTorch with float64 as its default, in which it keeps an optimizer's own numbers."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield torch
    finally:
        torch.set_default_dtype(before)


def torch_trajectory(kind: str, arguments: Arguments) -> list[list[float]]:
    """The weights after every step of an optimizer of PyTorch's."""
    weights = []
    with torch_in_float64() as torch:
        w, b = (torch.tensor(START[n], requires_grad=True) for n in "wb")
        curvature = torch.tensor(CURVATURE)
        optimizer = getattr(torch.optim, kind)([w, b], **arguments)
        for _ in range(STEPS):
            optimizer.zero_grad()
            ((0.5 * curvature * w * w + torch.sin(w)).sum() + (2.5 * b * b).sum()).backward()
            optimizer.step()
            weights.append([*w.tolist(), *b.tolist()])
    return weights


@contextmanager
def keras_in_float64() -> Iterator[Any]:
    """Keras, on PyTorch, computing in float64."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        with torch_in_float64():
            yield keras
    finally:
        keras.config.set_floatx(before)


def keras_arguments(keras: Any, arguments: Arguments) -> Arguments:
    """Arguments with Keras's own schedule in place of a saved one."""
    rate = arguments.get("learning_rate")
    if isinstance(rate, dict):
        made = getattr(keras.optimizers.schedules, rate["class_name"])(**rate["config"])
        return {**arguments, "learning_rate": made}
    return arguments


def keras_trajectory(kind: str, arguments: Arguments) -> list[list[float]]:
    """The weights after every step of an optimizer of Keras's."""
    with keras_in_float64() as keras:
        optimizer = getattr(keras.optimizers, kind)(**keras_arguments(keras, arguments))
        w, b = (keras.Variable(np.array(START[n]), dtype="float64", name=n) for n in "wb")
        weights = []
        for _ in range(STEPS):
            old_w, old_b = (keras.ops.convert_to_numpy(v.value) for v in (w, b))
            gradients = [np.array(CURVATURE) * old_w + np.cos(old_w), 5 * old_b]
            optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], [w, b])
            weights.append([float(x) for v in (w, b) for x in keras.ops.convert_to_numpy(v.value)])
    return weights


def record() -> dict[str, list[list[float]]]:
    """The trajectories of all cases."""
    return {
        **{case: torch_trajectory(kind, given) for case, (_, _, kind, given) in TORCH.items()},
        **{case: keras_trajectory(*both) for case, both in KERAS.items()},
    }


if __name__ == "__main__":
    cases = (f"{json.dumps(case)}: {json.dumps(weights)}" for case, weights in record().items())
    RECORD.write_text("{\n" + ",\n".join(cases) + "\n}\n")
