"""The code for lesser processors, run here: AVX2, and SSE without fused multiply-adds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cairnet.backends.native.machine import host

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.skipif(host().architecture != "x86_64", reason="other processors have no lesser ones")
@pytest.mark.parametrize("machine", ["avx2", "sse"])
def test_random_graphs_and_training_on_a_lesser_machine(machine: str) -> None:
    """The machine is found once in a process, so this is another one."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    tests = ["test_native_graphs.py", "test_native_functions.py"]
    done = subprocess.run(
        [*command, "-m", "not slow", *(f"tests/backends/{name}" for name in tests)],
        cwd=ROOT,
        env={**os.environ, "CAIRNET_MACHINE": machine},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
