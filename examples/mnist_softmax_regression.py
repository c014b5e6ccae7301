"""Softmax regression: one layer, which has a template of every digit.

    p = softmax(W x + b),   C = -log p[the right digit]

For each digit there is an image of weights; its product with the picture, pixel by pixel, speaks
for the digit or against it. The cost has no local minima, so the weights may begin at zero.

Published: about 92 % after 1,000 steps on batches of 100, with a rate of 0.5 (TensorFlow's
tutorial "MNIST for ML beginners", 2015). 1,000 batches are two epochs of 50,000 images. Takes a
fraction of a second.

    python examples/mnist_softmax_regression.py
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import cairnet as cn
from cairnet.layers import Dense, Flatten
from digit_images import Digits, DigitsExperiment, Picture
from pictures import confusion, save_as

EXPERIMENT = DigitsExperiment(
    key="mnist_softmax_regression",
    title="Softmax regression",
    network="784 inputs, softmax of 10",
    settings="50,000 images, 1,000 batches of 100 (2 epochs), gradient descent, rate 0.5, weights "
    "from zero",
    source="TensorFlow's tutorial “MNIST for ML beginners”, 2015",
    published="about 92",
    floor=91.0,
    epochs=2,
    seeds=(1, 2, 3, 4, 5),
)


def train(digits: Digits, epochs: int) -> cn.Sequential:
    """Ten templates."""
    network = cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            Flatten(),
            Dense(10, activation="softmax", kernel_initializer="zeros"),
        ]
    )
    descent = cn.optimizers.SGD(0.5)
    network.compile(descent, "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(*digits.train, 100, epochs, validation_data=digits.validation)
    return network


def draw(network: cn.Model, digits: Digits, folder: Path) -> Sequence[Picture]:
    """The templates, and which digits are taken for which."""
    kernel, _ = network.get_weights()
    file = save_as(EXPERIMENT.key, "templates")
    cn.plots.images(np.reshape(kernel.T, (10, 28, 28)), folder / file, labels=range(10), columns=5)
    templates = Picture(file, "The weights of each digit: red speaks for it, blue against it")
    probabilities = network.predict(digits.test[0], batch_size=500)
    return [templates, confusion(EXPERIMENT.key, probabilities, digits.test[1], folder)]


if __name__ == "__main__":
    EXPERIMENT.run(train, draw)
