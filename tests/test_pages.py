"""The pages on layers, training, data and the command line say what is so.

Their programs run, and print what the pages show; every command prints what stands below it; every
public name stands in a table; and what the tables say in numbers is measured.
"""

import ast
import inspect
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cairnet as cn

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
UPDATE = os.environ.get("CAIRNET_UPDATE_GOLDEN", "") not in ("", "0")
PAGES = ("layers", "training", "recurrent", "text", "data", "linear_algebra", "command_line")

PROGRAM = re.compile(r"^```python\n(.*?)^```(?:\n+```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(
    r"<!-- output of: (?P<line>[^|>]+?)(?: \| head -(?P<most>\d+))? -->\n"
    r"```text\n(?P<text>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
TABLE = re.compile(r"<!-- table: (\S+) -->\n\n(\|.*?)(?:\n\n|\Z)", re.DOTALL)

#: Public names that stand in no table: what they have in common with others is said in the text.
IN_THE_TEXT = {
    "cn.activations": {"get"},
    "cn.augment": set(),
    "cn.callbacks": set(),
    "cn.constraints": {"Constraint", "constrained", "get"},
    "cn.datasets": set(),
    "cn.initializers": {"Initializer", "get"},
    "cn.layers": set(),
    "cn.linalg": {"EighResult", "QRResult", "SVDResult", "SlogdetResult"},
    "cn.losses": {"Loss", "get"},
    "cn.metrics": {"Metric", "MeanMetric", "get"},
    "cn.optimizers": {"Optimizer", "get", "schedules"},
    "cn.optimizers.schedules": {"LearningRateSchedule", "get"},
    "cn.plots": set(),
    "cn.regularizers": {"Regularizer", "get"},
}


def read(page: str) -> str:
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def check(page: str, block: str, shown: str, found: str, where: str) -> None:
    """Compare a piece of a page with what it should be, or put that in its place."""
    if alike(shown, found):
        return
    if UPDATE:
        text = read(page).replace(block, block.replace(f"```text\n{shown}", f"```text\n{found}"))
        (DOCS / f"{page}.md").write_text(text, encoding="utf-8")
        return
    assert shown == found, f"docs/{page}.md, {where}: set CAIRNET_UPDATE_GOLDEN=1 to write it anew"


def alike(shown: str, found: str) -> bool:
    """Whether two texts are the same but for durations and the last digits of numbers.

    What a training comes to differs a little from processor to processor.
    """
    ours, theirs = (
        re.findall(r"\d+(?:\.\d+)? m?s\b|\d+\.\d+|\s+|[^\s\d]+|\d+", t) for t in (shown, found)
    )
    return len(ours) == len(theirs) and all(map(_same, ours, theirs))


def _same(shown: str, found: str) -> bool:
    if shown.isspace() or found.isspace():
        return shown.isspace() == found.isspace() and ("\n" in shown) == ("\n" in found)
    if shown.endswith("s") and shown[0].isdigit():
        return found.endswith("s") and found[0].isdigit()
    if "." in shown and re.fullmatch(r"\d+\.\d+", shown) and re.fullmatch(r"\d+\.\d+", found):
        last = 1.01 * 10.0 ** -len(shown.partition(".")[2])
        return abs(float(shown) - float(found)) <= max(last, 0.03 * max(1.0, float(shown)))
    return shown == found


def plain(printed: str, most: int | None = None) -> str:
    """The first lines of a text without the blanks at their ends."""
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines()[:most])


def test_what_counts_as_alike() -> None:
    assert alike("loss 0.1234  0.03 s\n", "loss 0.1235  4 ms\n")
    assert not alike("loss 0.1234\n", "loss 0.2234\n")
    assert not alike("one two\n", "one\ntwo\n")
    assert not alike("12 images\n", "13 images\n")


@pytest.mark.parametrize("page", [*PAGES, "index"])
def test_programs_print_what_the_page_shows(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    programs = list(PROGRAM.finditer(read(page)))
    assert programs or page == "command_line"
    names: dict[str, Any] = {"__name__": "__main__"}
    for program in programs:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(program[1], "network.py", "exec"), names)
        check(page, program[0], program[2] or "", plain(printed.getvalue()), program[1][:60])


