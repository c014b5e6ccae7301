"""What the MNIST experiments share: the images, their options, how well they are read.

python examples/mnist_sigmoid.py --epochs 2         a trial
python examples/mnist_sigmoid.py --data digits      a trial on images that need no download
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import cairnet as cn
from experiment import Clock, Experiment, Outcome, Picture, Quantity

__all__ = ["Digits", "DigitsExperiment", "Pair", "Picture", "accuracies"]

Pair = tuple[np.ndarray, np.ndarray]

DATA: dict[str, Callable[[], Any]] = {"mnist": cn.datasets.mnist, "digits": cn.datasets.digits}
TEST, VALIDATION = "test images", "validation images"


@dataclass(frozen=True)
class Digits:
    """Images and labels: to learn from, to choose settings by, and to be judged by at the end."""

    train: Pair
    validation: Pair
    test: Pair


@dataclass(frozen=True, kw_only=True)
class DigitsExperiment(Experiment):
    """What is to be reproduced, and on which part of the images.

    Attributes:
        published: the accuracy that was published, in percent, as it was printed.
        floor: the accuracy to be reached, in percent; None for none.
        epochs: how often training goes through the images.
        held_out: the share of the training images that is kept for validation.
    """

    published: str
    floor: float | None
    epochs: int
    held_out: float = 1 / 6

    def __post_init__(self) -> None:
        read = Quantity(TEST, published=self.published, bound=self.floor)
        object.__setattr__(self, "quantities", (read, Quantity(VALIDATION, in_table=False)))

    def run(
        self,
        train: Callable[[Digits, int], cn.Model],
        draw: Callable[[cn.Model, Digits, Path], Sequence[Picture]] | None = None,
    ) -> None:
        """Train a network for each seed; print, record and draw what comes of it.

        Args:
            train: makes a network and trains it, given the images and the number of epochs.
            draw: draws the network of the first seed into a folder.
        """
        digits: list[Digits] = []

        def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
            if not digits:
                digits.append(self.data(options))
            clock = Clock()
            with clock.running():
                network = train(digits[0], options.epochs)
            pictures = draw(network, digits[0], folder) if draw and folder else ()
            values = accuracies(digits[0], network.predict)
            return Outcome(values, clock, {self.key: network}, pictures)

        self.for_each_seed(work)

    def usual(self) -> Mapping[str, Any]:
        """The images, how many, and how often they are seen."""
        return {"data": "mnist", "epochs": self.epochs, "images": None}

    def add_options(self, add: Callable[..., Any]) -> None:
        """Add the options of `usual` to the command line."""
        add("--data", choices=DATA, default="mnist", help="the images (default: %(default)s)")
        add("--epochs", type=int, metavar="N", default=self.epochs, help="default: %(default)s")
        add("--images", type=int, metavar="N", help="no more than the first N of each part")

    def data(self, options: argparse.Namespace) -> Digits:
        """The images, the last of those for training held out for validation."""
        (x, y), (x_test, y_test) = DATA[options.data]()
        rest, held_out = (
            rows[: options.images] for rows in cn.datasets.tail_split(len(x), self.held_out)
        )
        first = slice(options.images)
        return Digits(
            (x[rest], y[rest]), (x[held_out], y[held_out]), (x_test[first], y_test[first])
        )


def accuracies(digits: Digits, predict: Callable[..., np.ndarray]) -> dict[str, float]:
    """The shares of the test and of the validation images that are read rightly."""
    return {
        name: float(np.mean(predict(x, batch_size=500).argmax(axis=1) == labels))
        for name, (x, labels) in {TEST: digits.test, VALIDATION: digits.validation}.items()
    }
