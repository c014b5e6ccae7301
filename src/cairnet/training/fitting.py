"""The fit loop: epochs of runs of steps, validation, callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cairnet.base.errors import ArgumentError, ShapeError, UnknownNameError
from cairnet.base.seeds import generator, next_key
from cairnet.data.splits import stratified_split, tail_split
from cairnet.runtime import Function
from cairnet.training.arrays import whole
from cairnet.training.callbacks import Callback, History
from cairnet.training.engine import Compiled, Engine
from cairnet.training.interrupt import BetweenRuns
from cairnet.training.totals import Totals

if TYPE_CHECKING:
    from cairnet.training.model import Model

__all__ = ["Plan", "fit", "measure", "split_off"]


@dataclass(frozen=True)
class Plan:
    """How to go through the data.

    Attributes:
        batch_size: rows in a step; the last step of an epoch has what is left.
        epochs: the number of the epoch to stop before.
        initial_epoch: the number of the first epoch.
        shuffle: whether every epoch sees the rows in an order of its own.
    """

    batch_size: int
    epochs: int
    initial_epoch: int
    shuffle: bool

    def __post_init__(self) -> None:
        whole("batch_size", self.batch_size, 1)
        whole("initial_epoch", self.initial_epoch, 0)
        whole("epochs", self.epochs, 1)
        if self.initial_epoch >= self.epochs:
            raise ArgumentError(
                f"initial_epoch: expected a number below epochs={self.epochs}, "
                f"got {self.initial_epoch}"
            )


def fit(
    model: Model,
    compiled: Compiled,
    engine: Engine,
    data: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray] | None,
    plan: Plan,
    callbacks: Sequence[Callback],
) -> History:
    """Train the model; the arrays are checked already."""
    history = History()
    everyone = [history, *callbacks]
    x, y = data
    params = {
        "epochs": plan.epochs,
        "first_epoch": plan.initial_epoch,
        "steps": -(-len(x) // plan.batch_size),
        "samples": len(x),
        "batch_size": plan.batch_size,
    }
    for callback in everyone:
        callback.model = model
        callback.params = params
    step = engine.trainer(compiled, x, y)
    model.stop_training = False
    model.history = history
    key = next_key()
    with BetweenRuns() as interrupts:
        try:
            _tell(everyone, "on_train_begin")
            for epoch in range(plan.initial_epoch, plan.epochs):
                rows = _order(len(x), plan.shuffle, key, epoch)
                _tell(everyone, "on_epoch_begin", epoch)
                loop = _Loop(compiled, engine, step, rows, plan.batch_size)
                logs = loop.run(everyone, interrupts)
                if validation is not None:
                    measured = measure(compiled, engine, validation, plan.batch_size, interrupts)
                    logs |= {f"val_{name}": value for name, value in measured.items()}
                _tell(everyone, "on_epoch_end", epoch, logs)
                if model.stop_training:
                    break
        finally:
            _tell(everyone, "on_train_end")
    return history


def _order(count: int, shuffle: bool, key: int, epoch: int) -> np.ndarray:
    """The rows of an epoch; each epoch's order hangs on its number, not on those before it."""
    rows = np.arange(count, dtype=np.int64)
    return generator(key, counter=epoch).permutation(rows) if shuffle else rows


@dataclass
class _Loop:
    """One epoch: runs of whole batches, then the batch that is left over."""

    compiled: Compiled
    engine: Engine
    step: Function
    rows: np.ndarray
    batch_size: int

    def run(self, callbacks: Sequence[Callback], interrupts: BetweenRuns) -> dict[str, float]:
        """Take every row once; return the averages."""
        totals = Totals(self.compiled.metrics)
        count = len(self.rows) // self.batch_size
        batches = self.rows[: count * self.batch_size].reshape(count, self.batch_size)
        for start, stop in self.engine.pace.runs(count):
            _tell(callbacks, "on_train_batch_begin", start)
            outputs = self.step.steps(stop - start, batches[start:stop])
            totals.add(outputs, self.batch_size)
            _tell(callbacks, "on_train_batch_end", stop - 1, totals.logs())
            interrupts.check()
        rest = self.rows[count * self.batch_size :]
        if rest.size:
            _tell(callbacks, "on_train_batch_begin", count)
            totals.add(self.step.steps(1, rest[np.newaxis]), rest.size)
            _tell(callbacks, "on_train_batch_end", count, totals.logs())
        interrupts.check()
        return totals.logs()


def measure(
    compiled: Compiled,
    engine: Engine,
    data: tuple[np.ndarray, np.ndarray],
    batch_size: int,
    interrupts: BetweenRuns,
) -> dict[str, float]:
    """Loss and metrics on data that is not learned from."""
    totals = Totals(compiled.metrics)
    function = engine.evaluator(compiled, *data)
    for rows, outputs in engine.batches(function, data, batch_size):
        totals.add(outputs, rows)
        interrupts.check()
    return totals.logs()


def split_off(
    x: np.ndarray, y: np.ndarray, fraction: float, split: str
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Training and validation data out of one set.

    Raises:
        UnknownNameError: an unknown kind of split.
        ArgumentError: the fraction is not above 0 and below 1.
    """
    if split not in ("stratified", "tail"):
        raise UnknownNameError("split", split, ("stratified", "tail"))
    try:
        if split == "tail":
            first, second = tail_split(len(x), fraction)
        else:
            first, second = stratified_split(_classes(y), fraction)
    except ArgumentError as error:
        raise ArgumentError(f"validation_split: {error}") from None
    return (x[first], y[first]), (x[second], y[second])


def _classes(y: np.ndarray) -> np.ndarray:
    """What to divide evenly: class numbers, the places of ones, or nothing for other targets."""
    if y.ndim == 2 and y.shape[1] > 1 and np.all((y == 0) | (y == 1)):
        return y.argmax(axis=1)
    if y.dtype.kind == "i" and y.size == len(y):
        return y.reshape(-1)
    return np.zeros(len(y), np.int64)


def pair_of(name: str, value: Any) -> tuple[Any, Any]:
    """Two arrays given as one argument."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ShapeError(f"{name}: expected a pair (x, y), got {type(value).__name__}")
    return value[0], value[1]


def _tell(callbacks: Sequence[Callback], hook: str, *arguments: Any) -> None:
    for callback in callbacks:
        getattr(callback, hook)(*arguments)
