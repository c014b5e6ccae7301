"""examples/gradient_lags.py: gradients that fade, grow, or go on as they are."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "gradient_lags.py"
LAG = 25


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE))


@pytest.fixture(scope="module")
def probes(example: dict[str, Any]) -> dict[str, Any]:
    return {name: example["Probe"](name, LAG) for name in example["CELLS"]}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_memory_and_explosion_are_in_their_order(
    example: dict[str, Any], probes: dict[str, Any], seed: int
) -> None:
    first = {name: d[LAG] for name, d in example["decays"](seed, probes, changed=False).items()}
    assert first["GRU"] < max(first["tanh"], first["relu"]) < first["LSTM"] < -1
    assert first["GRU"] < -4
    then = {name: d[LAG] for name, d in example["decays"](seed, probes, changed=True).items()}
    assert then["relu"] > 2 * then["tanh"] > 1
    assert abs(then["LSTM"]) < 0.7
    assert abs(then["GRU"]) < 0.7


def test_the_gradient_is_that_of_the_definition(
    example: dict[str, Any],
) -> None:
    """Of a network with tanh, step by step: dC/dh times U and the slopes."""
    probe = example["Probe"]("tanh", LAG)
    probe.start(changed=False)
    kernel, recurrent, _ = probe.layer.get_weights()
    random = np.random.default_rng(0)
    x = random.normal(size=(example["ROWS"], LAG + 1, example["INPUTS"]))
    slope = random.normal(size=(example["ROWS"], example["UNITS"]))
    states = [np.zeros_like(slope)]
    for step in range(LAG + 1):
        states.append(np.tanh(x[:, step] @ kernel + states[-1] @ recurrent))
    norms = []
    for state in reversed(states[1:]):
        before = slope * (1 - state**2)
        norms.append(np.linalg.norm(before @ kernel.T))
        slope = before @ recurrent.T
    expected = np.log10(np.array(norms) / norms[0])
    np.testing.assert_allclose(probe.decay(np.random.default_rng(0)), expected, rtol=1e-9)
