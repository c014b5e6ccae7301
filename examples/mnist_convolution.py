"""One convolution: the network is told that pictures have neighbourhoods.

Twenty maps of 24 × 24 sigmoids, each of which sees a field of 5 × 5 pixels; all units of a map
share their 25 weights and their bias, so that a map finds one pattern wherever it is:

    y[i, j, o] = σ(b[o] + Σ over u, v < 5 of x[i + u, j + v] · w[u, v, o])

Of every 2 × 2 neighbours only the largest goes on, to a hundred sigmoids and a softmax.

Published: 98.78 % (M. Nielsen, Neural networks and deep learning, chapter 6), with gradient
descent on batches of 10 for 60 epochs and a rate of 0.1. Here the rate begins higher and falls to
zero along a cosine, so that half of the epochs do. Takes a minute a network.

    python examples/mnist_convolution.py
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import cairnet as cn
from cairnet.layers import Conv2D, Dense, Flatten, MaxPooling2D
from digit_images import Digits, DigitsExperiment, Picture
from pictures import curves, save_as

EXPERIMENT = DigitsExperiment(
    key="mnist_convolution",
    title="One convolution",
    network="convolution of 20 maps of 5 × 5 with 2 × 2 maximum pooling; dense 100; sigmoids; "
    "softmax of 10",
    settings="50,000 images, 30 epochs, batches of 10, gradient descent, rate 0.4 falling to 0 "
    "along a cosine",
    source="M. Nielsen, Neural networks and deep learning, chapter 6",
    published="98.78",
    floor=98.68,
    epochs=30,
    seeds=(1, 2, 3),
)
BATCH_SIZE = 10


def train(digits: Digits, epochs: int) -> cn.Sequential:
    """A network that has gone through the images so many times."""
    network = cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            Conv2D(20, 5, activation="sigmoid", name="first"),
            MaxPooling2D(2),
            Flatten(),
            Dense(100, activation="sigmoid"),
            Dense(10, activation="softmax"),
        ]
    )
    x, y = digits.train
    steps = epochs * -(-len(x) // BATCH_SIZE)
    descent = cn.optimizers.SGD(cn.optimizers.schedules.CosineDecay(0.4, steps))
    network.compile(descent, "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(x, y, BATCH_SIZE, epochs, validation_data=digits.validation)
    return network


def draw(network: cn.Model, digits: Digits, folder: Path) -> Sequence[Picture]:
    """Learning curves, and the patterns that the maps look for."""
    kernel, _ = network.get_layer("first").get_weights()
    file = save_as(EXPERIMENT.key, "filters")
    cn.plots.images(np.moveaxis(kernel[:, :, 0], -1, 0), folder / file, columns=10)
    filters = Picture(
        file, "The twenty patterns that the maps look for: red where ink speaks for one"
    )
    return [curves(EXPERIMENT.key, network, folder), filters]


if __name__ == "__main__":
    EXPERIMENT.run(train, draw)
