"""Sentiment: a network reads a sentence word by word, and says at its end whether it is praise.

    h[t] = LSTM(vector of word[t], h[t-1]),   p(praise) = sigmoid(h[end] · v + d)

The sentences are drawn from a grammar, so that everybody can have more of them, and knows what is
right:

    review     → statement
               | statement ", but" statement                what comes behind counts
               | "although" statement "," statement         likewise
               | statement ", although" statement           what comes before counts
               | statement ", and" statement                both are of one mind
    statement  → ["nobody would say that"] subject verb opinion         turned around
    opinion    → ["not" | "never" | "anything but"] [degree] adjective  turned around
    subject    → "the" noun | "its" noun | "their" noun
    verb       → "was" | "seemed" | "looked"
    degree     → "very" | "quite" | "truly" | "rather"
    noun       → "plot" | "cast" | "music" | …,   adjective → "good" | "dull" | …

A sentence has 4 to 23 words, of which any may be praise or blame: it is their order that decides.
The mean of the word vectors, which knows no order, is hardly better than a guess; the recurrent
network has to follow the sentence.

    python examples/sentiment.py --seeds 1 2 3
"""

import argparse
from pathlib import Path

import numpy as np

import cairnet as cn
from cairnet.layers import LSTM, Dense, Embedding, GlobalAveragePooling1D, Layer
from experiment import Clock, Outcome, Quantity, Text
from generated import GeneratedExperiment

READ = Quantity("unseen sentences", bound=99.0)
MEAN = Quantity("by the mean of the word vectors")
EXPERIMENT = GeneratedExperiment(
    key="sentiment",
    title="Sentiment",
    network="vectors of 16 numbers for each word, LSTM of 32 units, sigmoid of its last output",
    settings="8,000 different sentences, 12 epochs, batches of 32, Adam, rate 0.005",
    source="the grammar that the file documents",
    quantities=(READ, MEAN),
    seeds=(1, 2, 3),
    samples=8_000,
    epochs=12,
)
ASKED = 2_000

ADJECTIVES = {
    True: ["good", "great", "lovely", "brilliant", "charming", "moving", "witty", "clever"],
    False: ["bad", "awful", "dull", "clumsy", "boring", "tired", "shallow", "dreadful"],
}
SUBJECTS = ["the", "its", "their"]
NOUNS = ["plot", "cast", "music", "camera", "ending", "dialogue", "pace", "story"]
VERBS = ["was", "seemed", "looked"]
TURNS = ["not", "never", "anything but"]
DEGREES = ["very", "quite", "truly", "rather"]
DENIAL = "nobody would say that"


class Grammar:
    """Draws reviews.

    Args:
        seed: of the random numbers.
    """

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def review(self) -> tuple[str, bool]:
        """A sentence, and whether it is praise."""
        form = self.random.integers(5)
        first, praise = self.statement()
        if form == 0:
            return first, praise
        if form == 1:
            second, praise = self.statement(not praise)
            return f"{first} , but {second}", praise
        if form == 2:
            second, praise = self.statement(not praise)
            return f"although {first} , {second}", praise
        if form == 3:
            second, _ = self.statement(not praise)
            return f"{first} , although {second}", praise
        second, _ = self.statement(praise)
        return f"{first} , and {second}", praise

    def statement(self, praise: bool | None = None) -> tuple[str, bool]:
        """A statement, and whether it is praise, which may be asked for."""
        denied, turned = self.random.random(2) < (0.3, 0.5)
        praise = bool(self.random.integers(2)) if praise is None else praise
        words = [
            DENIAL if denied else "",
            self.one(SUBJECTS),
            self.one(NOUNS),
            self.one(VERBS),
            self.one(TURNS) if turned else "",
            self.one(["", *DEGREES]),
            self.one(ADJECTIVES[praise ^ bool(denied) ^ bool(turned)]),
        ]
        return " ".join(word for word in words if word), praise

    def one(self, words: list[str]) -> str:
        """One of several words."""
        return words[self.random.integers(len(words))]


def reviews(seed: int, count: int) -> dict[str, bool]:
    """Different sentences, and whether each is praise."""
    grammar, found = Grammar(seed), dict[str, bool]()
    while len(found) < count:
        found.update([grammar.review()])
    return found


def rows(sentences: list[str], vocabulary: dict[str, int]) -> np.ndarray:
    """The numbers of the words, one sentence a row; zeros behind its end."""
    split = [sentence.split() for sentence in sentences]
    numbers = np.zeros((len(split), max(map(len, split))), np.int64)
    for row, words in zip(numbers, split, strict=True):
        row[: len(words)] = [vocabulary[word] for word in words]
    return numbers


def train(x: np.ndarray, y: np.ndarray, middle: Layer, epochs: int) -> cn.Sequential:
    """A network with a layer in its middle that makes one vector of many."""
    network = cn.Sequential(
        [
            cn.Input((None,), "int64"),
            Embedding(int(x.max()) + 1, 16, mask_zero=True),
            middle,
            Dense(1, "sigmoid"),
        ]
    )
    network.compile(cn.optimizers.Adam(0.005), "binary_crossentropy", ["accuracy"])
    network.fit(x, y, 32, epochs, verbose=0)
    return network


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """A network, what share of unseen sentences it reads right, and some of them."""
    found = reviews(seed, options.samples + ASKED)
    sentences, praise = list(found), np.array(list(found.values()))[:, np.newaxis]
    vocabulary = {word: n for n, word in enumerate(sorted(set(" ".join(sentences).split())), 1)}
    x = rows(sentences, vocabulary)
    seen, unseen = (x[:-ASKED], praise[:-ASKED]), (x[-ASKED:], praise[-ASKED:])
    clock = Clock()
    with clock.running():
        network = train(*seen, LSTM(32), options.epochs)
    mean = train(*seen, GlobalAveragePooling1D(), options.epochs)
    values = {READ.name: network.evaluate(*unseen)[1], MEAN.name: mean.evaluate(*unseen)[1]}
    sure = network.predict(unseen[0][:6])[:, 0]
    shown = "\n".join(
        f"{probability:6.1%}  {sentence}"
        for sentence, probability in zip(sentences[-ASKED:], sure, strict=False)
    )
    texts = [Text("How sure it is that unseen sentences are praise", shown)]
    return Outcome(values, clock, {EXPERIMENT.key: network}, texts=texts)


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
