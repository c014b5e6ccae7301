"""What the experiments on text share: the text, its options, what is held out, what is written.

    python examples/text_lstm.py --epochs 1                             a trial
    python examples/text_lstm.py --data poems.txt --characters 100000   on the beginning of a file

The text as published is tinyshakespeare.txt, a million characters of plays, from
https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt,
and is looked for in the folder text/, here or in the folder that CAIRNET_DATA names.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cairnet as cn
from experiment import Experiment, Text

__all__ = ["HELD_OUT", "TextExperiment", "written"]

FILE = Path("text", "tinyshakespeare.txt")
#: This share of the text, its end, is not trained on.
HELD_OUT = 0.1


@dataclass(frozen=True, kw_only=True)
class TextExperiment(Experiment):
    """What is to be reproduced on the text.

    Attributes:
        epochs: how often training goes through it.
    """

    epochs: int

    def usual(self) -> Mapping[str, Any]:
        """The text, how much of it, and how often it is read."""
        return {"data": FILE, "epochs": self.epochs, "characters": None}

    def add_options(self, add: Callable[..., Any]) -> None:
        """Add the options of `usual` to the command line."""
        add("--data", type=Path, metavar="FILE", default=FILE, help="default: %(default)s")
        add("--epochs", type=int, metavar="N", default=self.epochs, help="default: %(default)s")
        add("--characters", type=int, metavar="N", help="no more than the first N")

    def text(self, options: argparse.Namespace) -> str:
        """The text, from its beginning on."""
        return "".join(cn.text.Corpus(options.data).pieces())[: options.characters]


def written(model: cn.models.CharRNN, caption: str, length: int = 300, **options: Any) -> Text:
    """What a network writes at the beginning of a line, and how it was asked."""
    how = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in options.items())
    text = model.generate("\n", length, **options)
    # Markdown would show spaces at the ends of lines as nothing, and editors take them away.
    lines = "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
    return Text(f"{caption} ({how})", lines)
