"""Learning from a text: states are carried from batch to batch, gradients are not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError
from cairnet.data.splits import tail_split
from cairnet.data.text.windows import CarriedBatches
from cairnet.nn.losses import SparseCategoricalCrossentropy
from cairnet.runtime import Function
from cairnet.training.callbacks import Callback, History
from cairnet.training.callbacks.base import begin, tell, tell_the_end, wants_batches
from cairnet.training.data import Data
from cairnet.training.engine import Engine
from cairnet.training.fitting import Plan
from cairnet.training.interrupt import BetweenRuns
from cairnet.training.objective import Compiled
from cairnet.training.pace import Pace
from cairnet.training.progress import ProgressReport
from cairnet.training.totals import Totals

if TYPE_CHECKING:
    from cairnet.models.char_rnn import CharRNN

__all__ = ["LOSS", "Course", "Reader", "bits", "course", "fit_text"]

LOSS = SparseCategoricalCrossentropy(from_logits=True)

#: What the past counts in the smoothed loss.
_KEPT = 0.999


class Reader:
    """A function of a model that reads batches, and the states that it carries between them.

    Args:
        model: whose.
        compiled: what the model was compiled with.
        batch_size: rows of a batch.
        length: characters of a row.
        training: whether it learns from them.

    Attributes:
        step: the function; it takes the characters of a batch, and those one step ahead.
        states: the variables that it begins with, and leaves for the next batch.
    """

    def __init__(
        self, model: CharRNN, compiled: Compiled, batch_size: int, length: int, *, training: bool
    ) -> None:
        self.states = model.zero_states(batch_size)
        like = np.zeros((batch_size, length), np.int64)
        engine = Engine(model)
        with model.carrying(self.states):
            make = engine.stepper if training else engine.evaluator
            self.step = make(compiled, Data((like,), (like,), None))
        self._totals = compiled.metrics
        self.pace = Pace()
        (objective,) = compiled.objectives
        summed = getattr(objective.loss, "reduction", None) == "sum"
        #: Of how many characters a loss is the sum.
        self.of_loss = batch_size * length if summed else 1

    def first(self, batches: CarriedBatches) -> tuple[Function, tuple[np.ndarray, ...]]:
        """The function, and the first batch, with which to call it; states become zeros."""
        self.states.reset()
        return self.step, tuple(each[0].astype(np.int64) for each in batches.run(0, 1))

    def runs(self, batches: CarriedBatches) -> Iterator[tuple[int, np.ndarray, Totals]]:
        """Read all batches, beginning with states of zeros.

        Yields:
            After every run of steps the number of its last batch, the loss of each step, and the
            totals from the beginning on.
        """
        self.states.reset()
        totals = Totals(self._totals)
        for start, stop in self.pace.runs(len(batches)):
            x, y = (numbers.astype(np.int64) for numbers in batches.run(start, stop))
            outputs = self.step.steps(stop - start, x, y)
            totals.add(outputs, batches.batch_size)
            yield stop - 1, outputs["loss"], totals


def bits(model: CharRNN, numbers: np.ndarray, batch_size: int, length: int) -> float:
    """The bits per character of a text, given as numbers."""
    return _measured(model, _batches("text", numbers, batch_size, length), None)[1]


def _measured(
    model: CharRNN, batches: CarriedBatches, interrupts: BetweenRuns | None
) -> tuple[dict[str, float], float]:
    """Loss and metrics of batches that are not learned from; and their bits per character."""
    reader = model.reader(batches.batch_size, batches.length, training=False)
    logs: dict[str, float] = {}
    for _, _, totals in reader.runs(batches):
        logs = totals.logs()
        if interrupts is not None:
            interrupts.check()
    return logs, logs["loss"] / (reader.of_loss * math.log(2))


def _batches(name: str, numbers: np.ndarray, batch_size: int, length: int) -> CarriedBatches:
    try:
        return CarriedBatches(numbers, batch_size, length)
    except ShapeError as error:
        words = str(error).replace("sequence:", f"{name}:", 1).replace("steps", "characters")
        raise ShapeError(words.replace("shorter rows", "a shorter sequence_length")) from None


class Course(NamedTuple):
    """What a fit goes through, checked.

    Attributes:
        batches: of the text to learn from.
        validation: of the text to measure, or None.
        plan: which epochs.
    """

    batches: CarriedBatches
    validation: CarriedBatches | None
    plan: Plan


def course(
    numbers: np.ndarray,
    held_out: np.ndarray | None,
    split: float,
    shape: tuple[int, int],
    epochs: tuple[int, int],
) -> Course:
    """Cut a text into batches.

    Args:
        numbers: of the text's characters.
        held_out: those of a text to measure; None for none.
        split: what share of the numbers to measure instead of learning from it.
        shape: rows and characters of a batch.
        epochs: the first, and the one to stop before.

    Raises:
        ArgumentError, ShapeError: a number out of its range, or a text too short for a batch.
    """
    plan = Plan(shape[0], epochs[1], epochs[0], shuffle=False)
    if held_out is None and split:
        numbers, held_out = _split(numbers, split)
    batches = _batches("text", numbers, *shape)
    validation = None
    if held_out is not None:
        # A short text has fewer rows, so that it need not be long to be measured.
        rows = max(1, min(shape[0], (len(held_out) - 1) // shape[1]))
        validation = _batches("validation", held_out, rows, shape[1])
    return Course(batches, validation, plan)


def fit_text(
    model: CharRNN, what: Course, callbacks: Sequence[Callback] | Callback, verbose: int | str
) -> History:
    """Train a model, which has a vocabulary; see `CharRNN.fit`."""
    several = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
    report = [] if verbose == 0 else [ProgressReport(verbose)]
    return _Fit(model, what, several, report).run()


def _split(numbers: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The beginning of a text and its end; views, for it may be long."""
    try:
        _, last = tail_split(len(numbers), share)
    except ArgumentError as error:
        raise ArgumentError(f"validation_split: {error}") from None
    return numbers[: len(numbers) - len(last)], numbers[len(numbers) - len(last) :]


