"""What the MNIST experiments in this folder share: the command line, the images, the records.

Every experiment is a file of its own, with its network and training written out. All of them take
the same arguments:

    python examples/mnist_sigmoid.py --seeds 1 2 3      three networks, each from its own seed
    python examples/mnist_sigmoid.py --epochs 2         a trial
    python examples/mnist_sigmoid.py --data digits      a trial on images that need no download

A run as published is entered in docs/results.md. A trial is only printed, unless `--results`
names a folder for a page of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import cairnet as cn
from results import PAGES, Entry, Picture, Run, enter

__all__ = ["Digits", "Experiment", "Pair", "Picture", "accuracy"]

Pair = tuple[np.ndarray, np.ndarray]

DATA: dict[str, Callable[[], Any]] = {"mnist": cn.datasets.mnist, "digits": cn.datasets.digits}


@dataclass(frozen=True)
class Digits:
    """Images and labels: to learn from, to choose settings by, and to be judged by at the end."""

    train: Pair
    validation: Pair
    test: Pair


@dataclass(frozen=True)
class Experiment:
    """What is to be reproduced, and on which part of the images.

    Attributes:
        key, title, network, settings, source, published, floor: see `results.Entry`.
        epochs: how often training goes through the images.
        held_out: the share of the training images that is kept for validation.
        seeds: the random numbers of each network begin at one of these.
    """

    key: str
    title: str
    network: str
    settings: str
    source: str
    published: str
    floor: float | None
    epochs: int
    held_out: float = 1 / 6
    seeds: tuple[int, ...] = (1,)

    def run(
        self,
        train: Callable[[Digits, int], cn.Model],
        draw: Callable[[cn.Model, Digits, Path], Sequence[Picture]] | None = None,
        arguments: Sequence[str] | None = None,
    ) -> None:
        """Train a network for each seed; print, record and draw what comes of it.

        Args:
            train: makes a network and trains it, given the images and the number of epochs.
            draw: draws the network of the first seed into a folder.
            arguments: of the command line; by default those that Python was started with.
        """
        options = self.options(arguments)
        data = self.data(options)
        for seed in options.seeds:
            network, run = self.train_one(train, data, seed, options)
            pictures: Sequence[Picture] = ()
            if draw is not None and options.results is not None and seed == self.seeds[0]:
                pictures = draw(network, data, picture_folder(options))
            self.record(run, pictures, options)

    def train_one(
        self,
        train: Callable[[Digits, int], cn.Model],
        data: Digits,
        seed: int,
        options: argparse.Namespace,
    ) -> tuple[cn.Model, Run]:
        """A network trained from a seed, and what it reached."""
        cn.seed(seed)
        wall, processor = time.perf_counter(), time.process_time()
        network = train(data, options.epochs)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        if options.networks is not None:
            options.networks.mkdir(parents=True, exist_ok=True)
            network.save(network_file(options.networks, self.key, seed))
        validation, test = accuracy(network, data.validation), accuracy(network, data.test)
        return network, Run(str(seed), validation, test, round(wall, 2), round(processor, 2))

    def record(self, run: Run, pictures: Sequence[Picture], options: argparse.Namespace) -> None:
        """Print a run, and enter it in the page of results if it belongs there."""
        print(f"{self.title}, seed {run.seeds}: {run}", flush=True)
        if options.results is not None:
            own = {field.name for field in dataclasses.fields(Entry)}
            known = {k: v for k, v in dataclasses.asdict(self).items() if k in own}
            entry = Entry(
                **known, options=self.departures(options), runs=(run,), pictures=tuple(pictures)
            )
            enter(options.results, entry)

    def departures(self, options: argparse.Namespace) -> str:
        """The options of a trial, as on the command line; nothing for a run as published."""
        usual = {"data": "mnist", "epochs": self.epochs, "images": None}
        given = {name: getattr(options, name) for name in usual}
        return " ".join(f"--{n} {given[n]}" for n in usual if given[n] != usual[n])

    def options(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """The command line."""
        parser = argparse.ArgumentParser(description=f"{self.title}. {self.network}.")
        add = parser.add_argument
        add("--data", choices=DATA, default="mnist", help="the images (default: %(default)s)")
        add("--epochs", type=int, metavar="N", default=self.epochs, help="default: %(default)s")
        add(
            "--seeds",
            "--seed",
            type=int,
            metavar="N",
            nargs="+",
            default=self.seeds,
            help="one network for each seed",
        )
        add("--images", type=int, metavar="N", help="no more than the first N of each part")
        add("--threads", type=int, metavar="N", help="default: what is fastest")
        add("--results", type=Path, metavar="FOLDER", help="of results.md; default: docs")
        add("--networks", type=Path, metavar="FOLDER", help="where to save the networks")
        chosen = parser.parse_args(arguments)
        if chosen.results is None and not self.departures(chosen):
            chosen.results = PAGES
        if chosen.threads:
            cn.set_threads(chosen.threads)
        return chosen

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


def accuracy(network: cn.Model, images: Pair) -> float:
    """The share of the images that a network reads rightly."""
    x, labels = images
    return float(np.mean(network.predict(x, batch_size=500).argmax(axis=1) == labels))


def network_file(folder: Path, key: str, seed: int) -> Path:
    """Where the network that a seed gave is saved."""
    return folder / f"{key}-{seed}.safetensors"


def picture_folder(options: argparse.Namespace) -> Path:
    """The folder for pictures beside the page of results; it is made."""
    folder: Path = options.results / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
