"""What a person meets first: the installed package, and how quick and quiet its import is.

These tests start fresh interpreters outside the checkout, so that they see the package as it is
installed.
"""

import importlib.metadata
import inspect
import json
import os
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cairnet as cn

REPOSITORY = Path(__file__).resolve().parent.parent
LOADED_WHEN_USED = "matplotlib sklearn scipy PIL rich typer llvmlite pooch safetensors jax torch"


@pytest.fixture
def run_python(tmp_path: Path) -> Any:
    """Run a program in a fresh interpreter, in an empty folder, and return the finished process."""
    # Bytecode is written, as it is for everyone: else the time of an import is that of compiling.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment.pop("PYTHONPATH", None)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            check=True,
            cwd=tmp_path,
            env=environment,
            text=True,
        )

    return run


def test_import_is_silent(run_python: Any) -> None:
    finished = run_python("-W", "error", "-c", "import cairnet")
    assert (finished.stdout, finished.stderr) == ("", "")


def test_import_loads_no_library_that_is_not_used_yet(run_python: Any) -> None:
    program = "import sys, json, cairnet; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_python("-c", program).stdout))
    assert "numpy" in loaded
    assert loaded & set(LOADED_WHEN_USED.split()) == set()


def test_import_takes_less_than_three_tenths_of_a_second(run_python: Any) -> None:
    program = (
        "import time; start = time.perf_counter(); import cairnet; "
        "print(time.perf_counter() - start)"
    )
    seconds = [float(run_python("-c", program).stdout) for _ in range(8)]
    # The first run may still write bytecode.
    assert statistics.median(seconds[1:]) < 0.3, seconds


def test_the_installed_package_is_complete(run_python: Any) -> None:
    program = "import cairnet; print(cairnet.__path__[0])"
    installed = Path(run_python("-c", program).stdout.strip())
    files = {path.relative_to(installed) for path in installed.rglob("*.py")}
    source = REPOSITORY / "src" / "cairnet"
    assert files == {path.relative_to(source) for path in source.rglob("*.py")}, (
        f"the package in {installed} is not the one in {source}: install it again"
    )
    assert (installed / "py.typed").exists()


def test_the_version_is_stated_once() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert "version" not in project
    assert cn.__version__ == importlib.metadata.version("cairnet")


def test_the_changelog_names_this_version() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {cn.__version__}" in changelog


@pytest.mark.parametrize("name", cn.__all__)
def test_a_public_name_is_documented(name: str) -> None:
    value = getattr(cn, name)
    if inspect.ismodule(value) or callable(value):
        # A class without a docstring of its own would show its base class's here.
        documentation = value.__doc__ if inspect.isclass(value) else inspect.getdoc(value)
        assert documentation, f"cn.{name} has no docstring"
