"""Writing by drawing: each character from the probabilities that the ones before it give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import checked_seed, generator
from cairnet.nn.effects import Effects, add_update
from cairnet.runtime import function
from cairnet.tensor.core import Tensor, Variable, input
from cairnet.tensor.functions import (
    arange,
    argsort,
    astype,
    cumulative_sum,
    minimum,
    softmax,
    take,
    where,
)
from cairnet.tensor.functions import sum as total
from cairnet.training.arrays import whole
from cairnet.training.pace import Pace

if TYPE_CHECKING:
    from cairnet.data.text.vocabulary import CharacterVocabulary
    from cairnet.models.text_writing import WritingModel

__all__ = ["Draw", "Sampler", "sample"]

#: Instead of the number of a character that is to be read: the one that was drawn last.
_DRAWN = -1


@dataclass(frozen=True)
class Draw:
    """How to write; see `CharRNN.generate`."""

    length: int
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    beam_width: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        whole("length", self.length, 1)
        _check_number("temperature", self.temperature, math.inf)
        if self.top_k is not None:
            whole("top_k", self.top_k, 1)
        if self.top_p is not None:
            _check_number("top_p", self.top_p, 1)
        if self.seed is not None:
            checked_seed(self.seed)
        if self.beam_width is not None:
            whole("beam_width", self.beam_width, 1)
            said = {"top_k": self.top_k, "top_p": self.top_p, "seed": self.seed}
            named = [name for name, value in said.items() if value is not None]
            named = ["temperature", *named] if self.temperature != 1 else named
            if named:
                raise ArgumentError(
                    f"beam_width: expected it without {' and '.join(named)}, since beam search "
                    "draws nothing; leave one or the other out"
                )

    def checked_prompt(
        self, vocabulary: CharacterVocabulary, prompt: Any, unknown: str | None
    ) -> np.ndarray:
        """The numbers of a prompt's characters."""
        if not isinstance(prompt, str) or not prompt:
            raise ArgumentError(
                f"prompt: expected a text of at least one character to go on from, got {prompt!r}"
            )
        try:
            return vocabulary.encode(prompt, unknown).astype(np.int64)
        except ArgumentError as error:
            raise ArgumentError(str(error).replace("text:", "prompt:", 1)) from None

    @property
    def filtered(self) -> bool:
        """Whether only some characters may be drawn."""
        return self.top_k is not None or self.top_p is not None


def _check_number(name: str, value: Any, most: float) -> None:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 < value <= most or math.isinf(value):
        limit = "" if math.isinf(most) else f" and at most {most}"
        hint = "; top_k=1 always takes the likeliest" if name == "temperature" else ""
        raise ArgumentError(f"{name}: expected a number above 0{limit}, got {value!r}{hint}")


class Sampler:
    """The function that reads a character and draws the next; a run of them is one native call.

    What is drawn stays in a variable, where the next step reads it, as do the states. A number u,
    uniform from 0 to 1, decides: the first character whose cumulative probability is above it.

    Args:
        model: whose.
        filtered: whether only the likeliest characters are drawn from; they are sorted for it.
    """

    def __init__(self, model: WritingModel, *, filtered: bool) -> None:
        self.filtered = filtered
        self.states = model.zero_states(1)
        drawn = Variable(np.zeros(1, np.int64), name="drawn", trainable=False)
        given = input((), "int64", "given")
        uniform, temperature = input((), "float32", "u"), input((), "float32", "temperature")
        top_k, top_p = input((), "int64", "top_k"), input((), "float32", "top_p")
        read = where(given == _DRAWN, drawn, given)
        with Effects() as effects:
            logits, states = model.advance(read, self.states.latest())
            self.states.follow(states)
            probabilities = softmax(logits[0] / temperature)
            if filtered:
                new = _drawn_among(probabilities, uniform, top_k, top_p)
            else:
                new = _drawn(probabilities, uniform, len(model.known()))
            add_update(drawn, new[None])
        inputs = [given, uniform, temperature, *([top_k, top_p] if filtered else [])]
        self.step = function(inputs, new, updates=effects.updates, name=f"{model.name}.write")

    def write(self, given: np.ndarray, uniform: np.ndarray, *settings: Any) -> np.ndarray:
        """Read the given characters, or those drawn, one after another; the numbers drawn."""
        repeated = (np.full(len(given), value) for value in settings)
        return self.step.steps(len(given), given, uniform, *repeated)


def _drawn(probabilities: Tensor, uniform: Tensor, count: Any) -> Tensor:
    """The number of the place where u falls, among the first so many."""
    cumulative = cumulative_sum(probabilities)
    below = total(astype(cumulative <= uniform * cumulative[-1], "int64"))
    # Where u · sum is rounded up to the sum, all are below.
    return minimum(below, count - 1)


def _drawn_among(probabilities: Tensor, uniform: Tensor, top_k: Tensor, top_p: Tensor) -> Tensor:
    """As `_drawn`, among the likeliest."""
    order = argsort(probabilities, descending=True)
    sorted_down = take(probabilities, order)
    likelier = cumulative_sum(sorted_down) - sorted_down
    ranks = arange(probabilities.extents[0])
    kept = (ranks < top_k) & ((likelier < top_p) | (ranks == 0))
    place = _drawn(where(kept, sorted_down, 0.0), uniform, total(astype(kept, "int64")))
    return take(order, place)


def sample(model: WritingModel, prompt: np.ndarray, draw: Draw) -> Iterator[np.ndarray]:
    """Write by drawing, piece by piece; see `CharRNN.stream`."""
    settings: list[Any] = [np.float32(draw.temperature)]
    if draw.filtered:
        most = len(model.known()) if draw.top_k is None else draw.top_k
        settings += [np.int64(most), np.float32(1 if draw.top_p is None else draw.top_p)]
    random = generator(draw.seed)
    sampler = model.borrow_sampler(filtered=draw.filtered)
    try:
        sampler.states.reset()
        # What is drawn behind the last character of the prompt is the first that is written.
        uniforms = np.zeros(len(prompt), np.float32)
        uniforms[-1] = random.random(dtype=np.float32)
        yield sampler.write(prompt, uniforms, *settings)[-1:]
        for start, stop in Pace().runs(draw.length - 1):
            given = np.full(stop - start, _DRAWN, np.int64)
            uniforms = random.random(stop - start, dtype=np.float32)
            yield sampler.write(given, uniforms, *settings)
    finally:
        model.return_sampler(sampler)
