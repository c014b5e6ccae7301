"""A gradient knows the extents of what it is the gradient of."""

import numpy as np

import cairnet as cn
from cairnet.tensor.interpreter import evaluate


def test_a_cotangent_knows_the_extents_that_its_tensor_knows() -> None:
    x = cn.input((None, 8, 8, 2), cn.float64, name="x")
    w = cn.Variable(np.ones((3, 3, 2, 4)), cn.float64)
    # The dot contracts a known extent with an unknown one; back it comes as the unknown one.
    v = cn.input((None, 5), cn.float64, name="v")
    y = cn.conv2d(x, w)
    cost = cn.sum(cn.tensordot(y, v, axes=1))
    gradient = cn.grad(cost, w)
    assert gradient.shape == w.shape
    feeds = {x: np.ones((2, 8, 8, 2)), v: np.full((4, 5), 0.5)}
    (value,) = evaluate([gradient], feeds)
    np.testing.assert_allclose(value, np.full((3, 3, 2, 4), 2 * 36 * 2.5))
