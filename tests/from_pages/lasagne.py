"""What docs/from_lasagne.md must come to, computed by NumPy and SciPy alone.

As `theano.py`, with functions in `ROWS` where a layer, an optimizer or an initializer is looked at.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.signal import convolve2d
from scipy.special import softmax
from tests.from_pages.formulas import (
    NAMES,
    convolved,
    digits,
    distributed,
    pooled,
)
from tests.from_pages.page import compare

import cairnet as cn

RANDOM = np.random.default_rng(7)
FEEDS: dict[str, Any] = {
    "x": RANDOM.normal(size=(6, 3)).astype("float32"),
    "targets": RANDOM.integers(2, size=(6, 3)).astype("float32"),
    "labels": np.array([2, 0, 1, 2, 2, 1]),
    "weights": RANDOM.uniform(size=6).astype("float32"),
    "input": RANDOM.normal(size=(2, 6, 6, 3)).astype("float32"),
}
FEEDS["inputs"] = FEEDS["x"]
NAMES = {**NAMES, "p": softmax(FEEDS["x"], axis=1), "onehot": np.identity(3)[FEEDS["labels"]]}
IMAGES, FEATURES = FEEDS["input"], FEEDS["x"]
ODD = RANDOM.normal(size=(2, 7, 7, 3)).astype("float32")

Check = Callable[[Any], None]


def gives(formula: Callable[..., Any], *inputs: np.ndarray) -> Check:
    """That a layer gives what a formula of its inputs and weights does."""

    def check(layer: cn.layers.Layer) -> None:
        given = list(inputs) if layer.takes_list else inputs[0]
        layer(given)
        random = np.random.default_rng(3)
        weights = [random.normal(size=one.shape) for one in layer.weights]
        weights = [
            abs(value) if one.name.endswith("variance") else value
            for value, one in zip(weights, layer.weights, strict=True)
        ]
        layer.set_weights(weights)
        compare(layer(given).numpy(), formula(*inputs, *weights), repr(layer))

    return check


def drops(axes: tuple[int, ...]) -> Check:
    """That a layer zeroes half of what it is given, axes together, and doubles the rest."""

    def check(layer: cn.layers.Layer) -> None:
        y = layer(np.full((40, 5, 5, 50), 3.0), training=True).numpy()
        assert set(np.unique(y)) == {0.0, 6.0}
        kept = y.max(axes, keepdims=True) > 0
        np.testing.assert_array_equal(y, np.where(kept, 6.0, 0.0) * np.ones_like(y))
        assert abs(kept.mean() - 0.5) < 0.05
        compare(layer(IMAGES).numpy(), IMAGES, "out of training")

    return check


def adds_noise(layer: cn.layers.Layer) -> None:
    """Normal noise of deviation 0.1, in training alone."""
    zeros = np.zeros((100, 10))
    distributed(layer(zeros, training=True).numpy().ravel(), "norm", 0, 0.1)
    compare(layer(zeros).numpy(), zeros, "out of training")


def draws(name: str, centre: float, scale: float) -> Check:
    """That an initializer draws from a distribution, for a filter bank 3 x 3, 100 to 140."""
    return lambda initializer: distributed(
        np.ravel(initializer((3, 3, 100, 140), "float64")), name, centre, scale
    )


def steps(rule: Callable[[dict[str, Any], np.ndarray, int], Any]) -> Check:
    """That four steps of an optimizer are those of a rule: memory, slope and time to a step."""

    def check(optimizer: cn.optimizers.Optimizer) -> None:
        start, scale = np.array([1.0, -2.0, 0.5]), np.array([1.0, 0.3, 5.0])
        w = cn.Variable(start, name="w")
        slope = cn.grad(cn.sum(scale * w**2), w)
        step = cn.function([], [], updates=optimizer.updates([w], [slope]), backend="reference")
        memory: dict[str, Any] = defaultdict(float)
        for time in range(1, 5):
            step()
            start = start + rule(memory, 2 * scale * start, time)
        compare(w.numpy(), start, type(optimizer).__name__, 1e-6)

    return check


def momentum(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["v"] = 0.9 * m["v"] - 0.1 * g
    return m["v"]


def nesterov(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["v"] = 0.9 * m["v"] - 0.1 * g
    return 0.9 * m["v"] - 0.1 * g


def adagrad(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["s"] = m["s"] + g**2
    return -g / np.sqrt(m["s"] + 1e-6)


def rmsprop(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["s"] = 0.9 * m["s"] + 0.1 * g**2
    return -g / np.sqrt(m["s"] + 1e-6)


def rmsprop_with_momentum(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["v"] = 0.9 * m["v"] + rmsprop(m, g, t)
    return m["v"]


def adadelta(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["s"] = 0.95 * m["s"] + 0.05 * g**2
    step = g * np.sqrt(m["d"] + 1e-6) / np.sqrt(m["s"] + 1e-6)
    m["d"] = 0.95 * m["d"] + 0.05 * step**2
    return -step


def adam(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["m"], m["v"] = 0.9 * m["m"] + 0.1 * g, 0.999 * m["v"] + 0.001 * g**2
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return -rate * m["m"] / (np.sqrt(m["v"]) + 1e-8)


def amsgrad(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["m"], m["v"] = 0.9 * m["m"] + 0.1 * g, 0.999 * m["v"] + 0.001 * g**2
    m["most"] = np.maximum(m["most"], m["v"])
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return -rate * m["m"] / (np.sqrt(m["most"]) + 1e-8)


def adamax(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    m["m"], m["u"] = 0.9 * m["m"] + 0.1 * g, np.maximum(0.999 * m["u"], abs(g))
    return -0.002 / (1 - 0.9**t) * m["m"] / (m["u"] + 1e-8)


def clipped(m: dict[str, Any], g: np.ndarray, t: int) -> Any:
    norm = np.linalg.norm(g)
    return -0.1 * g * min(norm, 0.5) / norm


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def responses(x: np.ndarray) -> np.ndarray:
    """Krizhevsky's local response normalization over five channels; there are three."""
    return x / (2 + 1e-4 * (x**2).sum(-1, keepdims=True)) ** 0.75


