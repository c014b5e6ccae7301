"""Dropout: two dense layers of 1,000 units, and no input that may be relied on.

In every step of training, dropout takes away each of its inputs with probability ½ and doubles
the others, so that what arrives is the same on average:

    y = 2 · m · x,   m = 0 or 1, each with probability ½

A unit that cannot count on any other has to be of use by itself; this keeps the 1.6 million weights
of the dense layers from learning the training images by heart. The images are the 250,000 of
mnist_shifts.py.

Published: 99.60 % (M. Nielsen, Neural networks and deep learning, chapter 6), with batches of 10
and a rate of 0.03 for 40 epochs. Here Adam takes batches of 64, with a rate that falls to zero
along a cosine, so that seven epochs do. Takes some five minutes a network on one core.

    python examples/mnist_dropout.py --seeds 1 2 3 4 5 --networks build/networks
"""

from collections.abc import Sequence
from pathlib import Path

import cairnet as cn
from cairnet.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from digit_images import Digits, DigitsExperiment, Picture
from pictures import curves, misread

EXPERIMENT = DigitsExperiment(
    key="mnist_dropout",
    title="Dropout",
    network="convolutions of 20 and 40 maps of 5 × 5, each with 2 × 2 maximum pooling; two dense "
    "layers of 1,000; rectifiers; softmax of 10; dropout of one half before each dense layer",
    settings="250,000 images (50,000 and their shifts), 7 epochs, batches of 64, Adam, rate 0.001 "
    "falling to 0 along a cosine",
    source="M. Nielsen, Neural networks and deep learning, chapter 6",
    published="99.60",
    floor=99.50,
    epochs=7,
)
BATCH_SIZE = 64


def train(digits: Digits, epochs: int) -> cn.Sequential:
    """A network that has learned from five copies of every image."""
    rectified = {"activation": "relu", "kernel_initializer": "he_normal"}
    network = cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            Conv2D(20, 5, **rectified),
            MaxPooling2D(2),
            Conv2D(40, 5, **rectified),
            MaxPooling2D(2),
            Flatten(),
            Dropout(0.5),
            Dense(1000, **rectified),
            Dropout(0.5),
            Dense(1000, **rectified),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    )
    x, y = cn.augment.shifts(*digits.train)
    steps = epochs * -(-len(x) // BATCH_SIZE)
    rate = cn.optimizers.schedules.CosineDecay(0.001, steps)
    adam = cn.optimizers.Adam(rate)
    network.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(x, y, BATCH_SIZE, epochs, validation_data=digits.validation)
    return network


def draw(network: cn.Model, digits: Digits, folder: Path) -> Sequence[Picture]:
    """Learning curves, and what is still misread."""
    probabilities = network.predict(digits.test[0], batch_size=500)
    return [
        curves(EXPERIMENT.key, network, folder),
        misread(EXPERIMENT.key, probabilities, digits.test, folder),
    ]


if __name__ == "__main__":
    EXPERIMENT.run(train, draw)
