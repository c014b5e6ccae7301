"""How the passes over nests are tested: small graphs, and the loops before and after a pass.

    records = Records("fuse", before="nest", after="fuse")

    @records.shows("a bias and an activation join the product")
    def _() -> Graph:
        x, w, b = ...
        return graph([x], cn.tanh(x @ w + b))

Every record is listed in a golden file, and computed on both backends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tests.golden import check_golden
from tests.graphs import assert_close

import cairnet as cn
from cairnet.base.dtypes import is_complex, is_differentiable
from cairnet.compiler.loops import Nest
from cairnet.compiler.nest_listing import Names, format_nests
from cairnet.compiler.pipeline import Lowered, lower
from cairnet.compiler.schedule import Target
from cairnet.tensor.core import Input, Tensor, Variable

#: Vectors of 64 bytes and 32 of them: what the tests expect does not depend on the machine.
TARGET = Target(64, 32)


@dataclass(frozen=True)
class Graph:
    """What a function is made of."""

    inputs: tuple[Input, ...]
    outputs: tuple[Tensor, ...]
    updates: dict[Variable, Tensor]


def graph(
    inputs: Sequence[Tensor],
    outputs: Any = (),
    updates: Mapping[Variable, Tensor] | None = None,
) -> Graph:
    """The inputs, one output or several, and updates."""
    listed = outputs if isinstance(outputs, list | tuple) else [outputs]
    placeholders = tuple(item for item in inputs if isinstance(item, Input))
    assert len(placeholders) == len(inputs)
    return Graph(placeholders, tuple(listed), dict(updates or {}))


def lowered(made: Graph) -> Lowered:
    """The graph lowered for `TARGET`, as it is: without rewriting."""
    return lower(made.inputs, made.outputs, list(made.updates.items()), TARGET)


def listings(made: Graph) -> dict[str, str]:
    """What every pass leaves, as text; later passes change the nests themselves."""
    found: dict[str, str] = {}

    def observe(name: str, nests: Sequence[Nest]) -> None:
        found[name] = format_nests(nests, Names())

    lower(made.inputs, made.outputs, list(made.updates.items()), TARGET, observe)
    return found


def listing_after(made: Graph, name: str) -> str:
    """The nests that a pass leaves, as text."""
    return listings(made)[name]


def feeds_for(made: Graph, seed: int = 0) -> list[np.ndarray]:
    """An array for every input; unknown extents become 3, integers lie from 0 to 2."""
    random = np.random.default_rng(seed)
    arrays = []
    for tensor in made.inputs:
        shape = [3 if size is None else size for size in tensor.shape]
        drawn: Any = random.integers(0, 3, shape)
        if is_differentiable(tensor.dtype):
            drawn = random.normal(0, 1, shape)
        if is_complex(tensor.dtype):
            drawn = drawn + 1j * random.normal(0, 1, shape)
        arrays.append(np.asarray(drawn, tensor.dtype))
    return arrays


def check_values(made: Graph) -> None:
    """Both backends give the same outputs and leave the same values in the variables."""
    arrays = feeds_for(made)
    before = [variable.numpy() for variable in made.updates]
    found = []
    for backend in ("reference", "native"):
        for variable, value in zip(made.updates, before, strict=True):
            variable.assign(value)
        f = cn.function(made.inputs, list(made.outputs), made.updates, backend=backend)
        found.append([*f(*arrays), *(variable.numpy() for variable in made.updates)])
    for expected, actual in zip(*found, strict=True):
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        assert_close(actual, expected)


class Records:
    """Graphs that show what a pass does.

    Args:
        family: names the golden file.
        before: the pass before it, None to show only what is left.
        after: the pass.
    """

    def __init__(self, family: str, before: str | None, after: str) -> None:
        self.family = family
        self.before = before
        self.after = after
        self.shown: dict[str, Callable[[], Graph]] = {}

    def shows(self, title: str) -> Callable[[Callable[[], Graph]], Callable[[], Graph]]:
        """Record a graph."""

        def enter(build: Callable[[], Graph]) -> Callable[[], Graph]:
            assert title not in self.shown
            self.shown[title] = build
            return build

        return enter

    def listing(self, title: str) -> str:
        """The nests before and after the pass."""
        found = listings(self.shown[title]())
        after = found[self.after]
        if self.before is None:
            return f"== {title}\n{after}"
        before = found[self.before]
        if before == after:
            return f"== {title}\nstays as it is\n{after}"
        return f"== {title}\nbefore\n{before}\nafter\n{after}"

    def check_golden(self) -> None:
        """Compare all listings with the golden file."""
        text = "\n\n".join(self.listing(title) for title in self.shown)
        check_golden(f"loops_{self.family}.txt", text)
