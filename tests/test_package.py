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
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
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


def documentation_below(namespace: Any, path: str) -> Iterator[tuple[str, str | None]]:
    """Every public function, class, method and module below a namespace, with its docstring."""
    for name in namespace.__all__:
        value = getattr(namespace, name)
        here = f"{path}.{name}"
        if inspect.ismodule(value):
            yield here, value.__doc__
            yield from documentation_below(value, here)
        elif inspect.isclass(value):
            # Its own words: neither those of a base class nor the signature a dataclass makes up.
            yield here, None if str(value.__doc__).startswith(f"{name}(") else value.__doc__
            for member, attribute in vars(value).items():
                documents = inspect.isroutine(attribute) or isinstance(attribute, property)
                if documents and not member.startswith("_"):
                    yield f"{here}.{member}", docstring_of_method(value, member)
        elif inspect.isroutine(value):
            yield here, inspect.getdoc(value)


def docstring_of_method(owner: type, member: str) -> str | None:
    """A method's own docstring, or that of the base class whose contract it fulfils."""
    definitions = [vars(base)[member] for base in owner.__mro__ if member in vars(base)]
    return next((method.__doc__ for method in definitions if method.__doc__), None)


def undocumented(namespace: Any, path: str) -> list[str]:
    return [name for name, text in documentation_below(namespace, path) if not text]


def test_every_public_name_is_documented() -> None:
    assert undocumented(cn, "cn") == []


def test_a_missing_docstring_is_found() -> None:
    class Base:
        """Documented."""

        def call(self) -> None:
            """Documented."""

        def build(self) -> None: ...

    class Derived(Base):
        def call(self) -> None: ...

    def function() -> None: ...

    inner, outer = ModuleType("inner"), ModuleType("outer", "A module.")
    names = {"Base": Base, "Derived": Derived, "function": function, "number": 3}
    vars(inner).update(names, __all__=list(names))
    vars(outer).update(inner=inner, __all__=["inner"])
    assert undocumented(outer, "outer") == [
        "outer.inner",
        "outer.inner.Base.build",
        "outer.inner.Derived",
        "outer.inner.function",
    ]
