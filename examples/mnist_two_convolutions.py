"""Two convolutions: patterns of patterns.

The second convolution has forty maps, and each of its units sees fields of 5 × 5 in all twenty
pooled maps of the first: not ink any more, but where the first one found which stroke.

    images 28 × 28 × 1  →  24 × 24 × 20  →  pooled 12 × 12 × 20
                        →   8 ×  8 × 40  →  pooled  4 ×  4 × 40  →  100  →  10

Published: 99.06 % (M. Nielsen, Neural networks and deep learning, chapter 6), with gradient
descent on batches of 10 for 60 epochs. Here Adam takes batches of 32, with a rate that falls to
zero along a cosine. Takes two minutes a network.

    python examples/mnist_two_convolutions.py
"""

from collections.abc import Sequence
from pathlib import Path

import cairnet as cn
from cairnet.layers import Conv2D, Dense, Flatten, MaxPooling2D
from digit_images import Digits, DigitsExperiment, Picture
from pictures import curves

EXPERIMENT = DigitsExperiment(
    key="mnist_two_convolutions",
    title="Two convolutions",
    network="convolutions of 20 and 40 maps of 5 × 5, each with 2 × 2 maximum pooling; dense 100; "
    "sigmoids; softmax of 10",
    settings="50,000 images, 20 epochs, batches of 32, Adam, rate 0.002 falling to 0 along "
    "a cosine",
    source="M. Nielsen, Neural networks and deep learning, chapter 6",
    published="99.06",
    floor=98.96,
    epochs=20,
)
BATCH_SIZE = 32


def train(digits: Digits, epochs: int) -> cn.Sequential:
    """A network that has gone through the images so many times."""
    network = cn.Sequential(
        [
            cn.Input((28, 28, 1)),
            Conv2D(20, 5, activation="sigmoid"),
            MaxPooling2D(2),
            Conv2D(40, 5, activation="sigmoid"),
            MaxPooling2D(2),
            Flatten(),
            Dense(100, activation="sigmoid"),
            Dense(10, activation="softmax"),
        ]
    )
    x, y = digits.train
    steps = epochs * -(-len(x) // BATCH_SIZE)
    adam = cn.optimizers.Adam(cn.optimizers.schedules.CosineDecay(0.002, steps))
    network.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(x, y, BATCH_SIZE, epochs, validation_data=digits.validation)
    return network


def draw(network: cn.Model, digits: Digits, folder: Path) -> Sequence[Picture]:
    """Learning curves."""
    return [curves(EXPERIMENT.key, network, folder)]


if __name__ == "__main__":
    EXPERIMENT.run(train, draw)
