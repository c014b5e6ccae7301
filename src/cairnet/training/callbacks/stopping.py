"""Callbacks that end the training: when nothing improves any more, or when all is lost."""

from __future__ import annotations

import math

import numpy as np

from cairnet.training.arrays import whole
from cairnet.training.callbacks.base import Callback, Logs, say
from cairnet.training.callbacks.monitor import Monitor

__all__ = ["EarlyStopping", "TerminateOnNaN"]


class EarlyStopping(Callback):
    """Ends the training when a number has not improved for some epochs.

    Args:
        monitor: the number, an entry of the logs.
        min_delta: only an improvement by more than this counts.
        patience: how many epochs without improvement are waited for.
        verbose: 1 for a line when the training is ended.
        mode: "min", "max", or "auto", by the name.
        baseline: patience also runs out where the number never gets better than this.
        restore_best_weights: whether the model ends with the weights of its best epoch.
        start_from_epoch: epochs before this one do not count.

    Attributes:
        best: the best value of the number.
        best_epoch: the epoch that had it.
        stopped_epoch: the epoch after which the training was ended; 0 if it was not.

    Raises:
        ArgumentError: a number is out of range, or "auto" cannot tell which direction is better.
        UnknownNameError: in the first epoch, if the logs have no entry of this name.

    Source:
        L. Prechelt: Early stopping, but when? In: Neural networks: tricks of the trade. Springer,
        1998. Arguments and defaults are Keras 3's.

    Example:
        >>> import cairnet as cn
        >>> x = [[0.0], [1.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile(cn.optimizers.SGD(0.0), "mean_squared_error")
        >>> stop = cn.callbacks.EarlyStopping(monitor="loss", patience=2)
        >>> model.fit(x, x, epochs=50, callbacks=[stop], verbose=0).epoch
        [0, 1, 2]
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self.monitor = Monitor(monitor, mode, min_delta)
        self.patience = whole("patience", patience, 0)
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = whole("start_from_epoch", start_from_epoch, 0)
        self._forget()

    def _forget(self) -> None:
        self.best = self.monitor.worst
        self.best_epoch = 0
        self.stopped_epoch = 0
        self._waited = 0
        self._best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin to count anew."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, and end the training when patience has run out."""
        value = self.monitor.value(logs)
        if epoch < self.start_from_epoch:
            return
        self._waited += 1
        if self.monitor.better(value, self.best) or self._best_weights is None:
            self._keep(epoch)
        if self.monitor.better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.baseline is None or self.monitor.better(value, self.baseline):
                self._waited = 0
            return
        if self._waited >= max(self.patience, 1):
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        if self.restore_best_weights:
            self._best_weights = self.model.get_weights()
            self.best_epoch = epoch

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Give the model its best weights back, if that was asked for."""
        if self._best_weights is not None:
            self.model.set_weights(self._best_weights)
            self._best_weights = None
        if self.stopped_epoch and self.verbose:
            say(
                f"stopped after epoch {self.stopped_epoch + 1}: {self.monitor.name} was best in "
                f"epoch {self.best_epoch + 1}, {self.best:.6g}"
            )


class TerminateOnNaN(Callback):
    """Ends the training, after the run of steps, when the loss is no longer a finite number.

    Source:
        As in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = [[1.0], [2.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile(cn.optimizers.SGD(1e30), "mean_squared_error")
        >>> history = model.fit(
        ...     x, x, epochs=50, verbose=0, callbacks=[cn.callbacks.TerminateOnNaN()]
        ... )
        batch 0: the loss is inf, so the training ends
        >>> len(history.epoch) < 10
        True
    """

    def on_run_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            say(f"batch {batch}: the loss is {loss}, so the training ends")
            self.model.stop_training = True
