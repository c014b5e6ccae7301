"""History: the loss and the metrics of every epoch, which `fit` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cairnet.training.callbacks.base import Callback, Logs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["History"]


class History(Callback):
    """What `fit` returns: loss and metrics, epoch by epoch.

    Attributes:
        epoch: the numbers of the epochs, from 0.
        history: for each name in the logs, one number an epoch.

    Source:
        As in Keras 3.

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
