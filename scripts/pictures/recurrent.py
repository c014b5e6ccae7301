"""Recurrent networks: unrolled, their five shapes, what masks skip, what is carried."""

from __future__ import annotations

import numpy as np
from looks import BLUE, GREY, INK, VERMILION, curves_axes, new_figure, panels
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import cairnet as cn

__all__ = ["carries", "shapes", "skipping", "unrolled"]

Point = tuple[float, float]


def unrolled() -> Figure:
    """A cell with its loop, the same step by step, and the way that the gradient takes."""
    figure = new_figure(8.6, 2.9)
    axes = _sheet(figure, (-0.8, 9.6), (-0.75, 2.95))
    _cell(axes, (0, 1), "cell")
    _arrow(axes, (0, 0.1), (0, 0.65))
    _arrow(axes, (0, 1.35), (0, 1.95))
    _text(axes, (0, -0.1), "x[t]")
    _text(axes, (0, 2.1), "y[t]")
    _arrow(axes, (0.36, 1.12), (0.36, 0.88), bend=-4.2)
    _text(axes, (1.05, 1.0), "h")
    _text(axes, (1.75, 1.0), "=", 14)
    for place in range(4):
        x = 3.1 + 1.75 * place
        _cell(axes, (x, 1), "cell")
        _arrow(axes, (x, 0.1), (x, 0.65))
        _arrow(axes, (x, 1.35), (x, 1.95))
        _text(axes, (x, -0.1), f"x[{place}]")
        _text(axes, (x, 2.1), f"y[{place}]")
        if place:
            _arrow(axes, (x - 1.4, 1.08), (x - 0.36, 1.08))
            _text(axes, (x - 0.87, 1.26), f"h[{place - 1}]", 8)
            _arrow(axes, (x - 0.36, 0.84), (x - 1.4, 0.84), VERMILION)
    _arrow(axes, (2.3, 1.08), (2.74, 1.08))
    _text(axes, (2.2, 1.3), "h[−1] = 0", 8)
    _text(
        axes, (5.7, -0.6), "the same weights at every step; their gradient is the sum over all", 8
    )
    axes.plot([2.9, 3.25], [2.68, 2.68], color=INK, linewidth=1.3)
    _text(axes, (3.35, 2.68), "values", 8, "left")
    axes.plot([4.6, 4.95], [2.68, 2.68], color=VERMILION, linewidth=1.3)
    _text(axes, (5.05, 2.68), "gradient: back-propagation through time", 8, "left")
    return figure


#: The steps that have an input, and those that have an output, of each shape.
_SHAPES: dict[str, tuple[list[int], list[int]]] = {
    "one to one": ([0], [0]),
    "one to many": ([0], [0, 1, 2]),
    "many to one": ([0, 1, 2], [2]),
    "many to many": ([0, 1, 2], [0, 1, 2]),
    "encoder, decoder": ([0, 1, 2, 3, 4], [2, 3, 4]),
}


def shapes() -> Figure:
    """What is read and what is written, in the five shapes."""
    figure = new_figure(8.6, 1.95)
    axes = _sheet(figure, (-1.1, 18.4), (-1.0, 3.2))
    left = 0.0
    for title, (read, written) in _SHAPES.items():
        steps = 1 + max(*read, *written)
        middle = left + (steps - 1) / 2
        for step in range(steps):
            x = left + step
            decoder = title.startswith("encoder") and step >= 2
            _block(axes, (x, 1.3), BLUE if not decoder else VERMILION)
            if step:
                _arrow(axes, (x - 0.72, 1.3), (x - 0.28, 1.3))
            if step in read:
                _block(axes, (x, 0.0), GREY)
                _arrow(axes, (x, 0.28), (x, 1.02))
            if step in written:
                _block(axes, (x, 2.6), INK)
                _arrow(axes, (x, 1.58), (x, 2.32))
        _text(axes, (middle, -0.7), title, 9)
        left += steps + 0.8
    return figure


