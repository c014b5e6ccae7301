"""What has to be reached, in words: how many times faster, what share of the peak, how soon."""

from __future__ import annotations

from benchmarks.results import ContestResult, Results, Start, StartResult
from benchmarks.words import duration, share, times

__all__ = ["floor_cell", "floor_words", "missed", "title_of"]


def floor_cell(contest: ContestResult) -> str:
    """The floors of a workload, for a table."""
    parts = []
    if contest.floor is not None:
        rival = f" ({contest.rivals[0]})" if contest.rivals else ""
        parts.append(f"{contest.floor:g} ×{rival}")
    if contest.share is not None:
        parts.append(f"{share(contest.share)} of the peak")
    return ", ".join(parts)


def floor_words(contest: ContestResult, sentence: bool = False) -> str:
    """Whether a workload reaches its floors.

    Args:
        contest: the workload.
        sentence: whether to make sentences of it, for the page, or a few words, for the terminal.
    """
    parts = []
    if contest.floor is not None and contest.reached is not None:
        if sentence:
            verdict = "is not reached" if contest.too_slow else "is reached"
            reached = f": it is {times(contest.reached)}" if contest.rivals else ""
            rival = _rival(contest, "the best peer")
            parts.append(f"The floor, {_faster(contest)} than {rival}, {verdict}{reached}.")
        else:
            against = f" ({contest.rivals[0]})" if contest.rivals else ""
            parts.append(f"floor {times(contest.floor)}{against}{_verdict(contest.too_slow)}")
    if contest.share is not None:
        short = contest.reached_share < contest.share
        if sentence:
            verdict = "is not reached" if short else "is reached"
            parts.append(f"The floor, {share(contest.share)} of the peak, {verdict}.")
        else:
            parts.append(f"floor {share(contest.share)} of the peak{_verdict(short)}")
    return " ".join(parts) if sentence else ", ".join(parts)


def missed(results: Results) -> str:
    """An honest paragraph for each floor and limit that was not reached."""
    paragraphs = [
        " ".join(part for part in (_too_slow(each), _too_low(each), each.limits) if part)
        for each in results.contests
        if each.missed
    ]
    for start in results.starts:
        paragraphs += [
            f"**{title_of(start, each)}** is to take less than {duration(each.limit)}, and "
            f"takes {duration(each.median)} ({duration(each.least)} at least)."
            for each in start.starts
            if each.missed and each.limit is not None
        ]
    return "\n\n".join(["## Not reached", *paragraphs]) if paragraphs else ""


def title_of(start: StartResult, each: Start) -> str:
    """What the row of a start is about."""
    which = each.name.removeprefix("Cairnet, ")
    return start.title if which == "cairnet" else f"{start.title}, {which}"


def _too_slow(contest: ContestResult) -> str:
    peer, ratio = contest.rival, contest.reached
    if not contest.too_slow or peer is None or ratio is None:
        return ""
    return (
        f"**{contest.title}** is to be {_faster(contest)} than "
        f"{_rival(contest, 'its best peer')}, "
        f"and is {times(ratio)}: a step takes {duration(contest.ours.median)} "
        f"({duration(contest.ours.least)} at least), and {peer.name} needs "
        f"{duration(peer.median)} ({duration(peer.least)} at least). Cairnet reaches "
        f"{share(contest.reached_share)} of the multiply-add peak of the processor there."
    )


def _too_low(contest: ContestResult) -> str:
    if contest.share is None or contest.reached_share >= contest.share:
        return ""
    asked, reached = share(contest.share), share(contest.reached_share)
    if asked == reached:  # a near miss is one
        reached = f"{100 * contest.reached_share:.2f} %"
    return (
        f"**{contest.title}** is to reach {asked} of the multiply-add peak of the processor, and "
        f"reaches {reached}."
    )


def _verdict(is_missed: bool) -> str:
    return ", MISSED" if is_missed else ""


def _faster(contest: ContestResult) -> str:
    return "faster" if contest.floor == 1 else f"{contest.floor:g} times faster"


def _rival(contest: ContestResult, best: str) -> str:
    """Whom the floor is meant for: the best of all peers unless one is named."""
    return contest.rivals[0] if contest.rivals else best
