"""The text of docs/results.md: nothing on it is typed by hand but the sentences."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results import Entry

__all__ = ["ORDER", "PICTURE", "in_order", "render"]

PICTURE = "results-overview.png"

# As the textbooks go: from one layer to a vote of many.
ORDER = (
    "mnist_softmax_regression",
    "mnist_sigmoid",
    "mnist_sigmoid_normal",
    "mnist_lenet5",
    "mnist_convolution",
    "mnist_two_convolutions",
    "mnist_rectifiers",
    "mnist_shifts",
    "mnist_dropout",
    "mnist_vote",
)

OPENING = """\
# Results

What textbook networks reach with Cairnet on MNIST, beside what was published. Each row is the work
of one file in the folder `examples`, which holds the network and its training, prints its result,
and has written its part of this page; the numbers are kept in [results.json](results.json).

Settings were compared on the validation images, which are the last of the 60,000 training images
and were not trained on. The table shows all networks that were trained with them, each after its
last epoch, on the 10,000 test images. The same seed gives the same network, whatever the number of
threads, on the same version and processor; another version may round differently, and long
training makes another network of that, which is no better or worse than one from another seed."""

ABOUT = """\
A random choice of 10,000 images from the same source would move an accuracy of 95 % by about ±0.2
points and one of 99.5 % by ±0.07; ± in the table is only what the seed does, the standard deviation
between networks. Processor times are those of training, with its validation after every epoch, of
all threads together; by the clock it takes longer where the machine has other work."""


OVERVIEW = f"""\
![Test images misread, by experiment](images/{PICTURE})

Test images misread, on a logarithmic scale: each dot is a network of Cairnet's, rings were
published, and the numbers are means."""


def in_order(entries: Mapping[str, Entry]) -> list[Entry]:
    """The entries as the page shows them."""
    return [entries[key] for key in ORDER if key in entries]


def render(entries: Mapping[str, Entry]) -> str:
    """The page, in Markdown."""
    known = in_order(entries)
    parts = [OPENING, _table(known), OVERVIEW, ABOUT, *(_section(entry) for entry in known)]
    return "\n\n".join(parts) + "\n"


def _table(entries: Sequence[Entry]) -> str:
    head = [
        "experiment",
        "published",
        "Cairnet",
        "networks",
        "to be reached",
        "processor time each",
    ]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for entry in entries:
        link = entry.title.lower().replace(" ", "-").replace(",", "")
        rows.append(
            [
                f"[{entry.title}](#{link})",
                f"{entry.published} %",
                f"**{_reached([run.test for run in entry.runs])}**",
                str(sum(len(run.seeds.split()) for run in entry.runs)),
                "" if entry.floor is None else f"{entry.floor:.2f} %",
                _mean_time([run.processor_seconds for run in entry.runs]),
            ]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _section(entry: Entry) -> str:
    facts = {
        "network": entry.network,
        "training": entry.settings,
        "published": f"{entry.published} %: {entry.source}",
        "test images": _reached([run.test for run in entry.runs]),
        "validation images": _reached([run.validation for run in entry.runs]),
        "processor time each": _mean_time([run.processor_seconds for run in entry.runs]),
        "time by the clock": _mean_time([run.seconds for run in entry.runs]),
        "machine": f"{entry.machine}; {entry.date}",
    }
    rows = [
        "| | |",
        "| --- | --- |",
        *(f"| {name} | {words} |" for name, words in facts.items() if words),
    ]
    seeds = ", ".join(f"{100 * run.test:.2f} % from {run.seeds}" for run in entry.runs)
    parts = [f"## {entry.title}", f"```bash\n{entry.command}\n```", "\n".join(rows)]
    if len(entry.runs) > 1:
        parts.append(f"By seed: {seeds}.")
    pictures = [f"![{p.caption}](images/{p.file})\n\n{p.caption}." for p in entry.pictures]
    return "\n\n".join([*parts, *pictures])


def _reached(shares: Sequence[float]) -> str:
    """Accuracies in percent: their mean, and how far they scatter where there are several."""
    percent = [100 * share for share in shares]
    mean = f"{statistics.fmean(percent):.2f}"
    return f"{mean} ± {statistics.stdev(percent):.2f} %" if len(percent) > 1 else f"{mean} %"


def _mean_time(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    return _duration(statistics.fmean(known)) if known else ""


def _duration(seconds: float) -> str:
    """A time as people say it.

    >>> [_duration(seconds) for seconds in (3.21, 47.6, 583.0)]
    ['3.2 s', '48 s', '9 min 43 s']
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
