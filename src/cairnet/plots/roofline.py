"""The roofline: what each kernel could reach at most, and what it does reach."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cairnet.base.errors import ArgumentError
from cairnet.plots.figures import BLUE, GREY, INK, VERMILION, new_figure, save, title_above
from cairnet.plots.kernels import Kernel, kernel_name, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Roofs", "Spot", "draw_key", "draw_roofs", "draw_spots", "roofline"]

#: Area of a point, in square points: of one that takes no time, and of one that takes all.
_SMALL, _LARGE = 70.0, 900.0
#: How far along its roof a name reaches, as a factor of the operations for each byte.
_NAME = 5.0


class _Kernel(Kernel, Protocol):
    @property
    def bytes(self) -> int: ...


class _Profile(Protocol):
    @property
    def kernels(self) -> Sequence[_Kernel]: ...
    @property
    def peak(self) -> float: ...
    @property
    def memory(self) -> float: ...
    @property
    def caches(self) -> float: ...


@dataclass(frozen=True)
class Roofs:
    """What a machine can do at most.

    Attributes:
        peak: floating-point operations in a second.
        memory: bytes in a second, between memory and processor.
        caches: bytes in a second, between second-level caches and processor.
    """

    peak: float
    memory: float
    caches: float


@dataclass(frozen=True)
class Spot:
    """A point under the roofs.

    Attributes:
        mark: a number of few digits, to find it by.
        name: what it is.
        words: what else there is to say of it.
        intensity: operations for each byte.
        rate: operations in a second.
        weight: how large it is drawn, 0 to 1.
        colour: of the point.
    """

    mark: str
    name: str
    words: str
    intensity: float
    rate: float
    weight: float
    colour: str = BLUE


def roofline(
    profile: _Profile,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    most: int = 12,
) -> Figure:
    """Draw the longest kernels of a function under the roofs that the machine sets them.

    A kernel that has I operations to do for each byte that it has to touch cannot do more
    operations in a second than

        min(peak, I · bandwidth)

    with the bandwidth of whatever holds its arrays. So each kernel is a point: to the right, I; up,
    its operations in a second, both on scales where the same distance is the same factor; its
    area is its share of the time. The level roof is the peak; the slanting ones are memory
    (below) and second-level caches (above), all as they were sampled beside the measurement. What
    lies near a roof has reached it. What lies below the roof of the memory waits for something
    else than memory, and what lies above it found its arrays in a cache.

    Args:
        profile: what `cn.profile` or `Model.profile` gave.
        path: where to write the picture as well; its ending names the format (png, svg, pdf).
        title: a line above the picture.
        most: how many kernels to draw, the longest first; those without floating-point operations
            have no place in it.

    Returns:
        The matplotlib figure.

    Raises:
        ArgumentError: there is no kernel with operations, `most` is below 1, or the ending of the
            path names no format.
        DataError: the file cannot be written.

    Source:
        S. Williams, A. Waterman, D. Patterson: Roofline: an insightful visual performance model for
        multicore architectures. Communications of the ACM 52 (4), 2009.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((64, 32), name="x")
        >>> f = cn.function([x], x @ cn.matrix_transpose(x), backend="native")
        >>> measured = cn.profile(f, cn.ones((64, 32)).numpy(), seconds=0.01)
        >>> figure = cn.plots.roofline(measured, "roofline.png", title="x · xᵀ")
        >>> figure.axes[0].get_xlabel()
        'operations for each byte'
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ArgumentError(f"most: expected a whole number, 1 or more, got {most!r}")
    kernels = [each for each in profile.kernels if each.operations and each.bytes and each.seconds]
    if not kernels:
        raise ArgumentError("profile: expected a kernel with floating-point operations, got none")
    kernels = sorted(kernels, key=lambda kernel: -kernel.seconds)[:most]
    whole = sum(kernel.seconds for kernel in profile.kernels)
    spots = [_spot(kernel, whole) for kernel in kernels]
    figure = new_figure(12, 5.6)
    title_above(figure, title)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.75, 1]})
    draw_roofs(left, Roofs(profile.peak, profile.memory, profile.caches), spots)
    draw_spots(left, spots)
    draw_key(right, spots)
    if path is not None:
        save(figure, path)
    return figure


def _spot(kernel: _Kernel, whole: float) -> Spot:
    rate = kernel.operations / kernel.seconds
    words = f"{with_unit(kernel.seconds)}, {rate / kernel.peak:.0%} of the peak"
    intensity = kernel.operations / kernel.bytes
    share = kernel.seconds / whole
    return Spot(str(kernel.number), kernel_name(kernel), words, intensity, rate, share)


