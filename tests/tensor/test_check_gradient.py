"""check_gradient: it passes right gradients, and finds a wrong one, by name, index and values."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.primitive import Primitive

GENERATOR = np.random.default_rng(23)


class Bent(Primitive):
    """Twice the input, with a derivative that is wrong where the input is above 1."""

    name = "bent"

    def infer(self, x: Tensor) -> Any:
        return x.extents, x.dtype

    def meaning(self, x: np.ndarray) -> np.ndarray:
        return 2 * x

    def vjp(self, g: Tensor, y: Tensor, x: Tensor) -> Sequence[Tensor]:
        return (cn.where(x > 1, g * 2.25, g * 2),)


@pytest.fixture
def bent() -> Iterator[Any]:
    primitive = Bent()
    return lambda x: apply(primitive, x)


def test_a_network_in_float32_passes() -> None:
    x = cn.input((None, 6), name="x")
    labels = cn.input((None,), cn.int64, name="labels")
    w1 = cn.Variable(GENERATOR.standard_normal((6, 5)).astype(np.float32), name="w1")
    w2 = cn.Variable(GENERATOR.standard_normal((5, 3)).astype(np.float32), name="w2")
    logits = cn.tanh(x @ w1) @ w2
    cost = -cn.mean(cn.sum(cn.log_softmax(logits) * cn.one_hot(labels, 3), axis=1))
    feeds = {x: GENERATOR.standard_normal((4, 6)), labels: [0, 2, 1, 1]}
    before = w1.numpy()
    check = cn.check_gradient(cost, [w1, w2, x], feeds)
    assert check.checked == 30 + 15 + 24
    assert check.error < 1e-8
    assert check.name in {"w1", "w2", "x"}
    np.testing.assert_array_equal(w1.numpy(), before)


def test_the_worst_element_is_named(bent: Any) -> None:
    w = cn.Variable([[0.5, 3.0], [0.1, 0.2]], name="kernel")
    with pytest.raises(ValueError, match="wrong at index") as error:
        cn.check_gradient(cn.sum(bent(w) * 4.0), w)
    line = re.sub(r"made at \S+:\d+", "made at HERE", str(error.value))
    assert line.startswith(
        "the gradient with respect to 'kernel' (float32[2, 2], made at HERE) is wrong at index "
        "(0, 1): cn.grad gives 9, central differences give 8 (error 0.111, tolerance 1e-06)"
    )


def test_the_worst_of_several_tensors_is_named(bent: Any) -> None:
    a, b = cn.Variable([3.0, 0.0], name="a"), cn.Variable([0.0, 0.0, 4.0], name="b")
    cost = cn.sum(bent(a)) + 2.0 * cn.sum(bent(b)) + 20.0 * cn.sum(a)
    with pytest.raises(ValueError, match=r"with respect to 'b' .* is wrong at index \(2,\)"):
        cn.check_gradient(cost, [a, b])
    # What is wrong with b does not matter to a where a is right.
    a.assign([0.5, 0.0])
    assert cn.check_gradient(cost, a).name == "a"


def test_a_gradient_that_is_not_finite_is_wrong() -> None:
    x = cn.Variable([0.0, 1.0], name="x")
    with pytest.raises(ValueError, match=r"'x' .* is wrong at index \(0,\): cn.grad gives nan"):
        cn.check_gradient(cn.sum(cn.sqrt(cn.abs(x))), x)


def test_samples_are_spread_over_the_tensor() -> None:
    x = cn.Variable(GENERATOR.standard_normal((50, 50)))
    assert cn.check_gradient(cn.sum(x * x * x), x, samples=10, tolerance=1e-5).checked == 10
    small = cn.Variable(GENERATOR.standard_normal((3, 4)))
    assert cn.check_gradient(cn.sum(small**3), small, samples=None).checked == 12


def test_a_scan_is_checked_in_float64() -> None:
    w = cn.Variable(GENERATOR.standard_normal((3, 3)).astype(np.float32), name="w")
    x = cn.input((None, None, 3), name="x")

    def step(item: Any, state: Any) -> Any:
        new = cn.tanh(item + state @ w)
        return None, new

    _, last = cn.scan(step, x, cn.zeros((x.extents[1], 3)))
    check = cn.check_gradient(
        cn.sum(last * last), [w, x], {x: GENERATOR.standard_normal((5, 2, 3))}
    )
    assert check.error < 1e-9


def test_random_numbers_are_the_same_on_both_sides() -> None:
    w = cn.Variable([0.3, 0.7], name="w")
    noise = cn.random.normal(cn.random.key(1), (2,))
    assert cn.check_gradient(cn.sum(cn.exp(w * noise)), w).error < 1e-9


def test_refusals() -> None:
    w, x = cn.Variable([1.0], name="w"), cn.input((1,), name="x")
    cost = cn.sum(w * x)
    with pytest.raises(ValueError, match=r"feeds: input 'x' .* has no value"):
        cn.check_gradient(cost, w)
    with pytest.raises(
        ValueError, match=r"feeds: 'x' is float32\[1\], got a value of shape \(2,\)"
    ):
        cn.check_gradient(cost, w, {x: [1.0, 2.0]})
    with pytest.raises(ValueError, match="feeds: a tensor that the cost does not depend on"):
        cn.check_gradient(cost, w, {x: [1.0], cn.input((1,)): [1.0]})
    with pytest.raises(ValueError, match=r"wrt: expected variables or inputs, got float32\[1\]"):
        cn.check_gradient(cost, w * x, {x: [1.0]})
    with pytest.raises(ValueError, match=r"expected a scalar, got shape \(1,\)"):
        cn.check_gradient(w * x, w, {x: [1.0]})
    with pytest.raises(ValueError, match="does not depend on 'other'"):
        cn.check_gradient(cost, cn.Variable([1.0], name="other"), {x: [1.0]})
    empty = cn.Variable(np.zeros((0,)))
    with pytest.raises(ValueError, match="there is no element to check"):
        cn.check_gradient(cn.sum(empty), empty)
