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
from results_page import DIGITS, PICTURE, render

__all__ = ["PAGES", "Entry", "Picture", "Quantity", "Run", "Text", "enter"]

PAGES = Path(__file__).parent.parent / "docs"


@dataclass(frozen=True)
class Quantity:
    """Something that is measured of what was trained.

    Attributes:
        name: what it is, in words.
        unit: "%" for shares of 1, which are shown in percent; else behind the number.
        digits: how many are shown behind the point.
        published: what was published, in this unit, as it was printed.
        bound: what the mean must reach, in this unit; None for nothing.
        smaller_is_better: whether the bound is one from above.
        in_table: whether it stands in the table at the top of the page too.
    """

    name: str
    unit: str = "%"
    digits: int = 2
    published: str = ""
    bound: float | None = None
    smaller_is_better: bool = False
    in_table: bool = True

    def shown(self, number: float) -> float:
        """A measured number in this unit."""
        return 100 * number if self.unit == "%" else number

    def reached(self, number: float) -> bool:
        """Whether a measured number is as good as the bound."""
        if self.bound is None:
            return True
        number = self.shown(number)
        return number <= self.bound if self.smaller_is_better else number >= self.bound

    def in_words(self, number: float) -> str:
        """A measured number, and what it is of."""
        return f"{self.shown(number):.{self.digits}f} {self.unit} ({self.name})"


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        seeds: where its random numbers began; of a vote, those of all its networks.
        values: what was measured, by the names of the quantities; shares are of 1.
        seconds: of training, by the clock; None where networks were only put together.
        processor_seconds: of training, of all threads together.
    """

    seeds: str
    values: Mapping[str, float]
    seconds: float | None = None
    processor_seconds: float | None = None


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
class Text:
    """What a network has written.

    Attributes:
        caption: when, and how it was asked.
        text: as written.
    """

    caption: str
    text: str


@dataclass(frozen=True)
class Entry:
    """One experiment: what was to be reproduced, and what came of it.

    Attributes:
        key: the name of its file, without the ending.
        title: what it is.
        network: the layers, in words.
        settings: how it is trained, in words.
        source: who published it.
        quantities: what is measured, the most important first.
        options: of the command, besides the seeds; empty for a run as published.
        runs: in the order of their seeds.
        pictures: drawn of the first run.
        texts: written by the networks of the first run.
        machine: what it ran on.
        date: of the last run.
    """

    key: str
    title: str
    network: str
    settings: str
    source: str
    quantities: tuple[Quantity, ...]
    options: str = ""
    runs: tuple[Run, ...] = ()
    pictures: tuple[Picture, ...] = ()
    texts: tuple[Text, ...] = ()
    machine: str = ""
    date: str = ""

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> Entry:
        """An entry from what JSON held of it."""
        kinds = {"quantities": Quantity, "runs": Run, "pictures": Picture, "texts": Text}
        parts = {name: tuple(kind(**each) for each in saved[name]) for name, kind in kinds.items()}
        return cls(**{**saved, **parts})

    @property
    def command(self) -> str:
        """What to type to have these runs again."""
        seeds = " ".join(run.seeds for run in self.runs)
        return f"python examples/{self.key}.py --seeds {seeds} {self.options}".strip()

    def measured(self, quantity: Quantity) -> list[float]:
        """A quantity of all runs."""
        return [run.values[quantity.name] for run in self.runs]

    def joined(self, before: Entry | None) -> Entry:
        """This entry with the earlier runs too, where they were of the same thing."""
        if before is None or self._what != before._what:
            return self
        runs = {run.seeds: run for run in (*before.runs, *self.runs)}
        ordered = sorted(runs.values(), key=lambda run: (len(run.seeds), run.seeds))
        return replace(
            self,
            runs=tuple(ordered),
            pictures=self.pictures or before.pictures,
            texts=self.texts or before.texts,
        )

    @property
    def _what(self) -> tuple[Any, ...]:
        names = [quantity.name for quantity in self.quantities]
        return self.network, self.settings, self.options, names


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
    """Write the page and the picture above the digits."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    results_picture.draw(DIGITS.of(entries), folder / "images" / PICTURE)
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
