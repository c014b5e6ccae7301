"""`python -m benchmarks`, as it is typed."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crew import REPOSITORY
from benchmarks.results import Results
from benchmarks.startup import first_call
from benchmarks.workloads import CONTESTS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        capture_output=True,
        check=False,
        cwd=REPOSITORY,
        text=True,
    )


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    finished = run("mpl")
    assert finished.returncode == 2
    assert "did you mean 'mlp'?" in finished.stderr


def test_more_threads_than_cores_are_refused() -> None:
    finished = run("--threads", "100000", "mlp")
    assert finished.returncode == 2
    assert "one for each" in finished.stderr


@pytest.mark.slow
def test_a_quick_run_writes_results_and_leaves_the_page(tmp_path: Path) -> None:
    page = REPOSITORY / "docs" / "performance.md"
    before = page.read_text()
    path = tmp_path / "results.json"
    finished = run("--quick", "--rounds", "1", "--json", str(path), "import", "moons")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    results = Results.load(path)
    assert [contest.name for contest in results.contests] == ["moons"]
    assert results.starts[0].starts[0].name == "cairnet"
    assert page.read_text() == before


@pytest.mark.slow
def test_the_first_call_is_quicker_with_a_warm_cache(tmp_path: Path) -> None:
    problem, cache = tmp_path / "problem.npz", tmp_path / "cache"
    CONTESTS["lenet5"].problem(True).save(problem)
    _, cold = first_call("lenet5", "Cairnet", problem, cache, 1)
    _, warm = first_call("lenet5", "Cairnet", problem, cache, 1)
    assert warm < cold / 2
