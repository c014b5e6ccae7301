"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from cairnet.base.errors import ArgumentError
from cairnet.training.arrays import whole
from cairnet.training.callbacks.base import Callback, Logs, say
from cairnet.training.callbacks.monitor import Monitor, finite

__all__ = ["LearningRateScheduler", "ReduceLROnPlateau"]


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch to what a function gives.

    For a rate that changes from step to step, give the optimizer a schedule from
    `cn.optimizers.schedules` instead.

    Args:
        schedule: `f(epoch)` or `f(epoch, learning_rate)`, with the epoch counted from 0 and the
            rate of now, returns the new rate.
        verbose: 1 for a line for every epoch.

    Raises:
        ArgumentError: not a function; or, while training, it gives no number that is 0 or more.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = [[0.0], [1.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile(cn.optimizers.SGD(0.5), "mean_squared_error")
        >>> halve = cn.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> model.fit(x, x, epochs=3, callbacks=[halve], verbose=0).history["learning_rate"]
        [0.25, 0.125, 0.0625]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentError(
                f"schedule: expected a function of epoch and learning rate, got {schedule!r}"
            )
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = len(inspect.signature(schedule).parameters) > 1

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        given = (epoch, optimizer.learning_rate) if self._takes_rate else (epoch,)
        optimizer.learning_rate = self.schedule(*given)
        if self.verbose:
            say(f"epoch {epoch + 1}: learning rate {optimizer.learning_rate:.6g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Report the rate with the epoch's numbers."""
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate


class ReduceLROnPlateau(Callback):
    """Makes the learning rate smaller when a number has not improved for some epochs.

    Args:
        monitor: the number, an entry of the logs.
        factor: what the rate is multiplied by, from 0 to below 1.
        patience: how many epochs without improvement are waited for.
        verbose: 1 for a line for every reduction.
        mode: "min", "max", or "auto", by the name of the number.
        min_delta: only an improvement by more than this counts.
        cooldown: how many epochs after a reduction do not count.
        min_lr: the rate is never made smaller than this.

    Raises:
        ArgumentError: a number is out of range.
        UnknownNameError: in the first epoch, if the logs have no entry of this name.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> reduce = cn.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=3)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not 0 <= finite("factor", factor) < 1:
            raise ArgumentError(f"factor: expected a number from 0 to below 1, got {factor!r}")
        self.monitor = Monitor(monitor, mode, min_delta)
        self.factor = factor
        self.patience = whole("patience", patience, 0)
        self.verbose = verbose
        self.cooldown = whole("cooldown", cooldown, 0)
        self.min_lr = finite("min_lr", min_lr)
        self._forget()

    def _forget(self) -> None:
        self.best = self.monitor.worst
        self._waited = 0
        self._cooling = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin to count anew."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, and reduce the rate when patience has run out."""
        optimizer = self.model.optimizer
        if logs is not None:
            logs["learning_rate"] = optimizer.learning_rate
        value = self.monitor.value(logs)
        if self._cooling:
            self._cooling -= 1
            self._waited = 0
        if self.monitor.better(value, self.best):
            self.best, self._waited = value, 0
        elif not self._cooling:
            self._waited += 1
            if self._waited >= self.patience and optimizer.learning_rate > self.min_lr:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
        self._cooling, self._waited = self.cooldown, 0
        if self.verbose:
            say(f"epoch {epoch + 1}: learning rate reduced to {optimizer.learning_rate:.6g}")
