"""What a compiled program needs at run time besides its code, as plain data.

A blueprint refers to the graph by numbers only: input 0, output 1, variable 3, symbol 0 (see
`fingerprint` for how they are numbered). So the program that one process compiled, another one
runs without looking at the graph again. On disk it is

    8 bytes   length of the header
    header    JSON: everything but arrays
    arrays    the bytes of the constants that the passes made
    code      the object file
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.backends.native.sizes import PlainSize, plain
from cairnet.base.errors import CompileError

if TYPE_CHECKING:
    # At run time these would load the whole compiler, which a stored program does without.
    from cairnet.backends.native.fingerprint import Fingerprint
    from cairnet.backends.native.module import Module
    from cairnet.compiler.loops import Buffer
    from cairnet.compiler.pipeline import Lowered

__all__ = ["Blueprint", "Output", "Room", "blueprint_of", "pack", "unpack"]

#: Raised whenever what is written changes its meaning.
_FORMAT = 1
_LENGTH_BYTES = 8


@dataclass(frozen=True)
class Room:
    """A buffer of the arena: its size in bytes, the first and the last phase of its life."""

    size: PlainSize
    first: int
    last: int


@dataclass(frozen=True)
class Output:
    """A result of the program."""

    dtype: np.dtype[Any]
    extents: tuple[PlainSize, ...]


@dataclass(frozen=True)
class Blueprint:
    """The tables of a program, before any address is known.

    Attributes:
        buffers: what each entry of the table of buffers points to: "input", "output",
            "variable", "literal" (a constant of the graph), "constant" (one that the passes
            made), "arena" or "moving" (set by the program itself), and the number of it.
        extents: what each entry of the table of extents is.
        rooms: the buffers of the arena.
        outputs: the results.
        constants: the constants that the passes made.
        kernels: how many kernels the program calls.
        cycles: what one step is expected to take on one core.
    """

    buffers: tuple[tuple[str, int], ...]
    extents: tuple[PlainSize, ...]
    rooms: tuple[Room, ...]
    outputs: tuple[Output, ...]
    constants: tuple[np.ndarray, ...]
    kernels: int
    cycles: float


def blueprint_of(lowered: Lowered, module: Module, graph: Fingerprint) -> Blueprint:
    """The blueprint of a module.

    Args:
        lowered: the buffers of inputs and outputs, and the lives of those of the arena.
        module: what its tables must hold.
        graph: the numbers of symbols, variables and constants.
    """
    symbols = {symbol: number for number, symbol in enumerate(graph.symbols)}
    constants: list[np.ndarray] = []
    places = _Places(lowered, graph, constants)
    return Blueprint(
        buffers=tuple(places.of(buffer) for buffer in module.buffers),
        extents=tuple(plain(size, symbols.__getitem__) for size in module.extents),
        rooms=tuple(
            Room(plain(life.size, symbols.__getitem__), life.first, life.last)
            for life in lowered.lives
        ),
        outputs=tuple(
            Output(buffer.dtype, tuple(plain(size, symbols.__getitem__) for size in buffer.extents))
            for buffer in lowered.outputs
        ),
        constants=tuple(constants),
        kernels=len(module.kernels),
        cycles=module.cycles,
    )


class _Places:
    """Where the memory of each buffer comes from."""

    def __init__(self, lowered: Lowered, graph: Fingerprint, constants: list[np.ndarray]) -> None:
        self.constants = constants
        self.known: dict[Buffer, tuple[str, int]] = {}
        for kind, buffers in (
            ("input", lowered.inputs),
            ("output", lowered.outputs),
            ("arena", [life.buffer for life in lowered.lives]),
        ):
            self.known.update({buffer: (kind, number) for number, buffer in enumerate(buffers)})
        self.variables = {id(item): number for number, item in enumerate(graph.variables)}
        self.literals = {id(item): number for number, item in enumerate(graph.literals)}

    def of(self, buffer: Buffer) -> tuple[str, int]:
        if buffer in self.known:
            return self.known[buffer]
        if buffer.kind == "variable":
            return ("variable", self.variables[id(buffer.tensor)])
        if buffer.kind == "constant":
            literal = buffer.tensor.parameters["value"]
            if id(literal) in self.literals:
                return ("literal", self.literals[id(literal)])
            self.constants.append(literal.array)
            return ("constant", len(self.constants) - 1)
        if buffer.kind == "moving":
            return ("moving", 0)
        raise CompileError(f"buffer {buffer.name!r} of kind {buffer.kind!r} has no memory")


def pack(blueprint: Blueprint, code: bytes) -> bytes:
    """A blueprint and object code as one entry of the cache."""
    header = {
        "format": _FORMAT,
        "buffers": blueprint.buffers,
        "extents": blueprint.extents,
        "rooms": [(room.size, room.first, room.last) for room in blueprint.rooms],
        "outputs": [(output.dtype.name, output.extents) for output in blueprint.outputs],
        "constants": [(array.dtype.name, array.shape) for array in blueprint.constants],
        "kernels": blueprint.kernels,
        "cycles": blueprint.cycles,
    }
    text = json.dumps(header).encode()
    arrays = [array.tobytes() for array in blueprint.constants]
    return b"".join([len(text).to_bytes(_LENGTH_BYTES, "little"), text, *arrays, code])


def unpack(entry: bytes) -> tuple[Blueprint, bytes] | None:
    """What `pack` put together; None where the entry is not of this format."""
    stop = _LENGTH_BYTES + int.from_bytes(entry[:_LENGTH_BYTES], "little")
    try:
        header = json.loads(entry[_LENGTH_BYTES:stop])
        if header["format"] != _FORMAT:
            return None
        constants, end = _arrays(entry, stop, header["constants"])
        return _blueprint(header, constants), entry[end:]
    except (ValueError, KeyError, TypeError):
        return None


def _arrays(entry: bytes, start: int, kinds: list[Any]) -> tuple[tuple[np.ndarray, ...], int]:
    arrays = []
    for name, shape in kinds:
        array = np.frombuffer(entry, np.dtype(name), math.prod(shape), start).reshape(shape)
        # A copy, since elements must lie at multiples of their size.
        arrays.append(array.copy())
        start += array.nbytes
    return tuple(arrays), start


def _blueprint(header: Mapping[str, Any], constants: tuple[np.ndarray, ...]) -> Blueprint:
    return Blueprint(
        buffers=tuple((kind, number) for kind, number in header["buffers"]),
        extents=tuple(header["extents"]),
        rooms=tuple(Room(*room) for room in header["rooms"]),
        outputs=tuple(
            Output(np.dtype(name), tuple(extents)) for name, extents in header["outputs"]
        ),
        constants=constants,
        kernels=header["kernels"],
        cycles=header["cycles"],
    )
