"""docs/results.md: what is entered in it, and that it says what was measured."""

import json
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from results import PAGES, Entry, Picture, Run, enter, read
from results_page import ORDER, PICTURE, render

ENTRY = Entry(
    key="mnist_sigmoid",
    title="Sigmoids, quadratic cost",
    network="784-30-10",
    settings="30 epochs",
    source="a textbook",
    published="95.0",
    floor=94.8,
)
FIRST, SECOND = Run("1", 0.953, 0.95, 4.0, 3.0), Run("2", 0.951, 0.954, 14.0, 5.0)


def with_runs(*runs: Run, **changes: object) -> Entry:
    return replace(ENTRY, runs=runs, **changes)


def test_runs_of_one_experiment_are_collected(tmp_path: Path) -> None:
    enter(tmp_path, with_runs(SECOND))
    enter(tmp_path, with_runs(FIRST, pictures=(Picture("curves.png", "Curves"),)))
    enter(tmp_path, with_runs(replace(SECOND, test=0.952)))
    page = (tmp_path / "results.md").read_text("utf-8")
    assert "python examples/mnist_sigmoid.py --seeds 1 2\n" in page
    row = "| 95.0 % | **95.10 ± 0.14 %** | 2 | 94.80 % | 4.0 s |"
    assert f"| [Sigmoids, quadratic cost](#sigmoids-quadratic-cost) {row}" in page
    assert "By seed: 95.00 % from 1, 95.20 % from 2." in page
    assert "![Curves](images/curves.png)" in page
    assert {path.name for path in tmp_path.iterdir()} == {"images", "results.json", "results.md"}


@pytest.mark.parametrize("change", ["network", "settings", "options"])
def test_runs_of_something_else_are_forgotten(change: str, tmp_path: Path) -> None:
    enter(tmp_path, with_runs(FIRST))
    enter(tmp_path, with_runs(SECOND, **{change: "other"}))
    assert [run.seeds for run in read(tmp_path)[ENTRY.key].runs] == ["2"]


def test_other_experiments_stay(tmp_path: Path) -> None:
    enter(tmp_path, with_runs(FIRST))
    enter(tmp_path, with_runs(Run("1 2", 0.99, 0.98), key="mnist_vote", title="Vote", floor=None))
    page = (tmp_path / "results.md").read_text("utf-8")
    assert page.index("## Sigmoids") < page.index("## Vote")
    assert "python examples/mnist_vote.py --seeds 1 2\n" in page
    assert "| [Vote](#vote) | 95.0 % | **98.00 %** | 2 |  |  |" in page


def test_the_page_shows_what_was_measured() -> None:
    assert (PAGES / "results.md").read_text("utf-8") == render(read(PAGES))


def test_what_was_measured_is_what_must_be_reached() -> None:
    entries = read(PAGES)
    assert set(entries) == set(ORDER)
    floors = [entry for entry in entries.values() if entry.floor is not None]
    assert len(floors) == 9
    for entry in floors:
        assert 100 * statistics.fmean(run.test for run in entry.runs) >= entry.floor, entry.key


def test_the_page_has_its_pictures() -> None:
    kept = json.loads((PAGES / "results.json").read_text("utf-8"))
    named = {each["file"] for entry in kept.values() for each in entry["pictures"]} | {PICTURE}
    found = {path.name for path in (PAGES / "images").glob("results-*")}
    assert named == found
