"""The text of docs/results.md: nothing on it is typed by hand but the sentences."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results import Entry, Quantity

__all__ = ["DIGITS", "ORDER", "PARTS", "PICTURE", "SEQUENCES", "Part", "render"]

PICTURE = "results-overview.png"


@dataclass(frozen=True)
class Part:
    """A part of the page: experiments on the same data.

    Attributes:
        title: what it is about.
        opening: what stands above its table.
        closing: what stands below it.
        order: the keys of its experiments, as the page shows them.
    """

    title: str
    opening: str
    closing: str
    order: tuple[str, ...]

    def of(self, entries: Mapping[str, Entry]) -> list[Entry]:
        """Its experiments, those that have run."""
        return [entries[key] for key in self.order if key in entries]


OPENING = """\
# Results

What textbook networks reach with Cairnet, beside what was published. Each row is the work of one
file in the folder `examples`, which holds the network and its training, prints its result, and has
written its part of this page; the numbers are kept in [results.json](results.json).

The same seed gives the same network, whatever the number of threads, on the same version and
processor; another version may round differently, and long training makes another network of that,
which is no better or worse than one from another seed. Where there are several networks, ± is what
the seed does, the standard deviation between them. Processor times are those of training, with its
validation after every epoch, of all threads together; by the clock it takes longer where the
machine has other work."""


DIGITS = Part(
    title="Handwritten digits",
    opening="""\
MNIST. Settings were compared on the validation images, which are the last of the 60,000 training
images and were not trained on. The table shows all networks that were trained with them, each after
its last epoch, on the 10,000 test images.""",
    closing=f"""\
![Test images misread, by experiment](images/{PICTURE})

Test images misread, on a logarithmic scale: each dot is a network of Cairnet's, rings were
published, and the numbers are means.

A random choice of 10,000 images from the same source would move an accuracy of 95 % by about ±0.2
points and one of 99.5 % by ±0.07.""",
    # As the textbooks go: from one layer to a vote of many.
    order=(
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
    ),
)

SEQUENCES = Part(
    title="Sequences",
    opening="""\
Recurrent networks, from a carry to Shakespeare, and at last one without recurrence. The text is a
million characters of his plays, the file that A. Karpathy published with char-rnn, of which the
last tenth is never trained on. How well that is predicted, after the last epoch, is said in bits
per character, the mean of −log₂ p of what really comes next: guessing among its 65 characters costs
6.02 bits, and knowing no more than how frequent each is 4.78.""",
    closing="",
    # From one bit that is to be remembered to a text.
    order=(
        "gradient_lags",
        "binary_addition",
        "sentiment",
        "digit_strings",
        "text_vanilla",
        "text_lstm_gru",
        "text_lstm",
        "transformer",
    ),
)

PARTS = (DIGITS, SEQUENCES)
ORDER = tuple(key for part in PARTS for key in part.order)


def render(entries: Mapping[str, Entry]) -> str:
    """The page, in Markdown."""
    blocks = [OPENING]
    for part in PARTS:
        known = part.of(entries)
        if known:
            blocks += [f"## {part.title}", part.opening, _table(known), part.closing]
            blocks += [_section(entry) for entry in known]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(entries: Sequence[Entry]) -> str:
    rows = [row for entry in entries for row in _rows(entry)]
    # A column that says the same of all, or nothing, is left out.
    names = [
        name
        for name in rows[0]
        if (name != "measured" or len({row[name] for row in rows}) > 1)
        and any(row[name] for row in rows)
    ]
    words = ("experiment", "measured")
    rule = ["---" if name in words else "---:" for name in names]
    lines = [names, rule, *([row[name] for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rows(entry: Entry) -> Iterator[dict[str, str]]:
    """What the table says of an experiment: a row for each quantity, the first with its name."""
    link = entry.title.lower().replace(" ", "-").replace(",", "")
    title = f"[{entry.title}](#{link})"
    networks = str(sum(len(run.seeds.split()) for run in entry.runs))
    time = _mean_time([run.processor_seconds for run in entry.runs])
    for quantity in (each for each in entry.quantities if each.in_table):
        yield {
            "experiment": title,
            "measured": quantity.name,
            "published": _with_unit(quantity.published, quantity),
            "Cairnet": f"**{_reached(entry, quantity)}**",
            "networks": networks,
            "to be reached": _bound(quantity),
            "processor time each": time,
        }
        title = networks = time = ""


def _section(entry: Entry) -> str:
    facts = {
        "network": entry.network,
        "training": entry.settings,
        **_published(entry),
        **{quantity.name: _reached(entry, quantity) for quantity in entry.quantities},
        "processor time each": _mean_time([run.processor_seconds for run in entry.runs]),
        "time by the clock": _mean_time([run.seconds for run in entry.runs]),
        "machine": f"{entry.machine}; {entry.date}",
    }
    rows = [
        "| | |",
        "| --- | --- |",
        *(f"| {name} | {words} |" for name, words in facts.items() if words),
    ]
    parts = [f"### {entry.title}", f"```bash\n{entry.command}\n```", "\n".join(rows)]
    parts += _by_seed(entry)
    parts += [f"![{p.caption}](images/{p.file})\n\n{p.caption}." for p in entry.pictures]
    parts += [f"{each.caption}:\n\n```text\n{each.text}\n```" for each in entry.texts]
    return "\n\n".join(parts)


def _published(entry: Entry) -> dict[str, str]:
    """Where an experiment is from, behind the numbers that were published there."""
    numbers = [_with_unit(each.published, each) for each in entry.quantities if each.published]
    return {"published" if numbers else "source": ": ".join([*numbers, entry.source])}


def _by_seed(entry: Entry) -> list[str]:
    """What each network reached, where there are several."""
    shown = [quantity for quantity in entry.quantities if quantity.in_table]
    if len(entry.runs) < 2:
        return []
    lines = []
    for quantity in shown:
        of = f", {quantity.name}" if len(shown) > 1 else ""
        numbers = (
            f"{quantity.shown(run.values[quantity.name]):.{quantity.digits}f}" for run in entry.runs
        )
        each = (
            f"{_with_unit(number, quantity)} from {run.seeds}"
            for number, run in zip(numbers, entry.runs, strict=True)
        )
        lines.append(f"By seed{of}: {', '.join(each)}.")
    return lines


def _reached(entry: Entry, quantity: Quantity) -> str:
    """A quantity: its mean, and how far it scatters where there are several networks."""
    numbers = [quantity.shown(value) for value in entry.measured(quantity)]
    words = f"{statistics.fmean(numbers):.{quantity.digits}f}"
    if len(numbers) > 1:
        words += f" ± {statistics.stdev(numbers):.{quantity.digits}f}"
    return _with_unit(words, quantity)


def _bound(quantity: Quantity) -> str:
    if quantity.bound is None:
        return ""
    sign = "≤" if quantity.smaller_is_better else "≥"
    return f"{sign} {_with_unit(f'{quantity.bound:.{quantity.digits}f}', quantity)}"


def _with_unit(words: str, quantity: Quantity) -> str:
    return f"{words} {quantity.unit}".strip().replace("-", "−") if words else ""


def _mean_time(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    return _duration(statistics.fmean(known)) if known else ""


def _duration(seconds: float) -> str:
    """A time as people say it.

    >>> [_duration(seconds) for seconds in (0.082, 3.21, 47.6, 583.0)]
    ['0.082 s', '3.2 s', '48 s', '9 min 43 s']
    """
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
