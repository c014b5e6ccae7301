"""Watching a value inside a compiled function, without changing a bit of what it computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from cairnet.base.errors import ArgumentError, UnknownNameError
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.primitives import WATCH
from cairnet.tensor.source import here

__all__ = ["Watcher", "watch", "watched"]

Callback = Callable[[str, np.ndarray, int], object]

# Watchers live as long as a graph holds them; this only finds them by name.
_named: WeakValueDictionary[str, Watcher] = WeakValueDictionary()


class Watcher:
    """Where the values of a watched tensor go: into a record, or to a callback.

    Functions call `see` once for each step they run.

    Attributes:
        name: what the tensor is called.
        callback: called as `callback(name, value, step)` for every value; None to record.
        values: the recorded values, oldest first, each a NumPy array of its own.
        steps: the step of each recorded value: how many the function had run before it.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((2,))
        >>> hidden = cn.watch(x * 2, "hidden")
        >>> f = cn.function([x], cn.sum(hidden))
        >>> float(f([1.0, 2.0])), float(f([3.0, 4.0]))
        (6.0, 14.0)
        >>> [value.tolist() for value in cn.watched("hidden").values]
        [[2.0, 4.0], [6.0, 8.0]]
    """

    def __init__(
        self, name: str, callback: Callback | None = None, keep: int | None = None
    ) -> None:
        self.name = name
        self.callback = callback
        self.values: deque[np.ndarray] = deque(maxlen=keep)
        self.steps: deque[int] = deque(maxlen=keep)

    def see(self, value: np.ndarray, step: int) -> None:
        """Take in the value of one step.

        Args:
            value: the tensor's value; it is copied.
            step: how many steps the function had run before this one.
        """
        own = np.array(value, copy=True)
        if self.callback is not None:
            self.callback(self.name, own, step)
            return
        self.values.append(own)
        self.steps.append(step)

    @property
    def last(self) -> np.ndarray:
        """The newest recorded value.

        Raises:
            ArgumentError: nothing has been recorded yet.
        """
        if not self.values:
            raise ArgumentError(
                f"watch {self.name!r} has recorded nothing yet: values arrive when a compiled "
                "function that uses the tensor is called"
            )
        return self.values[-1]

    def clear(self) -> None:
        """Forget what has been recorded."""
        self.values.clear()
        self.steps.clear()

    def __repr__(self) -> str:
        return f"Watcher({self.name!r}, {len(self.values)} values)"


def watch(
    x: Any, name: str, callback: Callback | None = None, *, keep: int | None = None
) -> Tensor:
    """The tensor itself; compiled functions that use the result report its value at every step.

    The value is handed on as it is: with and without a watch, a function computes the same bits.
    Only a function that depends on the returned tensor reports; use it in place of x.

    Args:
        x: what to watch.
        name: under which `watched(name)` finds the record.
        callback: `callback(name, value, step)` is called with every value in place of recording
            it. It runs when the call, or the run of steps, has finished, in the order of the
            steps.
        keep: record the newest `keep` values only; default: all. Long trainings fill the memory.

    Returns:
        A tensor with the value, shape and dtype of x.

    Raises:
        ArgumentError: the name is not a string, the callback not callable, or `keep` below 1.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input(())
        >>> def report(name, value, step):
        ...     print(f"{name} was {value:.1f} at step {step}")
        >>> f = cn.function([x], cn.watch(x * x, "square", report) + 1)
        >>> float(f(3.0))
        square was 9.0 at step 0
        10.0
    """
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"watch, at {here()}: name must be a string, got {name!r}")
    if callback is not None and not callable(callback):
        raise ArgumentError(
            f"watch, at {here()}: callback must be callable as callback(name, value, step), "
            f"got {callback!r}"
        )
    if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or keep < 1):
        raise ArgumentError(
            f"watch, at {here()}: keep must be a whole number, 1 or more, got {keep!r}"
        )
    watcher = Watcher(name, callback, keep)
    _named[name] = watcher
    return apply(WATCH, as_tensor(x), watcher=watcher)


def watched(name: str) -> Watcher:
    """The watcher of a name; where several tensors were given one name, that of the last.

    Args:
        name: as it was given to `watch`.

    Returns:
        A `Watcher`, whose `values` are the record.

    Raises:
        UnknownNameError: nothing of that name is watched, or its graph is gone.

    Example:
        >>> import cairnet as cn
        >>> y = cn.watch(cn.input((2,)), "x")
        >>> len(cn.watched("x").values)
        0
    """
    watcher = _named.get(name)
    if watcher is None:
        raise UnknownNameError("watched tensor", name, _named.keys())
    return watcher
