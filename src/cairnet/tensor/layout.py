"""Where the boxes and arrows of a drawn graph go: the layered layout of Sugiyama and others.

Four steps: every node gets a layer below all its inputs; edges that span several layers are cut
by dummy nodes; the order inside the layers is improved until few edges cross; and positions along
the layers bring each node as near to the middle of its neighbours as the order allows.

Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures. IEEE
Transactions on Systems, Man, and Cybernetics 11, 1981.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Layout", "layered_layout"]

Point = tuple[float, float]
Edge = tuple[int, int]

_GAP = 24.0  # between neighbours in a layer
_DROP = 38.0  # between layers
_SWEEPS = 12
_PORT = 14.0  # between arrows that reach one box
_STIFFNESS = 8.0  # how much more a bend in a long edge weighs than a box off its middle


@dataclass
class Layout:
    """Where everything goes, in pixels from the top left corner.

    Attributes:
        centres: the centre of each node.
        routes: for each edge the points that its line passes through, from source to target.
        width: of the whole drawing.
        height: of the whole drawing.
    """

    centres: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


@dataclass
class _Plan:
    """Nodes and dummies, numbered in one row, and the pieces of edges between them."""

    widths: list[float]
    weights: list[float]
    layers: list[list[int]]
    above: dict[int, list[int]] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)
    chains: list[list[int]] = field(default_factory=list)

    def connect(self, upper: int, lower: int) -> None:
        self.above.setdefault(lower, []).append(upper)
        self.below.setdefault(upper, []).append(lower)


def layered_layout(sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Place nodes in layers.

    Args:
        sizes: width and height of each node.
        edges: pairs (source, target) of node numbers; every source has the smaller number.
    """
    if not sizes:
        return Layout([], [], 0, 0)
    plan = _cut(sizes, edges, _layers(len(sizes), edges))
    _order(plan)
    x = _positions(plan)
    tops, height = [], 0.0
    for layer in plan.layers:
        tops.append(height)
        height += max((sizes[n][1] for n in layer if n < len(sizes)), default=0) + _DROP
    bottoms = [top - _DROP for top in [*tops[1:], height]]
    layer_of = {node: number for number, layer in enumerate(plan.layers) for node in layer}
    left = min(x[n] - plan.widths[n] / 2 for n in range(len(x)))
    x = [value - left for value in x]
    centres = [(x[n], (tops[layer_of[n]] + bottoms[layer_of[n]]) / 2) for n in range(len(sizes))]
    routes = _routes(plan, sizes, centres, x, [(tops[i], bottoms[i]) for i in range(len(tops))])
    width = max(x[n] + plan.widths[n] / 2 for n in range(len(x)))
    return Layout(centres, routes, width, height - _DROP)