def skipping() -> Figure:
    """Padded sequences, their mask, and a unit that keeps its value where there is padding."""
    cn.seed(4)
    lengths = [10, 6, 3]
    random = np.random.default_rng(1)
    x = random.normal(size=(3, 10, 4)).astype(np.float32)
    for row, length in enumerate(lengths):
        x[row, length:] = 0
    masked = cn.layers.Masking()(x)
    layer = cn.layers.GRU(1, return_sequences=True)
    states, without = layer(masked).numpy()[..., 0], layer(cn.asarray(x)).numpy()[..., 0]
    mask = cn.layers.mask_of(masked)
    figure, axes = panels(1, 2, 4.4, 2.2)
    left, right = axes[0]
    left.imshow(mask.numpy(), cmap="Blues", vmin=0, vmax=1.6, aspect="auto")
    left.set_title("mask: dark steps count, the others are padding", fontsize=9, loc="left")
    left.set_xlabel("step", fontsize=8)
    left.set_yticks(range(3), [f"sample {row}" for row in range(3)], fontsize=8)
    left.tick_params(labelsize=8)
    curves_axes(right, "a unit of the state over the steps", 9)
    for row, colour in enumerate((INK, BLUE, VERMILION)):
        right.plot(states[row], color=colour, linewidth=1.8, label=f"sample {row}")
        right.plot(without[row], color=colour, linewidth=1, linestyle=":")
    right.set_xlabel("step; dotted: without the mask", fontsize=8)
    right.legend(fontsize=7.5, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def carries() -> Figure:
    """The state of a network that adds, and the carry that it has found out to remember."""
    cn.seed(0)
    random = np.random.default_rng(0)
    x, y, _ = _additions(random, 5000, 8)
    layer = cn.layers.SimpleRNN(16, "sigmoid", return_sequences=True)
    model = cn.Sequential([cn.Input((None, 2)), layer, cn.layers.Dense(1, "sigmoid")])
    model.compile(cn.optimizers.Adam(0.03), "binary_crossentropy")
    model.fit(x, y, batch_size=20, epochs=4, verbose=0)
    x, y, carried = _additions(random, 200, 16)
    states = layer(cn.asarray(x.astype(np.float32))).numpy()
    flat, truth = states.reshape(-1, 16), carried.reshape(-1)
    likeness = np.array([np.corrcoef(flat[:, unit], truth)[0, 1] for unit in range(16)])
    order = np.argsort(-np.abs(likeness))
    figure, axes = panels(1, 1, 6.2, 3.2)
    panel = axes[0, 0]
    rows = np.concatenate([carried[:1].astype(float), states[0][:, order].T])
    panel.imshow(rows, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    panel.axhline(0.5, color="white", linewidth=4)
    panel.set_yticks([0, 1, 16], ["the carry", "most like it", "least"], fontsize=8)
    panel.set_xticks(range(16), [f"{a}+{b}" for a, b in x[0].astype(int)], fontsize=7.5)
    panel.set_xlabel("the digits added, the lowest first", fontsize=8)
    panel.set_title("16 units while two numbers are added", fontsize=9.5, color=INK, loc="left")
    return figure


def _additions(random: np.random.Generator, count: int, bits: int) -> tuple[np.ndarray, ...]:
    """Pairs of numbers, their sums, lowest digits first, and the carry after every digit."""
    pairs = random.integers(2 ** (bits - 1), size=(count, 2))
    digits = (pairs[..., np.newaxis] >> np.arange(bits)) & 1
    sums = (pairs.sum(axis=1)[:, np.newaxis] >> np.arange(bits)) & 1
    low = np.cumsum(digits.sum(axis=1) * 2 ** np.arange(bits), axis=1)
    carried = low >= 2 ** np.arange(1, bits + 1)
    return np.moveaxis(digits, 1, 2), sums[..., np.newaxis], carried


def _sheet(figure: Figure, across: Point, up: Point) -> Axes:
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(*across)
    axes.set_ylim(*up)
    axes.set_aspect("equal")
    axes.axis("off")
    return axes


def _cell(axes: Axes, at: Point, label: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (at[0] - 0.33, at[1] - 0.3),
            0.66,
            0.6,
            boxstyle="round,pad=0.03",
            facecolor="white",
            edgecolor=BLUE,
            linewidth=1.8,
        )
    )
    _text(axes, at, label)


def _block(axes: Axes, at: Point, colour: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (at[0] - 0.22, at[1] - 0.22),
            0.44,
            0.44,
            boxstyle="round,pad=0.03",
            facecolor=colour,
            edgecolor="none",
            alpha=0.85,
        )
    )


def _arrow(axes: Axes, start: Point, end: Point, colour: str = INK, bend: float = 0.0) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=8,
            color=colour,
            linewidth=1.2,
            shrinkA=0,
            shrinkB=0,
            connectionstyle=f"arc3,rad={bend}",
        )
    )


def _text(axes: Axes, at: Point, text: str, size: float = 9, align: str = "center") -> None:
    axes.text(*at, text, fontsize=size, color=INK, ha=align, va="center")
