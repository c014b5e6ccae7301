"""A network of 784, 30 and 10 sigmoids: the first one that the textbook trains.

    a = σ(W x + b) in both layers,   σ(z) = 1 / (1 + exp(-z))
    C = ½ Σ (a - y)²,   y = 1 for the right digit, 0 for the others

It is the simplest of everything: gradient descent on batches of ten with a fixed rate. The weights
begin as X. Glorot and Y. Bengio advise (2010), which is what layers do unless they are told
otherwise; the textbook began with larger ones, as mnist_sigmoid_normal.py does.

Published: 95.0 % after 30 epochs with a rate of 3.0 (M. Nielsen, Neural networks and deep
learning, chapter 1). Takes some two seconds a network.

    python examples/mnist_sigmoid.py
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cairnet as cn
from cairnet.layers import Dense, Flatten
from digit_images import Digits, DigitsExperiment, Picture
from pictures import confusion, curves

EXPERIMENT = DigitsExperiment(
    key="mnist_sigmoid",
    title="Sigmoids, quadratic cost",
    network="784 inputs, 30 sigmoids, 10 sigmoids",
    settings="50,000 images, 30 epochs, batches of 10, gradient descent, rate 3.0, quadratic cost",
    source="M. Nielsen, Neural networks and deep learning, chapter 1",
    published="95.0",
    floor=94.8,
    epochs=30,
    seeds=(1, 2, 3, 4, 5),
)


def train(digits: Digits, epochs: int, **weights: Any) -> cn.Sequential:
    """A network that has gone through the images so many times; `weights` says how it begins."""
    network = cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            Flatten(),
            Dense(30, activation="sigmoid", **weights),
            Dense(10, activation="sigmoid", **weights),
        ]
    )
    network.compile(cn.optimizers.SGD(3.0), "quadratic_cost", metrics=["accuracy"])
    (x, y), validation = (
        (images, cn.datasets.one_hot(labels, 10))
        for images, labels in (digits.train, digits.validation)
    )
    network.fit(x, y, 10, epochs, validation_data=validation)
    return network


def draw(network: cn.Model, digits: Digits, folder: Path) -> Sequence[Picture]:
    """Learning curves, and which digits are taken for which."""
    outputs = network.predict(digits.test[0], batch_size=500)
    return [
        curves(EXPERIMENT.key, network, folder),
        confusion(EXPERIMENT.key, outputs, digits.test[1], folder),
    ]


if __name__ == "__main__":
    EXPERIMENT.run(train, draw)
