"""An LSTM that writes: two layers of 256 units read Shakespeare, letter by letter.

    h[t], c[t] = LSTM(character[t], h[t−1], c[t−1]),   p(character[t+1]) = softmax(h[t] · W + b)

The text is cut into 32 parts, which are read side by side, 64 characters at a time; the states are
carried on from there, the gradients are cut. Of each layer's outputs one in ten is dropped, and the
rate falls to zero along a cosine. How well the network predicts the last tenth of the text, which
it has not read, is measured in bits per character: the mean of −log₂ p of what really comes next.
Guessing among its 65 characters costs 6.02 bits, and their frequencies alone 4.78.

A. Graves: Generating sequences with recurrent neural networks, arXiv:1308.0850, 2013; A. Karpathy:
The unreasonable effectiveness of recurrent neural networks, 2015, whose text it is. Takes some four
minutes of one core.

    python examples/text_lstm.py --networks build/networks
    cairnet generate build/networks/text_lstm-1.safetensors --temperature 0.7 --seed 1
"""

import argparse
import math
from pathlib import Path

import cairnet as cn
from experiment import Clock, Outcome, Picture, Quantity
from pictures import lines, save_as
from texts import HELD_OUT, TextExperiment, written

BITS = Quantity(
    "last tenth of the text, per character", "bits", 3, bound=2.25, smaller_is_better=True
)
EXPERIMENT = TextExperiment(
    key="text_lstm",
    title="An LSTM that writes",
    network="65 characters, two layers of 256 LSTM units, softmax of 65; of each layer's outputs "
    "one in ten is dropped",
    settings="the first nine tenths of the text, 8 epochs, 32 parts side by side, 64 characters a "
    "step with states carried on, Adam, rate 0.005 falling to 0 along a cosine, gradients cut to "
    "a norm of 5",
    source="the networks of A. Graves, 2013, and A. Karpathy, 2015; no number for this text",
    quantities=(BITS,),
    epochs=8,
)
ROWS, LENGTH = 32, 64


def train(text: str, epochs: int) -> cn.models.CharRNN:
    """A network that has read the text so many times."""
    model = cn.models.CharRNN("lstm", layers=2, hidden=256, dropout=0.1)
    steps = epochs * (int(len(text) * (1 - HELD_OUT)) // (ROWS * LENGTH))
    rate = cn.optimizers.schedules.CosineDecay(0.005, steps)
    model.compile(cn.optimizers.Adam(rate, global_clipnorm=5.0))
    model.fit(text, epochs, ROWS, LENGTH, validation_split=HELD_OUT)
    return model


def draw(model: cn.models.CharRNN, folder: Path) -> Picture:
    """The bits per character, epoch by epoch."""
    history = model.history.history if model.history else {}
    epochs = range(1, len(history["loss"]) + 1)
    curves = {
        "while training, with dropout": [loss / math.log(2) for loss in history["loss"]],
        "last tenth of the text": history["val_bits_per_character"],
    }
    file = save_as(EXPERIMENT.key, "curves")
    drawn = {name: (epochs, bits) for name, bits in curves.items()}
    lines({"epoch": drawn}, folder / file, of="bits per character")
    return Picture(file, "Bits per character by epoch")


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """A network, and what it reached."""
    text = EXPERIMENT.text(options)
    clock = Clock()
    with clock.running():
        model = train(text, options.epochs)
    history = model.history.history if model.history else {}
    return Outcome(
        {BITS.name: history["val_bits_per_character"][-1]},
        clock,
        {EXPERIMENT.key: model},
        [draw(model, folder)] if folder else [],
        [written(model, "What it writes", 500, temperature=0.7, seed=1)] if folder else [],
    )


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
