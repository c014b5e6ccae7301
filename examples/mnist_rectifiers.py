"""Rectifiers: the same two convolutions with units that do not saturate.

    relu(z) = max(0, z)

Where a sigmoid is flat, its slope stops the gradient on its way down; a rectifier lets it through
unchanged or not at all. The weights begin as normal numbers of variance 2/n for n inputs, which
keeps the size of the signals from layer to layer (K. He, X. Zhang, S. Ren, J. Sun: Delving deep
into rectifiers, 2015).

Published: 99.23 % (M. Nielsen, Neural networks and deep learning, chapter 6), with gradient
descent on batches of 10 for 60 epochs and a small penalty on the weights. Here Adam takes batches
of 64, with a rate that falls to zero along a cosine. Takes two minutes a network.

    python examples/mnist_rectifiers.py
"""

from collections.abc import Sequence
from pathlib import Path

import cairnet as cn
from cairnet.layers import Conv2D, Dense, Flatten, MaxPooling2D
from digit_images import Digits, DigitsExperiment, Picture
from pictures import curves

EXPERIMENT = DigitsExperiment(
    key="mnist_rectifiers",
    title="Rectifiers",
    network="convolutions of 20 and 40 maps of 5 × 5, each with 2 × 2 maximum pooling; dense 100; "
    "rectifiers; softmax of 10",
    settings="50,000 images, 20 epochs, batches of 64, Adam, rate 0.001 falling to 0 along "
    "a cosine",
    source="M. Nielsen, Neural networks and deep learning, chapter 6",
    published="99.23",
    floor=99.13,
    epochs=20,
)
BATCH_SIZE = 64


def train(digits: Digits, epochs: int) -> cn.Sequential:
    """A network that has gone through the images so many times."""
    rectified = {"activation": "relu", "kernel_initializer": "he_normal"}
    network = cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            Conv2D(20, 5, **rectified),
            MaxPooling2D(2),
            Conv2D(40, 5, **rectified),
            MaxPooling2D(2),
            Flatten(),
            Dense(100, **rectified),
            Dense(10, activation="softmax"),
        ]
    )
    x, y = digits.train
    steps = epochs * -(-len(x) // BATCH_SIZE)
    adam = cn.optimizers.Adam(cn.optimizers.schedules.CosineDecay(0.001, steps))
    network.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(x, y, BATCH_SIZE, epochs, validation_data=digits.validation)
    return network


def draw(network: cn.Model, digits: Digits, folder: Path) -> Sequence[Picture]:
    """Learning curves."""
    return [curves(EXPERIMENT.key, network, folder)]


if __name__ == "__main__":
    EXPERIMENT.run(train, draw)
