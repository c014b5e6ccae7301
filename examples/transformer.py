"""A small causal transformer that writes: attention in place of recurrence.

    x[t] = vector of character[t] + vector of place t
    x ← x + attention(norm(x)),   x ← x + W₂ gelu(W₁ norm(x)),   in each block
    p(character[t+1]) = softmax(norm(x[t]) · W + b)

Where a recurrent network has one state that must hold all that came before, attention looks at the
last 64 characters themselves: each asks the ones before it, by four heads, what matters to it. It
looks at none behind itself, so that one window of the text is 64 predictions at once, and when it
writes, what stands behind the text so far may be anything.

The bits per character are measured on the last tenth of the text, where at least 32 characters of a
window stand before the one that is to be said. Takes some two minutes of one core.

    python examples/transformer.py
"""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

import cairnet as cn
from cairnet.layers import Dense, Embedding, LayerNormalization, MultiHeadAttention
from experiment import Clock, Outcome, Quantity, Text
from texts import HELD_OUT, TextExperiment

BITS = Quantity(
    "last tenth of the text, per character", "bits", 3, bound=2.25, smaller_is_better=True
)
EXPERIMENT = TextExperiment(
    key="transformer",
    title="A small transformer",
    network="vectors of 96 numbers for characters and for 64 places; two blocks of four heads of "
    "attention and dense layers of 384 and 96; softmax of 65",
    settings="windows of 64 characters, 8 apart, batches of 32, one epoch, Adam, rate 0.002 "
    "falling to 0 along a cosine; measured where 32 characters or more stand before one",
    source="A. Vaswani and others, Attention is all you need, 2017, for the network",
    quantities=(BITS,),
    epochs=1,
)
CONTEXT, WIDTH, HEADS, BLOCKS, STRIDE, BATCH, RATE = 64, 96, 4, 2, 8, 32, 0.002


class Places(cn.layers.Layer):
    """Adds a vector of its own to every place, without which all would be alike to attention."""

    def build(self, input_shape: Any) -> None:
        """Make the vectors."""
        self.vectors = self.add_weight(input_shape[1:], "random_normal")

    def call(self, x: cn.Tensor) -> cn.Tensor:
        """The graph of the output."""
        return x + self.vectors


class Block(cn.layers.Layer):
    """Attention, then two dense layers, each added to what goes past it."""

    def build(self, input_shape: Any) -> None:
        """Make the layers inside."""
        width = input_shape[-1]
        self.before_attention, self.before_dense = LayerNormalization(), LayerNormalization()
        self.attention = MultiHeadAttention(HEADS, width // HEADS)
        self.wide, self.narrow = Dense(4 * width, activation="gelu"), Dense(width)

    def call(self, x: cn.Tensor) -> cn.Tensor:
        """The graph of the output."""
        y = self.before_attention(x)
        x = x + self.attention(y, y, use_causal_mask=True)
        return x + self.narrow(self.wide(self.before_dense(x)))


def network(characters: int) -> cn.Sequential:
    """Logits of the next character at every place of a window."""
    return cn.Sequential(
        [
            cn.Input((CONTEXT,), "int64"),
            Embedding(characters, WIDTH),
            Places(),
            *(Block() for _ in range(BLOCKS)),
            LayerNormalization(),
            Dense(characters),
        ]
    )


def train(numbers: np.ndarray, characters: int, epochs: int) -> cn.Sequential:
    """A network that has read a text, given as the numbers of its characters."""
    windows = cn.text.windows(numbers, CONTEXT + 1, STRIDE).astype(np.int64)
    model = network(characters)
    steps = epochs * -(-len(windows) // BATCH)
    rate = cn.optimizers.schedules.CosineDecay(RATE, steps)
    loss = cn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(cn.optimizers.Adam(rate, global_clipnorm=1.0), loss)
    model.fit(windows[:, :-1], windows[:, 1:], BATCH, epochs)
    return model


def bits_per_character(model: cn.Sequential, numbers: np.ndarray) -> float:
    """What a character costs that has half a window or more before it."""
    half = CONTEXT // 2
    windows = cn.text.windows(numbers, CONTEXT + 1, half).astype(np.int64)
    logits = model.predict(windows[:, :-1], batch_size=BATCH)[:, half:].astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(logs, windows[:, half + 1 :, np.newaxis], axis=-1)
    return float(-chosen.mean() / math.log(2))


def write(
    model: cn.Sequential,
    vocabulary: cn.text.CharacterVocabulary,
    prompt: str,
    length: int,
    temperature: float,
    seed: int,
) -> str:
    """What the network writes behind a prompt, each character drawn from its probabilities."""
    random, numbers = np.random.default_rng(seed), vocabulary.encode(prompt).tolist()
    for _ in range(length):
        seen = numbers[-CONTEXT:]
        # Nobody looks at what stands behind the last of them.
        window = seen + [0] * (CONTEXT - len(seen))
        logits = model.predict_on_batch(np.array([window]))[0, len(seen) - 1] / temperature
        shares = np.exp((logits - logits.max()).astype(np.float64))
        numbers.append(int(random.choice(len(shares), p=shares / shares.sum())))
    return vocabulary.decode(numbers[len(prompt) :])


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """A network, its bits per character on the end of the text, and what it writes."""
    text = EXPERIMENT.text(options)
    vocabulary = cn.text.CharacterVocabulary.of(text)
    numbers = vocabulary.encode(text)
    seen = len(text) - int(HELD_OUT * len(text))
    clock = Clock()
    with clock.running():
        model = train(numbers[:seen], len(vocabulary), options.epochs)
    bits = bits_per_character(model, numbers[seen:])
    written = write(model, vocabulary, "\n", 300, 0.8, seed)
    lines = "\n".join(line.rstrip() for line in written.strip("\n").split("\n"))
    texts = [Text(f"What it writes (temperature 0.8, seed {seed})", lines)]
    return Outcome({BITS.name: bits}, clock, {EXPERIMENT.key: model}, texts=texts)


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
