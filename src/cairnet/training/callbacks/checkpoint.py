"""ModelCheckpoint: the model on disk, again and again, while it learns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.training.arrays import whole
from cairnet.training.callbacks.base import Callback, Logs, say
from cairnet.training.callbacks.monitor import Monitor

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Saves the model after every epoch, or after every epoch that was the best so far.

    Each file appears under its name when it is whole: an interrupted write leaves the file of
    before. What is saved is enough to go on exactly where training stopped: see `Model.fit`,
    `initial_epoch`.

    Args:
        filepath: where to, ending in ".safetensors"; may name entries of the logs and the epoch,
            counted from 1, as in "{epoch:02d}-{val_loss:.2f}.safetensors".
        monitor: the number that says which epoch is best.
        verbose: 1 for a line for every file.
        save_best_only: whether to save only after the best epoch so far.
        save_weights_only: whether to leave out the layers and the state of training; such a file
            is read by `model.load_weights`.
        mode: "min", "max", or "auto", by the name of the number.
        save_freq: "epoch", or the number of batches after which to save.
        initial_value_threshold: a best value to start from.

    Raises:
        ArgumentError: another ending, or a number out of range.
        UnknownNameError: after the first epoch, if the logs have no entry that is asked for.
        DataError: while training, if a file cannot be written.

    Source:
        Arguments as in Keras 3, whose files are of another kind.

    Example:
        >>> import cairnet as cn
        >>> x = [[0.0], [1.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile("sgd", "mean_squared_error")
        >>> save = cn.callbacks.ModelCheckpoint("best.safetensors", "loss", save_best_only=True)
        >>> history = model.fit(x, x, epochs=2, callbacks=[save], verbose=0)
        >>> bool((cn.load_model("best.safetensors").predict(x) == model.predict(x)).all())
        True
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        self.filepath = os.fspath(filepath)
        if Path(self.filepath).suffix != ".safetensors":
            raise ArgumentError(
                f"filepath: expected a name that ends in .safetensors, got {self.filepath!r}"
            )
        self.save_freq = save_freq if save_freq == "epoch" else whole("save_freq", save_freq, 1)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.monitor = Monitor(monitor, mode) if save_best_only else None
        self.best = initial_value_threshold
        self._batches = 0
        self._epoch = 0

    def wants_batches(self, phase: str) -> bool:
        """Only where batches are counted."""
        return phase == "train" and self.save_freq != "epoch"

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin to count batches."""
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save after every so many batches."""
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % int(self.save_freq) == 0:
            self._consider(logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save after the epoch."""
        if self.save_freq == "epoch":
            self._consider(logs or {})

    def _consider(self, logs: Logs) -> None:
        if self.monitor is not None:
            value = self.monitor.value(logs)
            best = self.monitor.worst if self.best is None else self.best
            if not self.monitor.better(value, best):
                return
            self.best = value
        path = self._path(logs)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose:
            say(f"epoch {self._epoch + 1}: saved {path}")

    def _path(self, logs: Mapping[str, float]) -> str:
        try:
            return self.filepath.format(epoch=self._epoch + 1, **logs)
        except KeyError as error:
            raise UnknownNameError("entry in filepath", error.args[0], ["epoch", *logs]) from None
