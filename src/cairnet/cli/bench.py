"""`cairnet bench`: how long each kernel of a network takes, by name or from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError, GraphError, UnknownNameError
from cairnet.base.seeds import generator
from cairnet.models.recipes import RECIPES
from cairnet.nn.losses import SparseCategoricalCrossentropy
from cairnet.optim import get as get_optimizer
from cairnet.plots import kernel_times
from cairnet.runtime import Profile, function, profile
from cairnet.tensor.core import Input, input
from cairnet.training.files import load_model
from cairnet.training.model import Model

__all__ = ["Bench", "bench"]


@dataclass(frozen=True)
class Bench:
    """What the command line asks for.

    Attributes:
        model: the name of a network, or a file.
        batch_size: rows in a step.
        forward: whether to measure what `predict` does, instead of a step of training.
        seconds: how long to repeat the step.
        most: how many kernels to show; None for all.
        plot: where to draw them; None for nowhere.
        threads: how many to compute with; None for as many as are fastest.
    """

    model: str
    batch_size: int
    forward: bool
    seconds: float
    most: int | None
    plot: Path | None
    threads: int | None


def bench(options: Bench) -> None:
    """Print the kernels of a network, the longest first.

    What the network is given is drawn at random: how long a kernel takes does not depend on it.

    Raises:
        UnknownNameError: neither a network of this name nor such a file.
        ArgumentError: an extent of the network's input is not known.
        GraphError: a network that was saved without a loss cannot be trained.
    """
    if options.threads is not None:
        configure(threads=options.threads)
    model = _model(options.model)
    x = _inputs(model, options.batch_size)
    measured = _forward(model, x, options) if options.forward else _step(model, x, options)
    measured.show(options.most)
    if options.plot is not None:
        what = "predict" if options.forward else "a step of training"
        title = f"{model.name}, {what}, batch of {options.batch_size}"
        kernel_times(measured, options.plot, title=title)
        print(f"saved {options.plot}")


def _model(name: str) -> Model:
    if name in RECIPES:
        recipe = RECIPES[name]
        model: Model = recipe.build()
        settings = recipe.settings[recipe.default_data]
        optimizer = type(get_optimizer(settings.optimizer))(learning_rate=settings.learning_rate)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
    path = Path(name)
    if path.suffix != ".safetensors" and not path.exists():
        raise UnknownNameError("model", name, RECIPES)
    return load_model(path)


def _inputs(model: Model, rows: int) -> list[np.ndarray]:
    """Numbers for every input: from 0 to 1; for whole numbers zeros, which every range has."""
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


def _step(model: Model, x: list[np.ndarray], options: Bench) -> Profile:
    """A step of training on random targets."""
    if model.compiled is None:
        raise GraphError(
            f"{options.model}: this model was saved without a loss, so there is no step of "
            "training to measure; call compile before save, or ask for --forward"
        )
    draw = generator(1)
    targets: list[np.ndarray] = []
    for objective, output in zip(model.compiled.objectives, model.outputs_for(x), strict=True):
        shape = tuple(options.batch_size if size is None else size for size in output.shape)
        if isinstance(objective.loss, SparseCategoricalCrossentropy):
            targets.append(draw.integers(0, shape[-1], shape[:-1]))
        else:
            targets.append(draw.random(shape, np.float32))
    return model.profile(_one(x), _one(targets), options.batch_size, seconds=options.seconds)


def _forward(model: Model, x: list[np.ndarray], options: Bench) -> Profile:
    """What `predict` computes for a batch."""
    batch: list[Input] = []
    for array, place in zip(x, model.places or [], strict=True):
        rows = batch[0].extents[0] if batch else None
        batch.append(input((rows, *array.shape[1:]), place.dtype, place.name))
    outputs = model.forward(batch, training=False)
    forward = function(batch, outputs, name=f"{model.name}.predict", backend="native")
    return profile(forward, *x, seconds=options.seconds)


def _one(arrays: list[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else arrays