def correlated(x: np.ndarray, w: np.ndarray, mode: str = "valid") -> np.ndarray:
    return convolved(x, w[::-1, ::-1], mode)


HIDDEN = "np.tanh(x @ values[0] + values[1])"
OUTPUTS = f"{HIDDEN} @ values[2] + values[3]"

ROWS: dict[str, list[Any]] = {
    "Layers": [
        "input",
        gives(lambda x, w, b: relu(x @ w + b), FEATURES),
        gives(lambda x, w, b: x @ w + b, FEATURES),
        gives(lambda x, w: np.tanh(x @ w), FEATURES),
        gives(lambda x: np.where(x > 0, x, 0.01 * x), FEATURES),
        gives(lambda x, a: np.where(x > 0, x, a * x), FEATURES),
        gives(lambda x: x * x, FEATURES),
        gives(lambda x, w, b: relu(correlated(x, w) + b), IMAGES),
        gives(lambda x, w, b: correlated(x, w, "same")[:, ::2, ::2] + b, ODD),
        gives(lambda x, w, b: relu(x @ w + b), IMAGES),
        gives(lambda x: pooled(x, 2, 2, np.max), ODD),
        gives(lambda x: pooled(x, 3, 2, np.max), ODD),
        gives(lambda x: pooled(x, 2, 2, np.mean), ODD),
        gives(lambda x: x.mean((1, 2)), IMAGES),
        gives(lambda x: x.max((1, 2)), IMAGES),
        gives(lambda x: x.max(-1, keepdims=True), IMAGES),
        gives(responses, IMAGES),
        gives(lambda x: np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), IMAGES),
        gives(lambda x: np.kron(x, np.ones((1, 2, 2, 1))), IMAGES),
        gives(lambda x: x.reshape(2, 108), IMAGES),
        gives(lambda x: x.reshape(2, 9, 12), IMAGES),
        gives(lambda x: x.swapaxes(1, 2), IMAGES),
        gives(lambda x: x[:, 0], IMAGES),
        gives(lambda x, w: w[x], FEEDS["labels"]),
        gives(lambda x, y: np.concatenate([x, y], -1), IMAGES, 2 * IMAGES),
        gives(lambda x, y: x + y, IMAGES, IMAGES**2),
        gives(np.maximum, IMAGES, IMAGES**2),
        drops(()),
        drops((1, 2)),
        adds_noise,
        gives(
            lambda x, gamma, beta, mean, variance: (
                (x - mean) / np.sqrt(variance + 1e-4) * gamma + beta
            ),
            IMAGES,
        ),
    ],
    "Networks": [
        OUTPUTS,
        OUTPUTS,
        f"[{OUTPUTS}, {HIDDEN}]",
        "(None, 2)",
        "3",
        "values",
        "values",
        "3 * 4 + 4 + 4 * 2 + 2",
        "values",
        "values[0]",
        "values[1]",
        "None",
    ],
    "Losses": [
        "-np.log(p[np.arange(6), labels])",
        "-(onehot * np.log(p)).sum(1)",
        "-np.where(targets == 1, np.log(p), np.log(1 - p)).mean()",
        "(p - targets) * (p - targets)",
        "((p - targets) ** 2).mean()",
        "np.maximum(1 - p * np.where(targets == 1, 1, -1), 0).mean()",
        "np.maximum(0, np.max(p - 9 * onehot, 1) - p[np.arange(6), labels] + 1)",
        "-(weights * np.log(p[np.arange(6), labels])).mean()",
        "-np.average(np.log(p[np.arange(6), labels]), weights=weights)",
        "-np.log(p[np.arange(6), labels]).sum()",
        "(p >= 0.5) == targets.astype(bool)",
        "x.argmax(1) == labels",
        "(x > np.choose(labels, x.transpose())[:, None]).sum(1) < 2",
        "np.abs(x).sum()",
        "np.square(x).sum()",
    ],
    "Updates": [
        steps(lambda m, g, t: -0.1 * g),
        steps(momentum),
        steps(nesterov),
        steps(adagrad),
        steps(rmsprop),
        steps(rmsprop_with_momentum),
        steps(adadelta),
        steps(adam),
        steps(amsgrad),
        steps(adamax),
        steps(clipped),
    ],
    "Weights to begin with": [
        lambda one: compare(one((2, 3)), np.full((2, 3), 0.5), "Constant"),
        draws("norm", 0, 0.01),
        draws("uniform", -0.01, 0.02),
        draws("uniform", -np.sqrt(6 / 2160), 2 * np.sqrt(6 / 2160)),
        draws("uniform", -np.sqrt(12 / 2160), 2 * np.sqrt(12 / 2160)),
        draws("norm", 0, np.sqrt(2 / 2160)),
        draws("uniform", -np.sqrt(3 / 900), 2 * np.sqrt(3 / 900)),
        draws("uniform", -np.sqrt(6 / 900), 2 * np.sqrt(6 / 900)),
        draws("norm", 0, np.sqrt(2 / 900)),
        lambda one: compare(square(one), 2 * np.eye(4), "Orthogonal"),
        lambda one: compare(one((3, 3)), np.eye(3), "Identity"),
        lambda nothing: repeats(),
    ],
    "Nonlinearities": [
        "np.maximum(x, 0)",
        "np.maximum(x, 0.01 * x)",
        "np.maximum(x, x / 3)",
        "np.where(x > 0, x, np.expm1(x))",
        "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))",
        "np.logaddexp(0, x)",
        "np.tanh(x)",
        "1.7159 * np.tanh(x * 2 / 3)",
        "expit(x)",
        "softmax(x, 1)",
        "x",
    ],
}


