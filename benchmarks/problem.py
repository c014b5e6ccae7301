"""What a network is trained on and from: the arrays that all contestants share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Optimizer", "Problem"]


@dataclass(frozen=True)
class Optimizer:
    """The update rule: "sgd", with momentum or without, or "adam" with the customary decay rates.

    Attributes:
        name: "sgd" or "adam".
        learning_rate: how far a step goes.
        momentum: the part of its last move that SGD makes again.
        beta_1: Adam's decay of the mean of the gradient.
        beta_2: Adam's decay of the mean of its square.
        epsilon: what Adam adds to the root of the corrected second moment.
        clip: what the elements of a gradient are kept between, with either sign; None for nothing.
    """

    name: str
    learning_rate: float
    momentum: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    clip: float | None = None


@dataclass(frozen=True)
class Problem:
    """The arrays of a workload.

    Attributes:
        x: the inputs, one row for each sample.
        y: the targets, one row for each sample; the same array as `x` for an autoencoder.
        order: the numbers of the rows of every step, shape (steps, batch), int64; of width 0
            where every step takes all rows.
        weights: the initial values of all that is trained, layer by layer: kernels in Keras's
            layout and biases; scales and shifts.
        source: what the rows are, for the page.
        carried: the states that the first step begins with, where every step begins with those that
            the one before has left.
    """

    x: np.ndarray
    y: np.ndarray
    order: np.ndarray
    weights: tuple[np.ndarray, ...]
    source: str
    carried: tuple[np.ndarray, ...] = ()

    @property
    def full_batch(self) -> bool:
        """Whether every step takes all rows."""
        return self.order.shape[1] == 0

    @property
    def batch(self) -> int:
        """How many rows a step takes."""
        return len(self.x) if self.full_batch else int(self.order.shape[1])

    @property
    def reconstructs(self) -> bool:
        """Whether the targets are the inputs, so that the rows of a step are gathered once."""
        return self.y is self.x

    def save(self, path: Path) -> None:
        """Write the arrays to one file for the workers."""
        arrays: dict[str, Any] = {
            "x": self.x,
            "order": self.order,
            "source": self.source,
            **{f"weight{index}": weight for index, weight in enumerate(self.weights)},
            **{f"carried{index}": state for index, state in enumerate(self.carried)},
        }
        if not self.reconstructs:
            arrays["y"] = self.y
        np.savez(path, **arrays)

    @staticmethod
    def load(path: Path) -> Problem:
        """Read what `save` wrote."""
        with np.load(path) as file:
            weights, carried = (
                tuple(file[name] for name in file.files if name.startswith(kind))
                for kind in ("weight", "carried")
            )
            x = file["x"]
            y = file["y"] if "y" in file.files else x
            return Problem(x, y, file["order"], weights, str(file["source"]), carried)
