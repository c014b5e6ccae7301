"""Training and use, new states and penalties, and the record of layer calls."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.nn.calls import call_of
from cairnet.nn.layers.base import registry


class Teller(cn.layers.Layer):
    """Adds 1 in training."""

    def call(self, x: cn.Tensor, training: bool = False) -> cn.Tensor:
        return x + 1.0 if training else x + 0.0


class Around(cn.layers.Layer):
    """Knows nothing of training, but has a layer inside that does."""

    def __init__(self, inner: cn.layers.Layer) -> None:
        super().__init__(name="around")
        self.inner = inner

    def call(self, x: cn.Tensor) -> cn.Tensor:
        return self.inner(x)


@pytest.mark.parametrize(("training", "expected"), [(None, 0.0), (False, 0.0), (True, 1.0)])
def test_the_phase_reaches_layers_inside(training: bool | None, expected: float) -> None:
    layer = Around(Around(Teller()))
    assert layer([0.0], training=training).numpy().tolist() == [expected]


def test_an_inner_call_may_say_otherwise() -> None:
    class Never(cn.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Around(Teller())

        def call(self, x: cn.Tensor) -> cn.Tensor:
            return self.inner(x, training=False) * 10.0 + self.inner(x)

    assert Never()([0.0], training=True).numpy().tolist() == [1.0]


def test_the_phase_ends_with_the_call_even_if_it_fails() -> None:
    class Broken(cn.layers.Layer):
        def call(self, x: cn.Tensor) -> cn.Tensor:
            raise ShapeError("broken")

    with pytest.raises(ShapeError, match="broken"):
        Broken()([0.0], training=True)
    assert Teller()([0.0]).numpy().tolist() == [0.0]


def test_training_is_known_when_the_graph_is_built() -> None:
    with pytest.raises(ArgumentError, match=r"training: expected True, False, or None .* got 1;"):
        Teller()([0.0], training=1)


class Counter(cn.layers.Layer):
    """Counts its calls in training, and gives the count."""

    def build(self, input_shape: Any) -> None:
        self.count = cn.Variable(0.0, name="count", trainable=False)

    def call(self, x: cn.Tensor, training: bool = False) -> cn.Tensor:
        if training:
            cn.layers.add_update(self.count, cn.layers.latest(self.count) + 1.0)
        return x * 0.0 + cn.layers.latest(self.count)


def test_a_state_is_updated_by_the_function_that_is_given_the_updates() -> None:
    layer, x = Counter(), cn.input((1,), name="x")
    with cn.layers.Effects() as effects:
        y = layer(x, training=True)
    step = cn.function([x], y, updates=effects.updates)
    assert [float(step([0.0])[0]) for _ in range(3)] == [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(step.steps(3, np.zeros((3, 1))).ravel(), [4, 5, 6])
    assert float(layer.count) == 6


def test_a_second_call_reads_what_the_first_wrote() -> None:
    layer, x = Counter(), cn.input((1,), name="x")
    with cn.layers.Effects() as effects:
        both = [layer(x, training=True), layer(x, training=True)]
    step = cn.function([x], both, updates=effects.updates)
    assert [value.tolist() for value in step([0.0])] == [[1.0], [2.0]]
    assert float(layer.count) == 2


def test_without_effects_nothing_is_remembered() -> None:
    layer = Counter()
    for _ in range(2):
        assert layer([0.0], training=True).numpy().tolist() == [0.0]
    assert float(layer.count) == 0


def test_use_leaves_no_effects() -> None:
    with cn.layers.Effects() as effects:
        Counter()([0.0])
    assert (effects.updates, effects.losses) == ({}, [])


def test_the_innermost_effects_collect() -> None:
    layer = Counter()
    with cn.layers.Effects() as outer:
        with cn.layers.Effects() as inner:
            layer([0.0], training=True)
        layer([0.0], training=True)
    assert [list(effects.updates) for effects in (outer, inner)] == [[layer.count]] * 2
    # Each began from the variable itself.
    assert float(outer.updates[layer.count]) == float(inner.updates[layer.count]) == 1.0


def test_effects_can_be_opened_again() -> None:
    layer = Counter()
    effects = cn.layers.Effects()
    with effects:
        layer([0.0], training=True)
    with effects:
        layer([0.0], training=True)
    assert float(effects.updates[layer.count]) == 2.0


def test_wrong_effects_are_refused() -> None:
    count = cn.Variable([0.0], name="count")
    with pytest.raises(ShapeError, match=r"add_update, at .*: expected float32\[1\] .* 'count'"):
        cn.layers.add_update(count, cn.asarray([0.0, 1.0]))
    with pytest.raises(ShapeError, match=r"expected float32\[1\] .* got float64\[1\]"):
        cn.layers.add_update(count, np.zeros(1))
    with pytest.raises(ShapeError, match="expected a scalar of a floating dtype, got float32"):
        cn.layers.add_loss(cn.asarray([0.0, 1.0]))


class Penalized(cn.layers.Layer):
    def call(self, x: cn.Tensor) -> cn.Tensor:
        cn.layers.add_loss(cn.sum(x))
        return x * 2.0


def test_losses_are_collected() -> None:
    with cn.layers.Effects() as effects:
        Around(Penalized())([1.0, 2.0])
    assert [float(loss) for loss in effects.losses] == [3.0]


def test_activity_is_penalized_by_the_sample() -> None:
    layer = cn.layers.Dense(
        2, kernel_initializer="ones", activation="relu", activity_regularizer="l1"
    )
    with cn.layers.Effects() as effects:
        layer([[1.0], [2.0], [-5.0], [0.0]])
    assert [float(loss) for loss in effects.losses] == [pytest.approx(0.01 * (2 + 4) / 4)]


def test_penalties_and_states_enter_the_training_of_a_model() -> None:
    counter = Counter()
    model = cn.Sequential(
        [
            cn.Input((3,)),
            cn.layers.Dense(2, kernel_regularizer=cn.regularizers.L2(0.5), use_bias=False),
            Penalized(),
            counter,
        ]
    )
    model.compile(cn.optimizers.SGD(0.1), "mean_squared_error")
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    kernel = model.layers[0].kernel.numpy()
    expected = 0.5 * (kernel**2).sum() + (x @ kernel).sum()
    assert model.evaluate(x, np.zeros((4, 2))) == pytest.approx(expected, rel=1e-4)
    history = model.fit(x, np.full((4, 2), 1.0), batch_size=4, epochs=3, verbose=0)
    # The output is the count: 1, 2, 3 in the three steps.
    assert history.history["loss"][0] == pytest.approx(expected + 0.0, rel=1e-4)
    assert float(counter.count) == 3
    # The output has no gradient, the penalties have: W - 0.1 (2·0.5·W + Σ x) at every step.
    for _ in range(3):
        kernel = kernel - 0.1 * (kernel + x.sum(axis=0)[:, None])
    np.testing.assert_allclose(model.layers[0].kernel.numpy(), kernel, rtol=1e-4)


def test_a_constraint_holds_after_every_step_of_a_model() -> None:
    layer = cn.layers.Dense(
        3, kernel_constraint="non_neg", bias_constraint=cn.constraints.MaxNorm(0.5)
    )
    model = cn.Sequential([cn.Input((4,)), layer])
    model.compile(cn.optimizers.SGD(0.5), "mean_squared_error")
    random = np.random.default_rng(0)
    model.fit(random.normal(size=(8, 4)), random.normal(size=(8, 3)), epochs=3, verbose=0)
    assert (layer.kernel.numpy() >= 0).all()
    assert (layer.kernel.numpy() == 0).any()
    assert np.linalg.norm(layer.bias.numpy()) <= 0.5


def test_frozen_weights_are_not_penalized() -> None:
    layer = cn.layers.Dense(2, kernel_regularizer="l2", bias_regularizer="l1")
    layer(np.ones((1, 3)))
    assert len(layer.losses) == 2
    layer.trainable = False
    assert layer.losses == []


def test_losses_and_constraints_of_inner_layers_are_found_once() -> None:
    shared = cn.layers.Dense(2, kernel_regularizer="l2", kernel_constraint="unit_norm")
    outer = Around(shared)
    outer.again = shared
    outer(np.ones((1, 2)))
    assert len(outer.losses) == 1
    assert list(outer.constraints) == [shared.kernel]
    assert outer.layers_within() == [outer, shared]


def test_a_call_is_noted_on_its_output() -> None:
    x = cn.Input((4,))
    dense, drop = cn.layers.Dense(3), cn.layers.Dropout(0.5)
    hidden = dense(x)
    dropped = drop(hidden)
    joined = cn.layers.Concatenate()([hidden, dropped])
    assert call_of(x) is None
    assert (call_of(hidden).layer, call_of(hidden).inputs) == (dense, (x,))
    # Out of training dropout does nothing, and is there all the same.
    assert dropped is not hidden
    assert (call_of(dropped).layer, call_of(dropped).inputs) == (drop, (hidden,))
    assert call_of(joined).inputs == ([hidden, dropped],)
    assert call_of(drop(hidden, training=True)).training is True
    assert call_of(dropped).training is None


def test_of_layers_of_layers_the_outer_one_is_noted() -> None:
    x = cn.Input((4,))
    layer = Around(cn.layers.Dense(3))
    assert call_of(layer(x)).layer is layer


def test_of_several_outputs_each_is_noted() -> None:
    class Halves(cn.layers.Layer):
        def call(self, x: cn.Tensor) -> Any:
            return {"left": x[:, :1], "right": [x[:, 1:], x[:, 1:] * 2.0]}

    layer, x = Halves(), cn.Input((4,))
    outputs = layer(x)
    assert call_of(outputs["left"]).position == ("left",)
    assert [call_of(part).layer for part in outputs["right"]] == [layer, layer]


class Tower(cn.layers.Layer):
    """Takes a list without being told how to merge it."""

    takes_list = True

    def build(self, input_shape: Any) -> None:
        self.shapes = input_shape
        self.scale = self.add_weight((), "ones")

    def call(self, inputs: Any) -> cn.Tensor:
        first, second = inputs
        return (first + second) * self.scale


def test_a_layer_of_ones_own_may_take_a_list() -> None:
    layer = Tower()
    first, second = np.ones((2, 3)), cn.input((None, 3), "float64")
    y = layer([first, second])
    assert layer.shapes == [(2, 3), (None, 3)]
    assert layer.dtype == y.dtype == np.float64
    assert call_of(y).inputs[0][1] is second


def test_several_tensors_for_one_are_refused() -> None:
    pair = [cn.input((None, 3)), cn.input((None, 3))]
    with pytest.raises(ShapeError, match=r"on input float32.*: expected one tensor, got a list"):
        cn.layers.Dense(2)(pair)
    # A list of numbers and of arrays is one array.
    assert cn.layers.Flatten()([[1.0, 2.0]]).shape == (1, 2)
    assert cn.layers.Flatten()([np.ones((2, 2))]).shape == (1, 4)


def double(x: cn.Tensor) -> cn.Tensor:
    return x * 2.0


def told(x: cn.Tensor, training: bool) -> cn.Tensor:
    return x * (2.0 if training else 1.0)


def test_a_plain_function_is_a_layer() -> None:
    layer = cn.layers.Lambda(double)
    assert layer.name == "double"
    saved = cn.layers.Lambda(cn.exp).get_config()
    assert saved == {"function": "exp", "arguments": None, "name": "exp"}
    assert registry.get({"class_name": "Lambda", "config": saved}).function is cn.exp
    assert cn.layers.Lambda(told)([1.0], training=True).numpy().tolist() == [2.0]
    assert cn.layers.Lambda(told)([1.0]).numpy().tolist() == [1.0]
    pair = [cn.asarray([1.0]), cn.asarray([2.0])]
    assert cn.layers.Lambda(lambda both: both[0] - both[1])(pair).numpy().tolist() == [-1.0]


def test_a_function_without_a_name_works_and_cannot_be_saved() -> None:
    layer = cn.layers.Lambda(lambda x: x * 2)
    assert layer.name == "lambda"
    with pytest.raises(ArgumentError, match="cannot be saved: it has no name"):
        layer.get_config()


def test_numbers_outside_an_embedding_show() -> None:
    layer = cn.layers.Embedding(3, 2)
    y = layer(np.array([0, 2, 3, -1])).numpy()
    np.testing.assert_array_equal(np.isnan(y).all(axis=1), [False, False, True, True])
    gradient = cn.grad(cn.sum(layer(np.array([0, 3]))), layer.embeddings).numpy()
    np.testing.assert_array_equal(gradient, [[1, 1], [0, 0], [0, 0]])


def test_a_loss_sees_through_layers_that_do_nothing() -> None:
    logits = cn.Variable([[0.0, 200.0]])
    for layer in (cn.layers.Dropout(0.5), cn.layers.Activation("linear")):
        cost = cn.losses.CategoricalCrossentropy()([[1.0, 0.0]], layer(cn.softmax(logits)))
        assert float(cost) == 200.0
        np.testing.assert_array_equal(cn.grad(cost, logits).numpy(), [[-1.0, 1.0]])
