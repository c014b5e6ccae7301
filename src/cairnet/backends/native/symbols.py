"""The parts of a module's text: one function, one function with all that it needs, instructions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cairnet.base.errors import CompileError

__all__ = ["closure", "function_text", "instructions"]

#: What assembly says to the assembler and the linker, and not to the processor.
_DIRECTIVES = re.compile(
    r"\s*\.(?!L)(?!long|quad|byte|short|zero|ascii|asciz|word|xword|hword|2byte|4byte|8byte)"
    r"|\s*\.Lfunc_end|\s*\.set\b|^\s*#"
)
_SYMBOL = re.compile(r'@(?:"[^"]+"|[\w.$-]+)')


def function_text(module: str, name: str) -> str:
    r"""The definition of one function, as it stands in the module.

    >>> function_text("declare void @g()\ndefine void @f() {\n  ret void\n}\n", "f")
    'define void @f() {\n  ret void\n}'
    """
    return _parts(module)[f"@{name}"]


def closure(module: str, name: str) -> str:
    """A module of one function, visible from outside, and of everything that it refers to."""
    parts = _parts(module)
    wanted = {f"@{name}": function_text(module, name).replace("define private ", "define ", 1)}
    pending = [wanted[f"@{name}"]]
    while pending:
        for symbol in _SYMBOL.findall(pending.pop()):
            if symbol in parts and symbol not in wanted:
                wanted[symbol] = parts[symbol]
                pending.append(parts[symbol])
    ordered = [text for symbol, text in parts.items() if symbol in wanted and symbol != f"@{name}"]
    return "\n".join([*ordered, wanted[f"@{name}"], ""])


def instructions(assembly: str) -> str:
    r"""Assembly without what is meant for the assembler: labels, instructions, constants.

    >>> instructions("\t.text\n\t.globl f\nf:\n\tretq\n")
    'f:\n\tretq'
    """
    lines = (line.rstrip() for line in assembly.splitlines())
    return "\n".join(line for line in lines if line and not _DIRECTIVES.match(line))


def _parts(module: str) -> dict[str, str]:
    """Every global, declaration and definition by its name, in order."""
    found: dict[str, str] = {}
    for text in _top_level(module):
        symbol = _SYMBOL.search(text)
        if symbol is None:
            raise CompileError(f"a part of a module without a name: {text.splitlines()[0]!r}")
        found[symbol[0]] = text
    return found


def _top_level(module: str) -> Iterator[str]:
    inside: list[str] = []
    for line in module.splitlines():
        if inside:
            inside.append(line)
            if line == "}":
                yield "\n".join(inside)
                inside = []
        elif line.startswith("define "):
            inside = [line]
        elif line.startswith(("declare ", "@")):
            yield line
