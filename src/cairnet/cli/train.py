"""`cairnet train`: from a name to a trained, measured and saved network."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.base.seeds import seed
from cairnet.cli.data import load_data
from cairnet.models.recipes import RECIPES, TEXT_RECIPES, Recipe, Settings
from cairnet.optim import get as get_optimizer
from cairnet.training.model import Model
from cairnet.training.progress import shown_duration
from cairnet.training.sequential import Sequential
from cairnet.training.summary import shown_bytes

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Options", "checked_path", "save", "train"]

# This share of the training images is not trained on, but drawn as the validation curve.
VALIDATION = 0.1


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    model: str
    data: str | None
    changes: Mapping[str, Any]
    seed: int
    threads: int | None
    out: Path | None


def train(options: Options) -> int:
    """Train, measure and save; return the exit code."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    recipe, data, settings = _resolve(options)
    path = checked_path(options)
    if options.threads is not None:
        configure(threads=options.threads)
    (x, y), (x_test, y_test) = load_data(data)
    seed(options.seed)
    model = recipe.build()
    optimizer = type(get_optimizer(settings.optimizer))(learning_rate=settings.learning_rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    console.print(
        f"{recipe.title} ({model.count_params():,} parameters) on {data}: {len(x):,} images to "
        f"learn from, {len(x_test):,} to test"
    )
    began = time.perf_counter()
    interrupted = False
    try:
        model.fit(
            x,
            y,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            validation_split=VALIDATION,
        )
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.perf_counter() - began
    _report(console, model, (x_test, y_test), seconds)
    save(console, model, path, f"{recipe.title} on {data}")
    _say_what_next(console, options, path)
    return 130 if interrupted else 0


def _resolve(options: Options) -> tuple[Recipe, str, Settings]:
    if options.model not in RECIPES:
        raise UnknownNameError("model", options.model, [*RECIPES, *TEXT_RECIPES])
    recipe = RECIPES[options.model]
    for name in options.changes:
        if not hasattr(recipe.settings[recipe.default_data], name):
            raise ArgumentError(
                f"--{name.replace('_', '-')}: {options.model} has none; it is for networks that "
                f"read text ({', '.join(TEXT_RECIPES)})"
            )
    data = options.data or recipe.default_data
    if data not in recipe.settings:
        raise UnknownNameError("data set", data, recipe.settings)
    return recipe, data, replace(recipe.settings[data], **options.changes)


def checked_path(options: Options) -> Path:
    """Where to save to, checked before hours of training rather than after."""
    path = options.out or Path(f"{options.model}.safetensors")
    if path.is_dir():
        path = path / f"{options.model}.safetensors"
    if path.suffix != ".safetensors":
        raise ArgumentError(f"--out: expected a name that ends in .safetensors, got {str(path)!r}")
    if not path.parent.is_dir():
        raise ArgumentError(f"--out: the folder {str(path.parent)!r} does not exist")
    return path


def _report(console: Console, model: Sequential, test: tuple[Any, Any], seconds: float) -> None:
    measured = model.evaluate(*test, batch_size=256, return_dict=True)
    count = len(test[0])
    right = round(measured["accuracy"] * count)
    console.print(
        f"\ntest accuracy [bold]{measured['accuracy']:.4f}[/bold]  "
        f"({right:,} of {count:,} images), after {shown_duration(seconds)} of training"
    )


def save(console: Console, model: Model, path: Path, title: str) -> None:
    """Write the network, and a picture of how it learned beside it."""
    model.save(path, include_optimizer=False)
    console.print(f"saved {path} ({shown_bytes(path.stat().st_size)})", markup=False)
    if model.history is not None and model.history.epoch:
        picture = path.with_suffix(".png")
        model.history.plot(picture, title=title)
        console.print(f"saved {picture}, the learning curves", markup=False)


def _say_what_next(console: Console, options: Options, path: Path) -> None:
    lines = [
        (f"cairnet predict {path} IMAGE.png", "what it sees in a picture of yours"),
        (f"cairnet summary {path}", "its layers"),
    ]
    if options.data != "mnist":
        lines.append((f"cairnet train {options.model} --data mnist", "42 times as many images"))
    wide = max(len(command) for command, _ in lines)
    console.print("\nTry next:")
    for command, purpose in lines:
        console.print(f"  {command.ljust(wide)}   {purpose}", markup=False)
