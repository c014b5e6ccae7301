"""Whole training steps as graphs, for tests of what happens to a graph of real size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import cairnet as cn
from cairnet.tensor.core import Input, Tensor, Variable

__all__ = ["STEPS", "TrainingStep", "deep", "dense", "lenet", "recurrent"]


@dataclass(frozen=True)
class TrainingStep:
    """What `cn.function` needs, and arguments for a call."""

    inputs: list[Input]
    cost: Tensor
    updates: dict[Variable, Any]
    arguments: list[np.ndarray]

    def function(self, backend: str = "native") -> cn.Function:
        """The step as a function that returns the cost."""
        return cn.function(self.inputs, self.cost, updates=self.updates, backend=backend)


def _weights(generator: np.random.Generator, *shape: int) -> Variable:
    values = generator.standard_normal(shape) / np.sqrt(max(int(np.prod(shape[:-1])), 1))
    return Variable(values.astype(np.float32) * (len(shape) > 1))


def _adam(parameters: list[Variable], gradients: list[Tensor]) -> dict[Variable, Any]:
    step = Variable(0.0)
    updates: dict[Variable, Any] = {step: step + 1}
    for parameter, gradient in zip(parameters, gradients, strict=True):
        mean = Variable(np.zeros(parameter.data.shape, np.float32))
        square = Variable(np.zeros(parameter.data.shape, np.float32))
        new_mean = 0.9 * mean + 0.1 * gradient
        new_square = 0.999 * square + 0.001 * gradient * gradient
        rate = 0.001 * cn.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        change = rate * new_mean / (cn.sqrt(new_square) + 1e-7)
        updates |= {mean: new_mean, square: new_square, parameter: parameter - change}
    return updates


def _cross_entropy(logits: Tensor, labels: Tensor, classes: int) -> Tensor:
    chosen = cn.log_softmax(logits) * cn.one_hot(labels, classes)
    return -cn.mean(cn.sum(chosen, axis=1))


def dense(batch: int = 10) -> TrainingStep:
    """A multilayer perceptron 12-16-3 with Adam."""
    generator = np.random.default_rng(1)
    x, labels = cn.input((None, 12), name="x"), cn.input((None,), cn.int64, name="labels")
    w1, b1 = _weights(generator, 12, 16), _weights(generator, 16)
    w2, b2 = _weights(generator, 16, 3), _weights(generator, 3)
    cost = _cross_entropy(cn.relu(x @ w1 + b1) @ w2 + b2, labels, 3)
    parameters = [w1, b1, w2, b2]
    arguments: list[np.ndarray] = [
        generator.standard_normal((batch, 12)).astype(np.float32),
        generator.integers(0, 3, batch),
    ]
    return TrainingStep([x, labels], cost, _adam(parameters, cn.grad(cost, parameters)), arguments)


def deep(layers: int = 6, batch: int = 4) -> TrainingStep:
    """Equal residual layers of 8 units with Adam."""
    generator = np.random.default_rng(4)
    x, labels = cn.input((batch, 8), name="x"), cn.input((batch,), cn.int64, name="labels")
    h, parameters = x, []
    for _ in range(layers):
        w, b = _weights(generator, 8, 8), _weights(generator, 8)
        h = h + cn.tanh(h @ w + b)
        parameters += [w, b]
    cost = _cross_entropy(h, labels, 8)
    arguments: list[np.ndarray] = [
        generator.standard_normal((batch, 8)).astype(np.float32),
        generator.integers(0, 8, batch),
    ]
    return TrainingStep([x, labels], cost, _adam(parameters, cn.grad(cost, parameters)), arguments)


def lenet(batch: int = 32) -> TrainingStep:
    """LeNet-5 with Adam, reading the rows of a batch where they lie."""
    generator = np.random.default_rng(2)
    images = Variable(generator.random((100, 28, 28, 1), np.float32))
    labels = Variable(generator.integers(0, 10, 100))
    rows = cn.input((None,), cn.int64, name="rows")
    shapes = [(5, 5, 1, 6), (6,), (5, 5, 6, 16), (16,), (400, 120), (120,), (120, 84), (84,)]
    p = [_weights(generator, *shape) for shape in [*shapes, (84, 10), (10,)]]
    h = cn.take(images, rows, axis=0)
    h = cn.max_pool(cn.relu(cn.conv2d(h, p[0], padding="same") + p[1]), 2)
    h = cn.max_pool(cn.relu(cn.conv2d(h, p[2]) + p[3]), 2)
    h = cn.reshape(h, (-1, 400))
    h = cn.relu(cn.relu(h @ p[4] + p[5]) @ p[6] + p[7]) @ p[8] + p[9]
    cost = _cross_entropy(h, cn.take(labels, rows, axis=0), 10)
    arguments = [generator.integers(0, 100, batch)]
    return TrainingStep([rows], cost, _adam(p, cn.grad(cost, p)), arguments)


def recurrent(length: int = 5, batch: int = 3) -> TrainingStep:
    """An LSTM cell over a sequence, with back-propagation through time."""
    generator = np.random.default_rng(3)
    units, features = 4, 6
    x = cn.input((None, None, features), name="x")
    w, u = _weights(generator, features, 4 * units), _weights(generator, units, 4 * units)
    b = _weights(generator, 4 * units)

    def step(item: Tensor, state: Any) -> Any:
        h, c = state
        z = item @ w + h @ u + b
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        c = cn.sigmoid(f) * c + cn.sigmoid(i) * cn.tanh(g)
        h = cn.sigmoid(o) * cn.tanh(c)
        return h, (h, c)

    start = x[0, :, :units] * 0.0
    outputs, _ = cn.scan(step, x, (start, start))
    cost = cn.mean(outputs * outputs)
    arguments = [generator.standard_normal((length, batch, features)).astype(np.float32)]
    return TrainingStep([x], cost, _adam([w, u, b], cn.grad(cost, [w, u, b])), arguments)


STEPS: dict[str, Callable[[], TrainingStep]] = {
    "dense": dense,
    "lenet": lenet,
    "recurrent": recurrent,
}
