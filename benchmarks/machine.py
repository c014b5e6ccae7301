"""What the benchmarks run on, and with which versions of everything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

__all__ = ["describe_machine", "versions"]

_PACKAGES = (
    "cairnet",
    "numpy",
    "llvmlite",
    "scikit-learn",
    "jax",
    "jaxlib",
    "torch",
    "keras",
    "tensorflow",
)


def describe_machine() -> dict[str, str]:
    """Processor, cores, caches, memory and system, in words."""
    from cairnet.backends.native.machine import host

    found = host()
    caches = found.l1d_bytes >> 10, found.l2_bytes >> 10, found.l3_bytes >> 20
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0),
        "vectors": f"{found.vector_bytes * 8} bits, {found.registers} registers",
        "caches": "{} KiB data and {} KiB a core, {} MiB shared".format(*caches),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    model = fields.get("model name") or platform.processor() or platform.machine()
    # Virtual machines hide the model's name and not its numbers.
    numbers = [
        f"{name.removeprefix('cpu ')} {fields[name]}"
        for name in ("cpu family", "model", "stepping")
        if name in fields
    ]
    hidden = " (virtual machine)" if "hypervisor" in fields.get("flags", "").split() else ""
    return f"{model}, {', '.join(numbers)}{hidden}" if numbers else model


def versions() -> dict[str, str]:
    """The versions of Python and of what is installed of Cairnet and its peers."""
    found = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
