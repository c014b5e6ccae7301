"""`cn.function`: a graph made callable."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cairnet.backends.program import Program, of_step
from cairnet.base.configuration import configuration
from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.runtime.arguments import Signature
from cairnet.runtime.finite import check_finite
from cairnet.runtime.graph import FunctionGraph, build_graph
from cairnet.runtime.specialization import Specialized, Specializer
from cairnet.tensor.core import Input, Tensor, Variable
from cairnet.tensor.extent import Extent
from cairnet.tensor.functions.arguments import as_tensor

__all__ = ["Call", "Function", "function"]

#: How many kinds of calls a function remembers; any other is looked at more closely, which takes
#: a few microseconds.
_REMEMBERED = 8


def function(
    inputs: Sequence[Input],
    outputs: Any = None,
    updates: Mapping[Variable, Any] | None = None,
    givens: Mapping[Tensor, Any] | None = None,
    *,
    name: str = "function",
    backend: str | None = None,
) -> Function:
    """Compile a graph into one callable.

    Args:
        inputs: placeholders made by `cn.input`; a call gives one array for each, in this order.
        outputs: a tensor, or a list, tuple or dict of tensors; a call returns arrays in the
            same form (None where there are no outputs).
        updates: new values for variables. All read the old values; all are committed together
            at the end of the call.
        givens: tensors to replace by others before compiling, `{old: new}`.
        name: shown in errors, profiles and `cn.explain`.
        backend: "native" or "reference"; default: `cn.configuration().backend`.

    Returns:
        A `Function`. It compiles at its first call for the shapes it then meets, and once more,
        with run-time extents, when it meets others; `compilations` counts.

    Raises:
        GraphError: the outputs need an input that is not listed.
        ShapeError, DTypeError: an update does not fit its variable.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((None,), name="x")
        >>> total = cn.Variable(0.0, name="total")
        >>> add = cn.function([x], total, updates={total: total + cn.sum(x)})
        >>> _ = add([1.0, 2.0])
        >>> float(add([10.0]))
        3.0
        >>> float(total)
        13.0
    """
    return Function(inputs, outputs, updates, givens, name, backend)


class Call(NamedTuple):
    """The arrays of a call, its unknown extents, and those that its program has as numbers."""

    arrays: Sequence[np.ndarray]
    sizes: Mapping[Extent, int]
    fixed: Mapping[Extent, int]


class _Route(NamedTuple):
    """How calls of one kind are run: by which program, with which sizes, and the prepared call."""

    chosen: Specialized
    sizes: Mapping[Extent, int]
    run: Callable[[Sequence[np.ndarray]], list[np.ndarray]]


class Function:
    """A compiled graph; made by `cn.function`.

    Attributes:
        name: for errors and profiles.
        graph: the checked graph.
        backend: which backend runs it.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        outputs: Any,
        updates: Mapping[Variable, Any] | None,
        givens: Mapping[Tensor, Any] | None,
        name: str,
        backend: str | None,
    ) -> None:
        self.name = name
        self.backend = backend or configuration().backend
        if self.backend not in ("native", "reference"):
            raise UnknownNameError("backend", self.backend, ("native", "reference"))
        if isinstance(inputs, Tensor):
            raise ArgumentError("inputs: expected a list of placeholders, got one tensor")
        self._form, listed = _flatten(outputs)
        self.graph: FunctionGraph = build_graph(
            inputs,
            listed,
            updates,
            {old: as_tensor(new) for old, new in (givens or {}).items()},
        )
        self._signature = Signature(name, self.graph.inputs)
        self._specializer = Specializer(self.graph, self.backend)
        self._watching = Specializer(self.graph, self.backend, watching=True)
        self._calls = 0
        #: What the last few kinds of calls needed, by the number of steps, the shapes, and whether
        #: accesses are tested.
        self._met: dict[tuple[Hashable, ...], _Route] = {}

    @property
    def compilations(self) -> int:
        """How many programs have been compiled for this function so far."""
        return self._specializer.compilations

    def __call__(self, *arguments: Any) -> Any:
        """Run the function on one value for each input."""
        return self._run(arguments, None)

    def steps(self, count: int, *arguments: Any, non_sequences: Sequence[Any] = ()) -> Any:
        """Run `count` consecutive calls as one: a loop that never comes back to Python.

        Args:
            count: how many calls, 1 or more.
            arguments: for each input an array with a leading axis of length `count`.
            non_sequences: values for the last inputs, which all calls are given as they are. They
                are read where they lie; a data set is one, of which every step takes some rows.

        Returns:
            The outputs of all calls, stacked along a leading axis.

        Example:
            >>> import cairnet as cn
            >>> x, total = cn.input((), name="x"), cn.Variable(0.0)
            >>> f = cn.function([x], total + x, updates={total: total + x})
            >>> f.steps(3, [1.0, 2.0, 3.0])
            array([1., 3., 6.], dtype=float32)
            >>> rows, data = cn.input((2,), "int64", "rows"), cn.input((None, 3), name="data")
            >>> f = cn.function([rows, data], cn.sum(cn.take(data, rows, axis=0)))
            >>> f.steps(2, [[0, 1], [2, 0]], non_sequences=[cn.eye(5, 3)])
            array([2., 2.], dtype=float32)
        """
        if not isinstance(count, int | np.integer) or count < 1:
            raise ArgumentError(
                f"count: expected a whole number of steps, 1 or more, got {count!r}"
            )
        return self._run((*arguments, *non_sequences), int(count), len(non_sequences))

    def program(self, *arguments: Any) -> Program:
        """The program that a call with these arguments would run (compiled if need be)."""
        return self._specializer.specialized(self.sizes(*arguments)).program

    def sizes(self, *arguments: Any) -> dict[Extent, int]:
        """The size of every unknown extent in a call with these arguments."""
        return self._signature.accept(arguments, None)[1]

    def call_of(self, *arguments: Any) -> Call:
        """What a call with these arguments hands to its program."""
        arrays, sizes = self._signature.accept(arguments, None)
        return Call(arrays, sizes, self._specializer.fixed(sizes))

    @property
    def last(self) -> Specialized | None:
        """The program that ran last, with the extents that are numbers in it; None before that."""
        return self._specializer.last

    def _run(self, arguments: Sequence[Any], steps: int | None, whole: int = 0) -> Any:
        settings = configuration()
        arrays, route = self._route(arguments, steps, whole, settings.bounds)
        if self.graph.watches or settings.non_finite:
            results = self._step_by_step(route.chosen.program, arrays, route.sizes, steps, whole)
        else:
            results = route.run(arrays)
            self._calls += steps or 1
        return _unflatten(self._form, results)

    def _route(
        self, arguments: Sequence[Any], steps: int | None, whole: int, bounds: bool
    ) -> tuple[Sequence[np.ndarray], _Route]:
        """The arguments as the program needs them, and how they are run."""
        shapes = self._signature.shapes(arguments)
        met = None if shapes is None else self._met.get((steps, whole, shapes, bounds))
        if met is not None:
            self._specializer.last = met.chosen
            return arguments, met
        arrays, sizes = self._signature.accept(arguments, steps, whole)
        chosen = self._specializer.specialized(sizes)
        route = _Route(chosen, sizes, chosen.program.prepare(sizes, steps, whole))
        if shapes is not None:
            if len(self._met) >= _REMEMBERED:
                self._met = {}
            self._met[steps, whole, shapes, bounds] = route
        return arrays, route

    def _step_by_step(
        self,
        program: Program,
        arrays: Sequence[np.ndarray],
        bindings: Mapping[Extent, int],
        steps: int | None,
        whole: int,
    ) -> list[np.ndarray]:
        """Every step as a run of its own, with what is to be seen or checked at each."""
        collected = []
        for index in range(steps or 1):
            slices = arrays if steps is None else of_step(arrays, index, whole)
            self._report_watched(slices, bindings)
            if configuration().non_finite:
                results = check_finite(self.graph, program, slices, bindings, self._calls)
            else:
                results = program.run(slices, bindings)
            collected.append(results)
            self._calls += 1
        if steps is None:
            return collected[0]
        return [np.stack(values) for values in zip(*collected, strict=True)]

    def _report_watched(self, arrays: Sequence[np.ndarray], bindings: Mapping[Extent, int]) -> None:
        """Compute the watched values from the old variables, and hand them to their watchers."""
        if not self.graph.watches:
            return
        values = self._watching.specialized(bindings).program.run(arrays, bindings)
        for node, value in zip(self.graph.watches, values, strict=True):
            node.parameters["watcher"].see(value, self._calls)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{item.name}: {item.describe()}" for item in self.graph.inputs)
        outputs = ", ".join(item.describe() for item in self.graph.outputs)
        return f"<Function {self.name}({inputs}) -> ({outputs}), {len(self.graph.updates)} updates>"


def _flatten(outputs: Any) -> tuple[Any, list[Any]]:
    if outputs is None:
        return None, []
    if isinstance(outputs, Mapping):
        return tuple(outputs), list(outputs.values())
    if isinstance(outputs, list | tuple):
        return list, list(outputs)
    return Tensor, [as_tensor(outputs)]


def _unflatten(form: Any, values: list[np.ndarray]) -> Any:
    if form is None:
        return None
    if form is Tensor:
        return values[0]
    return values if form is list else dict(zip(form, values, strict=True))
