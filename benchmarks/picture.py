"""The picture of the page: a panel of bars for each workload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.results import ContestResult, Results, StartResult
from benchmarks.words import duration, times

__all__ = ["draw"]

_OURS, _PEER, _OTHER, _INK = "#c8511b", "#8ba3b8", "#d5dde4", "#22303c"
_BAR, _TITLE = 0.29, 0.6  # inches


def draw(results: Results, path: Path) -> None:
    """Draw the bars into a file, whose ending chooses the format.

    The same results give the same bytes.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    parts: list[ContestResult | StartResult] = [*results.contests, *results.starts]
    pairs = [parts[index : index + 2] for index in range(0, len(parts), 2)]
    bars = [max(_bars(part) for part in pair) for pair in pairs]
    heights = [count * _BAR + _TITLE for count in bars]
    settings: dict[Any, Any] = {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "svg.hashsalt": "cairnet",
        "text.color": _INK,
    }
    with mpl.rc_context(settings):
        layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12)
        figure = Figure(figsize=(11, sum(heights)), facecolor="white", layout=layout)
        grid = figure.subplots(len(pairs), 2, squeeze=False, gridspec_kw={"height_ratios": heights})
        for axes in grid.ravel()[len(parts) :]:
            axes.set_axis_off()
        for index, (part, axes) in enumerate(zip(parts, grid.ravel(), strict=False)):
            if isinstance(part, ContestResult):
                _draw_contest(axes, part)
            else:
                _draw_start(axes, part)
            # Bars are as thick in one panel as in the next.
            axes.set_ylim(bars[index // 2] - 0.5, -0.6)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=120)


def _bars(part: ContestResult | StartResult) -> int:
    return len(part.entries) if isinstance(part, ContestResult) else len(part.starts)


def _draw_contest(axes: Any, contest: ContestResult) -> None:
    entries = sorted(contest.entries, key=lambda entry: entry.median)
    ours = contest.ours.median
    labels = [
        duration(entry.median)
        if entry.library == "cairnet"
        else f"{duration(entry.median)}  ({times(entry.median / ours)})"
        for entry in entries
    ]
    colours = [_colour(entry.library, entry.peer) for entry in entries]
    _draw(
        axes,
        contest.title,
        [entry.name for entry in entries],
        [entry.median for entry in entries],
        labels,
        colours,
    )


def _colour(library: str, peer: bool) -> str:
    if library == "cairnet":
        return _OURS
    return _PEER if peer else _OTHER


def _draw_start(axes: Any, start: StartResult) -> None:
    starts = sorted(start.starts, key=lambda each: each.median)
    labels = [
        duration(each.median)
        + (f"  (limit {duration(each.limit)})" if each.limit is not None else "")
        for each in starts
    ]
    colours = [_colour(each.library, peer=True) for each in starts]
    seconds = [each.median for each in starts]
    _draw(axes, start.title, [each.name for each in starts], seconds, labels, colours)


def _draw(
    axes: Any,
    title: str,
    names: list[str],
    seconds: list[float],
    labels: list[str],
    colours: list[str],
) -> None:
    """Bars from zero, the shortest on top, each with its number at its end."""
    places = range(len(names))
    axes.barh(places, seconds, color=colours, height=0.72)
    axes.set_yticks(places, names)
    # Room for the number at the end of the longest bar.
    axes.set_xlim(0, max(seconds) * 1.32)
    for place, value, label in zip(places, seconds, labels, strict=True):
        axes.annotate(label, (value, place), xytext=(4, 0), textcoords="offset points", va="center")
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xticks([])
    axes.tick_params(left=False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set(color=_INK, bounds=(-0.6, len(names) - 0.4))
