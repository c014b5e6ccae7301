"""The data sets that the command line knows by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cairnet.base.errors import UnknownNameError
from cairnet.data import datasets

__all__ = ["DATA_SETS", "load_data"]

Pair = tuple[np.ndarray, np.ndarray]

DATA_SETS: Mapping[str, Callable[[], Any]] = {
    "digits": datasets.digits,
    "mnist": datasets.mnist,
    "fashion_mnist": datasets.fashion_mnist,
    "cifar10": datasets.cifar10,
    "svhn": datasets.svhn,
    "moons": datasets.moons,
}


def load_data(name: str) -> tuple[Pair, Pair]:
    """The training and the test part of a data set.

    Raises:
        UnknownNameError: no data set has this name; the nearest one that has is offered.
        DataError: its files are damaged, or cannot be downloaded.
    """
    if name not in DATA_SETS:
        raise UnknownNameError("data set", name, DATA_SETS)
    train, test = DATA_SETS[name]()
    return train, test
