"""A vote of networks: their mistakes differ, what they have learned does not.

Five networks of mnist_dropout.py, each from its own seed, read every image; it is what most of them
take it for. Where two digits have equally many votes, the networks' probabilities decide:

    digit = argmax over k of  votes(k) + mean over the networks of p(k)

The mean of the probabilities counts for less than one vote.

Published: 99.67 % (M. Nielsen, Neural networks and deep learning, chapter 6). Networks that
mnist_dropout.py has saved in the folder `--networks` are taken from there, the others are trained.

    python examples/mnist_dropout.py --seeds 1 2 3 4 5 --networks build/networks
    python examples/mnist_vote.py --networks build/networks
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import cairnet as cn
from digit_images import Digits, accuracies
from experiment import Clock, Outcome, network_file, picture_folder, save
from mnist_dropout import EXPERIMENT as DROPOUT
from mnist_dropout import train
from pictures import misread

EXPERIMENT = replace(
    DROPOUT,
    key="mnist_vote",
    title="A vote of networks",
    network=DROPOUT.network,
    published="99.67",
    floor=99.57,
    seeds=(1, 2, 3, 4, 5),
)


def vote(networks: Sequence[cn.Model], images: np.ndarray) -> np.ndarray:
    """For each image and digit the share of the votes, and something of the probabilities."""
    each = np.stack([network.predict(images, batch_size=500) for network in networks])
    votes = sum(cn.datasets.one_hot(p.argmax(axis=1), 10) for p in each)
    return (votes + each.mean(axis=0)) / (len(networks) + 1)


def gather(digits: Digits, options: argparse.Namespace) -> list[cn.Model]:
    """The networks: those that were saved, and new ones for the seeds that are missing."""
    networks = []
    for seed in options.seeds:
        saved = options.networks and network_file(options.networks, DROPOUT.key, seed)
        if saved and saved.exists():
            networks.append(cn.load_model(saved))
        else:
            cn.seed(seed)
            networks.append(train(digits, options.epochs))
            save(networks[-1], DROPOUT.key, seed, options)
    return networks


def main() -> None:
    """Gather the networks, let them vote, record what they agree on."""
    options = EXPERIMENT.options()
    digits = EXPERIMENT.data(options)
    networks = gather(digits, options)
    values = accuracies(digits, lambda images, batch_size: vote(networks, images))
    pictures = []
    if options.results is not None:
        shares = vote(networks, digits.test[0])
        pictures = [misread(EXPERIMENT.key, shares, digits.test, picture_folder(options))]
    several = f"{len(networks)} networks: {EXPERIMENT.network}"
    seeds = " ".join(map(str, options.seeds))
    outcome = Outcome(values, Clock(), pictures=pictures)
    replace(EXPERIMENT, network=several).record(outcome, seeds, options)


if __name__ == "__main__":
    main()
