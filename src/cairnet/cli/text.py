"""`cairnet train charrnn` and `cairnet generate`: networks that learn from a text, and write."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import seed
from cairnet.cli.train import Options, checked_path, save
from cairnet.data.text import CharacterVocabulary, Corpus
from cairnet.models.char_rnn import CharRNN
from cairnet.models.recipes import TEXT_RECIPES
from cairnet.optim import get as get_optimizer
from cairnet.training.callbacks import SampleText
from cairnet.training.files import load_model
from cairnet.training.progress import shown_duration

__all__ = ["Writing", "generate", "train_on_text"]

# This share of the text, its end, is not trained on, but measured after every epoch.
VALIDATION = 0.1
# What is shown after every epoch of how the network writes by then.
SAMPLE: Mapping[str, Any] = {"length": 160, "temperature": 0.8}


@dataclass(frozen=True)
class Writing:
    """What the command line asks to be written."""

    model: Path
    prompt: str | None
    given: Mapping[str, Any]
    threads: int | None


def train_on_text(options: Options) -> int:
    """Train on a file of text, show samples, and save; return the exit code."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    recipe = TEXT_RECIPES[options.model]
    if options.data is None:
        raise ArgumentError(
            f"--data: expected a file of text to learn from, as in: cairnet train {options.model} "
            "--data poems.txt"
        )
    settings = replace(recipe.settings, **options.changes)
    optimizer = type(get_optimizer(settings.optimizer))(
        learning_rate=settings.learning_rate, global_clipnorm=5.0
    )
    path = checked_path(options)
    if options.threads is not None:
        configure(threads=options.threads)
    seed(options.seed)
    corpus = Corpus(Path(options.data))
    vocabulary = CharacterVocabulary.of(corpus)
    model = recipe.build(settings.cell, settings.layers, settings.hidden, vocabulary=vocabulary)
    model.compile(optimizer)
    console.print(
        f"{recipe.title}, {settings.cell} of {settings.layers} × {settings.hidden} units "
        f"({model.count_params():,} parameters), on {options.data}: {corpus.nbytes:,} bytes, "
        f"{len(vocabulary)} different characters",
        markup=False,
    )
    sample = SampleText(_beginning(model), seed=options.seed, **SAMPLE)
    began, interrupted = time.perf_counter(), False
    try:
        model.fit(
            corpus,
            settings.epochs,
            settings.batch_size,
            settings.sequence_length,
            callbacks=sample,
            validation_split=VALIDATION,
        )
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.perf_counter() - began
    console.print(f"after {shown_duration(seconds)} of training")
    save(console, model, path, f"{recipe.title} on {Path(options.data).name}")
    console.print(f"\nTry next:\n  cairnet generate {path}   let it write", markup=False)
    return 130 if interrupted else 0


def generate(writing: Writing) -> int:
    """Let a network write to standard output, piece by piece; return the exit code."""
    if writing.threads is not None:
        configure(threads=writing.threads)
    model = load_model(writing.model)
    if not isinstance(model, CharRNN):
        raise ArgumentError(
            f"{writing.model}: expected a network that writes, as cairnet train charrnn makes "
            f"one, found a {type(model).__name__}"
        )
    prompt = _beginning(model) if writing.prompt is None else writing.prompt
    pieces = model.stream(prompt, **writing.given)
    if writing.prompt is not None:
        _show(prompt)
    try:
        for piece in pieces:
            _show(piece)
    except KeyboardInterrupt:
        _show("\n")
        return 130
    _show("\n")
    return 0


def _beginning(model: CharRNN) -> str:
    """What stands before a beginning: the end of a line, where there are lines."""
    symbols = model.known().symbols
    return "\n" if "\n" in symbols else symbols[0]


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
