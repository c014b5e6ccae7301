"""Binary addition: a recurrent network that learns to carry.

    h[t] = sigmoid([a[t], b[t]] · W + h[t-1] · U + c),   digit[t] = sigmoid(h[t] · V + d)

Two numbers of 8 binary digits are read digit by digit, the lowest first; at every step the network
says the digit of the sum. Nobody tells it of the carry: it has to find out that there is something
to remember, in 16 hidden units. It sees 10,000 additions, each once, one a step, of the 16,384 that
there are (of numbers below 128, so that sums have 8 digits), and is then asked for 1,000 of those
that it has not seen; and, since a step does not know how long the numbers are, for sums of 32
digits.

    python examples/binary_addition.py --seeds 1 2 3
"""

import argparse
from pathlib import Path

import numpy as np

import cairnet as cn
from cairnet.layers import Dense, SimpleRNN
from experiment import Clock, Experiment, Outcome, Quantity, Text

SHORT = Quantity("unseen additions of 8 digits, exact", digits=1, bound=99.9)
LONG = Quantity("additions of 32 digits, exact", digits=1, bound=99.9)
EXPERIMENT = Experiment(
    key="binary_addition",
    title="Binary addition",
    network="2 inputs a step, 16 recurrent sigmoids, 1 sigmoid a step",
    settings="10,000 additions of numbers with 8 digits, each once, one a step, Adam, rate 0.02",
    source="an exercise of many courses",
    quantities=(SHORT, LONG),
    seeds=(1, 2, 3),
)
DIGITS = 8
TRAINED = 10_000
ASKED = 1_000


def in_digits(pairs: np.ndarray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of numbers and their sums in binary, the lowest digit first.

    Args:
        pairs: shape (additions, 2).
        digits: of each number.

    Returns:
        The digits of both numbers, shape (additions, digits, 2), and of the sums, shape
        (additions, digits, 1).
    """
    places = np.arange(digits)
    numbers = (pairs[:, np.newaxis, :] >> places[:, np.newaxis]) & 1
    sums = (pairs.sum(axis=1)[:, np.newaxis] >> places) & 1
    return numbers, sums[..., np.newaxis]


def additions(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pairs to learn from, and others to be asked for."""
    largest = 2 ** (DIGITS - 1)
    chosen = random.permutation(largest**2)[: TRAINED + ASKED]
    pairs = np.stack(np.divmod(chosen, largest), axis=1)
    return pairs[:TRAINED], pairs[TRAINED:]


def train(pairs: np.ndarray) -> cn.Sequential:
    """A network that has seen each addition once."""
    network = cn.Sequential(
        [
            cn.Input((None, 2)),
            SimpleRNN(16, "sigmoid", return_sequences=True),
            Dense(1, "sigmoid"),
        ]
    )
    network.compile(cn.optimizers.Adam(0.02), "binary_crossentropy")
    network.fit(*in_digits(pairs, DIGITS), batch_size=1, verbose=0)
    return network


def exact(network: cn.Sequential, pairs: np.ndarray, digits: int) -> int:
    """How many sums the network gives with every digit right."""
    numbers, sums = in_digits(pairs, digits)
    given = network.predict(numbers, batch_size=100).round()
    return int((given == sums).all(axis=(1, 2)).sum())


def shown(network: cn.Sequential, a: int, b: int) -> str:
    """An addition as the network does it, the highest digit first."""
    numbers, _ = in_digits(np.array([[a, b]]), DIGITS)
    digits = network.predict(numbers)[0, ::-1, 0].round().astype(int)
    total = int("".join(map(str, digits)), 2)
    return f"{a:08b} + {b:08b} = {total:08b}   ({a} + {b} = {total})"


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """A network, and what share of the additions it does right."""
    random = np.random.default_rng(seed)
    seen, unseen = additions(random)
    clock = Clock()
    with clock.running():
        network = train(seen)
    long = random.integers(2**31, size=(ASKED, 2))
    shares = {
        SHORT.name: exact(network, unseen, DIGITS) / ASKED,
        LONG.name: exact(network, long, 32) / ASKED,
    }
    done = "\n".join(shown(network, a, b) for a, b in unseen[:3])
    return Outcome(shares, clock, {EXPERIMENT.key: network}, texts=[Text("As it adds", done)])


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
