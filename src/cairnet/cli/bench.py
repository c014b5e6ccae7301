"""`cairnet bench`: how long each kernel of a network takes, by name or from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cairnet.base.configuration import configure
from cairnet.base.errors import GraphError, UnknownNameError
from cairnet.cli.batches import one_or_list, random_inputs, random_targets
from cairnet.data.text import CharacterVocabulary
from cairnet.models.char_rnn import CharRNN
from cairnet.models.recipes import RECIPES, TEXT_RECIPES
from cairnet.optim import get as get_optimizer
from cairnet.plots import kernel_times, roofline
from cairnet.runtime import Profile, profile
from cairnet.training.files import load_model
from cairnet.training.model import Model

__all__ = ["Bench", "bench"]

# What a network knows that is to write and has read nothing: ASCII that can be seen, and lines.
_CHARACTERS = [chr(code) for code in (10, *range(32, 127))]


@dataclass(frozen=True)
class Bench:
    """What the command line asks for.

    Attributes:
        model: the name of a network, or a file.
        batch_size: rows in a step.
        sequence_length: steps of each row, where the network takes sequences of any length.
        forward: whether to measure what `predict` does, instead of a step of training.
        seconds: how long to repeat the step.
        most: how many kernels to show; None for all.
        plot: where to draw how long they take; None for nowhere.
        roofline: where to draw what they reach of what they could; None for nowhere.
        threads: how many to compute with; None for as many as are fastest.
    """

    model: str
    batch_size: int
    sequence_length: int
    forward: bool
    seconds: float
    most: int | None
    plot: Path | None
    roofline: Path | None
    threads: int | None


def bench(options: Bench) -> None:
    """Print the kernels of a network, the longest first.

    What the network is given is drawn at random: how long a kernel takes does not depend on it.

    Raises:
        UnknownNameError: neither a network of this name nor such a file.
        ArgumentError: the shape of the network's input is not known.
        GraphError: a network that was saved without a loss cannot be trained.
    """
    if options.threads is not None:
        configure(threads=options.threads)
    model = _model(options.model)
    x = random_inputs(model, options.batch_size, options.sequence_length)
    measured = _forward(model, x, options) if options.forward else _step(model, x, options)
    measured.show(options.most)
    what = "predict" if options.forward else "a step of training"
    title = f"{model.name}, {what}, batch of {options.batch_size}"
    for draw, file in ((kernel_times, options.plot), (roofline, options.roofline)):
        if file is not None:
            draw(measured, file, title=title)
            print(f"saved {file}")


def _model(name: str) -> Model:
    if name in RECIPES:
        recipe = RECIPES[name]
        model: Model = recipe.build()
        settings = recipe.settings[recipe.default_data]
        optimizer = type(get_optimizer(settings.optimizer))(learning_rate=settings.learning_rate)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
    if name in TEXT_RECIPES:
        writing = TEXT_RECIPES[name]
        vocabulary = CharacterVocabulary(_CHARACTERS)
        shape = writing.settings
        network = writing.build(shape.cell, shape.layers, shape.hidden, vocabulary=vocabulary)
        network.compile()
        return network
    path = Path(name)
    if path.suffix != ".safetensors" and not path.exists():
        raise UnknownNameError("model", name, [*RECIPES, *TEXT_RECIPES])
    return load_model(path)


def _step(model: Model, x: list[np.ndarray], options: Bench) -> Profile:
    """A step of training on random targets."""
    if model.compiled is None:
        raise GraphError(
            f"{options.model}: this model was saved without a loss, so there is no step of "
            "training to measure; call compile before save, or ask for --forward"
        )
    if isinstance(model, CharRNN):
        # Its data is a text, of which a step reads this much.
        text = model.known().symbols[0] * (options.batch_size * options.sequence_length + 1)
        return model.profile(
            text, options.batch_size, options.sequence_length, seconds=options.seconds
        )
    targets = random_targets(model, x)
    return model.profile(
        one_or_list(x), one_or_list(targets), options.batch_size, seconds=options.seconds
    )


def _forward(model: Model, x: list[np.ndarray], options: Bench) -> Profile:
    """What `predict` computes for a batch."""
    forward, arrays = model.function_for(one_or_list(x))
    return profile(forward, *arrays, seconds=options.seconds)
