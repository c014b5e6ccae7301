"""Small training steps, dense and convolutional, that tests of functions share."""

from typing import Any

import numpy as np

import cairnet as cn
from cairnet.tensor.core import Variable


def weights(name: str, *shape: int) -> Variable:
    """A variable of small random numbers, the same every time."""
    random = np.random.default_rng(sum(shape))
    fan_in = float(np.prod(shape[:-1])) or 1.0
    return Variable((random.standard_normal(shape) / np.sqrt(fan_in)).astype("f4"), name=name)


def dense(backend: str = "native", watch: Any = lambda x, name: x) -> tuple[Any, list[Variable]]:
    """One hidden layer, softmax cross-entropy, gradient descent: f(x, labels) -> cost."""
    x, labels = cn.input((None, 50), name="x"), cn.input((None,), "int64", "labels")
    w, b, v = weights("w", 50, 33), Variable(np.zeros(33, "f4"), name="b"), weights("v", 33, 10)
    with cn.scope("hidden"):
        hidden = watch(cn.tanh(x @ w + b), "hidden")
    with cn.scope("scores"):
        scores = cn.log_softmax(hidden @ v)
    cost = watch(-cn.mean(cn.sum(scores * cn.one_hot(labels, 10), axis=1)), "cost")
    parameters = [w, b, v]
    slopes = cn.grad(cost, parameters)
    updates = {p: p - 0.5 * g for p, g in zip(parameters, slopes, strict=True)}
    return cn.function([x, labels], cost, updates, name="dense", backend=backend), parameters


def convolutional(
    backend: str = "native", watch: Any = lambda x, name: x
) -> tuple[Any, list[Variable]]:
    """A convolution, pooling, a dense layer, momentum: f(x, labels) -> cost."""
    x, labels = cn.input((None, 12, 12, 1), name="x"), cn.input((None,), "int64", "labels")
    kernel, b, v = weights("kernel", 3, 3, 1, 6), weights("b", 6), weights("v", 150, 10)
    with cn.scope("convolution"):
        hidden = watch(cn.max_pool(cn.relu(cn.conv2d(x, kernel) + b), 2), "hidden")
    with cn.scope("scores"):
        scores = cn.log_softmax(cn.reshape(hidden, (-1, 150)) @ v)
    cost = watch(-cn.mean(cn.sum(scores * cn.one_hot(labels, 10), axis=1)), "cost")
    parameters, updates = [kernel, b, v], {}
    for p, g in zip(parameters, cn.grad(cost, parameters), strict=True):
        velocity = Variable(np.zeros(p.shape, "f4"), name=f"velocity.{p.name}")
        new = 0.9 * velocity - 0.05 * g
        updates |= {velocity: new, p: p + new}
    f = cn.function([x, labels], cost, updates, name="convolutional", backend=backend)
    return f, parameters


STEPS = {"dense": dense, "convolutional": convolutional}


def batches(name: str, steps: int, rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of a run of steps."""
    random = np.random.default_rng(11)
    shape = {"dense": (50,), "convolutional": (12, 12, 1)}[name]
    x = random.standard_normal((steps, rows, *shape)).astype("f4")
    return x, random.integers(0, 10, (steps, rows))
