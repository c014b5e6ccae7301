"""`cairnet explain`: what a saved network has been made into, from graph to assembly."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError
from cairnet.runtime import explain, function
from cairnet.tensor.core import Input, input
from cairnet.training.files import load_model

__all__ = ["explain_model"]


def explain_model(
    path: Path, level: str, batch_size: int, kernel: int | None, threads: int | None
) -> None:
    """Print the forward pass of a saved network for batches of one size, at one level.

    Raises:
        ArgumentError: an extent of the network's input is not known.
        UnknownNameError: there is no such level.
    """
    if threads is not None:
        configure(threads=threads)
    model = load_model(path)
    batch: list[Input] = []
    examples: list[np.ndarray] = []
    for place in model.places:
        if None in place.sample:
            raise ArgumentError(
                f"{path}: expected a network whose inputs have known extents, {place.name!r} is "
                f"{(None, *place.sample)}"
            )
        rows = batch[0].extents[0] if batch else None
        batch.append(input((rows, *place.sample), place.dtype, place.name))
        examples.append(np.zeros((batch_size, *place.sample), place.dtype))
    outputs = model.forward(batch, training=False)
    forward = function(batch, outputs, name=model.name, backend="native")
    print(explain(forward, level, *examples, kernel=kernel))
