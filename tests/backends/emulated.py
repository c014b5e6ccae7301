"""Running the code for another processor under an emulator: qemu-user and a cross compiler.

On Debian: apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import numpy as np

from cairnet.backends.native import jit, team
from cairnet.backends.native.blueprint import blueprint_of
from cairnet.backends.native.fingerprint import fingerprint
from cairnet.backends.native.machine import Machine
from cairnet.backends.native.passes import Passes
from cairnet.backends.native.sizes import value
from cairnet.backends.native.tables import times_row
from cairnet.tensor.core import Input, Tensor, Variable
from cairnet.tensor.extent import Extent
from cairnet.tensor.primitives.loops import has_complex_numbers

__all__ = ["Finished", "UnavailableError", "available", "run"]

HOME = Path(__file__).parent
SYSTEM = Path("/usr/aarch64-linux-gnu")
COMPILER, LINKER, EMULATOR = "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-ld", "qemu-aarch64"


class UnavailableError(Exception):
    """What cannot be run under the emulator."""


class Finished(NamedTuple):
    """The outputs, the new values of the updated variables, and ticks by thread and kernel."""

    outputs: list[np.ndarray]
    updated: list[np.ndarray]
    times: np.ndarray


def available() -> bool:
    """Whether everything is installed."""
    return all(map(shutil.which, (COMPILER, LINKER, EMULATOR))) and SYSTEM.is_dir()


@cache
def _folder() -> Path:
    """A folder with the driver in it."""
    folder = Path(mkdtemp(prefix="cairnet_emulated_"))
    driver, source = str(folder / "emulated"), str(HOME / "emulated.c")
    warnings = ["-O1", "-Wall", "-Wextra", "-Werror"]
    libraries = ["-Wl,--no-as-needed", "-lpthread", "-ldl", "-lm"]
    subprocess.run([COMPILER, *warnings, source, "-o", driver, *libraries], check=True)
    return folder


def run(
    machine: Machine,
    inputs: Sequence[Input],
    outputs: Sequence[Tensor],
    updates: Mapping[Variable, Tensor],
    arrays: Sequence[np.ndarray],
    *,
    fixed: Mapping[Extent, int] | None = None,
    sizes: Mapping[Extent, int] | None = None,
    threads: int = 1,
    steps: int | None = None,
    timed: bool = False,
) -> Finished:
    """Compile a graph for a machine and run it there.

    Args:
        machine: an aarch64.
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values; they stay as they are.
        arrays: one for each input; with a leading axis of length `steps` if that is given.
        fixed: the unknown extents that are compiled as numbers.
        sizes: all unknown extents.
        threads: how many run the program.
        steps: how many steps to run; None for one.
        timed: whether kernels are timed.

    Raises:
        UnavailableError: there are complex numbers, which are taken apart before, or calls of
            routines that are not there, those of LAPACK.
    """
    pairs = list(updates.items())
    if has_complex_numbers(inputs, [*outputs, *updates.values()]):
        raise UnavailableError
    graph = fingerprint(inputs, outputs, pairs, fixed or {})
    passes = Passes(inputs, outputs, pairs, fixed or {}, timed, machine=machine)
    if "@lapack." in passes.module.text:
        raise UnavailableError
    blueprint = blueprint_of(passes.lowered, passes.module, graph)
    symbols = tuple((sizes or {})[symbol] for symbol in graph.symbols)
    count = 1 if steps is None else steps
    shapes = [tuple(value(size, symbols) for size in one.extents) for one in blueprint.outputs]

    def contents(kind: str, number: int) -> tuple[int, int, np.ndarray | None]:
        """Bytes, stride and first contents of a buffer."""
        if kind == "input":
            given = np.ascontiguousarray(arrays[number], inputs[number].dtype)
            return given.nbytes, given.nbytes // count, given
        if kind == "output":
            size = int(np.prod(shapes[number])) * blueprint.outputs[number].dtype.itemsize
            return size * count, size, None
        if kind == "arena":
            return value(blueprint.rooms[number].size, symbols), 0, None
        if kind == "moving":
            return 0, 0, None
        sources: dict[str, Sequence[np.ndarray]] = {
            "variable": [variable.data for variable in graph.variables],
            "literal": [literal.array for literal in graph.literals],
            "constant": blueprint.constants,
        }
        kept = np.ascontiguousarray(sources[kind][number])
        return kept.nbytes, 0, kept

    forms = [contents(kind, number) for kind, number in blueprint.buffers]
    extents = [value(size, symbols) for size in blueprint.extents]
    words = team.MAX_THREADS * times_row(blueprint.kernels)
    head = [threads, count, len(forms), len(extents), team.BARRIER_BYTES, words, *extents]
    parts = [np.array(head, np.int64).tobytes()]
    for size, stride, given in forms:
        parts.append(np.array([size, stride, given is not None], np.int64).tobytes())
        parts.append(b"" if given is None else given.tobytes())
    answer = _emulated(jit.compile_module(passes.module.text, machine), b"".join(parts))

    memory: dict[tuple[str, int], bytes] = {}
    start = 0
    for place, (size, _, _) in zip(blueprint.buffers, forms, strict=True):
        memory[place] = answer[start : start + size]
        start += size
    results = []
    for number, (form, shape) in enumerate(zip(blueprint.outputs, shapes, strict=True)):
        whole = shape if steps is None else (steps, *shape)
        found = memory.get(("output", number), b"")
        results.append(np.frombuffer(found, form.dtype).reshape(whole))
    numbers = {variable: place for place, variable in enumerate(graph.variables)}
    updated = [
        np.frombuffer(memory["variable", numbers[variable]], variable.dtype).reshape(
            variable.data.shape
        )
        for variable in updates
    ]
    times = np.frombuffer(answer[start:], np.int64).reshape(team.MAX_THREADS, -1)
    pairs_of_times = times[:threads, : 2 * blueprint.kernels].reshape(threads, -1, 2)
    return Finished(results, updated, pairs_of_times)


def _emulated(code: bytes, description: bytes) -> bytes:
    folder = _folder()
    library = folder / "program.so"
    (folder / "program.o").write_bytes(code)
    link = [LINKER, "-shared", str(folder / "program.o"), "-o", str(library)]
    subprocess.run(link, check=True, capture_output=True)
    command = [EMULATOR, "-L", str(SYSTEM), str(folder / "emulated"), str(library)]
    done = subprocess.run(command, input=description, capture_output=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"the emulator ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout
