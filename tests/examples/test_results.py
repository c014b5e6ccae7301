"""docs/results.md: what is entered in it, and that it says what was measured."""

import json
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from results import PAGES, Entry, Picture, Quantity, Run, Text, enter, read
from results_page import ORDER, PICTURE, SEQUENCES, render

ENTRY = Entry(
    key="mnist_sigmoid",
    title="Sigmoids, quadratic cost",
    network="784-30-10",
    settings="30 epochs",
    source="a textbook",
    quantities=(
        Quantity("test images", published="95.0", bound=94.8),
        Quantity("validation images", in_table=False),
    ),
)


def measured(seeds: str, test: float, seconds: float = 4.0, processor: float = 3.0) -> Run:
    return Run(seeds, {"test images": test, "validation images": 0.95}, seconds, processor)


FIRST, SECOND = measured("1", 0.95), measured("2", 0.954, 14.0, 5.0)


def with_runs(*runs: Run, **changes: object) -> Entry:
    return replace(ENTRY, runs=runs, **changes)


def test_runs_of_one_experiment_are_collected(tmp_path: Path) -> None:
    enter(tmp_path, with_runs(SECOND))
    enter(tmp_path, with_runs(FIRST, pictures=(Picture("curves.png", "Curves"),)))
    enter(tmp_path, with_runs(measured("2", 0.952, 14.0, 5.0)))
    page = (tmp_path / "results.md").read_text("utf-8")
    assert "python examples/mnist_sigmoid.py --seeds 1 2\n" in page
    row = "| 95.0 % | **95.10 ± 0.14 %** | 2 | ≥ 94.80 % | 4.0 s |"
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
    both = Run("1 2", FIRST.values)
    enter(tmp_path, with_runs(both, key="mnist_vote", title="Vote"))
    page = (tmp_path / "results.md").read_text("utf-8")
    assert page.index("### Sigmoids") < page.index("### Vote")
    assert "python examples/mnist_vote.py --seeds 1 2\n" in page
    assert "| [Vote](#vote) | 95.0 % | **95.00 %** | 2 | ≥ 94.80 % |  |" in page


def test_what_is_no_share_has_its_own_unit_and_a_line_each(tmp_path: Path) -> None:
    bits = Quantity("held out", "bits", 3, bound=2.25, smaller_is_better=True)
    exact = Quantity("exact", digits=1)
    runs = (Run("1", {"held out": 2.2, "exact": 0.5}), Run("2", {"held out": 2.3, "exact": 0.7}))
    (text,) = texts = (Text("After an epoch", "To be\nor not"),)
    key = SEQUENCES.order[0]
    enter(tmp_path, replace(ENTRY, key=key, quantities=(bits, exact), runs=runs, texts=texts))
    page = (tmp_path / "results.md").read_text("utf-8")
    title = "[Sigmoids, quadratic cost](#sigmoids-quadratic-cost)"
    assert f"| {title} | held out | **2.250 ± 0.071 bits** | 2 | ≤ 2.250 bits |" in page
    assert "|  | exact | **60.0 ± 14.1 %** |  |  |" in page
    assert "By seed, held out: 2.200 bits from 1, 2.300 bits from 2." in page
    assert f"After an epoch:\n\n```text\n{text.text}\n```" in page
    assert (bits.reached(2.25), bits.reached(2.26)) == (True, False)
    assert read(tmp_path)[key].texts == texts


def test_the_page_shows_what_was_measured() -> None:
    assert (PAGES / "results.md").read_text("utf-8") == render(read(PAGES))


def test_what_was_measured_is_what_must_be_reached() -> None:
    entries = read(PAGES)
    assert set(entries) == set(ORDER)
    bound = [
        (entry, quantity)
        for entry in entries.values()
        for quantity in entry.quantities
        if quantity.bound is not None
    ]
    assert len(bound) >= 11
    for entry, quantity in bound:
        assert quantity.reached(statistics.fmean(entry.measured(quantity))), entry.key


def test_the_page_has_its_pictures() -> None:
    kept = json.loads((PAGES / "results.json").read_text("utf-8"))
    named = {each["file"] for entry in kept.values() for each in entry["pictures"]} | {PICTURE}
    found = {path.name for path in (PAGES / "images").glob("results-*")}
    assert named == found
