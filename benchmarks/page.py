"""docs/performance.md, worked out from the results: no number on it is typed by hand."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.floors import floor_cell, floor_words, missed, title_of
from benchmarks.picture import draw
from benchmarks.results import ContestResult, Entry, LeftOut, Results, StartResult
from benchmarks.roofline import draw_rooflines, roofs_of
from benchmarks.words import duration, listed, rate, share, times

__all__ = ["render", "summary", "write_page"]

PICTURE = "images/performance.svg"
ROOFLINE = "images/performance-roofline.svg"


def write_page(results: Results, folder: Path) -> None:
    """Write the page and its picture.

    Args:
        results: what was measured.
        folder: the folder of the documentation.
    """
    (folder / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    draw(results, folder / PICTURE)
    draw_rooflines(results, folder / ROOFLINE)
    (folder / "performance.md").write_text(render(results))


def render(results: Results) -> str:
    """The text of the page, in Markdown."""
    parts = [
        _opening(results),
        _overview(results),
        _picture(),
        missed(results),
        _rules(results),
        _machine(results),
        _roofline(results),
        *(_contest(each) for each in results.contests),
        *(_start(each) for each in results.starts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(results: Results) -> list[str]:
    """What is printed at the end of a run: a line for each workload and each limit."""
    lines = ["", f"{'work':30} {'Cairnet':>10} {'best peer':>28} {'ratio':>9} {'peak':>6}"]
    for contest in results.contests:
        peer = contest.best_peer
        against = f"{peer.name} {duration(peer.median)}" if peer else "none"
        verdict = floor_words(contest)
        lines.append(
            f"{contest.title:30} {duration(contest.ours.median):>10} {against:>28} "
            f"{times(contest.ratio) if contest.ratio else '':>9} "
            f"{_share(contest, contest.ours):>6}  {verdict}"
        )
    for start in results.starts:
        for each in start.starts:
            limit = f"limit {duration(each.limit)}" if each.limit is not None else ""
            verdict = f"{limit}{', MISSED' if each.missed else ''}"
            title = f"{start.name}: {each.name}"
            lines.append(f"{title:30} {duration(each.median):>10}  {verdict}".rstrip())
    if results.disturbed:
        lines.append(_disturbed(results))
    return lines


def _opening(results: Results) -> str:
    return (
        "# Performance\n\n"
        "Cairnet and its peers train the same networks, from the same weights on the same rows, "
        "taking turns on one machine. This page, its tables and its picture were written by\n\n"
        f"```bash\npip install '.[bench]'\n{results.command}\n```\n\n"
        f"on {results.date}; the measurements themselves are in "
        "[performance.json](performance.json). Times depend on the machine, ratios much less."
        + (f"\n\n> {_disturbed(results)}" if results.disturbed else "")
    )


def _disturbed(results: Results) -> str:
    taken = share(results.others or 0)
    return (
        f"Other programs took {taken} of the processors while this was measured. These are not the "
        "numbers of a quiet machine: measure again."
    )


def _overview(results: Results) -> str:
    rows = []
    for contest in results.contests:
        peer = contest.best_peer
        rows.append(
            [
                f"[{contest.title}](#{_anchor(contest.title)})",
                f"{duration(contest.ours.median)} a step",
                f"{duration(peer.median)} ({peer.name})" if peer else "none installed",
                times(contest.ratio) if contest.ratio else "",
                floor_cell(contest),
            ]
        )
    for start in results.starts:
        peers = [each for each in start.starts if each.library in ("jax", "torch")]
        best = min(peers, key=lambda each: each.median, default=None)
        rows += [
            [
                f"[{title_of(start, each)}](#{_anchor(start.title)})",
                duration(each.median),
                f"{duration(best.median)} ({best.name})" if best else "none installed",
                times(best.median / each.median) if best else "",
                f"under {duration(each.limit)}",
            ]
            for each in start.starts
            if each.limit is not None
        ]
    head = ["work", "Cairnet", "best peer", "times faster", "to be reached"]
    return _table(head, rows, "lrlrr")


def _picture() -> str:
    return (
        f"![Bars: the time of a step for each contestant, and of starting]({PICTURE})\n\n"
        "Shorter is better. In brackets: how many times as long as Cairnet takes; pale: a "
        "contestant that computes something similar, but not the same."
    )


def _roofline(results: Results) -> str:
    roofs = roofs_of(results.contests)
    if roofs is None:
        return ""
    return (
        "## Under the roofs\n\n"
        f"![Workloads and kernels by operations for each byte and by speed]({ROOFLINE})\n\n"
        "A step that has *I* operations to do for each byte that it has to touch cannot go faster "
        "than *I* times as many bytes as its memory delivers in a second, and not faster than the "
        "processor multiplies and adds: the *roofline* of Williams, Waterman and Patterson (2009). "
        "Each point is a step of Cairnet's, or a kernel of one, named beside the picture. The "
        "further right, the more it computes with each byte (every element of every kernel counted "
        "once for reading and once for writing); the further up, the more operations it does in a "
        "second; on both scales the same distance is the same factor. The level roof is the peak, "
        f"{rate(roofs.peak)} GFLOP/s; the slanting ones are what was sampled between the windows "
        "with a loop that adds two arrays into a third: "
        f"{rate(roofs.memory)} GB/s where they lie in memory, {rate(roofs.caches)} GB/s where they "
        "lie in the second-level caches.\n\n"
        "A point close below a roof leaves nothing to gain but by computing less, or with fewer "
        "bytes. To the left of the ridges that is the rule: pooling, normalisation and optimizers "
        "move data. Points above the roof of the memory found theirs in a cache. Points far below "
        "all roofs are steps that are too short to fill the machine: there the threads wait for "
        "each other, sums are too short to overlap, or vectors are not full. In the panels of "
        "kernels the area of a point is its part of the step."
    )


def _rules(results: Results) -> str:
    compared = sorted({contest.compared for contest in results.contests})
    tolerance = max((contest.tolerance for contest in results.contests), default=0.0)
    disturbance = ""
    if results.others is not None:
        disturbance = f" In this run they took at most {share(results.others)} of the processors."
    return (
        "## How it is measured\n\n"
        f"- Before anything is timed, the losses of the first {listed([f'{n}' for n in compared])} "
        f"steps are compared with Cairnet's; they may differ by {tolerance:g} of their size. A "
        "contestant that computes something else is left out. The same losses are compared again "
        "at the beginning of every window that is timed.\n"
        "- Each contestant has a process of its own and "
        f"{_count(results.threads, 'thread')}, unless its name says that it has fewer. Cairnet "
        "runs as it comes, on whichever number of threads up to that it finds fastest. One "
        "contestant works while the others sleep.\n"
        f"- They take turns, {results.rounds} rounds long, and backwards in every other round. A "
        "turn is a window of many steps that begins from the initial weights; what a step takes is "
        "the window's time divided by its steps. The tables have the median of the rounds and the "
        "shortest; ratios are of medians.\n"
        "- Peers are used as their documentation advises: data in their own arrays, rows gathered "
        "inside the compiled part where there is one, fused optimizers, old weights donated.\n"
        "- GFLOP/s count the multiplications and additions of products and convolutions, forward "
        "and in both gradients, and nothing else; taps beyond the edge of an image are not "
        "counted, whoever multiplies by them. The peak that they are compared with is a loop of "
        "multiply-adds on registers on all threads, sampled after every round.\n"
        f"{_beginnings(results)}"
        f"{_meetings(results)}"
        "- Other programs on the machine disturb the measurement." + disturbance
    )


def _beginnings(results: Results) -> str:
    if not any(entry.ready is not None for each in results.contests for entry in each.entries):
        return ""
    return (
        "- “First losses” is the time from building the network to the losses that are compared, "
        "with nothing kept from earlier runs: compiling is part of it. “Memory” is the most that "
        "the process has held up to its end: libraries, data and compiler are part of it.\n"
    )


def _meetings(results: Results) -> str:
    meetings = [seconds for contest in results.contests for seconds in contest.meetings]
    if not meetings:
        return ""
    return (
        "- The threads of a step meet at barriers. How long a meeting takes depends on how far "
        "apart the cores are, and those of a virtual machine may be moved at any time. It is "
        f"sampled after every round too: {duration(statistics.median(meetings))}, and from "
        f"{duration(min(meetings))} to {duration(max(meetings))}.\n"
    )


def _machine(results: Results) -> str:
    rows = [[name, words] for name, words in results.machine.items()]
    rows.append(["threads of each contestant", str(results.threads)])
    rows.append(["versions", ", ".join(" ".join(each) for each in results.versions.items())])
    return "## The machine\n\n" + _table(["", ""], rows, "ll")


def _contest(contest: ContestResult) -> str:
    head = [
        "",
        "median",
        "shortest",
        "of Cairnet's time",
        "GFLOP/s",
        "of the peak",
        "losses differ",
    ]
    rows = [_entry_row(contest, entry) for entry in _ordered(contest)]
    if any(entry.ready is not None for entry in contest.entries):
        head += ["first losses", "memory"]
        rows = [row + _costs(entry) for row, entry in zip(rows, _ordered(contest), strict=True)]
    batch = _count(contest.batch, "row")
    about = (
        f"{contest.description} {batch} a step; the data are {contest.source}. A step has "
        f"{_millions(contest.flops)} million floating-point operations; the peak was "
        f"{rate(contest.peak)} GFLOP/s."
    )
    text = [
        f"## {contest.title}",
        about,
        _table(head, rows, "l" + "r" * (len(head) - 1)),
        floor_words(contest, sentence=True),
        *(entry.note for entry in contest.entries if entry.note),
        _absent(contest.left_out),
    ]
    return "\n\n".join(part for part in text if part)


def _entry_row(contest: ContestResult, entry: Entry) -> list[str]:
    ours = entry is contest.ours
    return [
        f"**{entry.name}**" if entry.library == "cairnet" else entry.name,
        duration(entry.median),
        duration(entry.least),
        "" if ours else times(entry.median / contest.ours.median),
        rate(contest.flops / entry.median) if _counts(entry) else "",
        _share(contest, entry) if _counts(entry) else "",
        "" if ours else _difference(entry),
    ]


def _costs(entry: Entry) -> list[str]:
    """What it takes before the first losses are there, and to hold everything."""
    return [
        duration(entry.ready) if entry.ready is not None else "",
        f"{entry.memory / 2**20:,.0f} MiB" if entry.memory is not None else "",
    ]


def _difference(entry: Entry) -> str:
    if entry.difference is None:
        return "not compared"
    return f"{entry.difference:.0e}" if entry.difference else "0"


def _counts(entry: Entry) -> bool:
    """Whether the operations of the workload are those of this contestant."""
    return entry.difference is not None


def _start(start: StartResult) -> str:
    with_before = bool(start.before)
    head = ["", "median", "shortest", *([start.before] if with_before else []), "to be reached"]
    rows = [
        [
            f"**{each.name}**" if each.library == "cairnet" else each.name,
            duration(each.median),
            duration(each.least),
            *([duration(statistics.median(each.before))] if with_before else []),
            f"under {duration(each.limit)}" if each.limit is not None else "",
        ]
        for each in start.starts
    ]
    text = [
        f"## {start.title}",
        start.description,
        _table(head, rows, "l" + "r" * (len(head) - 1)),
        _absent(start.left_out),
    ]
    return "\n\n".join(part for part in text if part)


def _absent(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return ""
    return f"Left out: {listed([f'{each.name} ({each.reason})' for each in left_out])}."


def _ordered(contest: ContestResult) -> list[Entry]:
    """Cairnet's own first, then the others, the quickest first."""
    own = [entry for entry in contest.entries if entry.library == "cairnet"]
    others = [entry for entry in contest.entries if entry.library != "cairnet"]
    return own + sorted(others, key=lambda entry: entry.median)


def _share(contest: ContestResult, entry: Entry) -> str:
    return share(contest.flops / entry.median / contest.peak)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _millions(count: int) -> str:
    """How many millions, to three digits or to the million.

    >>> _millions(958_800), _millions(2_147_483_648)
    ('0.959', '2,147')
    """
    millions = count / 1e6
    return f"{millions:,.0f}" if millions >= 1000 else f"{millions:.3g}"


def _anchor(title: str) -> str:
    """What GitHub makes of a heading.

    >>> _anchor("MLP 4-16-3, one call a step")
    'mlp-4-16-3-one-call-a-step'
    """
    kept = (letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return "".join(kept).replace(" ", "-")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])
