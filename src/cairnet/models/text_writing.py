"""What a model that writes has: `generate` and `stream`, by drawing or by search."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from cairnet.data.text.vocabulary import CharacterVocabulary
from cairnet.models.text_beams import beam_search
from cairnet.models.text_sampling import Draw, Sampler, sample
from cairnet.nn.layers.recurrent_states import KeptStates
from cairnet.tensor.core import Tensor
from cairnet.training.model import Model

__all__ = ["WritingModel"]


class WritingModel(Model):
    """Base of models that read a text one character at a time, and are asked for the next.

    Args:
        name, trainable: see `Model`.
    """

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self._samplers: dict[bool, list[Sampler]] = {True: [], False: []}

    @abstractmethod
    def known(self) -> CharacterVocabulary:
        """The vocabulary."""

    @abstractmethod
    def advance(self, x: Tensor, states: Sequence[Any]) -> tuple[Tensor, list[Any]]:
        """The graphs of the logits and of the new states for one character a row."""

    @abstractmethod
    def zero_states(self, rows: int) -> KeptStates:
        """Variables for the states of all layers, all zeros."""

    def generate(
        self,
        prompt: str = "\n",
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        beam_width: int | None = None,
        seed: int | None = None,
        *,
        unknown: str | None = None,
    ) -> str:
        """Write on behind a prompt.

        Each character is drawn from softmax(logits / temperature), of which `top_k` and `top_p`
        leave the likeliest ones, and is then read: *ancestral* sampling. With a `beam_width`
        nothing is drawn: so many texts are kept, those whose probability as a whole is the highest
        so far, and the best is returned.

        Args:
            prompt: what is read first; with states of zeros before it.
            length: how many characters to write.
            temperature: above 0; below 1 what is likely is made likelier, above 1 less so.
            top_k: draw from so many characters, the likeliest.
            top_p: draw from the fewest characters whose probabilities make up this share.
            beam_width: how many texts beam search keeps; None to draw.
            seed: the same seed gives the same text; default: the next stream of `cn.seed`.
            unknown: the character that stands for those of the prompt that the model does not
                know; default: that of the vocabulary, if it has one.

        Returns:
            What was written, without the prompt.

        Raises:
            GraphError: the model knows no characters yet.
            ArgumentError: a number out of its range, a beam width beside what says how to draw, an
                empty prompt, or one with characters that the model does not know, which are named.

        Source:
            A. Holtzman, J. Buys, L. Du, M. Forbes, Y. Choi: The curious case of neural text
            degeneration. ICLR 2020, for `top_p`. A. Fan, M. Lewis, Y. Dauphin: Hierarchical neural
            story generation. ACL 2018, for `top_k`.

        Example:
            See `CharRNN`.
        """
        draw = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        given: dict[str, Any] = {**draw, "beam_width": beam_width, "unknown": unknown}
        return "".join(self.stream(prompt, length, **given))

    def stream(
        self,
        prompt: str = "\n",
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        beam_width: int | None = None,
        seed: int | None = None,
        *,
        unknown: str | None = None,
    ) -> Iterator[str]:
        """Write on behind a prompt, piece by piece, as the pieces come to be.

        Args:
            prompt: what is read first.
            length: how many characters to write.
            temperature: above 0; see `generate`.
            top_k: draw from so many characters.
            top_p: draw from this share of the probabilities.
            beam_width: how many texts beam search keeps.
            seed: the same seed gives the same text.
            unknown: the character that stands for those that the model does not know.

        Returns:
            An iterator over pieces, which joined together are what `generate` returns. A piece is
            what some hundredths of a second bring; of beam search, what all texts that are kept
            have in common.

        Raises:
            GraphError, ArgumentError: see `generate`; at the call, before the first piece.

        Example:
            >>> import cairnet as cn
            >>> vocabulary = cn.text.CharacterVocabulary("ab")
            >>> model = cn.models.CharRNN(hidden=4, vocabulary=vocabulary)
            >>> pieces = model.stream("a", length=10, seed=1)
            >>> "".join(pieces) == model.generate("a", length=10, seed=1)
            True
        """
        vocabulary = self.known()
        draw = Draw(length, temperature, top_k, top_p, beam_width, seed)
        numbers = draw.checked_prompt(vocabulary, prompt, unknown)
        written = beam_search if beam_width is not None else sample
        return (vocabulary.decode(piece) for piece in written(self, numbers, draw))

    def borrow_sampler(self, *, filtered: bool) -> Sampler:
        """A sampler that nobody else uses meanwhile, so that texts may be written in turns."""
        free = self._samplers[filtered]
        return free.pop() if free else Sampler(self, filtered=filtered)

    def return_sampler(self, sampler: Sampler) -> None:
        """Give a sampler back that is not used any more."""
        self._samplers[sampler.filtered].append(sampler)
