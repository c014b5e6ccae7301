"""What the experiments in this folder share: the command line, seeds, clocks, records.

Every experiment is a file of its own, with its network and training written out. All of them take
the same arguments:

    python examples/mnist_sigmoid.py --seeds 1 2 3      three networks, each from its own seed
    python examples/mnist_sigmoid.py --threads 1        on one thread

and those of their data, see `digit_images` and `texts`. A run as published is entered in
docs/results.md. A trial, with fewer epochs or other data, is only printed, unless `--results` names
a folder for a page of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cairnet as cn
from results import PAGES, Entry, Picture, Quantity, Run, Text, enter

__all__ = [
    "Clock",
    "Experiment",
    "Outcome",
    "Picture",
    "Quantity",
    "Text",
    "network_file",
    "picture_folder",
    "save",
]


@dataclass
class Clock:
    """How long training takes, in all stretches that are timed.

    Attributes:
        seconds: by the clock.
        processor_seconds: of all threads together.
    """

    seconds: float = 0.0
    processor_seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time what is done inside."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - wall
        self.processor_seconds += time.process_time() - processor


@dataclass(frozen=True)
class Outcome:
    """What came of one seed.

    Attributes:
        values: what was measured, by the names of the quantities; shares are of 1.
        clock: how long training took.
        networks: what was trained, by the names that they are saved under.
        pictures, texts: for the page, which shows those of the first seed; see `results.Entry`.
    """

    values: Mapping[str, float]
    clock: Clock
    networks: Mapping[str, cn.Model] = field(default_factory=dict)
    pictures: Sequence[Picture] = ()
    texts: Sequence[Text] = ()


@dataclass(frozen=True)
class Experiment:
    """What is to be reproduced.

    Attributes:
        key, title, network, settings, source, quantities: see `results.Entry`.
        seeds: the random numbers of each network begin at one of these.
    """

    key: str
    title: str
    network: str
    settings: str
    source: str
    quantities: tuple[Quantity, ...] = ()
    seeds: tuple[int, ...] = (1,)

    def for_each_seed(
        self,
        work: Callable[[argparse.Namespace, int, Path | None], Outcome],
        arguments: Sequence[str] | None = None,
    ) -> None:
        """Do the work for each seed; print and record what comes of it.

        Args:
            work: trains and measures, given the options, the seed, from which `cn.seed` has begun,
                and the folder to draw pictures into; that is None where none are wanted.
            arguments: of the command line; by default those that Python was started with.
        """
        options = self.options(arguments)
        for seed in options.seeds:
            drawn = options.results is not None and seed == self.seeds[0]
            cn.seed(seed)
            outcome = work(options, seed, picture_folder(options) if drawn else None)
            for name, network in outcome.networks.items():
                save(network, name, seed, options)
            if not drawn:
                outcome = dataclasses.replace(outcome, pictures=(), texts=())
            self.record(outcome, str(seed), options)

    def record(self, outcome: Outcome, seeds: str, options: argparse.Namespace) -> None:
        """Print an outcome, and enter it in the page of results if it belongs there."""
        clock = outcome.clock
        # Networks that were only put together have taken no time.
        times = [round(each, 2) or None for each in (clock.seconds, clock.processor_seconds)]
        run = Run(seeds, dict(outcome.values), *times)
        words = ", ".join(each.in_words(run.values[each.name]) for each in self.quantities)
        took = f", trained in {run.seconds:.1f} s" if run.seconds else ""
        print(f"{self.title}, seed {seeds}: {words}{took}", flush=True)
        if options.results is not None:
            own = {each.name for each in dataclasses.fields(Entry)}
            known = {each.name for each in dataclasses.fields(self)} & own
            entry = Entry(
                **{name: getattr(self, name) for name in known},
                options=self.departures(options),
                runs=(run,),
                pictures=tuple(outcome.pictures),
                texts=tuple(outcome.texts),
            )
            enter(options.results, entry)

    def usual(self) -> Mapping[str, Any]:
        """The options that make a run another one, with their values in a run as published."""
        return {}

    def add_options(self, add: Callable[..., Any]) -> None:
        """Add the options of `usual` to the command line."""

    def departures(self, options: argparse.Namespace) -> str:
        """The options of a trial, as on the command line; nothing for a run as published."""
        usual = self.usual()
        given = {name: getattr(options, name) for name in usual}
        return " ".join(f"--{n} {given[n]}" for n in usual if given[n] != usual[n])

    def options(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """The command line."""
        parser = argparse.ArgumentParser(description=f"{self.title}. {self.network}.")
        add = parser.add_argument
        self.add_options(add)
        add(
            "--seeds",
            "--seed",
            type=int,
            metavar="N",
            nargs="+",
            default=self.seeds,
            help="one network for each seed",
        )
        add("--threads", type=int, metavar="N", help="default: what is fastest")
        add("--results", type=Path, metavar="FOLDER", help="of results.md; default: docs")
        add("--networks", type=Path, metavar="FOLDER", help="where to save the networks")
        chosen = parser.parse_args(arguments)
        if chosen.results is None and not self.departures(chosen):
            chosen.results = PAGES
        if chosen.threads:
            cn.set_threads(chosen.threads)
        return chosen


def save(network: cn.Model, name: str, seed: int, options: argparse.Namespace) -> None:
    """Save a network, if a folder is named for them."""
    if options.networks is not None:
        options.networks.mkdir(parents=True, exist_ok=True)
        network.save(network_file(options.networks, name, seed))


def network_file(folder: Path, name: str, seed: int) -> Path:
    """Where the network of a name that a seed gave is saved."""
    return folder / f"{name}-{seed}.safetensors"


def picture_folder(options: argparse.Namespace) -> Path:
    """The folder for pictures beside the page of results; it is made."""
    folder: Path = options.results / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
