"""The functions behind a model can be had, called and explained."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, GraphError, ShapeError, UnknownNameError

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.arange(12) % 3


def network() -> cn.Sequential:
    cn.seed(0)
    model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3, "softmax", name="classes")])
    model.compile(cn.optimizers.SGD(0.5), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def test_the_function_of_predict() -> None:
    model = network()
    function, arrays = model.function_for(X)
    (outputs,) = function(*arrays)
    np.testing.assert_array_equal(outputs, model.predict(X))
    _, (row,) = model.function_for()
    assert (row.shape, row.any()) == ((1, 4), False)


def test_the_function_of_a_step() -> None:
    model, other = network(), network()
    step, arrays = model.function_for(X, Y)
    before = model.get_weights()
    loss = float(step(*arrays)["loss"])
    assert loss == pytest.approx(other.train_on_batch(X, Y)[0], rel=1e-6)
    for changed, expected, old in zip(
        model.get_weights(), other.get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(changed, expected)
        assert (changed != old).any()
    weighted, more = model.function_for(X, Y, np.zeros(12))
    assert len(more) == 3
    assert float(weighted(*more)["loss"]) == 0


def test_a_model_is_explained_forward_and_in_training() -> None:
    model = network()
    before = model.get_weights()
    forward, step = cn.explain(model, "graph"), cn.explain(model, "graph", X, Y)
    assert "classes/kernel" in forward
    assert "return" in forward
    assert "optimizer" not in forward
    assert 'update "classes/kernel" <-' in step
    assert 'input "y" : int64[None]' in step
    loops = cn.explain(model, "loops", X, Y)
    assert loops.startswith("sequential.train, with len(input) = 12: ")
    assert "variable, updated in place" in loops
    assert cn.explain(model, "loops", X[:5]).startswith("sequential.predict, with len(input) = 5: ")
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def unbuilt() -> cn.Sequential:
    return cn.Sequential([cn.layers.Dense(3)])


@pytest.mark.parametrize(
    ("model", "data", "kind", "words"),
    [
        (unbuilt, (), ArgumentError, "expected inputs, since the model's shapes are not known"),
        (unbuilt, (X, Y), GraphError, "call compile"),
        (network, (X[:, :3],), ShapeError, r"x: expected shape \(batch, 4\)"),
        (network, (X, Y[:5]), ShapeError, "y: expected 12 rows"),
        (network, (X, Y, None, None), ArgumentError, "x, y and sample_weight at most, got 4"),
    ],
)
def test_what_does_not_fit_is_refused(
    model: Any, data: tuple[Any, ...], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        model().function_for(*data)


def test_explain_refuses_other_things() -> None:
    with pytest.raises(ArgumentError, match=r"made by cn\.function, or a model"):
        cn.explain(3)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="did you mean 'loops'"):
        cn.explain(network(), "loop")
