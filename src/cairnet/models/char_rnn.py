"""CharRNN: a network that reads a text character by character, and goes on writing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from cairnet.base.configuration import configuration
from cairnet.base.errors import ArgumentError, GraphError, UnknownNameError
from cairnet.base.registry import serialize
from cairnet.data.text.corpus import Corpus
from cairnet.data.text.vocabulary import CharacterVocabulary, get
from cairnet.models.text_reading import LOSS, Reader, bits, course, fit_text
from cairnet.models.text_writing import WritingModel
from cairnet.nn.layers import GRU, LSTM, Dense, Dropout, Input, SimpleRNN
from cairnet.nn.layers.arguments import fraction, positive
from cairnet.nn.layers.base import registry
from cairnet.nn.layers.recurrent import OwnCellRNN
from cairnet.nn.layers.recurrent_states import KeptStates
from cairnet.optim import Adam
from cairnet.runtime import Function, Profile, profile
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import one_hot
from cairnet.tensor.source import scope
from cairnet.training.callbacks import Callback, History

__all__ = ["CharRNN"]

_CELLS: Mapping[str, Any] = {"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


@registry.add
class CharRNN(WritingModel):
    r"""A recurrent network that learns from a text which character comes next, and writes.

        h[t] = cell(one_hot(character[t]), h[t−1]),   p(character[t+1]) = softmax(h[t] · W + b)

    and so on through the layers, each of which reads the h of the one below. Trained, it is asked
    for a character, reads it, is asked for the next, and so writes.

    Args:
        cell: "rnn" (tanh), "lstm" or "gru".
        layers: how many recurrent layers stand on one another.
        hidden: how many units each of them has.
        dropout: the share of a layer's outputs that the next one is not shown in training.
        vocabulary: the characters that it knows, a `cn.text.CharacterVocabulary`; default: those
            of the first text that it is fitted to.
        name, trainable: see `Model`.

    Attributes:
        vocabulary: as given or found; None before the first fit.
        recurrent: the recurrent layers, from the lowest up.
        smoothed_loss: the loss of the last steps of training, as s ← 0.999 s + 0.001 loss, begun
            with what guessing costs, log(characters).

    Shapes:
        x [batch, time], the numbers of characters; y [batch, time, characters], logits.

    Raises:
        UnknownNameError: another cell.
        ArgumentError: a number out of its range, or no vocabulary of characters.

    Notes:
        A saved model holds its vocabulary: `cn.load_model` gives a network that writes.

    Source:
        A. Graves: Generating sequences with recurrent neural networks. arXiv:1308.0850, 2013.
        I. Sutskever, J. Martens, G. Hinton: Generating text with recurrent neural networks. ICML
        2011. The dropout between layers is that of W. Zaremba, I. Sutskever, O. Vinyals: Recurrent
        neural network regularization. arXiv:1409.2329, 2014.

    Example:
        >>> import cairnet as cn
        >>> cn.seed(0)
        >>> model = cn.models.CharRNN(cell="gru", layers=1, hidden=32)
        >>> text = "one two three four five six seven eight nine ten, " * 40
        >>> history = model.fit(text, epochs=30, batch_size=4, sequence_length=25, verbose=0)
        >>> model.generate("one two", length=20, top_k=1)
        ' three four five six'
        >>> model.save("counting.safetensors")
        >>> cn.load_model("counting.safetensors").generate("one two", length=6, top_k=1)
        ' three'
    """

    def __init__(
        self,
        cell: str = "lstm",
        layers: int = 1,
        hidden: int = 128,
        dropout: float = 0.0,
        vocabulary: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        if cell not in _CELLS:
            raise UnknownNameError("cell", cell, _CELLS)
        self.cell = cell
        self.depth = positive("layers", layers)
        self.hidden = positive("hidden", hidden)
        self.dropout = fraction("dropout", dropout)
        self.vocabulary: CharacterVocabulary | None = None
        self.recurrent: list[OwnCellRNN] = []
        self.smoothed_loss: float | None = None
        self._carried: KeptStates | None = None
        self._readers: dict[Any, Reader] = {}
        if vocabulary is not None:
            self._know(get(vocabulary))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name, the vocabulary with all of its characters."""
        return {
            "cell": self.cell,
            "layers": self.depth,
            "hidden": self.hidden,
            "dropout": self.dropout,
            "vocabulary": serialize(self.vocabulary),
            "name": self.name,
            "trainable": self.trainable,
        }

    def _know(self, vocabulary: Any) -> None:
        """Take the vocabulary, and make the layers, whose sizes hang on it."""
        if not isinstance(vocabulary, CharacterVocabulary):
            raise UnknownNameError(
                "kind of vocabulary", type(vocabulary).__name__, ["CharacterVocabulary"]
            )
        self.vocabulary = vocabulary
        kind = _CELLS[self.cell]
        self.recurrent = [
            kind(self.hidden, return_sequences=True, return_state=True, name=f"{self.cell}_{place}")
            for place in range(1, self.depth + 1)
        ]
        self._between = [Dropout(self.dropout) for _ in range(self.depth) if self.dropout]
        self._last = Dense(len(vocabulary), name="logits")
        numbers = Input((None,), "int64", name="characters")
        self._wire(numbers, self.call(numbers))

    def known(self) -> CharacterVocabulary:
        """The vocabulary.

        Raises:
            GraphError: there is none yet.
        """
        if self.vocabulary is None:
            raise GraphError(
                f"model {self.name!r} knows no characters yet: fit it to a text first, or give it "
                "vocabulary=cn.text.CharacterVocabulary.of(text)"
            )
        return self.vocabulary

    def call(self, x: Tensor) -> Tensor:
        """The graph of the logits; states begin as zeros, or as the batch before left them."""
        begin = None if self._carried is None else self._carried.latest()
        y, states = one_hot(x, len(self.known())), []
        for place, layer in enumerate(self.recurrent):
            y, *after = layer(y) if begin is None else layer(y, initial_state=begin[place])
            states.append(after)
            y = self._between[place](y) if self._between else y
        if self._carried is not None:
            self._carried.follow(states)
        return self._last(y)

    def input_limits(self) -> list[int | None]:
        """The number of characters: data with other numbers is refused."""
        return [] if self.vocabulary is None else [len(self.vocabulary)]

    def advance(self, x: Tensor, states: Sequence[Any]) -> tuple[Tensor, list[Any]]:
        """The graphs of the logits and of the new states for one character a row.

        Args:
            x: numbers of characters, shape (rows,).
            states: of every layer, before them.
        """
        y, after = one_hot(x, len(self.known())), []
        for layer, before in zip(self.recurrent, states, strict=True):
            with scope(layer.name), scope(layer.cell.name):
                y, new = layer.cell.call(y, before)
            after.append(new)
        return self._last(y), after

    def zero_states(self, rows: int) -> KeptStates:
        """Variables for the states of all layers, all zeros."""
        return KeptStates([list(layer.cell.get_initial_state(rows)) for layer in self.recurrent])

    @contextmanager
    def carrying(self, states: KeptStates) -> Iterator[None]:
        """While inside, graphs of this model begin with these states, and note what follows."""
        self._carried = states
        try:
            yield
        finally:
            self._carried = None

    def compile(
        self,
        optimizer: Any = None,
        loss: Any = LOSS,
        metrics: Any = (),
        *,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Say how the model is to be trained; see `Model.compile`.

        Args:
            optimizer: a name or an optimizer from `cn.optimizers`; default: Adam with the learning
                rate 0.005 and gradients cut to a norm of 5.
            loss: default: the cross-entropy of the next character, in nats, from which bits per
                character are counted.
            metrics: measured beside it.
            loss_weights: for models with several outputs, see `Model.compile`.
            weighted_metrics: likewise.
        """
        if optimizer is None:
            optimizer = Adam(learning_rate=0.005, global_clipnorm=5.0)
        super().compile(
            optimizer, loss, metrics, loss_weights=loss_weights, weighted_metrics=weighted_metrics
        )

    # The data of this model is one text, which it cuts into rows itself, instead of arrays.
    def fit(  # type: ignore[override]
        self,
        text: str | os.PathLike[str] | Corpus,
        epochs: int = 1,
        batch_size: int = 32,
        sequence_length: int = 64,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback = (),
        validation_split: float = 0.0,
        validation_data: str | os.PathLike[str] | Corpus | None = None,
        initial_epoch: int = 0,
    ) -> History:
        """Learn from a text.

        The text is cut into `batch_size` equal parts, which are read side by side; see
        `cn.text.CarriedBatches`. A step of training reads `sequence_length` characters of each, and
        begins with the states that the step before ended with: gradients reach back through one
        step, *truncated* back-propagation through time, and what the states hold may be older.
        Every epoch begins with states of zeros. A run of steps is one native call.

        Args:
            text: a text, the path of a file (a `pathlib.Path`), or a `Corpus`; a file may be larger
                than the memory.
            epochs: the number of the epoch to stop before.
            batch_size: how many parts are read side by side.
            sequence_length: how many characters of each a step reads.
            verbose: "auto" or 1 for a progress bar (lines only where there is no terminal), 2 for a
                line for each epoch, 0 for nothing.
            callbacks: see `cn.callbacks`; `cn.callbacks.SampleText` prints what the model writes.
            validation_split: this share of the text, its end, is not learned from but measured
                after every epoch.
            validation_data: another text to measure after every epoch.
            initial_epoch: the number of the first epoch, above 0 to resume.

        Returns:
            The history: "loss", the cross-entropy of a character in nats, averaged over the epoch
            while the weights changed, "smoothed_loss" at its end; with validation "val_loss" and
            "val_bits_per_character" = val_loss / log 2, for one character where the loss is a sum.

        Raises:
            ArgumentError, ShapeError: a number out of its range, a text too short for one step, or
                characters that the vocabulary does not have, which are named.
            DataError: the file is missing or is no UTF-8; the offset of the byte is named.

        Example:
            See `CharRNN`.
        """
        corpus = Corpus.of(text)
        vocabulary = self.vocabulary or CharacterVocabulary.of(corpus)
        held_out = None
        if validation_data is not None:
            held_out = _encoded("validation_data", validation_data, vocabulary)
        what = course(
            corpus.encode(vocabulary),
            held_out,
            validation_split,
            (batch_size, sequence_length),
            (initial_epoch, epochs),
        )
        # Only now, so that what is refused leaves the model as it was.
        if self.vocabulary is None:
            self._know(vocabulary)
        return fit_text(self, what, callbacks, verbose)

    def reader(self, batch_size: int, length: int, *, training: bool) -> Reader:
        """The function that reads batches of a shape, with the states that it carries."""
        if self._compiled is None:
            self.compile()
        compiled = self._checked_compiled()
        frozen = tuple(layer.trainable for layer in self.layers_within())
        key = (training, batch_size, length, compiled, configuration(), frozen)
        if key not in self._readers:
            self._readers[key] = Reader(self, compiled, batch_size, length, training=training)
        return self._readers[key]

    def profile(  # type: ignore[override]
        self,
        text: str | os.PathLike[str] | Corpus,
        batch_size: int = 32,
        sequence_length: int = 64,
        *,
        seconds: float = 0.5,
    ) -> Profile:
        """Measure a step of `fit` kernel by kernel; the model stays as it is.

        Args:
            text: see `fit`; the step reads its beginning.
            batch_size: how many parts are read side by side.
            sequence_length: how many characters of each the step reads.
            seconds: how long to repeat the step, at least four times.

        Returns:
            A `Profile`, see `Model.profile`.

        Raises:
            GraphError: the model knows no characters yet.
            ArgumentError, ShapeError, DataError: see `fit`.

        Example:
            >>> import cairnet as cn
            >>> vocabulary = cn.text.CharacterVocabulary("ab")
            >>> model = cn.models.CharRNN("gru", hidden=4, vocabulary=vocabulary)
            >>> measured = model.profile("ab" * 50, 4, 8, seconds=0.01)
            >>> "gru_1/gru_cell/gradient" in [part.layer for part in measured.by_layer()]
            True
        """
        numbers = Corpus.of(text).encode(self.known())
        batches = course(numbers, None, 0.0, (batch_size, sequence_length), (0, 1)).batches
        step, arrays = self.reader(batch_size, sequence_length, training=True).first(batches)
        return profile(step, *arrays, seconds=seconds)

    def function_for(self, *data: Any) -> tuple[Function, tuple[np.ndarray, ...]]:
        """The compiled function behind `predict`, or behind a step of `fit`, with its arguments.

        Args:
            data: x, the numbers of characters, shape (rows, time), for the function of `predict`;
                or x and y, the characters one step ahead, for a step of `fit`, which begins with
                the states that the step before ended with. See `Model.function_for`.

        Returns:
            The function, and the arrays that it is to be called with.

        Raises:
            GraphError, ArgumentError, ShapeError, DTypeError: see `Model.function_for`.

        Example:
            >>> import cairnet as cn
            >>> vocabulary = cn.text.CharacterVocabulary("ab")
            >>> model = cn.models.CharRNN(hidden=4, vocabulary=vocabulary)
            >>> model.compile()
            >>> step, arrays = model.function_for([[0, 1, 0]], [[1, 0, 1]])
            >>> step.name
            'char_rnn.train'
        """
        # What is checked does not hang on the states; the step that `fit` takes does.
        step, arrays = super().function_for(*data)
        if len(data) != 2:
            return step, arrays
        rows, length = arrays[0].shape
        return self.reader(rows, length, training=True).step, arrays

    def bits_per_character(
        self,
        text: str | os.PathLike[str] | Corpus,
        batch_size: int = 1,
        sequence_length: int = 64,
    ) -> float:
        """How many bits a character of a text costs: the mean of −log₂ p(character).

        Args:
            text: a text, the path of a file, or a `Corpus`.
            batch_size: how many parts of it are read side by side; each begins with states of
                zeros, so that more of them are faster, and cost a little.
            sequence_length: how many characters of each are read at a time.

        Raises:
            GraphError: the model knows no characters yet.
            ArgumentError, ShapeError, DataError: see `fit`.

        Example:
            >>> import cairnet as cn
            >>> vocabulary = cn.text.CharacterVocabulary("abcd")
            >>> model = cn.models.CharRNN(hidden=4, vocabulary=vocabulary)
            >>> round(model.bits_per_character("abcdabcdabcd", sequence_length=11))
            2
        """
        numbers = Corpus.of(text).encode(self.known())
        return bits(self, numbers, batch_size, sequence_length)


def _encoded(
    argument: str, text: str | os.PathLike[str] | Corpus, vocabulary: CharacterVocabulary
) -> np.ndarray:
    """The numbers of a text, or an error that names the argument."""
    try:
        return Corpus.of(text).encode(vocabulary)
    except ArgumentError as error:
        raise ArgumentError(str(error).replace("text:", f"{argument}:", 1)) from None
