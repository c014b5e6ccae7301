"""Record what PyTorch's optimizers do to a small problem, in float64: writes recorded.json.

Run as `python tests/optim/record.py` where PyTorch is installed. The problem is

    cost(w) = Σᵢ ½ aᵢ wᵢ² + sin(wᵢ),  a = (1, 2, 3, 4),  w from (1, −2, 3, −4), 12 steps.
"""

import json
from pathlib import Path
from typing import Any

START = [1.0, -2.0, 3.0, -4.0]
CURVATURE = [1.0, 2.0, 3.0, 4.0]
STEPS = 12
RECORD = Path(__file__).with_name("recorded.json")

# Our arguments first, then PyTorch's class and arguments.
CASES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
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
    "adam": ("Adam", {}, "Adam", {"lr": 0.001, "eps": 1e-7}),
    "adam of other settings": (
        "Adam",
        {"learning_rate": 0.3, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.01},
        "Adam",
        {"lr": 0.3, "betas": (0.5, 0.8), "eps": 0.01},
    ),
}


def trajectory(kind: str, arguments: dict[str, Any]) -> list[list[float]]:
    """The weights after every step."""
    import torch

    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    curvature = torch.tensor(CURVATURE, dtype=torch.float64)
    optimizer = getattr(torch.optim, kind)([w], **arguments)
    weights = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        (0.5 * curvature * w * w + torch.sin(w)).sum().backward()
        optimizer.step()
        weights.append(w.tolist())
    return weights


def record() -> dict[str, list[list[float]]]:
    """The trajectories of all cases."""
    return {case: trajectory(kind, arguments) for case, (_, _, kind, arguments) in CASES.items()}


if __name__ == "__main__":
    cases = (f"{json.dumps(case)}: {json.dumps(weights)}" for case, weights in record().items())
    RECORD.write_text("{\n" + ",\n".join(cases) + "\n}\n")
