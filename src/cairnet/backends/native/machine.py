"""What the compiler must know of a processor: its instructions, registers and caches."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cairnet.base.errors import UnknownNameError

__all__ = ["Machine", "for_target", "host", "restricted"]

_ELEMENT_BYTES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8, "ptr": 8}
# What has to go, by the beginning of its name, so that a processor knows no more than this.
_BEYOND = {
    "avx2": ("avx512", "evex512", "avx10", "amx"),
    "sse": ("avx", "evex512", "amx", "fma", "f16c", "xop", "vaes", "vpclmulqdq"),
}
_AVX512 = ("avx512f", "avx512bw", "avx512dq", "avx512vl")


@dataclass(frozen=True)
class Machine:
    """A processor as the code generator sees it.

    Attributes:
        triple: LLVM's name of architecture, vendor and system.
        cpu: LLVM's name of the model, which chooses the costs of instructions.
        features: the instruction sets, "+avx2,-avx512f,…". This list decides, and not the model's
            name, because a virtual machine may hide instructions that the model has.
        vector_bytes: width of the vector registers.
        registers: number of vector registers.
        l1d_bytes: first-level data cache of a core.
        l2_bytes: second-level cache of a core.
        l3_bytes: third-level cache, usually shared by several cores.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    l1d_bytes: int = 32 << 10
    l2_bytes: int = 1 << 20
    l3_bytes: int = 16 << 20

    def lanes(self, element_type: str) -> int:
        """How many elements of an LLVM type a vector register holds.

        >>> for_target("aarch64").lanes("float")
        4
        """
        if element_type not in _ELEMENT_BYTES:
            raise UnknownNameError("element type", element_type, _ELEMENT_BYTES)
        return self.vector_bytes // _ELEMENT_BYTES[element_type]

    def has(self, feature: str) -> bool:
        """Whether the processor has an instruction set, by LLVM's name of it ("avx512f")."""
        return f"+{feature}" in self.features.split(",")

    @property
    def architecture(self) -> str:
        """The first word of the triple: "x86_64", "aarch64", …"""
        return self.triple.split("-", maxsplit=1)[0]

    @property
    def identity(self) -> str:
        """Everything that compiled code depends on, for the keys of a cache."""
        return f"{self.triple} {self.cpu} {self.features}"


@cache
def host() -> Machine:
    """This computer's processor.

    The environment variable CAIRNET_MACHINE ("avx2" or "sse") restricts it, so that the code
    for a lesser processor can be made, run and timed on a better one.
    """
    limit = os.environ.get("CAIRNET_MACHINE", "").strip()
    return restricted(limit) if limit else _detect(())


def restricted(limit: str) -> Machine:
    """This computer's processor, knowing nothing beyond "avx2" or "sse" (which is SSE 4.2).

    On a processor of another architecture there is nothing to leave out.
    """
    if limit not in _BEYOND:
        raise UnknownNameError("restriction of the machine", limit, _BEYOND)
    return _detect(_BEYOND[limit])


def for_target(architecture: str) -> Machine:
    """A typical processor of another architecture, to compile for without running the code.

    Args:
        architecture: "aarch64" (NEON) or "x86_64" (AVX2).
    """
    if architecture == "aarch64":
        features = "+fp-armv8,+neon"
        return Machine("aarch64-unknown-linux-gnu", "generic", features, 16, 32)
    if architecture == "x86_64":
        features = "+64bit,+avx,+avx2,+bmi,+bmi2,+cmov,+cx16,+f16c,+fma,+lzcnt,+popcnt,+sse4.2"
        return Machine("x86_64-unknown-linux-gnu", "x86-64-v3", features, 32, 16)
    raise UnknownNameError("architecture", architecture, ("aarch64", "x86_64"))


def _detect(beyond: tuple[str, ...]) -> Machine:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    found = dict(llvm.get_host_cpu_features())
    known = {name: on and not name.startswith(beyond) for name, on in found.items()}
    triple = llvm.get_process_triple()
    vector_bytes, registers = _vectors(triple, known)
    listed = [f"{'+' if on else '-'}{name}" for name, on in sorted(known.items())]
    if vector_bytes == 64:
        listed.append("-prefer-256-bit")  # several models split 512-bit vectors without this
    l1d, l2, l3 = _cache_sizes()
    return Machine(
        triple,
        llvm.get_host_cpu_name(),
        ",".join(listed),
        vector_bytes,
        registers,
        l1d_bytes=l1d,
        l2_bytes=l2,
        l3_bytes=l3,
    )


def _vectors(triple: str, known: dict[str, bool]) -> tuple[int, int]:
    """Width in bytes and number of the vector registers."""
    if triple.startswith("x86_64"):
        if all(known.get(name, False) for name in _AVX512):
            return 64, 32
        return (32, 16) if known.get("avx2", False) and known.get("fma", False) else (16, 16)
    return 16, 32


def _cache_sizes() -> tuple[int, int, int]:
    """The first core's caches as Linux lists them; usual sizes where it does not."""
    sizes = {1: 32 << 10, 2: 1 << 20, 3: 16 << 20}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level = int((index / "level").read_text())
            kind = (index / "type").read_text().strip()
            size = (index / "size").read_text().strip()
        except (OSError, ValueError):
            continue
        if kind != "Instruction" and size.endswith("K") and size[:-1].isdigit() and level in sizes:
            sizes[level] = int(size[:-1]) << 10
    return sizes[1], sizes[2], sizes[3]
