"""BatchNormalization: what it follows over several steps, frozen, in models, and saved."""

from typing import Any

import numpy as np
import pytest

import cairnet as cn


def step_of(layer: cn.layers.Layer, shape: tuple[int | None, ...], dtype: str = "float64") -> Any:
    """A function of one training step: the output, and its derivatives by input and weights."""
    x = cn.input(shape, dtype, name="x")
    direction = cn.input(x.extents, dtype, name="direction")
    with cn.layers.Effects() as effects:
        y = layer(x, training=True)
    gradients = cn.grad(cn.sum(y * direction), [x, *layer.trainable_variables])
    return cn.function([x, direction], [y, *gradients], updates=effects.updates)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("arguments", "sample"),
    [
        ({}, (5,)),
        ({"momentum": 0.8, "epsilon": 0.01}, (3, 2, 4)),
        ({"axis": 1, "momentum": 0.5, "center": False}, (3, 2, 4)),
    ],
)
def test_several_steps_agree_with_torch(arguments: dict[str, Any], sample: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    layer = cn.layers.BatchNormalization(**arguments)
    step = step_of(layer, (None, *sample))
    axis = arguments.get("axis", len(sample))
    others = tuple(i for i in range(len(sample) + 1) if i != axis)
    place = [1] * (len(sample) + 1)
    place[axis] = sample[axis - 1]
    momentum, epsilon = arguments.get("momentum", 0.99), arguments.get("epsilon", 1e-3)
    layer.set_weights([random.uniform(0.5, 2, size=v.shape) for v in layer.weights])
    gamma, *rest = (torch.tensor(w, requires_grad=True) for w in layer.get_weights())
    beta = rest[0] if arguments.get("center", True) else None
    mean, variance = (value.detach().clone() for value in rest[-2:])
    for batch in (7, 4, 7):
        x = torch.tensor(random.normal(2, 3, size=(batch, *sample)), requires_grad=True)
        direction = torch.tensor(random.normal(size=(batch, *sample)))
        centre = x.mean(others, keepdim=True)
        spread = x.var(others, correction=0, keepdim=True)
        y = (x - centre) / (spread + epsilon).sqrt() * gamma.reshape(place)
        wanted = [x, gamma]
        if beta is not None:
            y, wanted = y + beta.reshape(place), [*wanted, beta]
        mean = momentum * mean + (1 - momentum) * centre.detach().reshape(-1)
        variance = momentum * variance + (1 - momentum) * spread.detach().reshape(-1)
        theirs = torch.autograd.grad((y * direction).sum(), wanted)
        mine = step(x.detach().numpy(), direction.numpy())
        for own, other in zip(mine, [y.detach(), *theirs], strict=True):
            np.testing.assert_allclose(own, other.numpy(), rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(layer.moving_mean.numpy(), mean.numpy(), rtol=1e-9)
        np.testing.assert_allclose(layer.moving_variance.numpy(), variance.numpy(), rtol=1e-9)


@pytest.mark.parity
def test_several_steps_agree_with_keras() -> None:
    """In float32, to which Keras rounds here."""
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(1)
    layer, theirs = cn.layers.BatchNormalization(), keras.layers.BatchNormalization()
    x = cn.input((None, 4, 3), name="x")
    with cn.layers.Effects() as effects:
        y = layer(x, training=True)
    step = cn.function([x], y, updates=effects.updates)
    for batch in (5, 3, 8):
        value = random.normal(2, 3, size=(batch, 4, 3)).astype(np.float32)
        expected = theirs(value, training=True).detach().numpy()
        np.testing.assert_allclose(step(value), expected, rtol=1e-4, atol=1e-5)
    for mine, other in zip(layer.get_weights(), theirs.weights, strict=True):
        np.testing.assert_allclose(mine, other.value.detach().numpy(), rtol=1e-5)
    expected = theirs(value, training=False).detach().numpy()
    np.testing.assert_allclose(layer(value).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_the_variables_and_their_kinds() -> None:
    layer = cn.layers.BatchNormalization()
    layer(np.ones((2, 3), np.float32))
    assert list(layer.named_variables()) == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert layer.trainable_variables == [layer.gamma, layer.beta]
    assert layer.non_trainable_variables == [layer.moving_mean, layer.moving_variance]
    assert layer.weights == layer.variables
    assert layer.count_params() == 12


class Block(cn.layers.Layer):
    def __init__(self) -> None:
        super().__init__(name="block")
        self.inner = cn.layers.BatchNormalization()

    def call(self, x: cn.Tensor) -> cn.Tensor:
        return self.inner(x)


@pytest.mark.parametrize("whole", [True, False])
def test_a_frozen_layer_is_as_in_use_in_training_too(whole: bool) -> None:
    block = Block()
    (block if whole else block.inner).trainable = False
    x = np.random.default_rng(0).normal(3, 2, size=(6, 4))
    with cn.layers.Effects() as effects:
        y = block(x, training=True)
    assert effects.updates == {}
    np.testing.assert_array_equal(y.numpy(), block(x).numpy())


def test_a_layer_shared_by_two_branches_follows_both() -> None:
    layer = cn.layers.BatchNormalization(momentum=0.5)
    first, second = cn.input((None, 1), name="a"), cn.input((None, 1), name="b")
    with cn.layers.Effects() as effects:
        both = [layer(first, training=True), layer(second, training=True)]
    step = cn.function([first, second], both, updates=effects.updates)
    step([[2.0], [4.0]], [[10.0], [20.0]])
    # First to (0 + 3) / 2, then to (1.5 + 15) / 2.
    np.testing.assert_allclose(layer.moving_mean.numpy(), [8.25])


def test_a_run_of_steps_follows_every_step() -> None:
    data = np.random.default_rng(0).normal(3, 2, size=(10, 8, 4))
    single, run = cn.layers.BatchNormalization(), cn.layers.BatchNormalization()
    ones = np.ones_like(data)
    step = step_of(single, (None, 4))
    for part, one in zip(data, ones, strict=True):
        step(part, one)
    step_of(run, (None, 4)).steps(10, data, ones)
    for mine, other in zip(run.get_weights(), single.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_in_a_model_the_averages_come_to_those_of_the_data() -> None:
    cn.seed(0)
    random = np.random.default_rng(0)
    x = random.normal([1, -2, 5], [1, 2, 3], size=(200, 3)).astype(np.float32)
    norm = cn.layers.BatchNormalization(momentum=0.9)
    model = cn.Sequential([cn.Input((3,)), norm, cn.layers.Dense(1)])
    model.compile(cn.optimizers.SGD(0.01), "mean_squared_error")
    model.fit(x, x[:, :1], batch_size=50, epochs=30, verbose=0)
    np.testing.assert_allclose(norm.moving_mean.numpy(), x.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(norm.moving_variance.numpy(), x.var(axis=0), rtol=0.2)
    before = norm.get_weights()
    model.evaluate(x, x[:, :1])
    model.predict(x)
    for mine, other in zip(norm.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_averages_and_random_states_are_saved(tmp_path: Any) -> None:
    model = cn.Sequential(
        [
            cn.Input((3,)),
            cn.layers.BatchNormalization(),
            cn.layers.Dropout(0.5),
            cn.layers.Dense(1, kernel_regularizer="l2", kernel_constraint="max_norm"),
        ]
    )
    model.compile("sgd", "mean_squared_error")
    x = np.random.default_rng(0).normal(3, 2, size=(20, 3)).astype(np.float32)
    model.fit(x, x[:, :1], epochs=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    for (name, mine), (other_name, other) in zip(
        again.named_variables().items(), model.named_variables().items(), strict=True
    ):
        assert name == other_name
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    assert int(again.layers[1].random.count) == 2
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert again.layers[2].get_config() == model.layers[2].get_config()


def test_large_means_lose_no_digits() -> None:
    x = np.array([[1e4], [1e4 + 1], [1e4 + 2]], np.float32)
    y = cn.layers.BatchNormalization(epsilon=0.0)(x, training=True).numpy()
    np.testing.assert_allclose(y[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-6)
