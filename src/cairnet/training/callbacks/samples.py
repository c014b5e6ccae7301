"""SampleText: what a model writes by now, after every epoch."""

from __future__ import annotations

from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.training.arrays import whole
from cairnet.training.callbacks.base import Callback, Logs, say

__all__ = ["SampleText"]


class SampleText(Callback):
    """Prints a text that the model writes, after every epoch, below the epoch's line.

    Args:
        prompt: what the model reads first.
        length: how many characters it writes.
        every: after how many epochs.
        options: how it writes, as `temperature`, `top_k` or `seed`; see
            `cn.models.CharRNN.generate`. With a seed, every text is drawn with the same luck.

    Raises:
        ArgumentError: a length or a number of epochs that is not whole, or below 1; when training
            begins, a model that does not write, or a prompt that it cannot read.

    Source:
        A. Karpathy: The unreasonable effectiveness of recurrent neural networks. 2015, which shows
        what a network writes as it learns.

    Example:
        >>> import cairnet as cn
        >>> cn.seed(0)
        >>> model = cn.models.CharRNN("gru", hidden=32)
        >>> sample = cn.callbacks.SampleText("ab", length=8, every=20, top_k=1)
        >>> text = "abcde " * 120
        >>> _ = model.fit(text, 20, batch_size=4, sequence_length=24, callbacks=sample, verbose=0)
        <BLANKLINE>
        abcde abcd
        <BLANKLINE>
    """

    def __init__(
        self, prompt: str = "\n", length: int = 200, every: int = 1, **options: Any
    ) -> None:
        self.prompt = prompt
        self.length = whole("length", length, 1)
        self.every = whole("every", every, 1)
        self.options = options
        self._due = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Refuse what could not be written later, before hours of training."""
        self._due = False
        stream = getattr(self.model, "stream", None)
        if stream is None:
            raise ArgumentError(
                "SampleText: expected a model that writes, such as cn.models.CharRNN, got "
                f"{self.model!r}"
            )
        stream(self.prompt, self.length, **self.options)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note that a text is due, below the epoch's line, which is not printed yet."""
        self._due = (epoch + 1) % self.every == 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Print what the model writes, if it is due."""
        self._print()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Print what the model writes, if it is due."""
        self._print()

    def _print(self) -> None:
        if self._due:
            self._due = False
            model: Any = self.model
            text = self.prompt + model.generate(self.prompt, self.length, **self.options)
            say("\n{}\n".format(text.strip("\n")))
