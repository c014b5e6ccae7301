"""The workloads: one file for each network, one for products, one for wide convolutions."""

from benchmarks.contest import Contest
from benchmarks.workloads import (
    addition,
    conv20,
    convolutional_autoencoder,
    dense_autoencoder,
    gated_rnn,
    lenet5,
    mlp,
    moons,
    products,
    resnet18,
    small,
    vanilla_rnn,
    wide_convolutions,
    writing,
)

__all__ = ["CONTESTS"]

_NETWORKS = (
    *(mlp, lenet5, conv20, convolutional_autoencoder, dense_autoencoder, resnet18),
    *(moons, small),
)

#: By their names on the command line, in the order of the page.
CONTESTS: dict[str, Contest] = {
    contest.name: contest
    for contest in (
        *(network.CONTEST for network in _NETWORKS),
        vanilla_rnn.CONTEST,
        *gated_rnn.CONTESTS,
        addition.CONTEST,
        writing.CONTEST,
        *products.CONTESTS,
        *wide_convolutions.CONTESTS,
    )
}
