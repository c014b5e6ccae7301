"""The network of mnist_sigmoid.py, begun with weights as large as the textbook's.

    W, b ~ N(0, 1)

With 784 such weights the sum that enters a unit has a standard deviation of about nine: most units
begin saturated, where the sigmoid is flat, and some never come back. Which ones is chance, so that
accuracies scatter more from seed to seed, about a lower mean, than with the smaller weights that
X. Glorot and Y. Bengio advise.

Published: 95.0 % (M. Nielsen, Neural networks and deep learning, chapter 1; chapter 3 has smaller
weights). Takes some two seconds a network.

    python examples/mnist_sigmoid_normal.py
"""

from dataclasses import replace

import cairnet as cn
import mnist_sigmoid
from digit_images import Digits

EXPERIMENT = replace(
    mnist_sigmoid.EXPERIMENT,
    key="mnist_sigmoid_normal",
    title="Sigmoids from large weights",
    settings=f"{mnist_sigmoid.EXPERIMENT.settings}; weights and biases begin as standard normal "
    "numbers",
    floor=None,
    seeds=tuple(range(1, 11)),
)


def train(digits: Digits, epochs: int) -> cn.Sequential:
    """A network that has gone through the images so many times."""
    normal = cn.initializers.RandomNormal(stddev=1.0)
    return mnist_sigmoid.train(digits, epochs, kernel_initializer=normal, bias_initializer=normal)


if __name__ == "__main__":
    EXPERIMENT.run(train)
