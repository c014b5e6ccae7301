"""Random graphs for property-based tests: every primitive, odd extents, several dtypes.

    @given(graphs())
    def test(graph: RandomGraph) -> None:
        expected = evaluate(graph.outputs, graph.feeds)

A graph is grown node by node, and every node's value is computed as it is added. So the strategy
knows what it builds: arguments are moved into the domain of a function, values are kept of
moderate size, and a step (a comparison, a rounding, a maximum, a sort) is only taken where the
values are well apart. What is left could still amplify rounding errors; such graphs are found by
computing them twice, from slightly different inputs, and are not handed out. Two correct ways of
computing the same graph therefore agree within the tolerances of `assert_close`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import cairnet as cn
from cairnet.base.dtypes import is_complex, is_differentiable, is_floating, real_of
from cairnet.tensor.core import Input, Tensor, Variable, constant, topological_order
from cairnet.tensor.extent import Extent, symbols_of
from cairnet.tensor.interpreter import evaluate

__all__ = ["EXTENTS", "Builder", "RandomGraph", "assert_close", "graphs"]

#: Extents that are no multiple of any vector width, with the empty and the unit axis.
EXTENTS = (0, 1, 2, 3, 5, 7, 13, 17, 31, 33, 100)
INTEGERS = tuple(
    np.dtype(name)
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
)
#: No tensor has more elements than this.
MOST_ELEMENTS = 4000
#: No element is larger than this.
LARGEST = 32.0
#: Inputs are changed by this much, relatively, to see what becomes of the outputs …
_CHANGE = 1e-5
#: … which may change by no more than this many times as much.
_AMPLIFICATION = 300.0


@dataclass(repr=False)
class RandomGraph:
    """A graph with what is needed to run it.

    Attributes:
        inputs: its placeholders.
        variables: the variables it reads.
        outputs: its results.
        feeds: an array for every placeholder; some are not contiguous.
        operations: the names of the steps that built it, for failure reports.
    """

    inputs: list[Input] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    feeds: dict[Tensor, np.ndarray] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)

    def gradients(self) -> list[Tensor]:
        """The gradients of Σ sin(output) by every floating and complex input and variable."""
        outputs = [item for item in self.outputs if is_differentiable(item.dtype)]
        parts = [
            part
            for item in outputs
            for part in ((cn.real(item), cn.imag(item)) if is_complex(item.dtype) else (item,))
        ]
        costs = [cn.sum(cn.sin(item)) for item in parts]
        wrt = [item for item in (*self.inputs, *self.variables) if is_differentiable(item.dtype)]
        if not costs or not wrt:
            return []
        cost = cn.astype(costs[0], cn.float64)
        for item in costs[1:]:
            cost = cost + cn.astype(item, cn.float64)
        found: list[Tensor] = cn.grad(cost, wrt, disconnected="zero")
        return found

    def __repr__(self) -> str:
        lines = [f"graph of {' '.join(self.operations)}"]
        names: dict[Tensor, str] = {}
        for tensor in topological_order(self.outputs):
            names[tensor] = f"%{len(names)}"
            inputs = " ".join(names[item] for item in tensor.inputs)
            lines.append(
                f"  {names[tensor]} {tensor.describe()} = {tensor.primitive.name} {inputs} "
                f"{tensor.parameters or ''}"
            )
        fed = ", ".join(f"{names.get(t, t.describe())}: {a.shape}" for t, a in self.feeds.items())
        return "\n".join([*lines, f"  fed {fed}"])


class Builder:
    """Grows one graph; the operations of `tests.graph_operations` draw from it and add to it."""

    def __init__(
        self,
        draw: Any,
        floating: np.dtype[Any],
        unknown_extents: bool,
        complex_numbers: bool = False,
    ) -> None:
        self.draw = draw
        self.floating = floating
        self.complex_numbers = complex_numbers
        self.unknown_extents = unknown_extents
        self.graph = RandomGraph()
        self.values: dict[Tensor, np.ndarray] = {}
        self.sizes: dict[Extent, int] = {}
        self.random = np.random.default_rng(draw(st.integers(0, 2**16)))

    # -- choices ---------------------------------------------------------------------------------

    def choose(self, items: Sequence[Any]) -> Any:
        """One of several things."""
        return items[0] if len(items) == 1 else self.draw(st.sampled_from(items))

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low if low == high else self.draw(st.integers(low, high))

    def maybe(self) -> bool:
        """Yes or no."""
        return bool(self.draw(st.booleans()))

    def shape(self, rank: int | None = None) -> tuple[int, ...]:
        """Extents of no more than the allowed number of elements in all."""
        rank = self.number(0, 4) if rank is None else rank
        result: list[int] = []
        for _ in range(rank):
            room = MOST_ELEMENTS // max(1, int(np.prod(result, dtype=np.int64)))
            result.append(self.choose([size for size in EXTENTS if size <= room]))
        return tuple(result)

    # -- leaves ----------------------------------------------------------------------------------

    def leaf(
        self, shape: Sequence[int], dtype: np.dtype[Any] | None = None, known: Sequence[int] = ()
    ) -> Tensor:
        """A new input, variable or constant; the extents of the axes in `known` are numbers."""
        array = self.array(shape, self.floating if dtype is None else dtype)
        kind = self.choose(["input", "input", "variable", "constant"])
        if kind == "constant":
            return self.record(constant(array), array)
        if kind == "variable":
            variable = cn.Variable(array, name=f"v{len(self.graph.variables)}")
            self.graph.variables.append(variable)
            return self.record(variable, array)
        return self.placeholder(array, known)

    def placeholder(self, array: np.ndarray, known: Sequence[int] = ()) -> Tensor:
        """A new input, some extents unknown, fed with an array that may not be contiguous."""
        unknown = [
            self.unknown_extents and size != 1 and axis not in known and self.maybe()
            for axis, size in enumerate(array.shape)
        ]
        extents = [None if free else size for free, size in zip(unknown, array.shape, strict=True)]
        tensor = cn.input(extents, array.dtype, name=f"x{len(self.graph.inputs)}")
        for size, number in zip(tensor.extents, array.shape, strict=True):
            if isinstance(size, Extent):
                self.sizes[size] = number
        self.graph.inputs.append(tensor)
        self.graph.feeds[tensor] = self._laid_out(array)
        return self.record(tensor, array)

    def _laid_out(self, array: np.ndarray) -> np.ndarray:
        layout = self.choose(["contiguous", "contiguous", "transposed", "strided", "reversed"])
        if not array.ndim:
            return array
        if layout == "transposed":
            return np.ascontiguousarray(array.T).T
        if layout == "strided":
            wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
            wide[..., ::2] = array
            return wide[..., ::2]
        if layout == "reversed":
            return np.ascontiguousarray(array[::-1])[::-1]
        return array

    def array(self, shape: Sequence[int], dtype: np.dtype[Any]) -> np.ndarray:
        """Values of a dtype; floats lie between -2 and 2, no two closer than they must."""
        count = int(np.prod(shape, dtype=np.int64))
        if dtype == np.bool_:
            return self.random.integers(0, 2, shape).astype(dtype)
        if is_complex(dtype):
            real, imag = (self.array(shape, real_of(dtype)) for _ in range(2))
            return (real + 1j * imag).astype(dtype)
        if is_floating(dtype):
            # Shifted off zero and the whole numbers, where so many functions have their corners.
            spread = np.linspace(-2, 2, count + 2)[1:-1] + 0.0137
            return self.random.permutation(spread).reshape(shape).astype(dtype)
        low = 0 if dtype.kind == "u" else -9
        return self.random.integers(low, 10, shape).astype(dtype)

    def tensor(self, dtype: np.dtype[Any] | None = None, least_rank: int = 0) -> Tensor:
        """A tensor of a dtype: one that is there, or a new leaf."""
        wanted = self.floating if dtype is None else dtype
        there = [t for t in self.values if t.dtype == wanted and t.ndim >= least_rank]
        if there and self.number(0, 3):
            return self.choose(there[-6:])
        return self.leaf(self.shape(self.number(max(least_rank, 1), max(least_rank, 3))), wanted)

    def partner(self, x: Tensor, dtype: np.dtype[Any] | None = None) -> Tensor:
        """A tensor that broadcasts with x: the same one, a sibling, or a new leaf."""
        wanted = x.dtype if dtype is None else dtype
        siblings = [t for t in self.values if t.dtype == wanted and t.extents == x.extents]
        if siblings and self.maybe():
            return self.choose(siblings)
        shape = self.values[x].shape
        shape = shape[self.number(0, len(shape)) :]
        return self.leaf(
            [1 if size != 1 and not self.number(0, 3) else size for size in shape], wanted
        )

    # -- nodes -----------------------------------------------------------------------------------

    def record(self, tensor: Tensor, value: np.ndarray) -> Tensor:
        """Enter a tensor with its value."""
        self.values[tensor] = np.asarray(value)
        return tensor

    def value(self, tensor: Tensor) -> np.ndarray:
        """The value of a tensor on the way to being added."""
        if tensor not in self.values:
            (value,) = evaluate([tensor], self.values, self.sizes)
            self.values[tensor] = value
        return self.values[tensor]

    def add(self, tensor: Tensor) -> Tensor | None:
        """Add a node, scaled down where it grew; None where it cannot be kept."""
        value = self.value(tensor)
        if value.size > 4 * MOST_ELEMENTS:
            del self.values[tensor]
            return None
        if not is_differentiable(tensor.dtype) or not value.size:
            return tensor
        if not np.isfinite(value).all():
            del self.values[tensor]
            return None
        largest = float(np.abs(value).max())
        if largest > LARGEST:
            smaller = tensor * float(2.0 ** -np.ceil(np.log2(largest / 2)))
            self.value(smaller)
            del self.values[tensor]
            return self.add(smaller)
        return tensor

    def shape_of(self, tensor: Tensor) -> tuple[int, ...]:
        """The extents as numbers."""
        return self.value(tensor).shape

    def apart(self, values: np.ndarray, axis: int | None = None) -> bool:
        """Whether the values (along an axis) are further apart than rounding errors."""
        if not is_floating(values.dtype) or values.size < 2:
            return True
        ordered = np.sort(
            values.reshape(-1) if axis is None else values, axis=-1 if axis is None else axis
        )
        gaps = np.diff(ordered, axis=-1 if axis is None else axis)
        return bool(gaps.size == 0 or gaps.min() > 1e-4)


@st.composite
def graphs(
    draw: Any,
    most_steps: int = 10,
    floating: Sequence[Any] = (np.float32, np.float64),
    unknown_extents: bool = True,
    without: Sequence[str] = (),
    only: Sequence[str] | None = None,
    complex_numbers: bool = False,
) -> RandomGraph:
    """Random graphs that can be computed accurately, with their gradients.

    Args:
        draw: given by hypothesis.
        most_steps: how many operations a graph has at most.
        floating: the floating dtypes to choose from; a graph has one.
        unknown_extents: whether some extents are known only from the feeds.
        without: names of operations to leave out.
        only: names of the only operations to use.
        complex_numbers: whether there may be complex numbers in the graph.
    """
    from tests.graph_operations import OPERATIONS, family_of

    dtype = np.dtype(draw(st.sampled_from(list(floating))))
    builder = Builder(draw, dtype, unknown_extents, complex_numbers)
    graph = builder.graph
    names = only or [n for n in OPERATIONS if complex_numbers or family_of(n) != "complex_numbers"]
    families = _families([name for name in names if name not in without], builder)
    made: list[Tensor] = []
    for _ in range(draw(st.integers(min(2, most_steps), most_steps))):
        name = builder.choose(builder.choose(families))
        tensor = _attempt(builder, OPERATIONS[name])
        if tensor is not None:
            graph.operations.append(name)
            made.append(tensor)
    assume(made)
    used = {item for tensor in made for item in tensor.inputs}
    graph.outputs = [tensor for tensor in dict.fromkeys(made) if tensor not in used] or made[-1:]
    _forget_unused(graph)
    assume(_is_well_conditioned(graph, builder))
    return graph


def _families(names: Sequence[str], builder: Builder) -> list[list[str]]:
    """The operations by family, in an order that chance decides: hypothesis prefers the first."""
    from tests.graph_operations import family_of

    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(family_of(name), []).append(name)
    shuffle = builder.random.permutation
    shuffled = [[family[i] for i in shuffle(len(family))] for family in families.values()]
    return [shuffled[i] for i in shuffle(len(shuffled))]


def _attempt(builder: Builder, operation: Callable[[Builder], Tensor | None]) -> Tensor | None:
    tensor = operation(builder)
    return None if tensor is None else builder.add(tensor)


def _forget_unused(graph: RandomGraph) -> None:
    """Leave out leaves that nothing reads, and of which no extent is needed."""
    order = topological_order(graph.outputs)
    needed = set(order)
    sizes = {
        size
        for tensor in order
        for value in (tensor.extents, tuple(tensor.parameters.values()))
        for size in symbols_of(value)
    }
    graph.inputs = [t for t in graph.inputs if t in needed or sizes & {*symbols_of(t.extents)}]
    graph.variables = [item for item in graph.variables if item in needed]
    graph.feeds = {item: graph.feeds[item] for item in graph.inputs}


def _is_well_conditioned(graph: RandomGraph, builder: Builder) -> bool:
    """Whether slightly other inputs give slightly other outputs and gradients."""
    wanted = [*graph.outputs, *graph.gradients()]
    leaves: dict[Tensor, np.ndarray] = {
        item: builder.values[item] for item in (*graph.inputs, *graph.variables)
    }
    changed = {
        item: (array * (1 + _CHANGE * builder.random.uniform(-1, 1, array.shape))).astype(
            array.dtype
        )
        if is_differentiable(array.dtype)
        else array
        for item, array in leaves.items()
    }
    first = evaluate(wanted, leaves, builder.sizes)
    second = evaluate(wanted, changed, builder.sizes)
    return all(_is_near(a, b) for a, b in zip(first, second, strict=True))


def _is_near(first: np.ndarray, second: np.ndarray) -> bool:
    if not is_differentiable(first.dtype):
        return bool((first == second).all())
    if not first.size:
        return True
    if not np.isfinite(first).all() or np.abs(first).max() > 1e4:
        return False
    limit = _CHANGE * _AMPLIFICATION * (1 + np.abs(first).max())
    return bool(np.abs(first - second).max() <= limit)


def assert_close(actual: np.ndarray, expected: np.ndarray, message: str = "") -> None:
    """Assert that two ways of computing one tensor of a random graph agree.

    Integers and bools must be equal. Floats may differ by rounding, relative to the largest
    element, since sums may be taken in another order.
    """
    assert actual.shape == expected.shape, message
    assert actual.dtype == expected.dtype, message
    if not is_differentiable(expected.dtype):
        np.testing.assert_array_equal(actual, expected, message)
    elif expected.size:
        scale = 1 + float(np.abs(expected).max())
        allowed = 4000 * float(np.finfo(expected.dtype).eps) * scale
        np.testing.assert_allclose(actual, expected, rtol=0, atol=allowed, err_msg=message)
