"""Batches drawn at random, for commands that look at a network and not at data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import generator
from cairnet.nn.losses import SparseCategoricalCrossentropy
from cairnet.training.model import Model

__all__ = ["one_or_list", "random_inputs", "random_targets"]


def random_inputs(model: Model, rows: int) -> list[np.ndarray]:
    """Numbers for every input: from 0 to 1; for whole numbers zeros, which every range has.

    Raises:
        ArgumentError: an extent of an input is not known.
    """
    draw = generator(0)
    arrays = []
    for place in model.places or []:
        if place.sample is None or None in place.sample:
            raise ArgumentError(
                f"{model.name}: expected a network whose inputs have known extents, {place.name!r} "
                f"is {(None, *(place.sample or ()))}"
            )
        shape = (rows, *(size for size in place.sample if size is not None))
        whole = place.dtype.kind not in "fc"
        arrays.append(np.zeros(shape, place.dtype) if whole else draw.random(shape, np.float32))
    return arrays


def random_targets(model: Model, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Targets for every output of a compiled model, of the kind that its loss takes."""
    draw, rows = generator(1), len(inputs[0])
    targets: list[np.ndarray] = []
    objectives = () if model.compiled is None else model.compiled.objectives
    for objective, output in zip(objectives, model.outputs_for(inputs), strict=True):
        shape = tuple(rows if size is None else size for size in output.shape)
        if isinstance(objective.loss, SparseCategoricalCrossentropy):
            targets.append(draw.integers(0, shape[-1], shape[:-1]))
        else:
            targets.append(draw.random(shape, np.float32))
    return targets


def one_or_list(arrays: Sequence[Any]) -> Any:
    """The array itself where there is one, as models with one input take it."""
    return arrays[0] if len(arrays) == 1 else list(arrays)