class _Fit:
    """The epochs of a fit."""

    def __init__(
        self,
        model: CharRNN,
        what: Course,
        callbacks: Sequence[Callback],
        report: Sequence[Callback],
    ) -> None:
        self.model = model
        self.batches, self.validation, self.plan = what
        batches, plan = what.batches, what.plan
        self.history = History()
        self.first = [*report, *callbacks, self.history]
        self.last = [*callbacks, *report, self.history]
        params = {
            "epochs": plan.epochs,
            "first_epoch": plan.initial_epoch,
            "steps": len(batches),
            "samples": batches.batch_size * len(batches),
            "batch_size": batches.batch_size,
        }
        begin(self.last, model, params)
        self.reader = model.reader(batches.batch_size, batches.length, training=True)

    def run(self) -> History:
        """Train, validate and report, epoch by epoch."""
        self.model.stop_training = False
        self.model.history = self.history
        if self.model.smoothed_loss is None:
            self.model.smoothed_loss = math.log(len(self.model.known()))
        with BetweenRuns() as interrupts:
            try:
                tell(self.first, "on_train_begin")
                for epoch in range(self.plan.initial_epoch, self.plan.epochs):
                    tell(self.first, "on_epoch_begin", epoch)
                    logs = self._train(interrupts)
                    tell(self.last, "on_epoch_end", epoch, logs=logs)
                    if self.model.stop_training:
                        break
            finally:
                tell_the_end(self.last, "on_train_end")
        return self.history

    def _train(self, interrupts: BetweenRuns) -> dict[str, float]:
        single = wants_batches(self.last, "train")
        self.reader.pace.most = 1 if single else None
        if single:
            tell(self.last, "on_train_batch_begin", 0)
        logs: dict[str, float] = {}
        for batch, losses, totals in self.reader.runs(self.batches):
            logs = self._logs(losses, totals)
            if single:
                tell(self.last, "on_train_batch_end", batch, logs=logs)
            tell(self.last, "on_run_end", batch, logs=logs)
            interrupts.check()
            if self.model.stop_training:
                return logs
            if single and batch + 1 < len(self.batches):
                tell(self.last, "on_train_batch_begin", batch + 1)
        if self.validation is not None:
            measured, bits = _measured(self.model, self.validation, interrupts)
            logs |= {f"val_{name}": value for name, value in measured.items()}
            logs["val_bits_per_character"] = bits
        return logs

    def _logs(self, losses: np.ndarray, totals: Totals) -> dict[str, float]:
        """The averages of the epoch so far, and the loss smoothed over the last steps."""
        smoothed = self.model.smoothed_loss or 0.0
        for loss in losses.tolist():
            smoothed = _KEPT * smoothed + (1 - _KEPT) * loss
        self.model.smoothed_loss = smoothed
        logs = totals.logs()
        return {"loss": logs.pop("loss"), "smoothed_loss": smoothed, **logs}
