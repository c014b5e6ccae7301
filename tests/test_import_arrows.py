"""Rooms import each other only along the design's arrows, and heavy libraries only where used.

Every import statement of the package is read from its source, those inside functions too, so
that a forbidden import is found without being run. `violations` takes the folder to look
through, and the second half of this file hands it small wrong packages to show that it objects.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "src" / "cairnet"

# Each room and the rooms directly before it; what those may import, it may import too.
BUILDS_ON: dict[str, tuple[str, ...]] = {
    "base": (),
    "tensor": ("base",),
    "compiler": ("tensor",),
    "backends": ("compiler",),
    "runtime": ("backends",),
    "nn": ("tensor",),
    "optim": ("tensor",),
    "teaching": ("tensor",),
    "data": ("base",),
    "plots": ("base",),
    "training": ("runtime", "nn", "optim", "data", "plots"),
    "models": ("training",),
    "estimators": ("training",),
    "interop": ("models", "estimators"),
    "cli": ("interop",),
    "web": ("interop",),
}

# The package's own files outside every room; they re-export, and may import any room.
ENTRANCES = ("__init__.py", "__main__.py")

HEAVY = frozenset(
    [
        "jax",
        "jaxlib",
        "keras",
        "llvmlite",
        "matplotlib",
        "onnx",
        "onnxruntime",
        "PIL",
        "pooch",
        "rich",
        "scipy",
        "sklearn",
        "starlette",
        "tensorflow",
        "torch",
        "typer",
        "uvicorn",
    ]
)

# Heavy libraries that a module may import at its top: (module or package, library) → reason.
# Each entry is a module that is itself imported only where it is used.
HEAVY_AT_THE_TOP: dict[tuple[str, str], str] = {
    ("cairnet.backends.native.jit", "llvmlite"): "imported when the first function is compiled",
    ("cairnet.cli.commands", "typer"): "its decorators make the commands; only main() imports it",
}

PICKLES = frozenset(
    ["pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"]
)

# Where the module to import is called otherwise than the distribution to install.
MODULE_OF_DISTRIBUTION = {"pillow": "PIL", "scikit-learn": "sklearn"}


@dataclass(frozen=True)
class Import:
    """One imported module: its dotted name, the line, and whether it runs with the importer."""

    target: str
    line: int
    at_the_top: bool


class ImportFinder(ast.NodeVisitor):
    """Collects the imports of one module, and what can be said against it without the arrows."""

    def __init__(self, module: str, is_package: bool) -> None:
        self.package = module.split(".") if is_package else module.split(".")[:-1]
        self.imports: list[Import] = []
        self.complaints: list[tuple[int, str]] = []
        self._at_the_top = True

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        before = self.package[: len(self.package) - node.level + 1] if node.level else []
        origin = ".".join([*before, *([node.module] if node.module else [])])
        for alias in node.names:
            if alias.name == "*":
                self.complaints.append((node.lineno, f"imports * from {origin}"))
                self._add(origin, node)
            else:
                # `from cairnet import nn` names a room, `from cairnet.nn import Dense` does too.
                self._add(f"{origin}.{alias.name}", node)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).split(".")[-1]
        if name in ("import_module", "__import__"):
            argument = node.args[0] if node.args else None
            if isinstance(argument, ast.Constant) and not str(argument.value).startswith("."):
                self._add(str(argument.value), node)
            else:
                self.complaints.append((node.lineno, f"calls {name} on a name not known here"))
        for keyword in node.keywords:
            allows = not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            if keyword.arg == "allow_pickle" and allows:
                self.complaints.append((node.lineno, "allows pickle"))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_later(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_later(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_later(node)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test).split(".")[-1] != "TYPE_CHECKING":
            self.generic_visit(node)
            return
        for statement in node.body:
            self._visit_later(statement, itself=True)
        for statement in node.orelse:
            self.visit(statement)

    def _visit_later(self, node: ast.AST, itself: bool = False) -> None:
        """Visit what does not run when the module is imported."""
        before, self._at_the_top = self._at_the_top, False
        (self.visit if itself else self.generic_visit)(node)
        self._at_the_top = before

    def _add(self, target: str, node: ast.stmt | ast.expr) -> None:
        self.imports.append(Import(target, node.lineno, self._at_the_top))


def reach(room: str) -> frozenset[str]:
    """Every room that `room` may import, itself included."""
    return frozenset({room}).union(*(reach(before) for before in BUILDS_ON[room]))


def modules_of(package: Path) -> Iterator[tuple[Path, str]]:
    """Each source file of a package with its dotted module name."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_imports(path: Path, module: str) -> ImportFinder:
    finder = ImportFinder(module, path.name == "__init__.py")
    finder.visit(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    return finder


def exemptions_of(module: str, library: str) -> set[tuple[str, str]]:
    """The entries of the list above that let `module` import `library` at its top."""
    return {
        (home, name)
        for home, name in HEAVY_AT_THE_TOP
        if name == library and (module == home or module.startswith(f"{home}."))
    }


def violations(package: Path) -> list[str]:
    """Each import of the package that the rules forbid, as `file:line: what is wrong`."""
    found = []
    for path, module in modules_of(package):
        relative = path.relative_to(package)
        finder = find_imports(path, module)
        complaints = list(finder.complaints)
        if str(relative) in ENTRANCES:
            complaints = [c for c in complaints if "not known here" not in c[1]]
            room = None
        elif relative.parts[0] not in BUILDS_ON:
            found.append(f"{relative}:1: the design has no room of this name")
            continue
        else:
            room = relative.parts[0]
        for entry in finder.imports:
            complaints += [(entry.line, text) for text in _objections(entry, module, room)]
        found += [f"{relative}:{line}: {text}" for line, text in sorted(complaints)]
    return found


def _objections(entry: Import, module: str, room: str | None) -> Iterator[str]:
    root, _, rest = entry.target.partition(".")
    if root == "cairnet" and room is not None:
        target = rest.split(".")[0]
        if target not in BUILDS_ON:
            yield f"{room} imports {entry.target}, which is in no room"
        elif target not in reach(room):
            allowed = ", ".join(sorted(reach(room) - {room})) or "no other room"
            yield f"{room} imports {target}; it may import {allowed}"
    if root in PICKLES:
        yield f"imports {root}: nothing is pickled"
    if root in HEAVY and entry.at_the_top and not exemptions_of(module, root):
        yield f"imports {root} at its top; import it in the function that uses it"


def test_every_import_follows_the_arrows() -> None:
    assert violations(PACKAGE) == []


def test_every_exemption_has_a_reason_and_is_in_use() -> None:
    used: set[tuple[str, str]] = set()
    for path, module in modules_of(PACKAGE):
        for entry in find_imports(path, module).imports:
            if entry.at_the_top:
                used |= exemptions_of(module, entry.target.partition(".")[0])
    assert set(HEAVY_AT_THE_TOP) == used
    assert all(HEAVY_AT_THE_TOP.values())


def test_every_library_is_a_declared_dependency() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    requirements = [*project["dependencies"]]
    for extra in ("xla", "onnx", "web"):
        requirements += project["optional-dependencies"][extra]
    names = [re.split(r"[^\w-]", requirement)[0] for requirement in requirements]
    known = {MODULE_OF_DISTRIBUTION.get(name, name) for name in names}
    undeclared = {
        f"{module}:{entry.line}: {entry.target}"
        for path, module in modules_of(PACKAGE)
        for entry in find_imports(path, module).imports
        if entry.target.partition(".")[0] not in known | sys.stdlib_module_names | {"cairnet"}
    }
    assert undeclared == set()


def test_the_arrows_are_those_of_the_design() -> None:
    assert reach("base") == {"base"}
    assert reach("nn") == {"base", "tensor", "nn"}
    assert reach("teaching") == {"base", "tensor", "teaching"}
    assert reach("runtime") == {"base", "tensor", "compiler", "backends", "runtime"}
    trained = reach("runtime") | {"nn", "optim", "data", "plots", "training"}
    assert reach("training") == trained
    assert reach("models") == trained | {"models"}
    assert reach("estimators") == trained | {"estimators"}
    assert reach("interop") == trained | {"models", "estimators", "interop"}
    assert reach("cli") == reach("interop") | {"cli"}
    assert reach("web") == reach("interop") | {"web"}


def write_package(folder: Path, files: dict[str, str]) -> Path:
    package = folder / "cairnet"
    for name, source in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return package


@pytest.mark.parametrize("room", BUILDS_ON)
def test_a_room_reaches_exactly_the_rooms_before_it(room: str, tmp_path: Path) -> None:
    for other in BUILDS_ON:
        source = {f"{room}/module.py": f"def f():\n    import cairnet.{other}.thing\n"}
        found = violations(write_package(tmp_path / other, source))
        assert (found == []) == (other in reach(room)), found


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("base/a.py", "from cairnet import tensor", "base/a.py:1: base imports tensor"),
        ("nn/a.py", "\nfrom cairnet.compiler import x", "nn/a.py:2: nn imports compiler"),
        ("nn/a.py", "def f():\n    from cairnet.runtime import x", ":2: nn imports runtime"),
        ("nn/a.py", "class A:\n    import cairnet.training", ":2: nn imports training"),
        ("nn/b/a.py", "from ...optim import sgd", "nn/b/a.py:1: nn imports optim"),
        ("nn/__init__.py", "from .. import plots", "nn/__init__.py:1: nn imports plots"),
        (
            "nn/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import cairnet.data",
            "nn/a.py:3: nn imports data",
        ),
        ("nn/a.py", "import importlib\nimportlib.import_module('cairnet.data')", "imports data"),
        ("nn/a.py", "def f(name):\n    return __import__(name)", "not known here"),
        ("cli/a.py", "import cairnet as cn", "which is in no room"),
        ("attic/a.py", "import os", "attic/a.py:1: the design has no room of this name"),
        ("helpers.py", "import os", "helpers.py:1: the design has no room of this name"),
        ("base/a.py", "from cairnet.base.errors import *", "imports * from cairnet.base.errors"),
        ("__init__.py", "from cairnet.base.errors import *", "imports * from"),
        ("data/a.py", "def f():\n    import pickle", "data/a.py:2: imports pickle"),
        ("data/a.py", "from pickle import loads", "data/a.py:1: imports pickle"),
        ("data/a.py", "np.load(path, allow_pickle=True)", "data/a.py:1: allows pickle"),
        ("data/a.py", "from PIL import Image", "data/a.py:1: imports PIL at its top"),
        ("data/a.py", "try:\n    import scipy.special\nfinally:\n    pass", ":2: imports scipy"),
        ("plots/a.py", "class A:\n    import matplotlib.pyplot as plt", ":2: imports matplotlib"),
        ("__init__.py", "import sklearn", "__init__.py:1: imports sklearn at its top"),
    ],
)
def test_a_wrong_import_is_found(name: str, source: str, complaint: str, tmp_path: Path) -> None:
    found = violations(write_package(tmp_path, {name: source}))
    assert len(found) == 1
    assert complaint in found[0]


def test_right_imports_are_left_alone(tmp_path: Path) -> None:
    package = write_package(
        tmp_path,
        {
            "__init__.py": "import importlib\nfrom cairnet.cli import main\n"
            "def __getattr__(name):\n    return importlib.import_module(f'cairnet.{name}')\n",
            "__main__.py": "from cairnet.cli import main\nmain()\n",
            "base/errors.py": "import json, numpy\nfrom numpy import float32\n",
            "tensor/core.py": "from . import shapes\nfrom ..base import errors\n",
            "plots/a.py": "def f():\n    from matplotlib import pyplot\n",
            "data/a.py": "def f(path):\n    np.load(path, allow_pickle=False)\n",
            "data/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import PIL\n",
        },
    )
    assert violations(package) == []
