"""What the experiments on generated data share: the options.

A trial takes fewer samples or epochs than what is published:

    python examples/sentiment.py --samples 500 --epochs 1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from experiment import Experiment

__all__ = ["GeneratedExperiment"]


@dataclass(frozen=True, kw_only=True)
class GeneratedExperiment(Experiment):
    """What is to be reached on data that a program makes.

    Attributes:
        samples: how many are trained on.
        epochs: how often training goes through them.
    """

    samples: int
    epochs: int

    def usual(self) -> Mapping[str, Any]:
        """How many samples, and how often they are seen."""
        return {"samples": self.samples, "epochs": self.epochs}

    def add_options(self, add: Callable[..., Any]) -> None:
        """Add the options of `usual` to the command line."""
        add("--samples", type=int, metavar="N", default=self.samples, help="default: %(default)s")
        add("--epochs", type=int, metavar="N", default=self.epochs, help="default: %(default)s")