def square(initializer: Any) -> np.ndarray:
    """The products of the columns that an initializer draws."""
    columns = initializer((9, 4), "float64")
    return columns.T @ columns


def repeats() -> None:
    """The seed that has been set makes the weights that come after it."""
    first = cn.initializers.GlorotUniform()((2, 2))
    cn.seed(1)
    again = cn.initializers.GlorotUniform()((2, 2))
    cn.seed(1)
    compare(cn.initializers.GlorotUniform()((2, 2)), again, "seed")
    assert first.shape == again.shape


def whole_program(names: dict[str, Any]) -> None:
    """One more step of training with the masks of that step; losses out of training."""
    x, y = digits(40)
    net, params = names["net"], names["params"]
    # Drawn with the same keys as in the step that follows.
    masks = [
        net.layers[place](np.ones((40, size)), training=True).numpy()
        for place, size in ((0, 784), (2, 40))
    ]
    w1, b1, w2, b2 = values = [one.numpy().astype("float64") for one in params]
    velocities = [names["sgd"].slots["velocity"][one].numpy() for one in params]
    inner = relu((x * masks[0]) @ w1 + b1) * masks[1]
    chances = softmax(inner @ w2 + b2, axis=1)
    loss = -np.log(chances[np.arange(40), y]).mean()
    compare(names["train"](x, y), loss + 1e-4 * ((w1**2).sum() + (w2**2).sum()), "loss", 1e-4)
    outer = (chances - np.identity(10)[y]) / 40
    below = outer @ w2.T * masks[1] * (inner > 0)
    slopes = [(x * masks[0]).T @ below + 2e-4 * w1, below.sum(0)]
    slopes += [inner.T @ outer + 2e-4 * w2, outer.sum(0)]
    moves = [0.9 * v - 0.05 * g for v, g in zip(velocities, slopes, strict=True)]
    values = [w + 0.9 * move - 0.05 * g for w, move, g in zip(values, moves, slopes, strict=True)]
    compare([one.numpy() for one in params], values, "weights", 1e-4)

    w1, b1, w2, b2 = values
    chances = softmax(relu(x @ w1 + b1) @ w2 + b2, axis=1)
    expected = [-np.log(chances[np.arange(40), y]).mean(), (chances.argmax(1) == y).mean()]
    compare(names["validate"](x, y), expected, "validate", 1e-4)

    w1, b1, w2, b2 = names["model"].get_weights()
    chances = softmax(relu(x @ w1 + b1) @ w2 + b2, axis=1)
    loss = 1e-4 * ((w1**2).sum() + (w2**2).sum()) - np.log(chances[np.arange(40), y]).mean()
    accuracy = (chances.argmax(1) == y).mean()
    compare(names["model"].evaluate(x, y), [loss, accuracy], "evaluate", 1e-4)


