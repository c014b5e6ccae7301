"""The fit loop: epochs of runs of steps, validation, callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import generator, next_key
from cairnet.training.arrays import whole
from cairnet.training.callbacks import Callback, History
from cairnet.training.callbacks.base import begin, tell, tell_the_end, wants_batches
from cairnet.training.data import Data
from cairnet.training.engine import Engine, Trainer
from cairnet.training.interrupt import BetweenRuns
from cairnet.training.measuring import measure
from cairnet.training.objective import Compiled
from cairnet.training.totals import Totals

if TYPE_CHECKING:
    from cairnet.training.learner import Learner

__all__ = ["Plan", "fit"]


@dataclass(frozen=True)
class Plan:
    """How to go through the data.

    Attributes:
        batch_size: rows in a step; the last step of an epoch has what is left.
        epochs: the number of the epoch to stop before.
        initial_epoch: the number of the first epoch.
        shuffle: whether every epoch sees the rows in an order of its own.
        exact: whether the numbers of the training data are measured again at the end of an epoch.
        validation_batch_size: rows in a step of validation.
        validation_freq: validation follows every so many epochs.
        steps_per_epoch: how many steps an epoch has; None for as many as take every row once.
    """

    batch_size: int
    epochs: int
    initial_epoch: int
    shuffle: bool
    exact: bool = False
    validation_batch_size: int | None = None
    validation_freq: int = 1
    steps_per_epoch: int | None = None

    def __post_init__(self) -> None:
        whole("batch_size", self.batch_size, 1)
        whole("initial_epoch", self.initial_epoch, 0)
        whole("epochs", self.epochs, 1)
        whole("validation_freq", self.validation_freq, 1)
        if self.validation_batch_size is not None:
            whole("validation_batch_size", self.validation_batch_size, 1)
        if self.steps_per_epoch is not None:
            whole("steps_per_epoch", self.steps_per_epoch, 1)
        if self.initial_epoch >= self.epochs:
            raise ArgumentError(
                f"initial_epoch: expected a number below epochs={self.epochs}, "
                f"got {self.initial_epoch}"
            )

    def steps(self, count: int) -> int:
        """The number of steps of an epoch, for data of so many rows."""
        return self.steps_per_epoch or -(-count // self.batch_size)

    def rows(self, count: int, key: int, epoch: int) -> np.ndarray:
        """The rows of an epoch, in order; they hang on its number, not on the epochs before."""
        if self.steps_per_epoch is None:
            return _order(count, self.shuffle, key, epoch)
        wanted = self.steps_per_epoch * self.batch_size
        first = epoch * wanted
        passes = range(first // count, (first + wanted - 1) // count + 1)
        orders = [_order(count, self.shuffle, key, number) for number in passes]
        begin = first - passes.start * count
        return np.concatenate(orders)[begin : begin + wanted]


def fit(
    model: Learner,
    compiled: Compiled,
    engine: Engine,
    data: Data,
    validation: Data | None,
    plan: Plan,
    callbacks: Sequence[Callback],
    report: Sequence[Callback],
) -> History:
    """Train the model; the arrays are checked already.

    The report hears of every beginning before the callbacks do, which may raise there, and of
    every end after them, since they may add to the logs. The history comes last.
    """
    history = History()
    params = {
        "epochs": plan.epochs,
        "first_epoch": plan.initial_epoch,
        "steps": plan.steps(len(data)),
        "samples": len(data),
        "batch_size": plan.batch_size,
    }
    begin([*callbacks, *report, history], model, params)
    first, last = [*report, *callbacks, history], [*callbacks, *report, history]
    trainer = engine.trainer(compiled, data)
    model.stop_training = False
    model.history = history
    if plan.initial_epoch == 0 or model.order_key is None:
        model.order_key = next_key()
    with BetweenRuns() as interrupts:
        loop = _Loop(
            *(model, compiled, engine, trainer, data, validation, plan, first, last, interrupts)
        )
        try:
            tell(first, "on_train_begin")
            for epoch in range(plan.initial_epoch, plan.epochs):
                loop.epoch(epoch, model.order_key)
                if model.stop_training:
                    break
        finally:
            tell_the_end(last, "on_train_end")
    return history


@dataclass
class _Loop:
    """What an epoch needs."""

    model: Learner
    compiled: Compiled
    engine: Engine
    trainer: Trainer
    data: Data
    validation: Data | None
    plan: Plan
    first: Sequence[Callback]
    last: Sequence[Callback]
    interrupts: BetweenRuns

    def epoch(self, number: int, key: int) -> None:
        """Train, validate, report."""
        tell(self.first, "on_epoch_begin", number)
        logs = self._train(self.plan.rows(len(self.data), key, number))
        if self.plan.exact:
            logs = self._measured(self.data, self.plan.batch_size, ())
        if self.validation is not None and (number + 1) % self.plan.validation_freq == 0:
            size = self.plan.validation_batch_size or self.plan.batch_size
            measured = self._measured(self.validation, size, self.last)
            logs |= {f"val_{name}": value for name, value in measured.items()}
        tell(self.last, "on_epoch_end", number, logs=logs)

    def _measured(
        self, data: Data, batch_size: int, callbacks: Sequence[Callback]
    ) -> dict[str, float]:
        return measure(self.compiled, self.engine, data, batch_size, self.interrupts, callbacks)

    def _train(self, rows: np.ndarray) -> dict[str, float]:
        """Take these rows: runs of whole batches, then what is left; return the averages."""
        size = self.plan.batch_size
        totals = Totals(self.compiled.metrics, self.compiled.losses)
        count = len(rows) // size
        batches = rows[: count * size].reshape(count, size)
        single = wants_batches(self.last, "train")
        self.engine.pace.most = 1 if single else None
        for start, stop in self.engine.pace.runs(count):
            self._run(batches[start:stop], start, totals, single)
            if self.model.stop_training:
                return totals.logs()
        if len(rows) % size:
            self._run(rows[np.newaxis, count * size :], count, totals, single)
        return totals.logs()

    def _run(self, rows: np.ndarray, first: int, totals: Totals, single: bool) -> None:
        """A run of steps, one native call."""
        if single:
            tell(self.last, "on_train_batch_begin", first)
        totals.add(self.trainer.run(rows), rows.shape[1])
        logs, last = totals.logs(), first + len(rows) - 1
        if single:
            tell(self.last, "on_train_batch_end", last, logs=logs)
        tell(self.last, "on_run_end", last, logs=logs)
        self.interrupts.check()


def _order(count: int, shuffle: bool, key: int, number: int) -> np.ndarray:
    """Every row once; the order of a pass hangs on its number, not on the passes before it."""
    rows = np.arange(count, dtype=np.int64)
    return generator(key, counter=number).permutation(rows) if shuffle else rows
