"""What a checked program has noted, as an error."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from cairnet.backends.native.checked import FAULT_WORDS
from cairnet.base.errors import BoundsError, IndexRangeError
from cairnet.compiler.loops import Buffer

if TYPE_CHECKING:
    from cairnet.backends.native.program import NativeProgram

__all__ = ["raise_noted"]


def raise_noted(address: int, program: NativeProgram) -> None:
    """Raise what a run has noted, if anything, and forget it.

    Args:
        address: of the global `@fault`.
        program: which ran.

    Raises:
        IndexRangeError: an index that the user gave is not below the extent of its axis.
        BoundsError: a load or a store would have left its memory.
    """
    words = (ctypes.c_int64 * FAULT_WORDS).from_address(address)
    noted, number, parameter, place, extent, from_user = words
    if not noted:
        return
    ctypes.memset(words, 0, ctypes.sizeof(words))
    kernel = _kernel(program, number)
    memory = _memory(program, number, parameter)
    if from_user:
        raise IndexRangeError(
            f"{kernel}: index {place} into {memory} is outside of its axis; expected an index from "
            f"0 to {extent - 1}"
        )
    raise BoundsError(
        f"{kernel}: element {place:,} of {memory} was about to be accessed, which has {extent:,} "
        "elements; the program was stopped. This is a defect of Cairnet, please report it"
    )


def _kernel(program: NativeProgram, number: int) -> str:
    from cairnet.compiler.listing import place, primitives

    nest = program.module.steps[number].nest
    return f"kernel {number} ({primitives(nest)}), from {place(nest.tensors[0])}"


def _memory(program: NativeProgram, number: int, parameter: int) -> str:
    """The name, type and shape of a buffer that a kernel was given."""
    if parameter < 0:
        return "the function's own frame"
    buffer = program.module.arguments[number][parameter]
    if not isinstance(buffer, Buffer):
        raise BoundsError(f"kernel {number}: parameter {parameter} is no memory")
    shape = ", ".join(map(str, buffer.extents))
    return f"{buffer.kind} {buffer.name!r}, {buffer.dtype.name}[{shape}]"
