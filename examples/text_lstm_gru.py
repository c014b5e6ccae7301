"""LSTM and GRU side by side: 128 units of either read the same text.

An LSTM has four matrices and a memory beside its output, a GRU three matrices and no more than its
output, so that it is done with a step in about three quarters of the time. Which of them predicts
the better after the same number of steps, and which after the same number of seconds?

The text is in lower case, 256 parts of it are read side by side, 40 characters a step, and the
states are carried on. Seconds are those of the processor, with the measuring after every epoch;
those of the network that is done first are given to both, and the curve of the other is read there,
between two epochs.

S. Hochreiter, J. Schmidhuber: Long short-term memory, Neural Computation 9 (8), 1997; K. Cho et
al.: Learning phrase representations using RNN encoder-decoder, EMNLP 2014. Takes some two minutes
of one core.

    python examples/text_lstm_gru.py
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import cairnet as cn
from experiment import Clock, Outcome, Picture, Quantity
from pictures import lines, save_as
from texts import HELD_OUT, TextExperiment, written

CELLS = ("lstm", "gru")
ROWS, LENGTH = 256, 40


def of(cell: str, after: str) -> Quantity:
    """The bits per character of a network on the last tenth of the text."""
    return Quantity(f"{cell.upper()}, after the same {after}, per character", "bits", 3)


EXPERIMENT = TextExperiment(
    key="text_lstm_gru",
    title="LSTM and GRU",
    network="the characters of the text in lower case, 128 units of LSTM or GRU, softmax",
    settings="the first nine tenths of the text, 20 epochs of 98 steps, 256 parts side by side, 40 "
    "characters a step with states carried on, Adam, rate 0.005, gradients cut to a norm of 5",
    source="the cells of S. Hochreiter and J. Schmidhuber, 1997, and of K. Cho et al., 2014",
    quantities=(
        *(of(cell, after) for after in ("steps", "seconds") for cell in CELLS),
        *(Quantity(f"{cell.upper()}, processor time", "s", 1, in_table=False) for cell in CELLS),
    ),
    epochs=20,
)


@dataclass
class Course(cn.callbacks.Callback):
    """How a network came along: after every epoch the steps, the seconds and the bits so far."""

    steps: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    bits: list[float] = field(default_factory=list)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Start the clock, of the processor."""
        self._began = time.process_time()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Note how far it is."""
        self.steps.append((epoch + 1) * self.params["steps"])
        self.seconds.append(time.process_time() - self._began)
        self.bits.append(logs["val_bits_per_character"] if logs else np.nan)


def train(cell: str, text: str, epochs: int) -> tuple[cn.models.CharRNN, Course]:
    """A network that has read the text so many times."""
    model, course = cn.models.CharRNN(cell, hidden=128), Course()
    model.compile(cn.optimizers.Adam(0.005, global_clipnorm=5.0))
    model.fit(text, epochs, ROWS, LENGTH, callbacks=course, validation_split=HELD_OUT)
    return model, course


def compared(courses: Mapping[str, Course]) -> dict[str, float]:
    """What both reached after the same number of steps, and of seconds."""
    seconds = min(course.seconds[-1] for course in courses.values())
    values = {}
    for cell, course in courses.items():
        values[of(cell, "steps").name] = course.bits[-1]
        values[of(cell, "seconds").name] = float(np.interp(seconds, course.seconds, course.bits))
        values[f"{cell.upper()}, processor time"] = round(course.seconds[-1], 2)
    return values


def draw(courses: Mapping[str, Course], folder: Path) -> Picture:
    """The bits of both, against steps and against seconds."""
    file = save_as(EXPERIMENT.key, "curves")
    panels = {
        "steps": {cell.upper(): (each.steps, each.bits) for cell, each in courses.items()},
        "seconds": {cell.upper(): (each.seconds, each.bits) for cell, each in courses.items()},
    }
    lines(panels, folder / file, of="bits per character of the last tenth of the text")
    return Picture(file, "Bits per character of the last tenth, by steps and by processor seconds")


def work(options: argparse.Namespace, seed: int, folder: Path | None) -> Outcome:
    """Both networks, and what they reached."""
    text = EXPERIMENT.text(options).lower()
    clock, networks, courses = Clock(), {}, {}
    for cell in CELLS:
        cn.seed(seed)
        with clock.running():
            networks[cell], courses[cell] = train(cell, text, options.epochs)
    return Outcome(
        compared(courses),
        clock,
        {f"{EXPERIMENT.key}-{cell}": model for cell, model in networks.items()},
        [draw(courses, folder)] if folder else [],
        [written(model, f"{c.upper()}", temperature=0.7, seed=1) for c, model in networks.items()],
    )


if __name__ == "__main__":
    EXPERIMENT.for_each_seed(work)
