"""A graph as a picture: `cn.draw` makes an SVG diagram, with no program but Python."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.base.files import written_whole
from cairnet.tensor.core import CONSTANT, Input, Tensor, Variable, topological_order
from cairnet.tensor.layout import Layout, layered_layout
from cairnet.tensor.primitive import computation_of
from cairnet.tensor.primitives import BROADCAST, RESHAPE
from cairnet.tensor.primitives.loops import Body

__all__ = ["Drawing", "draw"]

_CHARACTER = 7.3  # width of a character of the 12 px monospaced font
_LINE = 16.0
_MARGIN = 16.0
_LARGEST = 3000  # boxes; more would be neither laid out in reasonable time nor read

# All text stands in boxes with a fill of their own, and lines are a middle grey: that reads on
# white and on black.
_STYLE = """
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
       fill: #1f2328; text-anchor: middle; }
.type { font-size: 10.5px; fill: #57606a; }
.name { font-weight: 600; }
.box { stroke: #57606a; stroke-width: 1; }
.output { stroke: #1f6feb; stroke-width: 3; }
.marker { stroke-dasharray: 4 3; }
.edge { fill: none; stroke: #8b949e; stroke-width: 1.3; }
.tip { fill: #8b949e; }
"""
_LEAVES = {"input": "#a5d6ff", "variable": "#ffd59a", "constant": "#e3e6ea"}
_PLAIN = "#ffffff"
# For the layers, in the order in which they appear: a colour, and a deeper one for gradients.
_HUES = [
    ("#c9f0d6", "#9fdcb4"),
    ("#e3d5fb", "#c9b2f5"),
    ("#ffd3dc", "#ffb0c0"),
    ("#c8eef0", "#9adfe3"),
    ("#f4f0b8", "#e4dc86"),
    ("#dfe3ff", "#bfc7ff"),
]


class Drawing:
    """A finished diagram; notebooks show it by themselves.

    Attributes:
        svg: the diagram as SVG text.

    Example:
        >>> import cairnet as cn
        >>> drawing = cn.draw(cn.exp(cn.input((3,), name="x")))
        >>> drawing.svg.startswith("<svg ")
        True
    """

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the diagram to a file, all of it or nothing.

        Args:
            path: where to; its name must end in .svg.

        Raises:
            ArgumentError: the name ends otherwise.
            DataError: the folder does not exist or cannot be written to.
        """
        if not os.fspath(path).lower().endswith(".svg"):
            raise ArgumentError(f"draw: expected a path that ends in .svg, got {os.fspath(path)!r}")
        with written_whole(path) as temporary:
            temporary.write_text(self.svg, encoding="utf-8")

    def __repr__(self) -> str:
        return f"<Drawing of {len(self.svg)} characters>"


def draw(tensors: Tensor | Sequence[Tensor], path: str | os.PathLike[str] | None = None) -> Drawing:
    """Draw what tensors are computed from: inputs at the top, the tensors themselves at the bottom.

    A box is an operation with the dtype and shape of its result, and takes the colour of the layer
    inside which it was made (a deeper one in gradients). Inputs are blue, variables orange,
    constants grey; markers that change no value have dashed outlines, the tensors asked for blue
    ones. Scalars stand inside the box that uses them. The step of a scan is drawn beside the
    graph. Resting the pointer on a box shows its parameters, its layers and the line that made it.

    Args:
        tensors: one tensor or several.
        path: a file to write, ending in .svg; default: none.

    Returns:
        A `Drawing`, which notebooks display, with the text in `.svg`.

    Raises:
        ArgumentError: something is not a tensor, the path does not end in .svg, or the graph has
            more than 3000 operations.
        DataError: the file cannot be written.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((None, 3), name="x")
        >>> w = cn.Variable([[1.0], [2.0], [3.0]], name="w")
        >>> drawing = cn.draw(cn.sigmoid(x @ w), "neuron.svg")
        >>> "sigmoid" in drawing.svg
        True
    """
    roots = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for tensor in roots:
        if not isinstance(tensor, Tensor):
            raise ArgumentError(f"draw: expected tensors, got {type(tensor).__name__}")
    if not roots:
        raise ArgumentError("draw: expected at least one tensor, got none")
    palette = _Palette()
    bodies: list[Body] = []
    panels = [_Panel("", roots, roots, palette, bodies)]
    # A step may hold further scans: the list grows while it is read.
    for number, body in enumerate(bodies, start=1):
        inside = [*body.inputs, *body.outputs]
        panels.append(_Panel(f"step of scan {number}", inside, body.outputs, palette, bodies))
    drawing = Drawing(_document(panels, palette))
    if path is not None:
        drawing.save(path)
    return drawing


class _Palette:
    """Colours for layers, handed out in the order in which the layers appear."""

    def __init__(self) -> None:
        self.hues: dict[str, tuple[str, str]] = {}
        self.leaves: set[str] = set()
        self.used: dict[str, str] = {}

    def fill(self, tensor: Tensor) -> str:
        kind = tensor.primitive.name
        if kind in _LEAVES:
            self.leaves.add(kind)
            return _LEAVES[kind]
        if not tensor.path:
            return _PLAIN
        layers = [part for part in tensor.path.split("/") if part != "gradient"]
        layer = "/".join(layers)
        if layer not in self.hues:
            self.hues[layer] = _HUES[len(self.hues) % len(_HUES)] if layer else ("", "#d5d9de")
        deep = "gradient" in tensor.path.split("/")
        colour = self.hues[layer][deep]
        self.used[tensor.path] = colour
        return colour

    def legend(self) -> list[tuple[str, str]]:
        kinds = [(kind, colour) for kind, colour in _LEAVES.items() if kind in self.leaves]
        return kinds + list(self.used.items())


@dataclass
class _Box:
    """One box: its text, look and size."""

    title: str
    kind: str
    tooltip: str
    fill: str
    leaf: bool
    marker: bool
    output: bool
    outputs: int = 1

    def join(self, tensor: Tensor, output: bool) -> None:
        """Let the box stand for one more output of a joint computation."""
        self.outputs += 1
        self.kind = f"{self.outputs} outputs"
        self.tooltip += f"\nand {tensor.describe()}"
        self.output |= output

    @property
    def size(self) -> tuple[float, float]:
        characters = max(len(self.title), len(self.kind) * 0.9)
        return characters * _CHARACTER + 22, 2 * _LINE + 10


class _Panel:
    """The boxes and arrows of one graph, laid out."""

    def __init__(
        self,
        title: str,
        roots: Sequence[Tensor],
        ends: Sequence[Tensor],
        palette: _Palette,
        bodies: list[Body],
    ) -> None:
        self.title = title
        self.bodies = bodies
        outputs = set(ends)
        self.boxes: list[_Box] = []
        edges: dict[tuple[int, int], None] = {}
        numbers: dict[Hashable, int] = {}
        for tensor in topological_order(roots):
            if _inline(tensor) is not None and tensor not in outputs:
                continue
            key = _identity(tensor)
            if key in numbers:
                self.boxes[numbers[key]].join(tensor, tensor in outputs)
                continue
            number = numbers[key] = len(self.boxes)
            if number >= _LARGEST:
                raise ArgumentError(
                    f"draw: more than {_LARGEST} operations; draw a part of the graph"
                )
            self.boxes.append(self._box(tensor, palette, tensor in outputs))
            for item in tensor.inputs:
                if _identity(item) in numbers:
                    edges[numbers[_identity(item)], number] = None
        self.edges = list(edges)
        self.layout: Layout = layered_layout([box.size for box in self.boxes], self.edges)

    def _box(self, tensor: Tensor, palette: _Palette, output: bool) -> _Box:
        title = _title(tensor)
        for value in tensor.parameters.values():
            if isinstance(value, Body):
                if value not in self.bodies:
                    self.bodies.append(value)
                title = f"scan {self.bodies.index(value) + 1}"
        leaf = isinstance(tensor, Input | Variable) or tensor.primitive is CONSTANT
        return _Box(
            title,
            tensor.describe(),
            _tooltip(tensor),
            palette.fill(tensor),
            leaf,
            tensor.primitive.name in ("watch", "stop_gradient"),
            output,
        )


def _identity(tensor: Tensor) -> Hashable:
    """What one box stands for: a tensor, or all outputs of one joint computation."""
    return computation_of(tensor) if tensor.primitive.joint else id(tensor)


def _inline(tensor: Tensor) -> str | None:
    """The text of a scalar that is shown inside its users, however often it is repeated."""
    while tensor.primitive in (BROADCAST, RESHAPE):
        tensor = tensor.inputs[0]
    if tensor.primitive is CONSTANT and tensor.size == 1:
        return str(tensor.parameters["value"].array.ravel()[0])
    return None


def _title(tensor: Tensor) -> str:
    if isinstance(tensor, Input | Variable):
        return tensor.name
    if tensor.primitive is CONSTANT:
        return repr(tensor.parameters["value"])
    name = tensor.primitive.name.replace("_", " ")
    watcher = tensor.parameters.get("watcher")
    if watcher is not None:
        return f"watch {watcher.name}"
    texts = [_inline(item) for item in tensor.inputs]
    if any(text is not None for text in texts):
        return f"{name}({', '.join('·' if text is None else text for text in texts)})"
    return name


def _tooltip(tensor: Tensor) -> str:
    hidden = (Body,)
    lines = [f"{tensor.primitive.name} : {tensor.describe()}"]
    lines += [
        f"{name} = {_parameter(value)}"
        for name, value in tensor.parameters.items()
        if not isinstance(value, hidden)
    ]
    lines += [f"in {tensor.path}"] if tensor.path else []
    lines.append(f"made at {tensor.source}")
    return "\n".join(lines)


def _parameter(value: Any) -> str:
    return str(getattr(value, "name", value))


def _document(panels: Sequence[_Panel], palette: _Palette) -> str:
    """All panels side by side, and the legend below."""
    parts: list[str] = []
    left, height = _MARGIN, 0.0
    for panel in panels:
        top = _MARGIN
        if panel.title:
            parts.append(_pill(left, top, panel.title, _PLAIN))
            top += 2 * _LINE + 8
        parts.append(_panel(panel, left, top))
        width = max(panel.layout.width, _pill_width(panel.title))
        left += width + 3 * _MARGIN
        height = max(height, top + panel.layout.height)
    width = left - 2 * _MARGIN
    legend, width, height = _legend(palette.legend(), width, height + 2 * _MARGIN)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    tip = (
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0 0.8 L8 4 L0 7.2 z"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        f"<style>{_STYLE}</style><defs>{tip}</defs>{''.join(parts)}{legend}</svg>\n"
    )


def _panel(panel: _Panel, left: float, top: float) -> str:
    parts = [f'<g transform="translate({left:.1f} {top:.1f})">']
    parts += [
        f'<path class="edge" d="{_curve(route)}" marker-end="url(#tip)"/>'
        for route in panel.layout.routes
    ]
    for box, (x, y) in zip(panel.boxes, panel.layout.centres, strict=True):
        width, height = box.size
        names = ["box", *(["output"] if box.output else []), *(["marker"] if box.marker else [])]
        corner = height / 2 if box.leaf else 5
        parts.append(
            f"<g><title>{escape(box.tooltip)}</title>"
            f'<rect class="{" ".join(names)}" x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" rx="{corner:.1f}" fill="{box.fill}"/>'
            f'<text class="name" x="{x:.1f}" y="{y - 3:.1f}">{escape(box.title)}</text>'
            f'<text class="type" x="{x:.1f}" y="{y + 12:.1f}">{escape(box.kind)}</text></g>'
        )
    return "".join([*parts, "</g>"])


def _curve(route: Sequence[tuple[float, float]]) -> str:
    """A smooth line through the points, upright where it passes them."""
    x, y = route[0]
    parts = [f"M{x:.1f} {y:.1f}"]
    for next_x, next_y in route[1:]:
        middle = (y + next_y) / 2
        if abs(next_x - x) < 0.05:
            parts.append(f"L{next_x:.1f} {next_y:.1f}")
        else:
            parts.append(
                f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {next_y:.1f}"
            )
        x, y = next_x, next_y
    return " ".join(parts)


def _legend(
    entries: Sequence[tuple[str, str]], width: float, top: float
) -> tuple[str, float, float]:
    """Pills in rows below the drawing, and the drawing's size with them."""
    parts: list[str] = []
    wide = max(
        width, 320.0, *(_pill_width(text) + 2 * _MARGIN for text, _ in entries or [("", "")])
    )
    x, y = _MARGIN, top
    for text, colour in entries:
        if x > _MARGIN and x + _pill_width(text) > wide - _MARGIN:
            x, y = _MARGIN, y + _LINE + 16
        parts.append(_pill(x, y, text, colour))
        x += _pill_width(text) + 8
    return "".join(parts), wide, y + (_LINE + 8 if entries else 0) + _MARGIN


def _pill_width(text: str) -> float:
    return len(text) * _CHARACTER + 20 if text else 0.0


def _pill(x: float, y: float, text: str, colour: str) -> str:
    width = _pill_width(text)
    return (
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_LINE + 8}" '
        f'rx="{(_LINE + 8) / 2}" fill="{colour}"/>'
        f'<text x="{x + width / 2:.1f}" y="{y + 16:.1f}">{escape(text)}</text>'
    )
