"""A vanilla recurrent network that learns to write, as courses build it from nothing.

    h[t] = tanh(W[character[t]] + h[t−1] · U + b),   p(character[t+1]) = softmax(h[t] · V + d)

One row, 25 characters a step. The state goes on from step to step, the gradient does not. The loss
of a step is the sum over its 25 characters, each number of its gradient is cut to what lies between
−5 and 5, and weights go down it at the rate 0.001. How that goes is seen in the smoothed loss,
s ← 0.999 s + 0.001 loss, which begins with what guessing costs, 25 · log 65 = 104.4.

The form, the clipping and the smoothing are those of A. Karpathy's min-char-rnn, 2015, which has
100 units and Adagrad. Takes half a minute of one core.

    python examples/text_vanilla.py
"""

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

import cairnet as cn
from experiment import Clock, Outcome, Picture, Quantity, Text
from pictures import lines, save_as
from texts import HELD_OUT, TextExperiment, written

LENGTH = 25
LOSS = Quantity("smoothed loss of 25 characters, in the end", "nats", 1)
BITS = Quantity("last tenth of the text, per character", "bits", 3)
EXPERIMENT = TextExperiment(
    key="text_vanilla",
    title="A vanilla network that writes",
    network="65 characters, 128 recurrent units of tanh, softmax of 65",
    settings="the first nine tenths of the text, 10 epochs, 25 characters a step with the state "
    "carried on, gradient descent on the sum of their losses, rate 0.001, numbers of the gradient "
    "cut to ±5",
    source="the form of A. Karpathy's min-char-rnn, 2015",
    quantities=(BITS, LOSS),
    epochs=10,
)
SHOWN = (1, 5, 10)


class Watch(cn.callbacks.Callback):
    """Notes the smoothed loss all along, and what the network writes after some epochs."""

    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.losses: list[float] = []
        self.texts: list[Text] = []
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Note which epoch it is."""
        self._epoch = epoch

    def on_run_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Note the smoothed loss, some tens of times a second."""
        self.epochs.append(self._epoch + (batch + 1) / self.params["steps"])
        self.losses.append(logs["smoothed_loss"] if logs else math.nan)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Let the network write, after the epochs that are shown."""
        if epoch + 1 in SHOWN:
            caption = f"After {epoch + 1} epoch{'s' if epoch else ''}"
            self.texts.append(written(self.model, caption, temperature=1.0, seed=1))


def train(text: str, epochs: int, watch: Watch) -> cn.models.CharRNN:
    """A network that has read the text so many times."""
    vocabulary = cn.text.CharacterVocabulary.of(text)
    model = cn.models.CharRNN("rnn", hidden=128, vocabulary=vocabulary)
    loss = cn.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model.compile(cn.optimizers.SGD(0.001, clipvalue=5.0), loss)
    model.smoothed_loss = LENGTH * math.log(len(vocabulary))
    model.fit(text, epochs, 1, LENGTH, callbacks=watch, validation_split=HELD_OUT)
    return model


def draw(watch: Watch, folder: Path) -> Picture:
    """The smoothed loss, and that of the last tenth of the text."""
    history = watch.model.history.history if watch.model.history else {}
    ends = range(1, len(history["val_loss"]) + 1)
    curves = {
        "while training, smoothed": (watch.epochs, watch.losses),
        "last tenth of the text": (ends, history["val_loss"]),
    }
    file = save_as(EXPERIMENT.key, "curves")
    lines({"epoch": curves}, folder / file, of="loss of 25 characters, in nats")
    return Picture(file, "The loss of 25 characters by epoch; guessing costs 104.4 nats")


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """A network, and what it reached."""
    text = EXPERIMENT.text(options)
    clock, watch = Clock(), Watch()
    with clock.running():
        model = train(text, options.epochs, watch)
    history = model.history.history if model.history else {}
    values = {
        BITS.name: history["val_bits_per_character"][-1],
        LOSS.name: history["smoothed_loss"][-1],
    }
    pictures = [draw(watch, folder)] if folder else []
    return Outcome(values, clock, {EXPERIMENT.key: model}, pictures, watch.texts)


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
