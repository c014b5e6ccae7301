"""CSVLogger: every epoch a line of a table on disk."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from cairnet.base.errors import ArgumentError, DataError
from cairnet.training.callbacks.base import Callback, Logs

__all__ = ["CSVLogger"]


class CSVLogger(Callback):
    """Writes the numbers of every epoch to a text file, one line each, as soon as they are known.

    The first column is the epoch, counted from 0; the others are loss and metrics, under a line
    of their names.

    Args:
        filename: where to.
        separator: what stands between two columns, one character.
        append: whether to write behind what the file holds, as after an interruption.

    Raises:
        ArgumentError: a separator of another length.
        DataError: when training begins, if the file cannot be written.

    Source:
        Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> x = [[0.0], [1.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile("sgd", "mean_squared_error")
        >>> log = cn.callbacks.CSVLogger("log.csv")
        >>> history = model.fit(x, x, epochs=2, callbacks=[log], verbose=0)
        >>> with open("log.csv") as file:
        ...     [line.split(",")[0] for line in file]
        ['epoch', '0', '1']
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        if not isinstance(separator, str) or len(separator) != 1:
            raise ArgumentError(f"separator: expected one character, got {separator!r}")
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Empty the file, or read which columns it has."""
        self._columns = []
        try:
            if self.append and Path(self.filename).exists():
                with Path(self.filename).open(newline="", encoding="utf-8") as file:
                    header = next(csv.reader(file, delimiter=self.separator), [])
                self._columns = header[1:]
            else:
                Path(self.filename).write_text("", encoding="utf-8")
        except OSError as error:
            raise DataError(f"{self.filename}: cannot be written: {error.strerror}") from None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's line."""
        numbers = logs or {}
        with Path(self.filename).open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            if not self._columns:
                self._columns = list(numbers)
                writer.writerow(["epoch", *self._columns])
            writer.writerow([epoch, *(numbers.get(name, "") for name in self._columns)])
