"""The page: what it says follows from the results, and from nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.page import render, summary, write_page
from benchmarks.results import (
    ContestResult,
    Entry,
    Kernel,
    LeftOut,
    Results,
    Start,
    StartResult,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"


def entry(name: str, library: str, *seconds: float, peer: bool = True) -> Entry:
    difference = 2e-7 if peer else None
    return Entry(name, library, peer, "", 100, list(seconds), difference)


@pytest.fixture
def results() -> Results:
    contest = ContestResult(
        name="net",
        title="A network",
        description="Two layers.",
        source="ten rows",
        batch=10,
        flops=2_000_000,
        floor=2.0,
        tolerance=1e-4,
        compared=10,
        entries=[
            entry("Cairnet", "cairnet", 12e-6, 10e-6, 11e-6, peer=False),
            entry("torch", "torch", 40e-6, 30e-6, 33e-6),
            entry("quick but other", "sklearn", 1e-6, 1e-6, 1e-6, peer=False),
        ],
        left_out=[LeftOut("JAX", "jax not installed")],
        peaks=[400e9, 500e9, 300e9],
        meetings=[7e-8, 1e-7, 9e-7],
        others=0.01,
    )
    start = StartResult(
        "import",
        "Import",
        "Fresh.",
        "",
        [Start("cairnet", "cairnet", [0.2, 0.1, 0.3], limit=0.3), Start("torch", "torch", [2.0])],
        [],
    )
    return Results(
        "python -m benchmarks",
        "2026-01-31",
        {"processor": "one"},
        {"Python": "3.12.1"},
        2,
        3,
        [contest],
        [start],
    )


def test_numbers_are_medians_and_ratios_of_medians(results: Results) -> None:
    contest = results.contests[0]
    assert contest.ours.median == 11e-6
    assert contest.best_peer is contest.entries[1]
    assert contest.ratio == pytest.approx(3.0)
    text = render(results)
    assert "| **Cairnet** | 11.0 µs | 10.0 µs |" in text
    assert "| torch | 33.0 µs | 30.0 µs | 3.00 × | 60.6 | 15 % | 2e-07 |" in text
    assert "The floor, 2 times faster than the best peer, is reached." in text
    assert "Left out: JAX (jax not installed)." in text
    ready = replace(contest.entries[1], ready=2.5, memory=300 << 20)
    text = render(replace(results, contests=[replace(contest, entries=[contest.ours, ready])]))
    assert "| 15 % | 2e-07 | 2.50 s | 300 MiB |" in text
    assert "100 ns, and from 70.0 ns to 900 ns" in text
    assert "Not reached" not in text
    assert "measure again" not in text


def test_a_floor_and_a_limit_that_are_missed_are_said(results: Results) -> None:
    contest = replace(results.contests[0], floor=5.0, others=0.4)
    slow = replace(results.starts[0], starts=[Start("cairnet", "cairnet", [0.31], limit=0.3)])
    missed = replace(results, contests=[contest], starts=[slow])
    text = render(missed)
    assert "## Not reached" in text
    assert "**A network** is to be 5 times faster than its best peer, and is 3.00 ×" in text
    assert "**Import** is to take less than 300 ms, and takes 310 ms" in text
    assert "Other programs took 40 % of the processors" in text
    assert sum("MISSED" in line for line in summary(missed)) == 2
    assert not any("MISSED" in line for line in summary(results))


def test_a_floor_may_be_meant_for_one_peer_though_another_is_quicker(results: Results) -> None:
    contest = results.contests[0]
    slow = entry("NumPy", "numpy", 110e-6, 110e-6, 110e-6)
    contest = replace(contest, entries=[*contest.entries, slow], floor=5.0, rivals=["NumPy"])
    assert contest.ratio == pytest.approx(3.0)
    assert contest.reached == pytest.approx(10.0)
    assert not contest.missed
    text = render(replace(results, contests=[contest]))
    assert "| 33.0 µs (torch) | 3.00 × | 5 × (NumPy) |" in text
    assert "The floor, 5 times faster than NumPy, is reached: it is 10.0 ×." in text
    missed = replace(contest, floor=12.0)
    assert missed.missed
    said = render(replace(results, contests=[missed]))
    assert "is to be 12 times faster than NumPy, and is 10.0 ×" in said
    # Where the peer is not installed, the floor is neither reached nor missed.
    assert not replace(missed, rivals=["nobody"]).missed


def test_results_survive_the_disk_and_the_page_is_always_the_same(
    results: Results, tmp_path: Path
) -> None:
    results.save(tmp_path / "results.json")
    loaded = Results.load(tmp_path / "results.json")
    assert loaded == results
    write_page(results, tmp_path / "one")
    write_page(loaded, tmp_path / "two")
    for name in ("performance.md", "images/performance.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_workloads_and_kernels_are_shown_under_the_roofs(results: Results, tmp_path: Path) -> None:
    assert "Under the roofs" not in render(results)
    kernels = [
        Kernel(3, "dot, maximum", "dense", 8e-6, 1_900_000, 40_000),
        Kernel(4, "subtract", "optimizer", 2e-6, 10_000, 40_000),
        Kernel(5, "pad", "", 1e-6, 0, 40_000),
    ]
    contest = replace(
        results.contests[0],
        memory=[4e10, 5e10, 6e10],
        caches=[2e11, 3e11, 4e11],
        bytes=120_000,
        kernels=kernels,
    )
    text = render(replace(results, contests=[contest]))
    assert "400 GFLOP/s; the slanting ones" in text
    assert "50.0 GB/s where they lie in memory, 300 GB/s where they lie in the second-" in text
    for folder in ("one", "two"):
        write_page(replace(results, contests=[contest]), tmp_path / folder)
    pictures = [tmp_path / each / "images/performance-roofline.svg" for each in ("one", "two")]
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    loaded = replace(results, contests=[contest])
    loaded.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == loaded


def test_the_published_page_is_made_from_the_published_results() -> None:
    results = Results.load(DOCS / "performance.json")
    assert (DOCS / "performance.md").read_text() == render(results), (
        "write it again: python -m benchmarks --page-from docs/performance.json"
    )
    assert (DOCS / "images" / "performance.svg").exists()


def test_a_share_of_the_peak_that_is_missed_is_said_with_what_stands_in_the_way(
    results: Results,
) -> None:
    contest = results.contests[0]
    least = contest.reached_share
    assert not replace(contest, share=0.99 * least).missed
    missed = replace(contest, share=1.5 * least, limits="Memory is slow.")
    assert missed.missed
    assert not missed.too_slow
    said = render(replace(results, contests=[missed]))
    assert f"**{contest.title}** is to reach" in said
    assert "Memory is slow." in said
    assert "of the peak, is not reached." in said
    # Where all is reached, nothing stands in the way.
    assert "Memory is slow." not in render(
        replace(results, contests=[replace(missed, share=least / 2)])
    )
