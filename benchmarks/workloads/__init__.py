"""The workloads: one file for each network."""

from benchmarks.contest import Contest
from benchmarks.workloads import lenet5, mlp, moons, small

__all__ = ["CONTESTS"]

#: In the order of the page.
CONTESTS: dict[str, Contest] = {
    contest.name: contest for contest in (mlp.CONTEST, lenet5.CONTEST, moons.CONTEST, small.CONTEST)
}