# -- parts of such pictures ------------------------------------------------------------------------


def draw_roofs(axes: Axes, roofs: Roofs, spots: Sequence[Spot]) -> None:
    """Draw the roofs, as wide and as high as the points need it.

    Args:
        axes: where to draw.
        roofs: what the machine can do.
        spots: what is going to lie below the roofs.
    """
    ridges = [roofs.peak / roofs.memory, roofs.peak / roofs.caches]
    places = [spot.intensity for spot in spots]
    rates = [spot.rate for spot in spots]
    left, right = (
        min(*places, *(ridge / _NAME for ridge in ridges)) / 1.5,
        max(*places, *ridges) * 3,
    )
    bottom, top = min(*rates, roofs.peak / 10) / 2.5, max(*rates, roofs.peak) * 1.9
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(bottom / 1e9, top / 1e9))
    for bandwidth, name, colour in (
        (roofs.memory, "memory", VERMILION),
        (roofs.caches, "second-level caches", "#E69F00"),
    ):
        ridge = roofs.peak / bandwidth
        xs = [left, ridge]
        ys = [left * bandwidth / 1e9, roofs.peak / 1e9]
        axes.plot(xs, ys, color=colour, linewidth=1.8, zorder=2, solid_capstyle="round")
        _name_along(axes, f"{name}, {bandwidth / 1e9:,.0f} GB/s", bandwidth, ridge, spots, colour)
    level = roofs.peak / 1e9
    axes.plot([min(ridges), right], [level, level], color=INK, linewidth=1.8, zorder=2)
    axes.annotate(
        f"peak of multiply-adds, {level:,.0f} GFLOP/s",
        (right, level),
        xytext=(-4, 5),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        color=INK,
    )
    _quiet(axes)


def _name_along(
    axes: Axes, name: str, bandwidth: float, ridge: float, spots: Sequence[Spot], colour: str
) -> None:
    """Write the name of a slanting roof above it, where the points are far."""
    first = max(axes.get_xlim()[0], axes.get_ylim()[0] * 1e9 / bandwidth) * 1.1
    last = max(ridge / _NAME / 1.2, first)
    starts = [first * (last / first) ** (step / 20) for step in range(21)]

    def distance(start: float) -> float:
        middle = start * math.sqrt(_NAME)
        return min(
            math.hypot(
                math.log(spot.intensity / middle), math.log(spot.rate / (middle * bandwidth))
            )
            for spot in spots
        )

    start = max(starts, key=distance)
    height = start * bandwidth / 1e9 * 1.1
    axes.text(
        start,
        height,
        name,
        rotation=math.degrees(math.atan2(height, start)),
        rotation_mode="anchor",
        transform_rotates_text=True,
        va="bottom",
        fontsize=8.5,
        color=colour,
    )


def _quiet(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis, ends in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        decades = math.log10(ends[1] / ends[0])
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 3 else (1,)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axis.set_minor_formatter(NullFormatter())
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(which="both", length=0, labelsize=9, labelcolor=INK)
    axes.grid(color=GREY, linewidth=0.5, alpha=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel("operations for each byte", fontsize=9, color=INK)
    axes.set_ylabel("GFLOP/s", fontsize=9, color=INK)


def draw_spots(axes: Axes, spots: Sequence[Spot]) -> None:
    """Draw the points, each with its mark; the largest lie below the others.

    Args:
        axes: where to draw, with its scales set.
        spots: the points.
    """
    for spot in sorted(spots, key=lambda each: -each.weight):
        area = _SMALL + (_LARGE - _SMALL) * min(spot.weight, 1.0)
        place = spot.intensity, spot.rate / 1e9
        axes.scatter(*place, s=area, color=spot.colour, alpha=0.8, linewidth=0.8, edgecolor="white")
        axes.annotate(
            spot.mark, place, ha="center", va="center", fontsize=7, color="white", zorder=5
        )


def draw_key(axes: Axes, spots: Sequence[Spot]) -> None:
    """Write what the marks of the points stand for.

    Args:
        axes: where to write; nothing else is to be there.
        spots: the points.
    """
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(max(len(spots), 8), 0))
    for line, spot in enumerate(spots):
        place = line + 0.5
        axes.scatter(0.03, place, s=110, color=spot.colour, alpha=0.8, clip_on=False)
        axes.text(0.03, place, spot.mark, ha="center", va="center", fontsize=7, color="white")
        axes.text(0.085, place, spot.name, va="bottom", fontsize=8, color=INK)
        axes.text(0.085, place + 0.06, spot.words, va="top", fontsize=7.5, color="#777777")