def learning_rate(names: dict[str, Any]) -> None:
    """A second step is half as long."""
    before = names["W"].numpy()
    names["step"]()
    compare(names["W"].numpy(), 0.9 * before, "W")


def moved_weights(names: dict[str, Any]) -> None:
    """The network as Lasagne computed it, channels first and filters flipped."""
    random = np.random.default_rng(11)
    images = random.normal(size=(2, 3, 8, 8))
    filters, w, b = (random.normal(size=s) for s in ((4, 3, 3, 3), (36, 5), (5,)))
    beta, gamma, mean, inv_std = random.uniform(0.5, 1.5, size=(4, 4))
    names["move"](filters, beta, gamma, mean, inv_std, w, b)
    sums = np.array(
        [
            [sum(convolve2d(image[c], bank[c], "valid") for c in range(3)) for bank in filters]
            for image in images
        ]
    )
    along = np.s_[:, None, None]
    normed = relu((sums - mean[along]) * (gamma * inv_std)[along] + beta[along])
    features = normed.reshape(2, 4, 3, 2, 3, 2).max((3, 5)).reshape(2, 36)
    expected = softmax(features @ w + b, axis=1)
    compare(names["net"].predict(images.transpose(0, 2, 3, 1)), expected, "moved", 1e-4)


SECTIONS: dict[str, Callable[[dict[str, Any]], None]] = {
    "A whole program": whole_program,
    "Updates": learning_rate,
    "Moving weights": moved_weights,
}
