"""The second picture of the page: workloads and kernels under the roofs that the machine sets."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.results import ContestResult, Results
from benchmarks.words import duration, share
from cairnet.plots.roofline import Roofs, Spot, draw_key, draw_roofs, draw_spots

__all__ = ["draw_rooflines", "roofs_of"]

_INK = "#22303c"
#: Kernels that take less than this part of a step are left out, and all but so many.
_LEAST_SHARE, _MOST = 0.02, 12


def roofs_of(contests: list[ContestResult]) -> Roofs | None:
    """What the machine could do while some workloads were measured; None if that is not known."""
    sampled = [each for each in contests if each.memory and each.caches]
    if not sampled:
        return None
    peaks = [peak for each in sampled for peak in each.peaks]
    memory = [rate for each in sampled for rate in each.memory]
    caches = [rate for each in sampled for rate in each.caches]
    return Roofs(statistics.median(peaks), statistics.median(memory), statistics.median(caches))


def draw_rooflines(results: Results, path: Path) -> bool:
    """Draw all workloads, and the kernels of those that show them, into a file.

    The same results give the same bytes.

    Returns:
        Whether there was anything to draw: what memory delivers may not have been sampled.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    panels = _panels(results)
    if not panels:
        return False
    settings: dict[Any, Any] = {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "svg.hashsalt": "cairnet",
        "text.color": _INK,
    }
    with mpl.rc_context(settings):
        heights = [max(4.2, 0.31 * len(spots) + 0.8) for _, _, spots in panels]
        figure = Figure(figsize=(11, sum(heights)), facecolor="white", layout="constrained")
        grid = figure.subplots(
            len(panels),
            2,
            squeeze=False,
            gridspec_kw={"height_ratios": heights, "width_ratios": [1.9, 1]},
        )
        for (title, roofs, spots), (left, right) in zip(panels, grid, strict=True):
            draw_roofs(left, roofs, spots)
            draw_spots(left, spots)
            draw_key(right, spots)
            left.set_title(title, loc="left", fontweight="bold", fontsize=10)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=120)
    return True


def _panels(results: Results) -> list[tuple[str, Roofs, list[Spot]]]:
    roofs = roofs_of(results.contests)
    measured = [each for each in results.contests if each.bytes and each.flops]
    if roofs is None or not measured:
        return []
    panels = [("All workloads: a whole step", roofs, _workloads(measured))]
    for contest in results.contests:
        own = roofs_of([contest])
        spots = _kernels(contest)
        if own is not None and spots:
            panels.append((f"{contest.title}: the kernels of a step", own, spots))
    return panels


def _workloads(contests: list[ContestResult]) -> list[Spot]:
    spots = []
    for number, contest in enumerate(contests, 1):
        rate = contest.flops / contest.ours.median
        words = f"{duration(contest.ours.median)}, {share(rate / contest.peak)} of the peak"
        intensity = contest.flops / (contest.bytes or 1)
        spots.append(Spot(str(number), contest.title, words, intensity, rate, 0.12))
    return spots


def _kernels(contest: ContestResult) -> list[Spot]:
    whole = sum(kernel.seconds for kernel in contest.kernels)
    kernels = sorted(contest.kernels, key=lambda kernel: -kernel.seconds)
    return [
        Spot(
            str(kernel.number),
            f"{_short(kernel.title)}   {kernel.layer}",
            f"{duration(kernel.seconds)}, "
            f"{share(kernel.operations / kernel.seconds / contest.peak)} of the peak",
            kernel.operations / kernel.bytes,
            kernel.operations / kernel.seconds,
            kernel.seconds / whole,
        )
        for kernel in kernels[:_MOST]
        if kernel.operations and kernel.seconds > _LEAST_SHARE * whole
    ]


def _short(title: str, most: int = 36) -> str:
    return title if len(title) <= most else f"{title[: most - 1].rstrip(', ')}…"
