import numpy as np
import pytest

import cairnet as cn
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
def test_activations_agree_with_keras(name: str) -> None:
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    theirs = {"exp": torch.exp}.get(name) or getattr(keras.activations, name)
    x = np.random.default_rng(0).normal(0, 3, (4, 5))
    expected = theirs(torch.tensor(x)).numpy()
    np.testing.assert_allclose(cn.activations.get(name)(x).numpy(), expected, rtol=1e-9, atol=1e-12)
