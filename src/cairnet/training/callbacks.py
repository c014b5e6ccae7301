"""Callbacks: what else happens while a model is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cairnet.training.model import Model

__all__ = ["Callback", "History"]

Logs = Mapping[str, float]


class Callback:
    """Base of the callbacks: hooks, with Keras's names, that `fit` calls.

    Attributes:
        model: the model that is being fitted. A callback may set `model.stop_training = True`,
            and fitting ends after the epoch.
        params: `{"epochs": …, "steps": …, "samples": …, "batch_size": …, "first_epoch": …}`.

    Example:
        >>> import cairnet as cn
        >>> class Patience(cn.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         if logs["loss"] < 0.1:
        ...             self.model.stop_training = True
    """

    model: Model
    params: Mapping[str, Any]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, or after Ctrl-C or an error ended the training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; they are counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch, validation included; `logs` has loss, metrics, and `val_` of both."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a run of steps, with the number of its first batch."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a run of steps, with the number of its last batch and the averages so far.

        Some tens of milliseconds of steps are one native call, so these two hooks are called once
        for a run of batches, as in Keras when `steps_per_execution` is above 1.
        """


class History(Callback):
    """What `fit` returns: loss and metrics, epoch by epoch.

    Attributes:
        epoch: the numbers of the epochs, from 0.
        history: for each name in the logs, one number an epoch.

    Example:
        >>> import cairnet as cn
        >>> x = [[0.0], [1.0], [2.0], [3.0]]
        >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
        >>> model.compile("sgd", "mean_squared_error")
        >>> history = model.fit(x, [[1.0], [3.0], [5.0], [7.0]], epochs=3, verbose=0)
        >>> history.epoch, list(history.history), len(history.history["loss"])
        ([0, 1, 2], ['loss'], 3)
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note what the epoch came to."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def plot(self, path: Any = None, *, title: str = "") -> Figure:
        """Draw the learning curves; see `cn.plots.learning_curves`.

        Args:
            path: where to write the picture as well.
            title: a line above it.
        """
        from cairnet.plots import learning_curves

        first = self.epoch[0] + 1 if self.epoch else 1
        return learning_curves(self.history, path, title=title, first_epoch=first)
