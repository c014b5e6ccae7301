"""Writing by search: of many texts, the one whose probability as a whole is the highest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from cairnet.models.text_sampling import Draw
from cairnet.nn.effects import Effects
from cairnet.nn.layers.recurrent_states import States
from cairnet.runtime import function
from cairnet.tensor.core import Tensor, input
from cairnet.tensor.functions import log_softmax, take

if TYPE_CHECKING:
    from cairnet.models.text_writing import WritingModel

__all__ = ["beam_search"]


def beam_search(model: WritingModel, prompt: np.ndarray, draw: Draw) -> Iterator[np.ndarray]:
    """Write what is likeliest as a whole, as far as keeping `draw.beam_width` texts can tell.

    After each character the texts that are kept are continued by every character; of all these,
    the likeliest are kept. What they all begin with is settled, and is given out.
    """
    width = draw.beam_width or 1
    beams = _Beams(model, width)
    behind = beams.read(np.repeat(prompt[:, np.newaxis], width, axis=1), np.arange(width))
    # At first all texts are the prompt, which is to count once.
    scores = np.where(np.arange(width) == 0, 0.0, -np.inf)
    pending = np.zeros((width, 0), np.int64)
    for _ in range(draw.length):
        candidates = (scores[:, np.newaxis] + behind).ravel()
        best = np.argsort(-candidates, kind="stable")[:width]
        parents, numbers = np.divmod(best, behind.shape[1])
        scores = candidates[best]
        pending = np.concatenate([pending[parents], numbers[:, np.newaxis]], axis=1)
        settled = _in_common(pending[np.isfinite(scores)])
        if settled:
            yield pending[0, :settled]
            pending = pending[:, settled:]
        behind = beams.read(numbers[np.newaxis], parents)
    yield pending[0]


class _Beams:
    """The function that reads a character of every text, and the states of all of them.

    Args:
        model: whose.
        width: how many texts.
    """

    def __init__(self, model: WritingModel, width: int) -> None:
        kept = model.zero_states(width)
        parents = input((width,), "int64", "parents")
        numbers = input((width,), "int64", "numbers")
        with Effects() as effects:
            logits, states = model.advance(numbers, _rows(kept.latest(), parents))
            kept.follow(states)
        outputs = log_softmax(logits)
        name = f"{model.name}.search"
        self._step = function([numbers, parents], outputs, updates=effects.updates, name=name)

    def read(self, numbers: np.ndarray, parents: np.ndarray) -> np.ndarray:
        """Let every text go on from one of those before; the logarithms of what comes behind.

        Args:
            numbers: what to read, shape (characters, texts).
            parents: of which text each is the continuation, shape (texts,).
        """
        stay = np.arange(len(parents))
        rows = np.stack([parents, *([stay] * (len(numbers) - 1))])
        return self._step.steps(len(numbers), numbers, rows)[-1].astype(np.float64)


def _rows(states: States, places: Tensor) -> States:
    """The rows of all states, in another order."""
    return [[take(state, places, axis=0) for state in layer] for layer in states]


def _in_common(texts: np.ndarray) -> int:
    """With how many characters all texts begin."""
    same = (texts == texts[0]).all(axis=0)
    return len(same) if same.all() else int(same.argmin())