def _layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each node: longest path from the sources, then as low as costs nothing."""
    layer = [0] * count
    users: dict[int, list[int]] = {}
    arity = [0] * count
    for source, target in sorted(edges):
        users.setdefault(source, []).append(target)
        arity[target] += 1
    for source in range(count):
        for target in users.get(source, ()):
            layer[target] = max(layer[target], layer[source] + 1)
    for node in reversed(range(count)):
        if node in users and arity[node] <= len(users[node]):
            layer[node] = min(layer[target] for target in users[node]) - 1
    lowest = min(layer)
    return [number - lowest for number in layer]


def _cut(
    sizes: Sequence[tuple[float, float]], edges: Sequence[Edge], layer: Sequence[int]
) -> _Plan:
    plan = _Plan(
        [width for width, _ in sizes], [1.0] * len(sizes), [[] for _ in range(max(layer) + 1)]
    )
    for node, number in enumerate(layer):
        plan.layers[number].append(node)
    # All edges of one source share a trunk: fewer lines, and fewer dummies to place.
    trunks: dict[int, list[int]] = {}
    for source, target in edges:
        trunk = trunks.setdefault(source, [source])
        length = layer[target] - layer[source]
        while len(trunk) < length:
            dummy = len(plan.widths)
            plan.widths.append(2.0)
            plan.weights.append(_STIFFNESS)
            plan.layers[layer[source] + len(trunk)].append(dummy)
            plan.connect(trunk[-1], dummy)
            trunk.append(dummy)
        plan.connect(trunk[length - 1], target)
        plan.chains.append([*trunk[:length], target])
    return plan


def _order(plan: _Plan) -> None:
    """Sweep down and up, sorting each layer by the middle of its neighbours; keep the best."""
    best, fewest = [list(layer) for layer in plan.layers], _crossings(plan)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = plan.above if down else plan.below
        numbers = range(1, len(plan.layers)) if down else range(len(plan.layers) - 2, -1, -1)
        for number in numbers:
            other = plan.layers[number - 1 if down else number + 1]
            place = {node: i for i, node in enumerate(other)}
            here = {node: i for i, node in enumerate(plan.layers[number])}
            keys = {
                node: _median([place[n] for n in neighbours.get(node, ())], here[node])
                for node in here
            }
            plan.layers[number].sort(key=lambda node, keys=keys: keys[node])  # type: ignore[misc]
        crossings = _crossings(plan)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in plan.layers], crossings
    plan.layers = best


def _median(places: list[int], default: float) -> float:
    if not places:
        return default
    ordered = sorted(places)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def _crossings(plan: _Plan) -> int:
    """How many pairs of edge pieces cross."""
    total = 0
    for upper, lower in zip(plan.layers, plan.layers[1:], strict=False):
        place = {node: i for i, node in enumerate(lower)}
        passed: list[int] = []
        for node in upper:
            ends = [place[n] for n in plan.below.get(node, ()) if n in place]
            total += sum(len(passed) - bisect.bisect_right(passed, end) for end in ends)
            for end in ends:
                bisect.insort(passed, end)
    return total


def _positions(plan: _Plan) -> list[float]:
    """The centre of each node along its layer."""
    x = [0.0] * len(plan.widths)
    for layer in plan.layers:
        _settle(plan, layer, [0.0] * len(layer), x)
    for sweep in range(2 * _SWEEPS):
        down = sweep % 2 == 0
        neighbours = plan.above if down else plan.below
        for layer in plan.layers if down else reversed(plan.layers):
            wished = []
            for node in layer:
                near = neighbours.get(node, ())
                weight = sum(plan.weights[n] for n in near)
                mean = sum(plan.weights[n] * x[n] for n in near) / weight if near else x[node]
                wished.append(mean)
            _settle(plan, layer, wished, x)
    return x


def _settle(plan: _Plan, layer: Sequence[int], wished: Sequence[float], x: list[float]) -> None:
    """The positions nearest to the wished ones (in squares) that keep order and distance.

    Taking the least distances out leaves a monotone regression: neighbours whose wishes are in
    the wrong order are pooled, and share their mean.
    """
    offset, offsets = 0.0, []
    for i, node in enumerate(layer):
        if i:
            offset += (plan.widths[layer[i - 1]] + plan.widths[node]) / 2 + _GAP
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []
    for node, wish, least in zip(layer, wished, offsets, strict=True):
        mean, weight, count = wish - least, plan.weights[node], 1
        while pools and pools[-1][0] > mean:
            other, more, number = pools.pop()
            mean = (mean * weight + other * more) / (weight + more)
            weight, count = weight + more, count + number
        pools.append((mean, weight, count))
    places = [mean for mean, _, count in pools for _ in range(count)]
    for node, place, least in zip(layer, places, offsets, strict=True):
        x[node] = place + least


def _routes(
    plan: _Plan,
    sizes: Sequence[tuple[float, float]],
    centres: Sequence[Point],
    x: Sequence[float],
    bands: Sequence[tuple[float, float]],
) -> list[list[Point]]:
    layer_of = {node: number for number, layer in enumerate(plan.layers) for node in layer}
    starts = _ports(plan, sizes, x, first=True)
    ends = _ports(plan, sizes, x, first=False)
    routes = []
    for number, chain in enumerate(plan.chains):
        source, target = chain[0], chain[-1]
        route = [(starts[number], centres[source][1] + sizes[source][1] / 2)]
        for dummy in chain[1:-1]:
            top, bottom = bands[layer_of[dummy]]
            route += [(x[dummy], top), (x[dummy], bottom)]
        route.append((ends[number], centres[target][1] - sizes[target][1] / 2))
        routes.append(route)
    return routes


def _ports(
    plan: _Plan, sizes: Sequence[tuple[float, float]], x: Sequence[float], first: bool
) -> dict[int, float]:
    """Where along the edge of its box each arrow starts or ends, so that arrows do not overlap."""
    groups: dict[int, list[int]] = {}
    for number, chain in enumerate(plan.chains):
        groups.setdefault(chain[0] if first else chain[-1], []).append(number)
    ports = {}
    for node, numbers in groups.items():
        numbers.sort(key=lambda n: x[plan.chains[n][1 if first else -2]])
        room = max(sizes[node][0] - 20, 0)
        step = 0.0 if first else min(_PORT, room / max(len(numbers) - 1, 1))
        for i, number in enumerate(numbers):
            ports[number] = x[node] + (i - (len(numbers) - 1) / 2) * step
    return ports