def test_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    _write_digits()
    blocks = list(COMMAND.finditer(read("command_line")))
    assert len(blocks) == read("command_line").count("<!-- output of:") > 5
    for block in blocks:
        monkeypatch.setattr(sys, "argv", shlex.split(block["line"]))
        from cairnet.cli import main

        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert (left.value.code or 0) == (2 if err else 0), block["line"]
        found = plain(out + err, int(block["most"]) if block["most"] else None)
        check("command_line", block[0], block["text"], found, block["line"])


def _write_digits() -> None:
    """The pictures that the commands of the page are about."""
    from PIL import Image

    _, (images, labels) = cn.datasets.digits()
    for digit, word in ((3, "three"), (8, "eight")):
        image = images[labels == digit][0, :, :, 0]
        Image.fromarray((image * 255).round().astype(np.uint8)).save(f"{word}.png")


def rows(page: str) -> Iterator[tuple[str, list[str]]]:
    """Every row of a page's tables of names: what they are names of, and the cells."""
    for table in TABLE.finditer(read(page)):
        for line in table[2].splitlines()[2:]:
            yield table[1], [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


ROWS = [(page, kind, cells) for page in PAGES for kind, cells in rows(page)]


def namespace(kind: str) -> ModuleType:
    found: Any = cn
    for name in kind.split(".")[1:]:
        found = getattr(found, name)
    return found


def named(cell: str) -> list[str]:
    """The names that the first cell of a row is about: those called, or all that stand alone."""
    quoted = re.findall(r"`([^`]+)`", cell)
    return [re.match(r"\w+", code)[0] for code in quoted]  # type: ignore[index]


@pytest.mark.parametrize("kind", IN_THE_TEXT)
def test_every_public_name_stands_in_a_table(kind: str) -> None:
    listed = [name for _, where, cells in ROWS if where == kind for name in named(cells[0])]
    missing = set(namespace(kind).__all__) - set(listed) - IN_THE_TEXT[kind]
    assert not missing, f"{kind}: give these a row in the docs: {sorted(missing)}"
    unknown = set(listed) - set(namespace(kind).__all__)
    assert not unknown, f"{kind} has no {sorted(unknown)}"


def test_every_table_is_of_names_that_are_checked() -> None:
    assert {kind for _, kind, _ in ROWS} == set(IN_THE_TEXT)


def called(kind: str, cell: str) -> Any:
    """What the call in the first cell of a row makes."""
    (code, *_) = re.findall(r"`([^`]+)`", cell)
    scope = {name: getattr(namespace(kind), name) for name in namespace(kind).__all__}
    return eval(code, {"cn": cn, **scope})


def numbers(cell: str) -> list[float]:
    """The numbers of a cell; a proper minus sign is one too."""
    return [float(word) for word in re.findall(r"-?\d+(?:\.\d+)?", cell.replace("−", "-"))]


def cells_of(kind: str) -> list[list[str]]:
    return [cells for _, where, cells in ROWS if where == kind]


def close(found: Any, shown: list[float]) -> None:
    """Two numbers are the same to the digits that are shown."""
    np.testing.assert_allclose(np.ravel(np.asarray(found, float)), shown, atol=0.0051)


@pytest.mark.parametrize("cells", cells_of("cn.layers"), ids=lambda cells: cells[0])
def test_a_layer_turns_shapes_into_those_of_its_row(cells: list[str]) -> None:
    if "→" not in cells[1]:
        assert cells[1] == "", "a row with a call has shapes, as in (28, 28, 1) → (24, 24, 8)"
        return
    layer = called("cn.layers", cells[0])
    before, after = cells[1].split("→")
    inputs = [cn.Input(ast.literal_eval(shape)) for shape in re.findall(r"\([^)]*\)", before)]
    output = layer(inputs) if layer.takes_list else layer(*inputs)
    assert output.shape[1:] == ast.literal_eval(after.strip())


@pytest.mark.parametrize("cells", cells_of("cn.activations"), ids=lambda cells: cells[0])
def test_an_activation_has_the_values_of_its_row(cells: list[str]) -> None:
    x = np.array([-2.0, 0.0, 2.0])
    close(called("cn.activations", cells[0])(x), numbers(cells[2]))


@pytest.mark.parametrize("cells", cells_of("cn.initializers"), ids=lambda cells: cells[0])
def test_an_initializer_spreads_as_in_its_row(cells: list[str]) -> None:
    weights = np.asarray(called("cn.initializers", cells[0])((300, 100)))
    (shown,) = numbers(cells[2])
    assert abs(weights.std() - shown) < 0.002


@pytest.mark.parametrize("cells", cells_of("cn.losses"), ids=lambda cells: cells[0])
def test_a_loss_has_the_value_of_its_row(cells: list[str]) -> None:
    loss = called("cn.losses", cells[0])
    prediction = np.array([[0.2, 0.7]])
    target: Any = np.array([1]) if "class 1" in cells[2] else np.array([[0.0, 1.0]])
    close(loss(target, prediction), numbers(cells[2].replace("class 1", "")))
    function = getattr(cn.losses, named(cells[0])[1])
    np.testing.assert_allclose(np.mean(function(target, prediction)), loss(target, prediction))


@pytest.mark.parametrize("cells", cells_of("cn.optimizers"), ids=lambda cells: cells[0])
def test_an_optimizer_takes_the_step_of_its_row(cells: list[str]) -> None:
    optimizer = called("cn.optimizers", cells[0])
    w = cn.Variable(np.array([1.0]), name="w")
    step = cn.function([], [], optimizer.updates([w], [cn.asarray(np.array([0.5]))]))
    step()
    (shown,) = numbers(cells[2])
    np.testing.assert_allclose(w.numpy(), shown, atol=0.0000051)


@pytest.mark.parametrize("cells", cells_of("cn.regularizers"), ids=lambda cells: cells[0])
def test_a_penalty_has_the_value_of_its_row(cells: list[str]) -> None:
    close(called("cn.regularizers", cells[0])(np.array([1.0, -2.0])), numbers(cells[2]))


@pytest.mark.parametrize("cells", cells_of("cn.constraints"), ids=lambda cells: cells[0])
def test_a_constraint_leaves_what_its_row_says(cells: list[str]) -> None:
    weights = np.array([[3.0], [-4.0]])
    close(called("cn.constraints", cells[0])(weights), numbers(cells[2]))


@pytest.mark.parametrize(
    "cells",
    [
        (kind, cells[0])
        for kind in ("cn.metrics", "cn.optimizers.schedules", "cn.callbacks")
        for cells in cells_of(kind)
    ],
    ids=lambda cells: cells[1],
)
def test_the_other_calls_are_right(cells: tuple[str, str], tmp_path: Path) -> None:
    kind, cell = cells
    (code, *_) = re.findall(r"`([^`]+)`", cell)
    value = getattr(namespace(kind), named(cell)[0])
    if "(" in code and inspect.isclass(value):
        called(kind, cell)


def options(command: str) -> set[str]:
    """The options of a command, as its help names them."""
    import typer.main

    from cairnet.cli.commands import app

    group: Any = typer.main.get_command(app)
    found = group.commands[command].params
    return {name for one in found for name in one.opts if name.startswith("--")} - {"--help"}


def test_every_option_of_every_command_is_on_the_page() -> None:
    import typer.main

    from cairnet.cli.commands import app

    page = read("command_line")
    group: Any = typer.main.get_command(app)
    sections = dict(re.findall(r"^## `cairnet (\w+)[^\n]*\n(.*?)(?=^## |\Z)", page, re.S | re.M))
    assert set(sections) == set(group.commands)
    for command, text in sections.items():
        if command != "cache":
            assert set(re.findall(r"`(--[\w-]+)", text)) == options(command), command


def test_every_page_can_be_reached_from_the_first() -> None:
    listed = re.findall(r"^```\{toctree\}\n(?::.*\n)*\n((?:[\w*]+\n)+)```", read("index"), re.M)
    patterns = "".join(listed).split()
    assert len(patterns) > 5
    found = {path for pattern in patterns for path in DOCS.glob(f"{pattern}.md")}
    assert found == set(DOCS.glob("*.md")) - {DOCS / "index.md"}


@pytest.mark.parametrize("page", [*PAGES, "index"])
def test_what_a_page_links_to_exists(page: str) -> None:
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)]+)\)", read(page)) if "://" not in t]
    assert [target for target in targets if target and not (DOCS / target).exists()] == []


def test_every_picture_is_shown_and_can_be_drawn_again() -> None:
    drawn = (ROOT / "scripts" / "pictures" / "catalogue.py").read_text(encoding="utf-8")
    names = re.findall(r'^    "(\w+)": ', drawn, re.MULTILINE)
    assert len(names) > 10
    pages = [path.read_text(encoding="utf-8") for path in (*DOCS.glob("*.md"), ROOT / "README.md")]
    for name in names:
        picture = DOCS / "images" / f"{name}.png"
        assert picture.stat().st_size < 100_000, name
        assert any(f"images/{name}.png" in page for page in pages), name
