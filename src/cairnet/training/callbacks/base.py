"""Callback: the hooks that `fit`, `evaluate` and `predict` call."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cairnet.base.errors import ArgumentError

if TYPE_CHECKING:
    from cairnet.training.model import Model

__all__ = ["Callback", "Logs", "begin", "say", "tell", "tell_the_end", "wants_batches"]

Logs = dict[str, float]


class Callback:
    """Base of the callbacks: hooks, with Keras's names, that `fit` calls.

    Steps run in native calls of some tens of milliseconds each. A hook for single batches
    (`on_train_batch_begin` and its kin) makes each of them a call of its own, which costs time on
    small networks; such hooks are therefore only called, and runs only cut, when a callback
    overrides one of them. `on_run_end` is called after every native call, however long.

    Attributes:
        model: the model that is being fitted. A callback may set `model.stop_training = True`,
            and fitting ends: after the run of steps, if a hook within the epoch sets it.
        params: `{"epochs": …, "steps": …, "samples": …, "batch_size": …, "first_epoch": …}`.

    Notes:
        `logs` holds the loss and the metrics by name, of the epoch so far. A callback may add
        entries in `on_epoch_end`; callbacks behind it, and the history, see them.

    Example:
        >>> import cairnet as cn
        >>> class Enough(cn.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         if logs["loss"] < 0.1:
        ...             self.model.stop_training = True
    """

    model: Model
    params: Mapping[str, Any]

    def set_model(self, model: Model) -> None:
        """Take note of the model."""
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take note of how the data is gone through."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, or after Ctrl-C or an error ended the training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; they are counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch, validation included; `logs` has loss, metrics, and `val_` of both."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step of training."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step of training, with the averages so far."""

    def on_run_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a run of steps, with the number of its last batch and the averages so far."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before data is measured, by `evaluate` or as validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After data was measured."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch is measured."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch was measured, with the averages so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before `predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After `predict` has ended."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before the outputs of a batch are computed."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After the outputs of a batch were computed."""

    def wants_batches(self, phase: str) -> bool:
        """Whether the hooks for single batches of a phase are to be called.

        Args:
            phase: "train", "test" or "predict".
        """
        hooks = (f"on_{phase}_batch_begin", f"on_{phase}_batch_end")
        return any(getattr(type(self), hook) is not getattr(Callback, hook) for hook in hooks)


def begin(callbacks: Any, model: Any, params: Mapping[str, Any]) -> list[Callback]:
    """The callbacks of a call as a list, each told what it is about.

    Raises:
        ArgumentError: something that is not a callback.
    """
    listed = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
    for callback in listed:
        if not isinstance(callback, Callback):
            hint = ""
            if isinstance(callback, type) and issubclass(callback, Callback):
                hint = f"; make one with {callback.__name__}(…)"
            raise ArgumentError(
                f"callbacks: expected callbacks, from cn.callbacks, got {callback!r}{hint}"
            )
    for callback in listed:
        callback.set_model(model)
        callback.set_params(params)
    return listed


def say(line: str) -> None:
    """Print a line, above the progress bar if there is one."""
    sys.stdout.write(f"{line}\n")


def wants_batches(callbacks: Sequence[Callback], phase: str) -> bool:
    """Whether any callback wants to be called for single batches."""
    return any(callback.wants_batches(phase) for callback in callbacks)


def tell(callbacks: Sequence[Callback], hook: str, *place: int, logs: Logs | None = None) -> None:
    """Call a hook of every callback, in order, with the number of epoch or batch, and the logs."""
    for callback in callbacks:
        getattr(callback, hook)(*place, logs)


def tell_the_end(callbacks: Sequence[Callback], hook: str) -> None:
    """Call a hook of every callback, in order, also of those behind one that raises."""
    with ExitStack() as stack:
        for callback in reversed(callbacks):
            stack.callback(getattr(callback, hook), None)
