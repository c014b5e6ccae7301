"""What the code for a graph depends on, as one digest: the key of the cache of compiled functions.

The digest is taken before the first pass, so that a graph that was compiled once, by whatever
process, is never rewritten, lowered or emitted again. It covers

- the graph: primitives, their inputs by position, parameters, extents, dtypes, constants by their
  bytes, bodies of loops, which nodes are inputs, variables, outputs and new values;
- the machine, the code generator and the settings that change what it writes;
- the sources of the compiler itself, so that whoever changes a pass never meets older code.

Names, serial numbers and the lines where nodes were made are not in it. Symbols, variables and
constants are numbered in the order in which the graph shows them; the numbers mean the same in
every process, and a stored program refers to them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cairnet.backends.native.machine import host
from cairnet.backends.native.sizes import PlainSize, plain
from cairnet.base.configuration import configuration
from cairnet.base.errors import CompileError
from cairnet.base.version import LOADED_AT, __version__
from cairnet.tensor.core import INPUT, VARIABLE, Input, Literal, Tensor, Variable, topological_order
from cairnet.tensor.extent import Extent, Size, evaluate, symbols_of
from cairnet.tensor.primitives import WATCH
from cairnet.tensor.primitives.loops import Body

__all__ = ["Fingerprint", "compiler_digest", "fingerprint", "sources_unchanged"]

#: The rooms whose sources decide what code is written, relative to the package.
_ROOMS = ("tensor", "compiler", "backends")
_PACKAGE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Fingerprint:
    """A digest, and what the numbers in a stored program mean for this graph.

    Attributes:
        digest: the key; None where the code cannot be kept, because the sources were changed
            after this process loaded them.
        symbols: the unknown extents, in the order of the axes of the inputs.
        variables: every variable that the program reads or writes.
        literals: the constants of the graph.
    """

    digest: str | None
    symbols: tuple[Extent, ...]
    variables: tuple[Variable, ...]
    literals: tuple[Literal, ...]


def fingerprint(
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]],
    fixed: Mapping[Extent, int],
    options: Iterable[str] = (),
) -> Fingerprint:
    """The fingerprint of a graph that is about to be compiled.

    Args:
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values.
        fixed: the unknown extents that are compiled as numbers.
        options: what else decides the code.
    """
    walk = _Walk(inputs, fixed)
    walk.write("options", tuple(options))
    walk.function(inputs, outputs, updates)
    compiler = compiler_digest()
    digest = None
    if compiler is not None:
        walk.write(compiler, repr(host()), configuration().bounds)
        digest = walk.hash.hexdigest()
    return Fingerprint(digest, tuple(walk.symbols), tuple(walk.variables), tuple(walk.literals))


class _Walk:
    """Writes a graph into a hash, and numbers what it meets."""

    def __init__(self, inputs: Sequence[Input], fixed: Mapping[Extent, int]) -> None:
        self.hash = hashlib.sha256()
        self.variables: dict[Variable, int] = {}
        self.literals: list[Literal] = []
        self._literal_numbers: dict[int, int] = {}
        self._bodies: dict[Body, int] = {}
        self.symbols: dict[Extent, int] = {}
        for tensor in inputs:
            for symbol in symbols_of(tensor.extents):
                self.symbols.setdefault(symbol, len(self.symbols))
        self._scope = _Scope(self.symbols, fixed)

    def write(self, *record: Any) -> None:
        """Take in a record of plain values."""
        self.hash.update(repr(record).encode())
        self.hash.update(b"\n")

    def function(
        self,
        inputs: Sequence[Input],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
    ) -> None:
        """The whole of a function."""
        results = [*outputs, *(value for _, value in updates)]
        places = self._graph(inputs, results)
        self.write("outputs", [places[tensor] for tensor in outputs])
        for variable, value in updates:
            self.write("update", self._leaf(variable), places[value])

    def _graph(self, inputs: Sequence[Tensor], results: Sequence[Tensor]) -> dict[Tensor, int]:
        """Every node below the results; its number is its place in the order of computation."""
        places: dict[Tensor, int] = {}
        for tensor in inputs:
            places[tensor] = len(places)
            self.write("input", tensor.dtype.name, self._scope.sizes(tensor.extents))
        for tensor in topological_order(results):
            if tensor in places:
                continue
            self._node(tensor, [places[item] for item in tensor.inputs])
            places[tensor] = len(places)
        return places

    def _node(self, tensor: Tensor, inputs: list[int]) -> None:
        if isinstance(tensor, Variable):
            self.write(self._leaf(tensor))
            return
        if tensor.primitive is INPUT:
            raise CompileError(f"input {tensor!r} is none of the function's inputs")
        # Who watches a value decides nothing about the code.
        named = () if tensor.primitive is WATCH else sorted(tensor.parameters.items())
        parameters = [(name, self._parameter(value)) for name, value in named]
        extents = self._scope.sizes(tensor.extents)
        self.write(tensor.primitive.name, inputs, parameters, extents, tensor.dtype.name)

    def _leaf(self, variable: Variable) -> tuple[Any, ...]:
        number = self.variables.setdefault(variable, len(self.variables))
        return (VARIABLE.name, number, variable.dtype.name, variable.extents)

    def _parameter(self, value: Any) -> Any:
        """The value as numbers, words and tuples of them, whose text is the same everywhere."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, tuple | list):
            return tuple(self._parameter(item) for item in value)
        if isinstance(value, Extent):
            return self._scope.size(value)
        if isinstance(value, Literal):
            return ("literal", self._literal(value))
        if isinstance(value, Body):
            return ("body", self._body(value))
        if isinstance(value, np.dtype):
            return ("dtype", value.name)
        if isinstance(value, np.generic):
            return (value.dtype.name, value.tobytes())
        raise CompileError(
            f"a parameter of type {type(value).__name__} has no fingerprint; "
            "primitives are described by numbers, words, sizes, dtypes, constants and bodies"
        )

    def _literal(self, literal: Literal) -> int:
        number = self._literal_numbers.get(id(literal))
        if number is None:
            number = self._literal_numbers[id(literal)] = len(self.literals)
            self.literals.append(literal)
            array = literal.array
            self.write("literal", number, array.dtype.name, array.shape)
            self.hash.update(hashlib.sha256(array.reshape(-1).view(np.uint8).data).digest())
        return number

    def _body(self, body: Body) -> int:
        """The graph of one step of a loop; its sizes are formulas over symbols of its own."""
        if body in self._bodies:
            return self._bodies[body]
        extends = None if body.extends is None else self._body(body.extends)
        number = self._bodies[body] = len(self._bodies)
        outer = self._scope
        self._scope = _Scope({symbol: i for i, symbol in enumerate(body.symbols)}, {})
        self.write("body", number, extends, body.carries, body.sequences, len(body.symbols))
        places = self._graph(body.inputs, body.outputs)
        self.write("end of body", [places[tensor] for tensor in body.outputs])
        self._scope = outer
        return number


