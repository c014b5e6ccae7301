"""Batches drawn at random, for commands that look at a network and not at data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import generator
from cairnet.nn.effects import Effects
from cairnet.nn.losses import SparseCategoricalCrossentropy
from cairnet.tensor.core import input
from cairnet.training.model import Model

__all__ = ["one_or_list", "random_inputs", "random_targets"]


def random_inputs(model: Model, rows: int, steps: int) -> list[np.ndarray]:
    """Numbers for every input: from 0 to 1; for whole numbers zeros, which every range has.

    Args:
        model: whose inputs.
        rows: of every input.
        steps: how long a sequence is whose length is left open, as is any other open extent.

    Raises:
        ArgumentError: the shape of an input is not known.
    """
    draw = generator(0)
    arrays = []
    for place in model.places or []:
        if place.sample is None:
            raise ArgumentError(
                f"{model.name}: expected a network that knows the shapes of its inputs, "
                f"{place.name!r} may have any"
            )
        shape = (rows, *(steps if size is None else size for size in place.sample))
        whole = place.dtype.kind not in "fc"
        arrays.append(np.zeros(shape, place.dtype) if whole else draw.random(shape, np.float32))
    return arrays


def random_targets(model: Model, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Targets for every output of a compiled model, of the kind that its loss takes."""
    draw = generator(1)
    targets: list[np.ndarray] = []
    objectives = () if model.compiled is None else model.compiled.objectives
    with Effects():
        outputs = model.forward([input(x.shape, x.dtype, "x") for x in inputs], training=False)
    for objective, output in zip(objectives, outputs, strict=True):
        shape = tuple(size or 1 for size in output.shape)
        if isinstance(objective.loss, SparseCategoricalCrossentropy):
            targets.append(draw.integers(0, shape[-1], shape[:-1]))
        else:
            targets.append(draw.random(shape, np.float32))
    return targets


def one_or_list(arrays: Sequence[Any]) -> Any:
    """The array itself where there is one, as models with one input take it."""
    return arrays[0] if len(arrays) == 1 else list(arrays)
