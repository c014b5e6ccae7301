"""Encoder and decoder: digit strings are read to their end, then written backwards, or sorted.

    state = LSTM over the digits read
    p(digit[t]) = softmax(h[t] · V + d),   h[t] = LSTM(digit[t-1], h[t-1]),   h[-1] = state

Two networks of the same kind: all that the writing one knows of the string is the state that the
reading one ends with, two vectors of 128 numbers. Strings have 1 to 8 digits. While training, the
decoder is told at every step the digit before the one that it is to write; in use, what it has
written itself, until it writes the end. A string counts as right if every digit is, and the end.

    python examples/digit_strings.py --seeds 1 2 3
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

import cairnet as cn
from cairnet.layers import LSTM, Dense, Embedding
from experiment import Clock, Outcome, Quantity, Text
from generated import GeneratedExperiment

BACKWARDS = Quantity("unseen strings, backwards", bound=99.0)
SORTED = Quantity("unseen strings, sorted", bound=99.0)
EXPERIMENT = GeneratedExperiment(
    key="digit_strings",
    title="Strings backwards, and sorted",
    network="vectors of 32 numbers for each digit; LSTM of 128 units that reads, LSTM of 128 units "
    "that writes, softmax of 12",
    settings="20,000 strings of 1 to 8 digits, 8 epochs, batches of 64, Adam, rate 0.004 falling "
    "to 0 along a cosine",
    source="I. Sutskever, O. Vinyals, Q. Le, Sequence to sequence learning with neural networks, "
    "2014, for the network",
    quantities=(BACKWARDS, SORTED),
    seeds=(1, 2, 3),
    samples=20_000,
    epochs=8,
)
LONGEST, ASKED, BATCH, RATE = 8, 1_000, 64, 0.004

#: Beside the symbols 1 to 10, which stand for the digits.
PADDING, BEGIN, END = 0, 11, 11
SYMBOLS = 12


def strings(random: np.random.Generator, count: int) -> np.ndarray:
    """Different strings in the order in which they are drawn, one a row, zeros behind the end."""
    found: dict[str, None] = {}
    while len(found) < count:
        digits = random.integers(10, size=random.integers(1, LONGEST + 1))
        found["".join(map(str, digits))] = None
    rows = np.full((count, LONGEST), PADDING)
    for row, string in zip(rows, found, strict=True):
        row[: len(string)] = [int(digit) + 1 for digit in string]
    return rows


def as_text(row: np.ndarray) -> str:
    """A row as the string that it stands for."""
    return "".join(str(symbol - 1) for symbol in row if symbol not in (PADDING, END))


def targets(read: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What is to be written for each row: the changed string and its end, then padding."""
    written = np.full((len(read), LONGEST + 1), PADDING)
    for row, target in zip(read, written, strict=True):
        digits = row[row != PADDING]
        target[: len(digits) + 1] = [*change(digits), END]
    return written


def told(written: np.ndarray) -> np.ndarray:
    """What the decoder is told: the beginning, and the symbols one step before; no end."""
    before = np.where(written == END, PADDING, written)[:, :-1]
    return np.concatenate([np.full((len(written), 1), BEGIN), before], axis=1)


def network() -> cn.Model:
    """Two networks, the states of the first of which begin the second."""
    source, before = (cn.Input((None,), "int64", name=name) for name in ("source", "before"))
    symbols = Embedding(SYMBOLS, 32, mask_zero=True)
    _, *states = LSTM(128, return_state=True, name="encoder")(symbols(source))
    decoder = LSTM(128, return_sequences=True, name="decoder")
    hidden = decoder(symbols(before), initial_state=states)
    return cn.Model([source, before], Dense(SYMBOLS, "softmax")(hidden))


def train(read: np.ndarray, write: np.ndarray, epochs: int) -> cn.Model:
    """A network that was shown what to write for each string."""
    model = network()
    steps = epochs * -(-len(read) // BATCH)
    rate = cn.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(cn.optimizers.Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy")
    model.fit([read, told(write)], write, BATCH, epochs, verbose=0)
    return model


def answers(model: cn.Model, read: np.ndarray) -> np.ndarray:
    """What the network writes for each string, the likeliest symbol at every step."""
    written = np.full((len(read), 1), BEGIN)
    for _ in range(LONGEST + 1):
        probabilities = model.predict([read, written], batch_size=len(read))[:, -1:]
        written = np.concatenate([written, probabilities.argmax(axis=-1)], axis=1)
    return written[:, 1:]


def exact(written: np.ndarray, target: np.ndarray) -> float:
    """The share of strings with every digit right, and the end."""
    return float(((written == target) | (target == PADDING)).all(axis=1).mean())


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """A network for each of both tasks, what share of unseen strings it does right, and some."""
    read = strings(np.random.default_rng(seed), options.samples + ASKED)
    clock, values, networks, shown = Clock(), {}, {}, []
    for quantity, name, change in (
        (BACKWARDS, "backwards", np.flip),
        (SORTED, "sorted", np.sort),
    ):
        write = targets(read, change)
        with clock.running():
            model = train(read[:-ASKED], write[:-ASKED], options.epochs)
        written = answers(model, read[-ASKED:])
        values[quantity.name] = exact(written, write[-ASKED:])
        networks[f"{EXPERIMENT.key}-{name}"] = model
        shown.append([as_text(row[: np.argmax(row == END)]) for row in written[:5]])
    asked = [as_text(row) for row in read[-ASKED:][:5]]
    lines = [f"{a:>8} {b:>9} {c:>9}" for a, b, c in zip(asked, *shown, strict=True)]
    texts = [Text("Unseen strings, backwards and sorted by the networks", "\n".join(lines))]
    return Outcome(values, clock, networks, texts=texts)


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