class _Scope:
    """Sizes as plain data, in a function or in the body of a loop; each is worked out once."""

    def __init__(self, numbers: dict[Extent, int], fixed: Mapping[Extent, int]) -> None:
        self._numbers = numbers
        self._fixed = fixed
        self._known: dict[Extent, PlainSize] = {}

    def sizes(self, sizes: Iterable[Size]) -> tuple[PlainSize, ...]:
        return tuple(self.size(size) if isinstance(size, Extent) else size for size in sizes)

    def size(self, size: Extent) -> PlainSize:
        if size not in self._known:
            self._known[size] = plain(evaluate(size, self._fixed), self._number)
        return self._known[size]

    def _number(self, symbol: Extent) -> int:
        return self._numbers.setdefault(symbol, len(self._numbers))


@cache
def compiler_digest() -> str | None:
    """A digest of what makes code out of graphs; None if this process runs older sources."""
    from cairnet.backends.native import jit

    sources = _sources()
    return None if sources is None else f"{sources} {jit.generator_version()}"


def sources_unchanged() -> bool:
    """Whether the compiler's sources are as old as what this process runs.

    Code that older sources made must not be kept under the digest of newer ones.
    """
    now = time.time()
    return not any(LOADED_AT < path.stat().st_mtime <= now for path in _source_files())


@cache
def _sources() -> str | None:
    """A digest of the compiler's sources; None if this process runs other ones."""
    if not sources_unchanged():
        return None
    digest = hashlib.sha256(__version__.encode())
    for path in _source_files():
        digest.update(f"{path.relative_to(_PACKAGE).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _source_files() -> list[Path]:
    return [path for room in _ROOMS for path in sorted((_PACKAGE / room).rglob("*.py"))]
