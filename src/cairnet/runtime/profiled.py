"""What `cn.profile` gives: the numbers of every kernel, and a table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["KernelProfile", "LayerProfile", "Profile"]

_NUMBERS = ("time", "share", "busy", "GFLOP/s", "of peak", "GB/s")
#: Longer words would push the numbers off the screen.
_TITLE = 34
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


class _Measured:
    """Rates out of a time and the work that was done in it."""

    seconds: float
    operations: int
    bytes: int

    @property
    def operations_per_second(self) -> float:
        """Floating-point operations in a second; 0 where no time was measured."""
        return self.operations / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """Bytes read and written in a second, each element once."""
        return self.bytes / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class KernelProfile(_Measured):
    """One kernel.

    Attributes:
        number: its number in `cn.explain(f, "loops")`.
        title: the primitives that it computes.
        layer: the path of the layer whose contraction, reduction or other work is at its heart.
        layers: of all layers whose work it does; that of its heart first.
        line: file and line of the user's program that made the heart.
        schedule: how it is walked, in words.
        shared: whether the threads share it; otherwise one thread does it alone.
        turns: how often it runs in a call: more than once inside loops.
        seconds: that the thread with the largest share spends in it, all turns together.
        busy: the share of the threads' time that is spent computing while it runs: 1 where all
            take equally long, 1/2 where one of two threads does it alone.
        waiting: seconds that threads then wait for each other, in the mean.
        operations: on floating-point numbers, all turns together.
        bytes: of memory that all turns touch, each element of a turn once.
        width: bytes of its widest floating-point number.
        peak: operations in a second at most, for numbers of this width.
    """

    number: int
    title: str
    layer: str
    layers: tuple[str, ...]
    line: str
    schedule: str
    shared: bool
    turns: int
    seconds: float
    busy: float
    waiting: float
    operations: int
    bytes: int
    width: int
    peak: float

    @property
    def share_of_peak(self) -> float:
        """Operations in a second by the most that there could be, 0 to 1."""
        return self.operations_per_second / self.peak


@dataclass(frozen=True)
class LayerProfile(_Measured):
    """The kernels of one layer together; see `KernelProfile`.

    Attributes:
        layer: its path, "" for what was written outside of all layers.
        kernels: the numbers of its kernels.
        seconds: of all of them.
        waiting: after all of them.
        operations: of all of them.
        bytes: of all of them.
        share_of_peak: the mean over the time, 0 to 1.
    """

    layer: str
    kernels: tuple[int, ...]
    seconds: float
    waiting: float
    operations: int
    bytes: int
    share_of_peak: float


@dataclass(frozen=True)
class Profile:
    """A function measured kernel by kernel; made by `cn.profile`.

    Attributes:
        name: of the function.
        sizes: the unknown extents that its kernels run over, in the calls measured, by name.
        threads: how many computed.
        calls: how many calls were measured; times are means of the fastest quarter.
        seconds: a whole call, by the clock on the wall.
        peak: float32 multiply-adds that touch no memory, operations in a second, on as many
            threads, sampled between the calls.
        memory: bytes in a second that a loop moves which does little else, on as many threads,
            between memory and processor.
        caches: the same where the second-level caches hold all of it.
        kernels: in the order in which they run.
    """

    name: str
    sizes: Mapping[str, int]
    threads: int
    calls: int
    seconds: float
    peak: float
    memory: float
    caches: float
    kernels: tuple[KernelProfile, ...]

    @property
    def computing(self) -> float:
        """Seconds that a thread computes, in the mean over the threads."""
        return sum(kernel.seconds * kernel.busy for kernel in self.kernels)

    @property
    def waiting(self) -> float:
        """Seconds that a thread waits for others, in the mean over the threads."""
        return sum(kernel.waiting for kernel in self.kernels)

    @property
    def operations(self) -> int:
        """Floating-point operations of a call."""
        return sum(kernel.operations for kernel in self.kernels)

    @property
    def share_of_peak(self) -> float:
        """What a whole call reaches of the peak, 0 to 1: the time that the peak would need."""
        needed = sum(kernel.operations / kernel.peak for kernel in self.kernels)
        return needed / self.seconds if self.seconds else 0.0

    def by_layer(self) -> tuple[LayerProfile, ...]:
        """The kernels of each layer added up, in the order in which the layers are met."""
        groups: dict[str, list[KernelProfile]] = {}
        for kernel in self.kernels:
            groups.setdefault(kernel.layer, []).append(kernel)
        return tuple(_together(layer, kernels) for layer, kernels in groups.items())

    def text(self, most: int | None = None) -> str:
        """The table as plain text, the longest kernels first.

        Args:
            most: how many kernels to show; default: all.
        """
        header, rows = self._rows(most)
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        count = len(_NUMBERS)
        lines = [
            "  ".join(
                cell.rjust(width) if 0 < place <= count else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ).rstrip()
            for cells in (header, *rows)
        ]
        return "\n".join([*self._summary(), "", *lines, *self._left_out(most)])

    def show(self, most: int | None = 20) -> None:
        """Print the table: in colour on a terminal, as plain text elsewhere.

        Args:
            most: how many kernels to show; None for all.
        """
        from rich.console import Console

        console = Console(highlight=False)
        if not console.is_terminal:
            console.print(self.text(most), markup=False, soft_wrap=True)
            return
        console.print(*self._summary(), sep="\n", markup=False)
        console.print(self._table(most))
        for line in self._left_out(most):
            console.print(line, markup=False)

    def __repr__(self) -> str:
        return self.text()

    # -- the table -----------------------------------------------------------------------------

    def _summary(self) -> list[str]:
        known = ", ".join(f"{size} = {number}" for size, number in self.sizes.items())
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        outside = max(self.seconds - self.computing - self.waiting, 0.0)
        called = f"{_time(self.seconds)} a call, the fastest quarter of {self.calls}"
        kernels = "1 kernel" if len(self.kernels) == 1 else f"{len(self.kernels)} kernels"
        waiting = f"{_time(self.waiting)} waiting for each other, " if self.threads > 1 else ""
        reached = (
            f"{self.share_of_peak:.1%} of the peak, {self.peak / 1e9:,.0f} GFLOP/s, sampled between"
        )
        return [
            f"{self.name}{f', with {known}' if known else ''}, on {threads}: {called}",
            f"{_time(self.computing)} in {kernels}, {waiting}{_time(outside)} outside",
            f"{self.operations / 1e6:,.4g} million operations: {reached}",
        ]

    def _rows(self, most: int | None) -> tuple[list[str], list[list[str]]]:
        header = ["kernel", *_NUMBERS, "layer", "computes"]
        whole = sum(kernel.seconds for kernel in self.kernels) or 1.0
        return header, [
            [
                str(kernel.number),
                _time(kernel.seconds),
                f"{kernel.seconds / whole:.1%}",
                f"{kernel.busy:.0%}",
                f"{kernel.operations_per_second / 1e9:,.1f}" if kernel.operations else "",
                f"{kernel.share_of_peak:.0%}" if kernel.operations else "",
                f"{kernel.bytes_per_second / 1e9:,.1f}",
                kernel.layer or kernel.line,
                _shortened(kernel.title),
            ]
            for kernel in self._longest(most)
        ]

    def _longest(self, most: int | None) -> list[KernelProfile]:
        return sorted(self.kernels, key=lambda kernel: -kernel.seconds)[:most]

    def _left_out(self, most: int | None) -> list[str]:
        rest = sorted(self.kernels, key=lambda kernel: -kernel.seconds)[len(self._longest(most)) :]
        if not rest:
            return []
        seconds = sum(kernel.seconds for kernel in rest)
        noun = "kernel" if len(rest) == 1 else "kernels"
        return [f"and {len(rest)} more {noun}, {_time(seconds)} together"]

    def _table(self, most: int | None) -> Table:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        header, rows = self._rows(most)
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for place, name in enumerate(header):
            style = {"layer": "bold", "computes": "dim", "busy": "dim"}.get(name)
            right = name in _NUMBERS or name == "kernel"
            # In a narrow window what a kernel computes is cut off, and nothing else.
            whole = max(len(cells[place]) for cells in (header, *rows))
            least = 1 if name == "computes" else whole
            justify: Literal["left", "right"] = "right" if right else "left"
            table.add_column(name, justify=justify, style=style, no_wrap=True, min_width=least)
        for cells, kernel in zip(rows, self._longest(most), strict=True):
            shown = [Text(cell) for cell in cells]
            shown[5].stylize(_colour(kernel))
            table.add_row(*shown)
        return table


def _together(layer: str, kernels: Sequence[KernelProfile]) -> LayerProfile:
    seconds = sum(kernel.seconds for kernel in kernels)
    needed = sum(kernel.operations / kernel.peak for kernel in kernels)
    return LayerProfile(
        layer=layer,
        kernels=tuple(kernel.number for kernel in kernels),
        seconds=seconds,
        waiting=sum(kernel.waiting for kernel in kernels),
        operations=sum(kernel.operations for kernel in kernels),
        bytes=sum(kernel.bytes for kernel in kernels),
        share_of_peak=needed / seconds if seconds else 0.0,
    )


def _colour(kernel: KernelProfile) -> str:
    """Green for what is near the peak, red for what is far from it."""
    if kernel.share_of_peak > 0.6:
        return "green"
    return "yellow" if kernel.share_of_peak > 0.25 else "red"


def _time(seconds: float) -> str:
    """Three digits and a unit.

    >>> _time(0.0123), _time(4.56e-5), _time(0.0)
    ('12.3 ms', '45.6 µs', '0 µs')
    """
    if seconds < 5e-10:
        return "0 µs"
    unit, name = next(((u, n) for u, n in _UNITS if seconds >= u), _UNITS[-1])
    return f"{seconds / unit:.3g} {name}"


def _shortened(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip(', ')}…"
