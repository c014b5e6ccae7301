"""docs/engine.md shows what the engine really does: its outputs, diagrams and examples."""

import doctest
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cairnet.backends.native.machine import host
from cairnet.compiler import loops

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "engine.md"
UPDATE = os.environ.get("CAIRNET_UPDATE_GOLDEN", "") not in ("", "0")
BLOCK = re.compile(
    r"<!-- output of: python examples/engine\.py (?P<arguments>[\w ]+?)"
    r"(?: \| head -(?P<most>\d+))? -->\n```text\n(?P<text>.*?)```",
    re.DOTALL,
)
needs_avx2 = pytest.mark.skipif(
    not (host().has("avx2") and host().has("fma")), reason="the page shows code for AVX2"
)


def example(*arguments: str) -> str:
    """What the example prints on a processor that knows no more than AVX2."""
    environment = {
        **os.environ,
        "CAIRNET_MACHINE": "avx2",
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONIOENCODING": "utf-8",
    }
    finished = subprocess.run(
        [sys.executable, "examples/engine.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return finished.stdout


def check(old: str, new: str, shown: str, where: str) -> None:
    """Compare a piece of the page with what it should be, or put that in its place."""
    if shown != new and UPDATE:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page.replace(old, old.replace(f"text\n{shown}", f"text\n{new}")), "utf-8")
        return
    assert shown == new, f"docs/engine.md: {where} has changed; set CAIRNET_UPDATE_GOLDEN=1"


def blocks() -> list[re.Match[str]]:
    return list(BLOCK.finditer(PAGE.read_text(encoding="utf-8")))


def test_the_page_has_the_outputs_it_promises() -> None:
    assert len(blocks()) == PAGE.read_text(encoding="utf-8").count("<!-- output of:") == 7


@needs_avx2
@pytest.mark.parametrize("number", range(7))
def test_outputs_are_what_the_commands_print(number: int) -> None:
    block = blocks()[number]
    lines = example(*block["arguments"].split()).splitlines()
    text = "".join(f"{line}\n" for line in lines[: int(block["most"] or len(lines))])
    if block["arguments"].startswith("asm"):
        # Which registers LLVM takes, and in which order, depends on its version and on the
        # processor; what is computed does not.
        shown, found = (sorted(re.findall(r"^\t(\w+)", t, re.M)) for t in (block["text"], text))
        if shown == found:
            return
    check(block[0], text, block["text"], block["arguments"])


def test_the_grammar_is_that_of_the_module() -> None:
    page = PAGE.read_text(encoding="utf-8")
    (block,) = re.finditer(r"<!-- grammar -->\n```text\n(.*?)```", page, re.DOTALL)
    described = str(loops.__doc__)
    grammar = described[described.index("    program") : described.index("\n\nMatrix products")]
    check(block[0], textwrap.dedent(grammar) + "\n", block[1], "the grammar")


def test_the_example_quoted_is_the_example_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    (quoted,) = re.findall(r"```python\n(x = cn\.input.*?)```", page, re.DOTALL)
    assert quoted in (ROOT / "examples" / "engine.py").read_text(encoding="utf-8")


@needs_avx2
def test_what_the_text_says_of_the_loops() -> None:
    loops_text = next(block["text"] for block in blocks() if block["arguments"] == "loops")
    assert re.match(
        r"step, with len\(x\) = 64, len\(target\) = 64: 4 kernels in 2 phases", loops_text
    )
    first = loops_text[loops_text.index("kernel 0") : loops_text.index("kernel 1")]
    assert "8 lanes along i1, 2 vectors side by side; 5 of i0 in registers" in first
    for name in "wb":
        assert re.search(rf"^    {name} .* variable, updated in place$", loops_text, re.MULTILINE)
    assembly = next(block["text"] for block in blocks() if block["arguments"].startswith("asm"))
    assert (assembly.count("vfmadd"), assembly.count("vmovups"), assembly.count("broadcast")) == (
        10,
        2,
        5,
    )


def test_the_diagrams_are_those_of_the_example(tmp_path: Path) -> None:
    example("draw", str(PAGE.parent / "images" if UPDATE else tmp_path))
    for name in ("engine_graph.svg", "engine_gradient.svg"):
        kept = (PAGE.parent / "images" / name).read_text(encoding="utf-8")
        assert f"images/{name}" in PAGE.read_text(encoding="utf-8")
        if not UPDATE:
            assert (tmp_path / name).read_text(encoding="utf-8") == kept, name


def test_the_pass_that_it_writes_works() -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert (failed, tried > 15) == (0, True)


def test_the_files_it_names_exist() -> None:
    page = PAGE.read_text(encoding="utf-8")
    package = ROOT / "src" / "cairnet"
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]+\.py|(?:[\w.]+/)+)`", page))
    assert len(named) > 10
    missing = [n for n in sorted(named) if not (ROOT / n).exists() and not (package / n).exists()]
    assert missing == []
    rooms = r"  ((?:tensor|compiler|backends)/[\w/]+(?:, \w+)*)$"
    for group in re.findall(rooms, page, re.MULTILINE):
        first, *rest = group.split(", ")
        folder = package / Path(first).parent
        for name in (Path(first).name, *rest):
            assert (folder / name).exists() or (folder / f"{name}.py").exists(), group
