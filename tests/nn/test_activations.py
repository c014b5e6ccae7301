import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import GradientError
from cairnet.base.registry import serialize

NAMES = [name for name in cn.activations.__all__ if name != "get"]


@pytest.mark.parametrize("name", NAMES)
def test_every_activation_is_found_by_its_name(name: str) -> None:
    function = getattr(cn.activations, name)
    assert cn.activations.get(name) is function
    assert serialize(function) == name
    assert function(np.zeros((2, 3), np.float32)).shape == (2, 3)


def test_no_activation_is_the_linear_one() -> None:
    assert cn.activations.get(None) is cn.activations.linear


@pytest.mark.parity
@pytest.mark.parametrize("name", NAMES)
def test_values_and_slopes_agree_with_keras(name: str) -> None:
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    plain = {"exp": torch.exp, "step": lambda x: torch.heaviside(x, torch.zeros_like(x))}
    theirs = plain.get(name) or getattr(keras.activations, name)
    value = np.random.default_rng(0).normal(0, 3, (4, 5))
    tensor = torch.tensor(value, requires_grad=True)
    expected = theirs(tensor)
    x = cn.Variable(value)
    y = cn.activations.get(name)(x)
    np.testing.assert_allclose(y.numpy(), expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    if name == "step":
        return
    direction = np.random.default_rng(1).normal(size=value.shape)
    (slopes,) = torch.autograd.grad((expected * torch.tensor(direction)).sum(), [tensor])
    mine = cn.grad(cn.sum(y * direction), x).numpy()
    # PyTorch holds the slope of the hard sigmoid, a sixth, in float32.
    tolerance = 1e-7 if name == "hard_sigmoid" else 1e-9
    np.testing.assert_allclose(mine, slopes.numpy(), rtol=tolerance, atol=1e-12)


def test_a_step_has_no_slope_to_descend() -> None:
    x = cn.Variable([-np.inf, 0.0, np.inf])
    y = cn.activations.step(x)
    np.testing.assert_array_equal(y.numpy(), [0, 0, 1])
    with pytest.raises(GradientError, match="does not depend on"):
        cn.grad(cn.sum(y), x)
