"""What the experiments reached: kept in docs/results.json, shown in docs/results.md.

    python examples/results.py          writes the page again, from the numbers that are kept

An experiment enters one run after the other. Each file is replaced in one move, so that nobody
sees half of one.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cairnet as cn
import results_picture
from results_page import PICTURE, in_order, render

__all__ = ["PAGES", "Entry", "Picture", "Run", "enter"]

PAGES = Path(__file__).parent.parent / "docs"


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        seeds: where its random numbers began; of a vote, those of all its networks.
        validation: the accuracy on the images held out of the training set, a share of 1.
        test: the accuracy on the test images, a share of 1.
        seconds: of training, by the clock; None where networks were only put together.
        processor_seconds: of training, of all threads together.
    """

    seeds: str
    validation: float
    test: float
    seconds: float | None = None
    processor_seconds: float | None = None

    def __str__(self) -> str:
        return (
            f"{100 * self.test:.2f} % of the test images, {100 * self.validation:.2f} % of the "
            "validation images" + (f", trained in {self.seconds:.1f} s" if self.seconds else "")
        )


@dataclass(frozen=True)
class Picture:
    """A picture of an experiment.

    Attributes:
        file: its name in the folder images/ of the page.
        caption: what is to be seen.
    """

    file: str
    caption: str


@dataclass(frozen=True)
class Entry:
    """One experiment: what was to be reproduced, and what came of it.

    Attributes:
        key: the name of its file, without the ending.
        title: what it is.
        network: the layers, in words.
        settings: how it is trained, in words.
        source: who published it.
        published: the accuracy that was published, in percent, as it was printed.
        floor: the accuracy to be reached, in percent; None for none.
        options: of the command, besides the seeds; empty for a run as published.
        runs: in the order of their seeds.
        pictures: drawn of the first run.
        machine: what it ran on.
        date: of the last run.
    """

    key: str
    title: str
    network: str
    settings: str
    source: str
    published: str
    floor: float | None
    options: str = ""
    runs: tuple[Run, ...] = ()
    pictures: tuple[Picture, ...] = ()
    machine: str = ""
    date: str = ""

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> Entry:
        """An entry from what JSON held of it."""
        runs = tuple(Run(**run) for run in saved["runs"])
        pictures = tuple(Picture(**picture) for picture in saved["pictures"])
        return cls(**{**saved, "runs": runs, "pictures": pictures})

    @property
    def command(self) -> str:
        """What to type to have these runs again."""
        seeds = " ".join(run.seeds for run in self.runs)
        return f"python examples/{self.key}.py --seeds {seeds} {self.options}".strip()

    def joined(self, before: Entry | None) -> Entry:
        """This entry with the earlier runs too, where they were of the same thing."""
        same = ("network", "settings", "options")
        if before is None or any(getattr(self, n) != getattr(before, n) for n in same):
            return self
        runs = {run.seeds: run for run in (*before.runs, *self.runs)}
        ordered = sorted(runs.values(), key=lambda run: (len(run.seeds), run.seeds))
        return replace(self, runs=tuple(ordered), pictures=self.pictures or before.pictures)


def enter(folder: Path, entry: Entry) -> None:
    """Add the runs of an experiment to the page in a folder.

    They take the place of earlier runs from the same seeds. Earlier runs of another network, or
    with other settings, are forgotten.
    """
    entries = read(folder)
    dated = replace(entry, machine=machine(), date=time.strftime("%Y-%m-%d"))
    entries[entry.key] = dated.joined(entries.get(entry.key))
    kept = {key: asdict(each) for key, each in entries.items()}
    write(folder / "results.json", json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    write_page(folder, entries)


def write_page(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Write the page and the picture at its top."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    results_picture.draw(in_order(entries), folder / "images" / PICTURE)
    write(folder / "results.md", render(entries))


def read(folder: Path) -> dict[str, Entry]:
    """The entries of the page in a folder, by their keys."""
    path = folder / "results.json"
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {key: Entry.restored(saved) for key, saved in kept.items()}


def write(path: Path, text: str) -> None:
    """Replace a file in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.new")
    whole.write_text(text, "utf-8")
    whole.replace(path)


def machine() -> str:
    """The processor, the system and the versions, in words."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    threads = cn.get_threads()
    return (
        f"{name}, {max(len(names), 1)} cores; {platform.system()}; Python "
        f"{platform.python_version()}, Cairnet {cn.__version__} on "
        + ("one thread" if threads == 1 else f"up to {threads} threads")
    )


if __name__ == "__main__":
    write_page(PAGES, read(PAGES))
