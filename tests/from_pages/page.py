"""The pages docs/from_*.md: their sections, tables and programs, and how they are run.

A section begins with `##`. What stands before the first one is run before every section. In a
table with the headings `| Theano | Cairnet |` a row has the peer's expression in its first cell and
Cairnet's in its second, with which the cell begins, or else the row is prose; other tables are
prose throughout. A program stands under a line that says whose it is, `**Theano**` or
`**Cairnet**`; without one it is Cairnet's.

What a program prints is shown behind the `print`, as `print(1 + 1)  # 2`, further lines of it on
comment lines below.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import cairnet as cn
from cairnet.tensor.core import Input, Tensor, Variable, topological_order

DOCS = Path(__file__).resolve().parents[2] / "docs"
OURS = "Cairnet"


@dataclass(frozen=True)
class Row:
    """A line of a table: two expressions."""

    line: int
    peer: str
    ours: str


@dataclass(frozen=True)
class Program:
    """A block of code, and whose it is."""

    line: int
    whose: str
    code: str


@dataclass(frozen=True)
class Section:
    """What stands under a heading, in order."""

    title: str
    items: list[Row | Program] = field(default_factory=list)

    def __str__(self) -> str:
        return self.title

    @property
    def rows(self) -> list[Row]:
        return [item for item in self.items if isinstance(item, Row)]

    def programs(self, whose: str = OURS) -> list[Program]:
        return [item for item in self.items if isinstance(item, Program) and item.whose == whose]


def read(name: str) -> list[Section]:
    """The sections of a page; the first, of the empty title, is what stands before them."""
    sections = [Section("")]
    whose, compares = OURS, False
    lines = enumerate((DOCS / name).read_text(encoding="utf-8").splitlines(), 1)
    for number, line in lines:
        if line.startswith("## "):
            sections.append(Section(line[3:]))
        elif label := re.fullmatch(r"\*\*(\w+)\*\*", line):
            whose = label[1]
        elif line.startswith("```"):
            code = "\n".join(_until_the_fence(lines))
            if line == "```python":
                sections[-1].items.append(Program(number, whose, code))
            whose = OURS
        elif heading := re.fullmatch(r"\| (.+) \| (.+) \|", line):
            cells = [re.match(r"`([^`]+)`", cell) for cell in heading.groups()]
            if not any(cells):
                compares = re.fullmatch(r"\| \w+ \| Cairnet \|", line) is not None
            elif compares and cells[0] and cells[1]:
                sections[-1].items.append(Row(number, cells[0][1], cells[1][1]))
    return sections


def _until_the_fence(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line.startswith("```"):
            return
        yield line


def shown(code: str) -> list[str]:
    """The output that a program says it has."""
    found: list[str] = []
    continues = False
    for line in code.splitlines():
        prints = re.match(r"\s*print\(", line) is not None
        output = line.partition(")  # ")[2]
        if prints and output:
            found.append(output)
        elif continues and line.startswith("# "):
            found.append(line[2:])
        continues = prints or (continues and line.startswith("#"))
    return found


def run(page: str, program: Program, names: dict[str, Any]) -> None:
    """Run a program in a namespace, and compare what it prints with what it shows."""
    # Blank lines in front, so that errors name the line of the page.
    code = "\n" * program.line + program.code
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, page, "exec"), names)
    printed = [line.rstrip() for line in output.getvalue().splitlines()]
    assert printed == shown(program.code), f"{page}, line {program.line}: it prints {printed}"


def value(page: str, row: Row, names: dict[str, Any], feeds: Mapping[str, Any]) -> Any:
    """What Cairnet's expression in a row comes to; its inputs are fed by name."""
    result = eval(compile("\n" * (row.line - 1) + row.ours, page, "eval"), names)
    # Inputs that are only asked for their extents count too.
    inputs = [one for one in names.values() if isinstance(one, Input) and one.name in feeds]
    return evaluated(result, inputs, feeds)


def evaluated(result: Any, inputs: Sequence[Input], feeds: Mapping[str, Any]) -> Any:
    """Tensors as arrays, also inside lists, tuples and dicts; anything else as it is."""
    if isinstance(result, Variable):
        return result.numpy()
    if isinstance(result, Tensor):
        own = [t for t in topological_order([result]) if isinstance(t, Input)]
        listed = list(dict.fromkeys([*inputs, *own]))
        function = cn.function(listed, result, backend="reference")
        return function(*(feeds[one.name] for one in listed))
    if isinstance(result, list | tuple):
        return type(result)(evaluated(item, inputs, feeds) for item in result)
    if isinstance(result, Mapping):
        return {name: evaluated(item, inputs, feeds) for name, item in result.items()}
    return result


def compare(ours: Any, theirs: Any, where: str, tolerance: float = 1e-5) -> None:
    """Two values are the same: numbers within the tolerance, in equal shapes."""
    if isinstance(theirs, Mapping):
        assert sorted(ours) == sorted(theirs), where
        for name, item in theirs.items():
            compare(ours[name], item, f"{where}, {name!r}", tolerance)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), where
        for mine, item in zip(ours, theirs, strict=True):
            compare(mine, item, where, tolerance)
    elif isinstance(theirs, np.ndarray | np.generic | float):
        assert np.shape(ours) == np.shape(theirs), where
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance, err_msg=where)
    else:
        assert ours == theirs, where


def parses(code: str) -> bool:
    """Whether this is Python."""
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True
