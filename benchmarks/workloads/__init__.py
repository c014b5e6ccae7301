"""The workloads: one file for each network."""

from benchmarks.contest import Contest
from benchmarks.workloads import (
    conv20,
    convolutional_autoencoder,
    dense_autoencoder,
    lenet5,
    mlp,
    moons,
    small,
)

__all__ = ["CONTESTS"]

_IN_ORDER = (mlp, lenet5, conv20, convolutional_autoencoder, dense_autoencoder, moons, small)

#: By their names on the command line, in the order of the page.
CONTESTS: dict[str, Contest] = {module.CONTEST.name: module.CONTEST for module in _IN_ORDER}
